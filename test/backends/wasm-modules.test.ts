/** Modules of kernels beside the core: what they share, which steps they take, and that models wait for those that they have use for. */
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { loadAccelerators } from '../../src/backends/wasm/accelerators.ts';
import { packed as attention } from '../../src/backends/wasm/attention.generated.ts';
import { matmul as coreMatmul } from '../../src/backends/wasm/bind/matmul.ts';
import { wasmBackend } from '../../src/backends/wasm/index.ts';
import { packed as kinks } from '../../src/backends/wasm/kinks.generated.ts';
import { moduleBytes } from '../../src/backends/wasm/module/module.ts';
import { packed as core } from '../../src/backends/wasm/modules.generated.ts';
import { packed as recurrent } from '../../src/backends/wasm/recurrent.generated.ts';
import { packed as sliding } from '../../src/backends/wasm/sliding.generated.ts';
import { type Accelerator, accelerate } from '../../src/backends/wasm/step.ts';
import { packed as training } from '../../src/backends/wasm/training.generated.ts';
import { packed as winograd } from '../../src/backends/wasm/winograd.generated.ts';
import { compile } from '../../src/graph/compile.ts';
import { basicLayers } from '../../src/keras/layers/basic.ts';
import type { LayerClass, LayerRun } from '../../src/keras/layers/layer.ts';
import { loadModel } from '../../src/keras/load/load.ts';
import { lstm, matmul } from '../../src/ops/index.ts';
import { placeholder } from '../../src/tensor/tensor.ts';

const test = suite('wasm: modules');
const { dataRanges } = (await import(new URL('../../scripts/wasm-data.mjs', import.meta.url).href)) as {
  dataRanges(binary: Uint8Array): [number, number][];
};
const modules = { attention, core, kinks, recurrent, sliding, training, winograd };

test('both builds of every module can be compiled, and take constants to no place of another or of the heap', () => {
  const used: [from: number, to: number][] = [];
  for (const [name, module] of Object.entries(modules)) {
    const [plain, relaxed] = (['plain', 'relaxed'] as const).map((simd) => moduleBytes(simd, module));
    assert.ok(WebAssembly.validate(plain!), name);
    assert.equal(dataRanges(relaxed!), dataRanges(plain!), name);
    for (const [from, to] of dataRanges(plain!)) {
      assert.ok(from >= 1024 && to <= 8192, `${name}: ${from} to ${to}`);
      for (const [start, end] of used) assert.ok(to <= start || from >= end, `${name}: ${from} to ${to}`);
      used.push([from, to]);
    }
  }
  assert.ok(used.length >= 2, 'the core and the recurrent kernels have constants');
});

const bound: string[] = [];
/** Takes products of matrices of this many rows, to the core's kernels. */
const noted = (rows: number): Accelerator => ({
  module: recurrent,
  takes: ({ out }) => out.shape[0] === rows,
  bind: (ctx) => {
    bound.push(`${rows} rows`);
    coreMatmul(ctx);
  },
});
const rows = (count: number): Float32Array => {
  const [x, w] = [placeholder([count, 4]), placeholder([4, 3])];
  const plan = compile([matmul(x, w)], [x, w], { backend: wasmBackend });
  const data = [x, w].map(({ size }) => Float32Array.from({ length: size }, (_, i) => Math.sin(i)));
  const [y] = plan.runSync(data);
  plan.dispose();
  return y as Float32Array;
};

test('an accelerator computes the steps that it takes, and no others; taken twice it is there once', () => {
  const before = [rows(5), rows(6)];
  const [five, again] = [noted(5), noted(5)];
  for (const one of [five, again, five]) accelerate('matmul', one);
  assert.equal([rows(5), rows(6)], before);
  assert.equal(bound.splice(0), ['5 rows']);
});

test('kernels of an op come with it: no model has to be loaded', () => {
  const [z, kernel] = [placeholder([2, 3, 8]), placeholder([2, 8])];
  const plan = compile([lstm(z, kernel)], [z, kernel], { backend: wasmBackend });
  const [y] = plan.runSync([new Float32Array(48).fill(0.5), new Float32Array(16).fill(0.1)]);
  assert.ok(y!.every((value) => Number.isFinite(value) && value !== 0));
});

test('each accelerator is loaded once, and its kernels are there when the wait is over', async () => {
  let loads = 0;
  const load = async () => {
    loads++;
    await new Promise((done) => setTimeout(done, 5));
    return { take: () => accelerate('matmul', noted(7)) };
  };
  await loadAccelerators([load, load]);
  rows(7);
  assert.is(loads, 1);
  assert.equal(bound.splice(0), ['7 rows']);
});

test('loadModel waits for what layers run faster with; in float64 and on another backend nothing is loaded', async () => {
  const dense = basicLayers.find(({ classes }) => classes.includes('Dense')) as { create: LayerClass['create'] };
  const { create } = dense;
  let loads = 0;
  const accelerator = async () => {
    loads++;
    return { take: () => {} };
  };
  dense.create = (options): LayerRun => ({ ...create(options), accelerator });
  try {
    const bytes = new Uint8Array(readFileSync(new URL('../../examples/mnist-cnn.h5', import.meta.url)));
    await loadModel(bytes);
    assert.is(loads, 1);
    await loadModel(bytes, { dtype: 'float64' });
    const backend = { ...wasmBackend, name: 'another' };
    await loadModel(bytes, { backend });
    assert.is(loads, 1);
  } finally {
    dense.create = create;
  }
});

test.run();
