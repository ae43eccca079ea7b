/** Engines that lack something: a right result or a clear error, each tried in a process of its own. */
import { spawnSync } from 'node:child_process';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { child, source } from '../support/child.ts';

const test = suite('wasm: engines');

/** Runs `body` after `before`, which takes something away from the engine; returns what it prints. */
function run(before: string, body: string): string {
  const code = `
    ${before}
    const { wasmBackend } = await import(${source('src/backends/wasm/index.ts')});
    const { reference } = await import(${source('src/backends/reference/index.ts')});
    const { compile } = await import(${source('src/graph/compile.ts')});
    const { matmul, relu } = await import(${source('src/ops/index.ts')});
    const { placeholder, tensor } = await import(${source('src/tensor/tensor.ts')});
    const x = placeholder([40, 30]);
    const y = relu(matmul(x, tensor(Float32Array.from({ length: 600 }, (_, i) => Math.sin(i)), [30, 20])));
    const fed = Float32Array.from({ length: 1200 }, (_, i) => Math.cos(i));
    ${body}`;
  const { args, cwd } = child(code);
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd, timeout: 120_000, encoding: 'utf8' });
  assert.is(status, 0, stderr);
  return stdout.trim();
}

const compare = `
  const plan = compile([y], [x]);
  const [got] = plan.runSync([fed]);
  const [want] = compile([y], [x], { backend: reference }).runSync([fed]);
  const error = Math.max(...got.map((v, i) => Math.abs(v - want[i])));
  console.log(plan.backend, wasmBackend.threads?.() ?? '', error < 1e-5);`;

test('without SharedArrayBuffer it computes the same on one thread, and its memory grows', () => {
  const grow = `
    const big = placeholder([1500, 1500]);
    const [square] = compile([matmul(big, big)], [big]).runSync([new Float32Array(2250000).fill(1)]);
    console.log(square[0]);`;
  assert.is(run('delete globalThis.SharedArrayBuffer;', compare + grow), 'wasm 1 true\n1500');
});

test('without SharedArrayBuffer the number of threads can be set after the memory has grown', () => {
  const grow = `
    const big = placeholder([1500, 1500]);
    compile([matmul(big, big)], [big]).runSync([new Float32Array(2250000).fill(1)]);
    wasmBackend.setThreads(2);
    console.log(wasmBackend.threads());`;
  assert.is(run('delete globalThis.SharedArrayBuffer;', grow), '1');
});

test('a policy that forbids compiling is an error that names the directive', () => {
  const forbid = "WebAssembly.Module = class { constructor() { throw new WebAssembly.CompileError('refused'); } };";
  const ask = 'try { compile([y], [x], { backend: wasmBackend }); } catch (error) { console.log(error.message); }';
  assert.match(run(forbid, ask), /^wasm: the kernels cannot be compiled here .*\nhint: .*'wasm-unsafe-eval'/);
});

test('without SIMD the default is the reference backend, and asking for wasm is an error that says why', () => {
  const none = 'WebAssembly.validate = () => false;';
  const plan = 'const plan = compile([y], [x]); console.log(plan.backend, plan.runSync([fed])[0].length);';
  assert.is(run(none, plan), 'reference 800');
  const ask = 'try { compile([y], [x], { backend: wasmBackend }); } catch (error) { console.log(error.message); }';
  const message = "wasm: this engine has no WebAssembly SIMD\nhint: use the backend 'reference', or a newer engine";
  assert.is(run(none, ask), message);
});

test('more memory than there can be is an error that says so', () => {
  const ask = `
    const huge = placeholder([40000, 40000]);
    try { compile([matmul(huge, huge)], [huge]); } catch (error) { console.log(error.name, error.message); }`;
  assert.match(run('', ask), /^PathgradError wasm: .*(memory|4 GB|4 GiB)/);
});

test('a thousand explanations leave memory flat', () => {
  const explain = `
    const { IntegratedGradients } = await import(${source('src/attribution/index.ts')});
    const model = (x) => relu(matmul(x, tensor(Float32Array.from({ length: 600 }, (_, i) => Math.sin(i)), [30, 20])));
    const explainer = new IntegratedGradients(model, { nSteps: 8 });
    const X = tensor(fed, [40, 30]);
    const used = async () => { for (let i = 0; i < 3; i++) { gc(); await new Promise((done) => setTimeout(done, 20)); } const m = process.memoryUsage(); return [wasmBackend.memoryInUse(), m.heapUsed + m.arrayBuffers]; };
    for (let i = 0; i < 50; i++) await explainer.explain(X, { target: i % 20 });
    const [linear, heap] = await used();
    for (let i = 0; i < 1000; i++) await explainer.explain(X, { target: i % 20 });
    const [after, heapAfter] = await used();
    console.log(after <= linear, heapAfter - heap < 2e6);`;
  assert.is(
    run(
      "(await import('node:v8')).setFlagsFromString('--expose-gc'); globalThis.gc = (await import('node:vm')).runInNewContext('gc');",
      explain,
    ),
    'true true',
  );
});

test.run();
