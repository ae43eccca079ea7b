/** U11, with the program itself: what only a process has: standard output on a full disk, a reader that goes, a file that its user may not read. */
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { example, temporaryFolder } from '../../support/cli.ts';

const test = suite('cli: streams of a process (U11)');
const folder = temporaryFolder();
const root = fileURLToPath(new URL('../../../', import.meta.url));
const program = `"${process.execPath}" --import tsx src/cli/index.ts`;
const run = (command: string, options: { readonly uid?: number } = {}) =>
  spawnSync(command, { cwd: root, shell: '/bin/sh', encoding: 'utf8', ...options });

test('U11: standard output on a full disk is one line, and no stack', () => {
  if (!existsSync('/dev/full')) return; // not on this system
  const { status, stderr } = run(`${program} inspect ${example('mnist-cnn.h5')} > /dev/full`);
  assert.is(status, 1);
  assert.is(stderr, 'pathgrad: standard output: does not fit on the disk\n');
});

test('U11: a reader that goes early ends in silence, and the file that was asked for is written', () => {
  const digit = `--image ${example('digits/7.png')} --steps 2 -q --json ${folder.path('out.json')}`;
  const { status, stderr, stdout } = run(`${program} explain ${example('mnist-cnn.h5')} ${digit} | head -n 1`);
  assert.equal([status, stderr], [0, '']);
  assert.match(stdout, /^mnist_cnn: 1 picture[^\n]*\n$/);
  assert.ok(existsSync(folder.path('out.json')));
});

test('U11: a file that may not be read is one line that names it', () => {
  const mine = folder.path('mine.h5');
  copyFileSync(example('mnist-cnn.h5'), mine);
  chmodSync(mine, 0o000);
  // The administrator may read all: then it is asked as nobody, who must reach the program and the file.
  const administrator = process.getuid?.() === 0;
  if (administrator) chmodSync(folder.path('.'), 0o755);
  const { status, stderr } = run(`${program} inspect ${mine}`, administrator ? { uid: 65534 } : {});
  assert.is(stderr, `pathgrad: ${mine}: may not be read or written by you\nhint: check the path\n`);
  assert.is(status, 1);
});

test.run();
