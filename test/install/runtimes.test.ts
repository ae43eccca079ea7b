/** The README's example runs from the packed file on every runtime that the registry has, by `import` and by `require`. */
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { runtimes } from './matrix.ts';
import { project, root, run } from './support.ts';

const test = suite('install: runtimes');
const [, code, printed] = /```js\n(.*?)```.*?```\n(.*?)```/s.exec(readFileSync(`${root}README.md`, 'utf8'))!;
const required = `
const entries = ['', '/gpu', '/inputs', '/methods', '/metrics', '/onnx', '/transformers', '/visualize'];
console.log(entries.every((entry) => Object.keys(require('pathgrad' + entry)).length > 0));
`;

for (const { name, packages, program } of runtimes) {
  const here = process.platform === 'linux' && process.arch === 'x64';
  const folder = here ? project(name.replaceAll(' ', '-'), packages) : null;
  if (folder === null) {
    test.skip(name, () => {});
    continue;
  }
  const runtime = `${folder}/${program}`;
  const args = name.startsWith('Deno') ? ['run', '--allow-all'] : [];
  test(`${name}: the README's example`, () => {
    chmodSync(runtime, 0o755);
    writeFileSync(`${folder}/example.mjs`, code!);
    // Where the example's files lie; the package is found beside the program.
    const { status, out, err } = run(runtime, [...args, `${folder}/example.mjs`], root);
    assert.is(status, 0, err);
    assert.is(out, printed);
  });
  test(`${name}: require`, () => {
    writeFileSync(`${folder}/required.cjs`, required);
    const { status, out, err } = run(runtime, [...args, `${folder}/required.cjs`], folder);
    assert.is(status, 0, err);
    assert.is(out, 'true\n');
    assert.is(err, '', 'no warnings');
  });
}
test.run();
