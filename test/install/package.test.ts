/** U2 and what publint and attw ("are the types wrong") say of the packed file. */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { dirname } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { checkers } from './matrix.ts';
import { folder, packed, project, root, run } from './support.ts';

const test = suite('install: package');
const tools = project('checkers', checkers);
const check = tools === null ? test.skip : test;

check('publint finds nothing', () => {
  const { status, out, err } = run('npx', ['publint', packed(), '--strict'], tools!);
  assert.is(status, 0, out + err);
  assert.match(out, /All good!/);
});

check('attw finds nothing but that this is an ES module, which Node loads by require (docs/install.md)', () => {
  const { status, out, err } = run('npx', ['attw', packed(), '--ignore-rules', 'cjs-resolves-to-esm'], tools!);
  assert.is(status, 0, out + err);
});

test('issue 15: installed, it brings no other package: optional ones of jobs are left to who wants them', () => {
  const into = project('alone', {});
  assert.ok(into !== null);
  assert.equal(
    readdirSync(`${into}/node_modules`).filter((name) => !name.startsWith('.')),
    ['pathgrad'],
  );
});

test('U2: npm pack in a clean clone builds first', () => {
  const clone = folder('clone');
  const list = spawnSync('git', ['ls-files', '-co', '--exclude-standard', '-z'], { cwd: root, encoding: 'utf8' });
  for (const file of list.stdout.split('\0').filter((name) => name !== '' && existsSync(`${root}${name}`))) {
    if (/^(bench|docs|test)\//.test(file)) continue;
    mkdirSync(dirname(`${clone}/${file}`), { recursive: true });
    cpSync(`${root}${file}`, `${clone}/${file}`);
  }
  symlinkSync(`${root}node_modules`, `${clone}/node_modules`);
  const { status, out, err } = run('npm', ['pack', '--dry-run', '--json', '--loglevel=error'], clone);
  assert.is(status, 0, err);
  const told = JSON.parse(out.slice(out.search(/^[[{]/m))) as unknown;
  const text = JSON.stringify(told);
  for (const file of [
    'dist/index.js',
    'dist/gpu.js',
    'dist/cli.js',
    'dist/types/src/index.d.ts',
    'README.md',
    'NOTICE',
  ])
    assert.ok(text.includes(`"${file}"`), `${file} is in the package`);
  assert.not.match(text, /"(src|test|examples|dist\/web)\//);
});

test.run();
