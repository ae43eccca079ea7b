/** test/run.ts on a small repository of its own: what it reports of files that pass, fail, crash or end too early. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { temporaryFolder } from '../support/cli.ts';

const test = suite('npm test');
const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = temporaryFolder();
const write = (file: string, text: string): void => {
  mkdirSync(dirname(folder.path(file)), { recursive: true });
  writeFileSync(folder.path(file), text);
};

const uvu = "import { test } from 'uvu';\nimport * as assert from 'uvu/assert';\n";
const files: Record<string, string> = {
  'package.json': '{ "type": "module" }',
  'tsconfig.json': '{}',
  'src/ready.ts': 'export const ready: boolean = true;',
  'scripts/build-wasm.mjs': '',
  'scripts/plain.mjs': 'export const plain = 1;',
  'test/data.txt': 'beside the source',
  // A script that is JavaScript, a file beside the source, code in a process of its own.
  'test/good.test.ts': `${uvu}import { readFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { plain } from '../scripts/plain.mjs';
import { ready } from '../src/ready.ts';
import { child, source } from './support/child.ts';
test('reads', () => {
  assert.is(readFileSync(new URL('./data.txt', import.meta.url), 'utf8'), 'beside the source');
  assert.equal([plain, ready, process.env['PATHGRAD_OP']], [1, true, 'relu']);
  assert.ok(import.meta.url.endsWith('test/good.test.ts'));
});
test('starts', async () => {
  const { args, cwd } = child(\`import { ready } from \${source('src/ready.ts')}; console.log(ready, process.argv[1]);\`, 'x');
  assert.is(execFileSync(process.execPath, args, { cwd, encoding: 'utf8' }), 'true x\\n');
  assert.ok((await import('../src/ready.ts')).ready);
  console.log('\\nskipped: a thing\\nnote: a figure\\nrow: a fault');
});
test.skip('left out', () => {});
test.run();
`,
  'test/wrong.test.ts': `${uvu}interface Long {\n  readonly a: string;\n}\ntest('one', () => {});
test('two', () => {\n  assert.is({ a: '1' } satisfies Long, 2);\n});
test.run();
`,
  'test/crash.test.ts': "throw new Error('crashed while it was loaded');",
  'test/empty.test.ts': 'export {};',
  'test/leaves.test.ts': `${uvu}test('leaves', () => process.exit(0));\ntest.run();\n`,
  // Four of one topic share a process; the second cannot be loaded, the third ends it, so that it and the fourth run alone.
  'test/topic/a.test.ts': `${uvu}test('a', () => {});\ntest.run();\n`,
  'test/topic/b.test.ts': "throw new Error('crashed in company');",
  'test/topic/c.test.ts': `${uvu}test('c', async () => {\n  setTimeout(() => {\n    throw new Error('late');\n  });
  await new Promise((resolve) => setTimeout(resolve, 5000));\n});\ntest.run();\n`,
  'test/topic/d.test.ts': `${uvu}test('d', () => console.log('\\nnote: of d'));\ntest('e', () => {});\ntest.run();\n`,
  // Apart, so that the others do not wait for them: tests that never end, tests that leave a process behind.
  'test/slow/waits.test.ts': `${uvu}import { spawn } from 'node:child_process';
test('waits', async () => {\n  spawn('sleep', ['600'], { stdio: 'inherit' });\n  await new Promise(() => {});\n});\ntest.run();\n`,
  'test/slow/leaves.test.ts': `${uvu}import { spawn } from 'node:child_process';
test('leaves', () => {\n  spawn('sleep', ['20'], { stdio: 'inherit', detached: true });\n});\ntest.run();\n`,
  'test/shared/other.test.ts': `${uvu}test('other', () => {});\ntest.run();\n`,
};
for (const [file, text] of Object.entries(files)) write(file, text);
for (const name of ['kernels/reference', 'kernels/gpu', 'bench', 'examples/training', 'test/web', 'test/support'])
  mkdirSync(folder.path(name), { recursive: true });
for (const file of [
  'run.ts',
  'support/transpile.ts',
  'support/child.ts',
  'support/shared.ts',
  'support/together.ts',
  'support/watched.ts',
  'web/browsers.ts',
])
  cpSync(`${root}test/${file}`, folder.path(`test/${file}`));
symlinkSync(`${root}node_modules`, folder.path('node_modules'), 'dir');

function run(args: string[], more = {}): { status: number | null; lines: string[]; last: string } {
  const env = {
    ...process.env,
    TMPDIR: folder.path('.'),
    PATHGRAD_SHARED: folder.path('.'),
    NODE_DISABLE_COLORS: '1',
    ...more,
  };
  const { status, stdout } = spawnSync(process.execPath, ['--import', 'tsx', 'test/run.ts', ...args], {
    cwd: folder.path('.'),
    encoding: 'utf8',
    env,
  });
  const lines = stdout.trimEnd().split('\n');
  return { status, lines, last: lines.at(-1)! };
}

test('each file has its line, whatever became of the others; counts come last', () => {
  const { status, lines, last } = run(['--op=relu']);
  const of = (name: string): string | undefined => lines.find((line) => line.includes(`test/${name}.test.ts  `));
  assert.match(of('good')!, /^• test\/good\.test\.ts {2}2 passed, 1 skipped {2}\d+\.\d s$/);
  assert.match(of('wrong')!, /^✘ test\/wrong\.test\.ts {2}1 passed, 1 FAILED {2}/);
  for (const name of ['crash', 'empty', 'leaves']) assert.match(of(name)!, /^✘ .*0 passed, 1 FAILED/);
  assert.is(of('shared/other'), undefined);
  assert.match(of('topic/a')!, /^• .*1 passed {2}/);
  for (const name of ['topic/b', 'topic/c']) assert.match(of(name)!, /^✘ .*0 passed, 1 FAILED/);
  assert.match(of('topic/d')!, /^• .*2 passed {2}/);
  assert.is(lines[lines.indexOf(of('topic/d')!) + 1], '    note: of d');
  assert.equal([last, status], ['6 passed, 6 failed, 1 skipped', 1]);
  const all = lines.join('\n');
  assert.match(all, /crashed while it was loaded/);
  // The line in the source, not that in what was made of it.
  assert.match(all, /test\/wrong\.test\.ts:8:/);
  assert.ok(lines.includes('    skipped: a thing') && lines.includes('    note: a figure'));
  assert.not.ok(lines.includes('    row: a fault'));
  assert.match(all, /not run here: test\/shared/);
});

test('words choose files, --shared the other folder, --rows shows the faults', () => {
  const some = run(['good', 'nothing', '--op=relu', '--rows']);
  assert.equal([some.last, some.status], ['2 passed, 0 failed, 1 skipped', 0]);
  assert.ok(some.lines.includes('    row: a fault') && !some.lines.some((line) => line.includes('wrong')));
  const shared = run(['--shared']);
  assert.equal([shared.last, shared.status], ['1 passed, 0 failed', 0]);
  assert.is(run(['nothing']).status, 2);
});

test('tests that never end, and what tests leave running, are ended by force and are failures', () => {
  const { status, lines, last } = run(['--slow'], { PATHGRAD_TEST_SECONDS: '8' });
  assert.equal([last, status], ['1 passed, 2 failed', 1]);
  const all = lines.join('\n');
  assert.match(all, /✘ test\/slow\/waits\.test\.ts {2}0 passed, 1 FAILED[\s\S]*ended by force: not through in 8 s/);
  assert.match(
    all,
    /✘ test\/slow\/leaves\.test\.ts {2}1 passed, 1 FAILED[\s\S]*ended by force: still there 2 s after its tests/,
  );
});

test.run();
