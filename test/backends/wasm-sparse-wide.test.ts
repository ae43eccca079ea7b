/**
 * Products that skip zeros in the wide build: strips of 64 columns, and of 32 of two rows, for tiles that are kept and multiplied together. The
 * bits are those of the relaxed build, and of products that are computed in full. Where V8 does not pair vectors the kernels are as right.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { wasmBackend } from '../../src/backends/wasm/index.ts';
import { compile } from '../../src/graph/compile.ts';
import { randomUniform } from '../../src/graph/random.ts';
import { convGradInput } from '../../src/ops/conv-primitives.ts';
import * as o from '../../src/ops/index.ts';
import type { TypedArray } from '../../src/tensor/dtype.ts';
import { placeholder, type Tensor, tensor } from '../../src/tensor/tensor.ts';
import { whereWide } from '../support/where-wide.ts';

const test = suite('wasm: zeros that are skipped in wide vectors');

/** A product of rows that may be zeros and weights. */
interface Case {
  readonly what: string;
  readonly f: (x: Tensor, w: Tensor) => Tensor;
  readonly x: Tensor;
  readonly w: Tensor;
}

function sprinkled(shape: readonly number[], share: number, seed: number): Tensor {
  const next = randomUniform(seed);
  const size = shape.reduce((a, b) => a * b, 1);
  return tensor(
    Float32Array.from({ length: size }, () => (next() < share ? next() * 4 - 2 : 0)),
    shape,
  );
}

const finished = (a: Tensor, b: Tensor): Tensor => o.tanh(o.matmul(a, b));

function product(m: number, k: number, n: number, share: number, f = finished): Case {
  return { what: `${m}x${k}x${n} ${share}`, f, x: sprinkled([m, k], share, m + n), w: sprinkled([k, n], 1, k) };
}

/** Constant weights are known to be finite, and zeros are skipped; weights that are fed may be anything, and every product is computed. */
function compute({ f, x, w }: Case, skips: boolean): TypedArray {
  const input = placeholder(x.shape);
  const weights = placeholder(w.shape);
  const rectified = o.where(o.notEqual(input, 0), input, 0);
  const plan = skips
    ? compile([f(rectified, w)], [input], { backend: wasmBackend })
    : compile([f(rectified, weights)], [input, weights], { backend: wasmBackend });
  const [y] = plan.runSync(skips ? [x.data] : [x.data, w.data]);
  plan.dispose();
  return y!.slice();
}

function* cases(): Generator<Case> {
  // Columns of 1 to 70 and 120 to 136: every remainder of eight, odd panels, strips that end within four.
  for (let n = 1; n <= 136; n += n === 70 ? 50 : 1) yield product(7, 60, n, 0.15);
  // Rows of 1 to 7, and more than are kept at a time, in strips of 64 and pairs of 32.
  for (const m of [1, 2, 3, 4, 5, 6, 7, 23, 24, 25, 31, 49]) {
    for (const n of [32, 37, 64, 71, 96, 110]) yield product(m, 90, n, 0.1);
  }
  // Several blocks of the inner index, which add to what C holds; more panels than a block; some tiles dense.
  for (const share of [0, 0.02, 0.2, 0.35, 0.5, 0.56, 0.7, 1]) {
    for (const [m, k, n] of [
      [40, 129, 64],
      [31, 500, 45],
      [26, 300, 97],
      [13, 260, 540],
      [5, 1568, 200],
    ] as const) {
      yield product(m, k, n, share);
      yield product(m, k, n, share, o.matmul);
    }
  }
  // Rows that are full beside rows that are empty, and tiles of either kind in turns: lists as long as they get.
  for (const n of [32, 64, 512]) {
    const x = sprinkled([60, 128], 1, n).data.slice();
    const count = n === 32 ? 1 : 3;
    for (let row = 0; row < 60; row++) if (row % 6 >= count && row < 48) x.fill(0, row * 128, row * 128 + 128);
    yield { what: `full rows, ${n}`, f: o.matmul, x: tensor(x, [60, 128]), w: sprinkled([128, n], 1, 3) };
  }
  // Convolutions, whose rows are windows with padding, and the gradient to their input.
  for (const [channels, filters, stride] of [
    [20, 40, 1],
    [7, 70, 2],
    [36, 33, 1],
  ] as const) {
    const w = sprinkled([3, 3, channels, filters], 1, 4);
    const x = sprinkled([2, 7, 6, channels], 0.2, 5);
    const f = (a: Tensor, b: Tensor): Tensor => o.relu(o.conv2d(a, b, { stride, padding: 'same' }));
    yield { what: `conv ${channels} to ${filters}`, f, x, w };
    const y = o.conv2d(x, w, { stride, padding: 'same' });
    const attrs = { ...(y.attrs as unknown as Parameters<typeof convGradInput>[1]), inputShape: x.shape };
    const g = sprinkled(y.shape, 0.15, 6);
    yield { what: `dx ${channels} to ${filters}`, f: (a, b) => convGradInput([a, b], attrs), x: g, w };
  }
}

const wide = whereWide(test);

wide('the bits of the relaxed build, and of all products', async () => {
  const all = [...cases()];
  const relaxed = all.map((one) => compute(one, true));
  await wasmBackend.useWideVectors({ paired: true });
  for (const [i, one] of all.entries()) {
    for (const skips of [true, false]) {
      const result = compute(one, skips);
      const at = result.findIndex((value, j) => !Object.is(value, relaxed[i]![j]));
      assert.is(
        at,
        -1,
        `${one.what}, ${skips ? 'skipped' : 'in full'}: element ${at} is ${result[at]}, not ${relaxed[i]![at]}`,
      );
    }
  }
});

wide('any number of threads gives the same bits', () => {
  const threads = wasmBackend.threads();
  for (const share of [0.1, 0.4, 0.5, 0.9]) {
    const one = product(700, 300, 200, share);
    const results = [1, 2, 3].map((count) => {
      wasmBackend.setThreads(count);
      return compute(one, true);
    });
    assert.equal(results[1], results[0], `2 threads, ${share}`);
    assert.equal(results[2], results[0], `3 threads, ${share}`);
  }
  wasmBackend.setThreads(threads);
});

test.run();
