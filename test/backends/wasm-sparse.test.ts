import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { wasmBackend } from '../../src/backends/wasm/index.ts';
import { compile } from '../../src/graph/compile.ts';
import { buildProgram } from '../../src/graph/program.ts';
import { randomUniform } from '../../src/graph/random.ts';
import { type conv, convGradInput } from '../../src/ops/conv-primitives.ts';
import * as o from '../../src/ops/index.ts';
import type { TypedArray } from '../../src/tensor/dtype.ts';
import { placeholder, type Tensor, tensor } from '../../src/tensor/tensor.ts';

const test = suite('wasm: zeros that are skipped');

/** Numbers of which a share is not zero, at random places or in runs of twenty. */
function sprinkled(shape: readonly number[], share: number, seed: number, inRuns = false): Float32Array {
  const next = randomUniform(seed);
  const size = shape.reduce((a, b) => a * b, 1);
  let on = false;
  return Float32Array.from({ length: size }, (_, i) => {
    if (!inRuns || i % 20 === 0) on = next() < share;
    return on ? next() * 4 - 2 : 0;
  });
}

/**
 * `f` of a rectified input and weights. Constant weights are known to be finite, and zeros are skipped; weights that are
 * fed may be anything, and every product is computed.
 */
function skippedAndNot(f: (x: Tensor, w: Tensor) => Tensor, x: Tensor, w: Tensor): [TypedArray, TypedArray] {
  const input = placeholder(x.shape);
  const rectified = o.where(o.notEqual(input, 0), input, 0);
  const constant = compile([f(rectified, w)], [input], { backend: wasmBackend });
  const weights = placeholder(w.shape);
  const fed = compile([f(rectified, weights)], [input, weights], { backend: wasmBackend });
  const results = [constant.runSync([x.data])[0]!, fed.runSync([x.data, w.data])[0]!] as const;
  constant.dispose();
  fed.dispose();
  return [...results];
}

function sameBits(what: string, f: (x: Tensor, w: Tensor) => Tensor, x: Tensor, w: Tensor): void {
  const [skipped, full] = skippedAndNot(f, x, w);
  const at = skipped.findIndex((value, i) => !Object.is(value, full[i]));
  assert.is(at, -1, `${what}: element ${at} is ${skipped[at]}, with all products ${full[at]}`);
}

const dim = fc.integer({ min: 1, max: 70 });
const shares = fc.constantFrom(0, 0.02, 0.1, 0.25, 0.4, 0.5, 0.6, 0.7, 1);
const runs = { numRuns: 120, seed: 5, includeErrorInReport: true };

test('matmul: the bits are those of the full product, for any share of zeros', () => {
  const property = fc.property(dim, dim, dim, shares, fc.boolean(), fc.boolean(), (m, k, n, share, inRuns, turned) => {
    const x = tensor(sprinkled([m, k], share, 3, inRuns), [m, k]);
    const shape = turned ? [n, k] : [k, n];
    const w = tensor(sprinkled(shape, 1, 4), shape);
    sameBits(`${m}x${k}x${n} ${share}`, (a, b) => o.matmul(a, b, { transposeB: turned }), x, w);
  });
  fc.assert(property, runs);
});

test('matmul: several blocks of the inner index, more columns than a block of panels', () => {
  for (const [m, k, n] of [
    [13, 1568, 256],
    [40, 700, 530],
    [7, 513, 1],
    [3, 5000, 40],
    [18, 1024, 260],
  ] as const) {
    for (const share of [0.05, 0.3, 0.55, 0.68]) {
      const x = tensor(sprinkled([m, k], share, 1), [m, k]);
      sameBits(`${m}x${k}x${n}`, (a, b) => o.relu(o.matmul(a, b)), x, tensor(sprinkled([k, n], 1, 2), [k, n]));
    }
  }
});

test('the longest lists that are taken have room: the first and the last row of a tile are full', () => {
  const [k, n] = [512, 512];
  // Of so many elements on average a list is just taken: 70 % of many, see `fewNonzeros`.
  const most = Math.floor((k * (5 * (n / 8) - 4)) / (28 * (n / 32)));
  const counts = [k, 2 * most - k - 4, most - 1, most - 1, most - 1, k];
  for (const last of [k, most - 4]) {
    const data = new Float32Array(6 * k);
    for (const [row, count] of [...counts.slice(0, 5), last].entries()) {
      const some = sprinkled([count], 1, row + 1).map((value) => value || 1);
      for (let i = 0; i < count; i++) data[row * k + Math.floor((i * k) / count)] = some[i]!;
    }
    const w = tensor(sprinkled([k, n], 1, 9), [k, n]);
    sameBits(`last row ${last}`, (a, b) => o.matmul(a, b), tensor(data, [6, k]), w);
  }
});

test('any number of threads gives the same bits at any share', () => {
  const threads = wasmBackend.threads();
  const [m, k, n] = [700, 300, 200];
  const w = tensor(sprinkled([k, n], 1, 2), [k, n]);
  for (const share of [0.1, 0.5, 0.62, 0.66, 0.9]) {
    const x = tensor(sprinkled([m, k], share, 8), [m, k]);
    const results = [1, 2, 3].map((count) => {
      wasmBackend.setThreads(count);
      const [skipped, full] = skippedAndNot((a, b) => o.matmul(a, b), x, w);
      assert.equal(skipped, full, `${count} threads, ${share}`);
      return skipped;
    });
    assert.equal(results[1], results[0]);
    assert.equal(results[2], results[0]);
  }
  wasmBackend.setThreads(threads);
});

test('conv and its gradient to the input: paddings, strides, groups', () => {
  const sizes = fc.record({
    x: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 3, max: 9 }), fc.integer({ min: 3, max: 9 })),
    channels: fc.integer({ min: 1, max: 40 }),
    filters: fc.integer({ min: 1, max: 40 }),
    stride: fc.integer({ min: 1, max: 2 }),
    padding: fc.constantFrom('same' as const, 'valid' as const),
    groups: fc.integer({ min: 1, max: 2 }),
  });
  fc.assert(
    fc.property(sizes, shares, fc.boolean(), ({ x, channels, filters, stride, padding, groups }, share, inRuns) => {
      const input = tensor(sprinkled([...x, channels * groups], share, 3, inRuns), [...x, channels * groups]);
      const w = tensor(sprinkled([2, 3, channels, filters * groups], 1, 4), [2, 3, channels, filters * groups]);
      const f = (a: Tensor, b: Tensor): Tensor => o.conv2d(a, b, { stride, padding, groups });
      const what = JSON.stringify({ x, channels, filters, stride, padding, groups, share });
      sameBits(`conv ${what}`, f, input, w);
      const y = f(input, w);
      const g = tensor(sprinkled(y.shape, share, 6, inRuns), y.shape);
      const attrs = y.attrs as unknown as Parameters<typeof conv>[1];
      sameBits(`dx ${what}`, (a, b) => convGradInput([a, b], { ...attrs, inputShape: input.shape }), g, w);
    }),
    runs,
  );
});

test('infinities and NaNs in weights meet the zeros: 0 times infinity is NaN', () => {
  const x = tensor(sprinkled([12, 60], 0.1, 1), [12, 60]);
  for (const bad of [Infinity, -Infinity, Number.NaN]) {
    const w = sprinkled([60, 40], 1, 2);
    w[47] = bad;
    const [result] = skippedAndNot((a, b) => o.matmul(a, b), x, tensor(w, [60, 40]));
    const zeros = [...Array(12).keys()].filter((row) => x.data[row * 60 + 1] === 0);
    assert.ok(zeros.length > 0);
    for (const row of zeros) assert.ok(Number.isNaN(result[row * 40 + 7]), `${bad}: row ${row}`);
  }
});

test('NaN and infinity in the input are no zeros', () => {
  const data = new Float32Array(8 * 64);
  data[70] = Number.NaN;
  data[200] = Infinity;
  const w = tensor(sprinkled([64, 33], 1, 2), [64, 33]);
  const [result] = skippedAndNot((a, b) => o.matmul(a, b), tensor(data, [8, 64]), w);
  assert.ok(result.subarray(33, 66).every(Number.isNaN), 'NaN reaches its row');
  assert.ok(result.subarray(99, 132).every((value, i) => value === Math.sign(w.data[8 * 33 + i]!) * Infinity));
  assert.ok(result.subarray(0, 33).every((value) => value === 0));
});

test('zeros are looked for behind relu, masks and pool gradients, also through moves of data', () => {
  const x = placeholder([4, 6, 3]);
  const seen = (y: Tensor): boolean => {
    const { values, outputs } = buildProgram([y], [x]);
    return values[outputs[0]!]!.sparse > 0;
  };
  for (const y of [
    o.relu(x),
    o.reshape(o.relu(x), [4, 18]),
    o.where(o.greater(x, 0), x, 0),
    o.maxPool(o.relu(x)),
    o.pad(o.relu(x), [
      [0, 0],
      [1, 1],
      [0, 0],
    ]),
    o.transpose(o.relu(x), [0, 2, 1]),
    o.add(o.relu(x), o.where(o.greater(x, 1), x, 0)),
  ]) {
    assert.ok(seen(y), String(y));
  }
  for (const y of [x, o.tanh(x), o.add(o.relu(x), 1), o.add(o.relu(x), x), o.tanh(o.relu(x)), o.maxPool(x)]) {
    assert.not(seen(y), String(y));
  }
});

test.run();
