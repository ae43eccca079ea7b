/** Gradients of convolutions to their weights as training computes them: beside reference in float64, and the same bits on any number of threads. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { reference } from '../../src/backends/reference/index.ts';
import { takeTrainingKernels } from '../../src/backends/wasm/bind/training.ts';
import { wasmBackend } from '../../src/backends/wasm/index.ts';
import { compile } from '../../src/graph/compile.ts';
import { grad } from '../../src/graph/grad.ts';
import { conv1d, conv2d } from '../../src/ops/conv.ts';
import { matmul, max, mul, relu, sum } from '../../src/ops/index.ts';
import type { FloatDType } from '../../src/tensor/dtype.ts';
import { placeholder } from '../../src/tensor/tensor.ts';

const test = suite('wasm: kernels of training');
takeTrainingKernels();

interface Shapes {
  readonly x: readonly number[];
  readonly w: readonly number[];
  readonly y: readonly number[];
  readonly pooled: boolean;
  readonly padding: 'valid' | 'same';
}

function gradientOf({ x: xs, w: ws, y: ys, pooled, padding }: Shapes, dtype: FloatDType) {
  const [x, w, g] = [placeholder(xs, dtype), placeholder(ws, dtype), placeholder(ys, dtype)];
  const y = (pooled ? conv1d : conv2d)(x, w, { padding });
  const score = sum(mul(pooled ? max(y, { axes: [1] }) : y, g));
  return { inputs: [x, w, g], outputs: grad(score, [w]) };
}

const values = (shape: readonly number[], seed: number): Float32Array =>
  Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(seed + 0.7 * i + 0.01 * i * i));

async function check(shapes: Shapes, kernel: string): Promise<void> {
  const arrays = [values(shapes.x, 1), values(shapes.w, 2), values(shapes.y, 3)];
  const exact = gradientOf(shapes, 'float64');
  const wide = compile(exact.outputs, exact.inputs, { backend: reference });
  const wanted = (await wide.run(arrays.map((array) => Float64Array.from(array))))[0] as Float64Array;
  const { inputs, outputs } = gradientOf(shapes, 'float32');
  const plan = compile(outputs, inputs, { backend: wasmBackend });
  const seen = new Set<string>();
  wasmBackend.trace(({ fn, op }) => op === 'convGradKernel' && seen.add(fn));
  const before = wasmBackend.threads();
  const found: Float32Array[] = [];
  for (const threads of [1, 2]) {
    wasmBackend.setThreads(threads);
    found.push((await plan.run(arrays))[0] as Float32Array);
  }
  wasmBackend.trace(null);
  wasmBackend.setThreads(before);
  plan.dispose();
  assert.ok(seen.has(kernel), `${[...seen]} ran`);
  assert.equal(found[0], found[1]);
  const scale = wanted.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
  const error = wanted.reduce((most, v, i) => Math.max(most, Math.abs(v - found[0]![i]!)), 0) / scale;
  assert.ok(error <= 1e-5, `differs by ${error} of the largest`);
}

test('behind a global max pool only what is not zero is added', async () => {
  await check({ x: [9, 17, 5], w: [3, 5, 37], y: [9, 37], pooled: true, padding: 'valid' }, 'convGradKernelRare');
  await check({ x: [4, 11, 3], w: [4, 3, 16], y: [4, 16], pooled: true, padding: 'same' }, 'convGradKernelRare');
});

test('a long inner axis is cut into parts of the batch', async () => {
  const rest = { pooled: false, padding: 'same' } as const;
  await check({ x: [6, 20, 20, 1], w: [2, 2, 1, 24], y: [6, 20, 20, 24], ...rest }, 'sumColumns');
  await check({ x: [4, 24, 24, 7], w: [2, 2, 7, 9], y: [4, 24, 24, 9], ...rest }, 'sumColumns');
});

test('zeros behind a relu are left out of the gradients to the weights of a convolution and of a dense layer', async () => {
  const build = (dtype: FloatDType) => {
    const [x, w, v] = [
      placeholder([9, 19, 8, 6], dtype),
      placeholder([2, 3, 6, 35], dtype),
      placeholder([35, 33], dtype),
    ];
    const hidden = relu(conv2d(x, w, { padding: 'same' }));
    const out = relu(matmul(sum(hidden, { axes: [1, 2] }), v));
    return { inputs: [x, w, v], outputs: grad(sum(mul(out, out)), [w, v]) };
  };
  const arrays = [values([9, 19, 8, 6], 1), values([2, 3, 6, 35], 2), values([35, 33], 3)];
  const wide = build('float64');
  const wanted = await compile(wide.outputs, wide.inputs, { backend: reference }).run(
    arrays.map((array) => Float64Array.from(array)),
  );
  const { inputs, outputs } = build('float32');
  const plan = compile(outputs, inputs, { backend: wasmBackend });
  const seen: string[] = [];
  wasmBackend.trace(({ fn, op }) => fn === 'weightGradSums' && seen.push(op!));
  const before = wasmBackend.threads();
  wasmBackend.setThreads(1);
  const found = await plan.run(arrays);
  wasmBackend.setThreads(2);
  assert.equal(await plan.run(arrays), found);
  wasmBackend.setThreads(before);
  wasmBackend.trace(null);
  plan.dispose();
  assert.equal([...new Set(seen)].sort(), ['convGradKernel', 'matmul']);
  for (const [i, exact] of (wanted as Float64Array[]).entries()) {
    const scale = exact.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
    const error = exact.reduce((most, v, at) => Math.max(most, Math.abs(v - found[i]![at]!)), 0) / scale;
    assert.ok(error <= 1e-5, `output ${i} differs by ${error} of the largest`);
  }
});

test.run();
