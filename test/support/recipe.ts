/**
 * A recipe of the documents: a Markdown page whose blocks make or change files. Applied to a copy of the repository, in which the
 * page's commands are then run, it cannot go stale in silence.
 *
 * A block named by a path and `(new file)` is that file. A block named by a path alone changes it: lines with `+` are added below or
 * above the lines that are there.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as assert from 'uvu/assert';

const root = fileURLToPath(new URL('../..', import.meta.url));
const parts = ['src', 'kernels', 'test', 'bench', 'scripts', 'docs', 'examples', 'package.json', 'tsconfig.json'];

export interface Block {
  readonly path: string;
  readonly fresh: boolean;
  readonly lines: readonly string[];
}

/** The page of this name, from the repository's root, and its blocks. */
export function readRecipe(name: string): { readonly page: string; readonly blocks: readonly Block[] } {
  const page = readFileSync(root + name, 'utf8');
  const found = [...page.matchAll(/^```ts (\S+)( \(new file\))?\n(.*?)^```$/gms)];
  const blocks = found.map(([, path, fresh, lines]) => ({
    path: path!,
    fresh: fresh !== undefined,
    lines: lines!.split('\n').slice(0, -1),
  }));
  return { page, blocks };
}

/** A copy of the repository without what is not needed to follow a recipe. */
export class Copy {
  readonly folder = mkdtempSync(join(tmpdir(), 'pathgrad-recipe-'));

  constructor() {
    // The tests that follow recipes would follow them in the copy, too.
    const own = (path: string): boolean =>
      !path.includes('node_modules') && !/recipe|writing-a-kernel\.test/.test(path);
    for (const part of parts) cpSync(root + part, join(this.folder, part), { recursive: true, filter: own });
    symlinkSync(`${root}node_modules`, join(this.folder, 'node_modules'), 'dir');
  }

  /** Writes a new file, or changes one: the lines without `+` must be there, once. */
  apply({ path, fresh, lines }: Block): void {
    const file = join(this.folder, path);
    if (fresh) {
      assert.not.ok(existsSync(file), `${path} is there already`);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, `${lines.join('\n')}\n`);
      return;
    }
    const text = (chosen: readonly string[]): string => `\n${chosen.map((line) => line.slice(1)).join('\n')}\n`;
    const before = text(lines.filter((line) => !line.startsWith('+')));
    const old = readFileSync(file, 'utf8');
    assert.is(old.split(before).length, 2, `${path} has these lines once:${before}`);
    writeFileSync(
      file,
      old.replace(before, () => text(lines)),
    );
  }

  read(path: string): string {
    return readFileSync(join(this.folder, path), 'utf8');
  }

  /** Runs a command there, which must succeed, and gives what it printed. */
  run(command: string): string {
    // The optimizer of the kernels would take ten seconds; `npm run build` and every other test run what it makes.
    const env = { ...process.env, PATHGRAD_KERNELS: 'unoptimized' };
    const { status, stdout, stderr } = spawnSync(command, { cwd: this.folder, shell: true, encoding: 'utf8', env });
    assert.is(status, 0, `${command}\n${stdout.slice(-2000)}\n${stderr.slice(-2000)}`);
    return stdout;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}
