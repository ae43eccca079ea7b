/** docs/writing-a-kernel.md as written: its blocks applied to a copy of the repository, its commands run there. */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

const test = suite('docs: writing a kernel');

const root = fileURLToPath(new URL('../..', import.meta.url));
const page = readFileSync(`${root}docs/writing-a-kernel.md`, 'utf8');
const copy = mkdtempSync(join(tmpdir(), 'pathgrad-kernel-'));

test.before(() => {
  for (const part of [
    'src',
    'kernels',
    'test',
    'bench',
    'scripts',
    'docs',
    'examples',
    'package.json',
    'tsconfig.json',
  ]) {
    const own = (path: string): boolean => !path.includes('node_modules') && !path.endsWith('writing-a-kernel.test.ts');
    cpSync(root + part, join(copy, part), { recursive: true, filter: own });
  }
  symlinkSync(`${root}node_modules`, join(copy, 'node_modules'), 'dir');
});
test.after(() => rmSync(copy, { recursive: true }));

interface Block {
  readonly path: string;
  readonly fresh: boolean;
  readonly lines: readonly string[];
}

const blocks: readonly Block[] = [...page.matchAll(/^```ts (\S+)( \(new file\))?\n(.*?)^```$/gms)].map((found) => ({
  path: found[1]!,
  fresh: found[2] !== undefined,
  lines: found[3]!.split('\n').slice(0, -1),
}));

/** Writes a new file, or changes one: the lines without `+` must be there, once. */
function apply({ path, fresh, lines }: Block): void {
  const file = join(copy, path);
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

const run = (command: string): string => {
  // The optimizer of the kernels would take ten seconds; `npm run build` and every other test run what it makes.
  const env = { ...process.env, PATHGRAD_KERNELS: 'unoptimized' };
  const { status, stdout, stderr } = spawnSync(command, { cwd: copy, shell: true, encoding: 'utf8', env });
  assert.is(status, 0, `${command}\n${stdout.slice(-2000)}\n${stderr.slice(-2000)}`);
  return stdout;
};

test('the blocks fit the repository', () => {
  assert.ok(blocks.length >= 10);
  for (const block of blocks) apply(block);
});

test('the type checker is content', () => {
  run('npm run -s typecheck');
});

test('checkGrads accepts the gradient', () => {
  assert.is(run('node --import tsx check.ts').trim(), 'true');
});

const commands = /## 5\..*?^```\n(.*?)^```$/ms.exec(page)![1]!.trim().split('\n');

test('the commands check the op on every backend, list it and time it', () => {
  assert.is(commands.length, 3);
  assert.match(run(commands[0]!), /^\d+ passed, 0 failed$/m);
  run(commands[1]!);
  assert.match(readFileSync(join(copy, 'docs/backends.md'), 'utf8'), /isru/);
  const printed = run(commands[2]!);
  assert.match(printed, /isru 100x98x250 forward/);
  for (const backend of ['reference', 'wasm', 'gpu:webasm'])
    assert.match(printed, new RegExp(`pathgrad +${backend}.*error`));
});

test.run();
