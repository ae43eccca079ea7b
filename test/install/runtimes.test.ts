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

const asking = `
import { compile, matmul, placeholder, wasmBackend } from 'pathgrad';
const x = placeholder([40, 40]);
const run = () => compile([matmul(x, x)], [x]).runSync([Float32Array.from({ length: 1600 }, (_, i) => Math.sin(i))])[0];
const before = run();
const refusal = await wasmBackend.useWideVectors(...JSON.parse(process.argv[2])).then(() => null, (error) => error.message);
const same = run().every((value, i) => value === before[i]);
console.log(JSON.stringify({ refusal, same, simd: wasmBackend.simd() }));
`;

for (const { name, packages, program, wide } of runtimes) {
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
  test(`${name}: wide vectors, or why there are none`, () => {
    writeFileSync(`${folder}/asking.mjs`, asking);
    const ask = (options: readonly unknown[], flags: readonly string[] = []) => {
      const all = [...args, ...flags, `${folder}/asking.mjs`, JSON.stringify(options)];
      const { status, out, err } = run(runtime, all, folder);
      assert.is(status, 0, err);
      assert.is(err, '', 'no complaints about flags');
      return JSON.parse(out) as { refusal: string | null; same: boolean; simd: string };
    };
    const { refusal, same, simd } = ask([]);
    assert.ok(same);
    assert.is(simd === 'wide', wide === null);
    if (wide === null) assert.is(refusal, null);
    else assert.ok(refusal?.startsWith(`wasm: ${wide}`), `${refusal}`);
    if (!name.startsWith('Deno')) return;
    const started = ask([{ paired: true }], ['--v8-flags=--experimental-wasm-revectorize']);
    assert.equal([started.refusal, started.same, started.simd], [null, true, 'wide']);
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
