/**
 * What a user does with the package: the file that `npm pack` makes is installed into projects outside this one, with their bundlers,
 * runtimes and compilers from the registry. What the registry does not give is reported as absent, and the tests of it are skipped.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));
export const fixtures = `${root}test/install/fixtures`;

export interface Ran {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

/** Without what npm tells the scripts it runs: a user's npm is told nothing of the kind. */
const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_|^INIT_CWD$/.test(name)));

export function run(command: string, args: readonly string[], cwd: string): Ran {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd,
    encoding: 'utf8',
    env: environment,
    timeout: 900_000,
    maxBuffer: 1 << 26,
  });
  return { status, out: stdout ?? '', err: `${stderr ?? ''}${error ?? ''}` };
}

const folders: string[] = [];
process.on('exit', () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** A new folder that goes when the process ends. */
export function folder(name: string): string {
  const made = mkdtempSync(join(tmpdir(), `pathgrad-${name}-`));
  folders.push(made);
  return made;
}

/** The packed file: that of the runner (PATHGRAD_PACKED), else one made now. */
export function packed(): string {
  const given = process.env['PATHGRAD_PACKED'];
  if (given) return given;
  const into = folder('packed');
  const { status, err } = run('npm', ['pack', '--pack-destination', into], root);
  if (status !== 0) throw new Error(`npm pack failed:\n${err}`);
  return join(into, readdirSync(into)[0]!);
}

/** What npm says where a registry cannot be reached or lacks a version. */
const absent =
  /code (ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ERR_SOCKET_TIMEOUT|E40[0-9]|E50[0-9]|ETARGET)/;

/**
 * A project with these packages, and pathgrad from the packed file.
 * @param settings the rest of package.json
 * @returns its folder; null where the registry does not have the packages, which is said
 */
export function project(
  name: string,
  dependencies: Readonly<Record<string, string>>,
  settings: Readonly<Record<string, unknown>> = {},
): string | null {
  const into = folder(name);
  const all = { ...dependencies, pathgrad: `file:${packed()}` };
  writeFileSync(`${into}/package.json`, JSON.stringify({ private: true, ...settings, dependencies: all }));
  const { status, err } = run('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error'], into);
  if (status === 0) return into;
  const code = absent.exec(err)?.[1];
  if (!code) throw new Error(`npm install failed for ${name}:\n${err}`);
  console.log(`note: absent: ${name}: the registry does not give ${Object.keys(dependencies).join(', ')} (${code})`);
  return null;
}

/** A file of a fixture's folder of measured values. */
export function recorded(name: string): { readonly fetched: number; readonly all: number } | null {
  try {
    return JSON.parse(readFileSync(`${fixtures}/${name}/measured.json`, 'utf8')) as { fetched: number; all: number };
  } catch {
    return null;
  }
}

export function record(name: string, measured: { readonly fetched: number; readonly all: number }): void {
  mkdirSync(`${fixtures}/${name}`, { recursive: true });
  writeFileSync(`${fixtures}/${name}/measured.json`, `${JSON.stringify(measured)}\n`);
}
