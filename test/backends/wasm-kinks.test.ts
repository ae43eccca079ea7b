/** Convolutions of lines that follow their kinks (`ops/line-conv.ts`) against the same step by step, and against the reference in float64. */
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { wasmBackend } from '../../src/backends/wasm/index.ts';
import { grad } from '../../src/graph/grad.ts';
import { randomUniform } from '../../src/graph/random.ts';
import { conv, convGradInput } from '../../src/ops/conv-primitives.ts';
import * as o from '../../src/ops/index.ts';
import { lerpMaxPool, lerpMaxPoolGrad } from '../../src/ops/lerp-max-pool.ts';
import { convOf, type LineConvAttrs, lineConv, lineConvGrad, poolOf } from '../../src/ops/line-conv.ts';
import { type Tensor, tensor } from '../../src/tensor/tensor.ts';
import { mnist, weights } from '../support/line-convs.ts';
import { agrees, random, relativeError, run } from './support.ts';

const test = suite('wasm: convolutions of lines');

type Lines = readonly [start: Tensor, w: Tensor, delta: Tensor, alpha: Tensor];
const filled = (shape: readonly number[], of: (i: number) => number): Tensor =>
  tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => of(i)),
    shape,
  );
const forward =
  (attrs: LineConvAttrs) =>
  (xs: readonly Tensor[]): Tensor =>
    lineConv(xs, attrs);
const back =
  (attrs: LineConvAttrs) =>
  (xs: readonly Tensor[]): Tensor =>
    lineConvGrad(xs, attrs);
/** The same with the kernels that go step by step. */
const stepwise =
  (attrs: LineConvAttrs) =>
  ([start, w, delta, alpha]: readonly Tensor[]): Tensor =>
    conv([lerpMaxPool([start!, delta!, alpha!], poolOf(attrs)), w!], convOf(attrs));
const stepwiseBack =
  (attrs: LineConvAttrs) =>
  ([start, w, delta, alpha, g]: readonly Tensor[]): Tensor => {
    const inputShape = lerpMaxPool([start!, delta!, alpha!], poolOf(attrs)).shape;
    const spread = convGradInput([g!, w!], { ...convOf(attrs), inputShape });
    return lerpMaxPoolGrad([start!, delta!, alpha!, spread], poolOf(attrs));
  };

/** Multiples of 1/4 at steps that are multiples of 1/8: points are exact in float32, and tie often. */
const kinds: Readonly<Record<string, (next: () => number) => readonly [start: () => number, delta: () => number]>> = {
  'any lines': (next) => [() => coarse(next), () => coarse(next)],
  'from one point': (next) => [() => -0.5, () => coarse(next)],
  'from one point above 0': (next) => [() => 0.25, () => coarse(next)],
  'many that stand still': (next) => [() => coarse(next), () => (next() < 0.7 ? 0 : coarse(next))],
};
const coarse = (next: () => number): number => Math.round(next() * 16 - 8) / 4;
const steps: Readonly<Record<string, (count: number) => number[]>> = {
  ascending: (count) => Array.from({ length: count }, (_, k) => (k + 1) / 8),
  'from 0': (count) => Array.from({ length: count }, (_, k) => k / 8),
  'below 0, twice each': (count) => Array.from({ length: count }, (_, k) => (k >> 1) / 8 - 0.5),
  'in any order': (count) => Array.from({ length: count }, (_, k) => ((k * 7) % count) / 8 - 0.25),
};

const geometry = fc.record({
  samples: fc.integer({ min: 1, max: 3 }),
  channels: fc.integer({ min: 1, max: 21 }),
  filters: fc.integer({ min: 1, max: 35 }),
  count: fc.integer({ min: 1, max: 40 }),
  relu: fc.boolean(),
  kind: fc.constantFrom(...Object.keys(kinds)),
  order: fc.constantFrom(...Object.keys(steps)),
  seed: fc.integer({ min: 1, max: 1e6 }),
  axes: fc.array(
    fc.record({
      window: fc.integer({ min: 1, max: 3 }),
      gap: fc.integer({ min: 0, max: 1 }),
      poolBefore: fc.integer({ min: 0, max: 1 }),
      poolAfter: fc.integer({ min: 0, max: 1 }),
      kernel: fc.integer({ min: 1, max: 3 }),
      stride: fc.integer({ min: 1, max: 2 }),
      dilation: fc.integer({ min: 1, max: 2 }),
      before: fc.integer({ min: 0, max: 2 }),
      after: fc.integer({ min: 0, max: 2 }),
      places: fc.integer({ min: 1, max: 5 }),
      rest: fc.integer({ min: 0, max: 1 }),
    }),
    { minLength: 1, maxLength: 2 },
  ),
});

test('any windows, kernels, strides, paddings, steps and lines, with many ties', () => {
  fc.assert(
    fc.property(geometry, ({ samples, channels, filters, count, relu, kind, order, seed, axes }) => {
      const next = randomUniform(seed);
      const parts = axes.map((a) => {
        const reach = (a.kernel - 1) * a.dilation + 1;
        const places = Math.max(a.places, reach - a.before - a.after);
        const pads = [Math.min(a.poolBefore, a.window - 1), Math.min(a.poolAfter, a.window - 1)] as const;
        const size = Math.max(1, (places - 1) * (a.window + a.gap) + a.window - pads[0] - pads[1] + a.rest);
        return { ...a, pads, size };
      });
      const attrs: LineConvAttrs = {
        relu,
        window: parts.map(({ window }) => window),
        poolStrides: parts.map(({ window, gap }) => window + gap),
        poolPads: parts.map(({ pads }) => pads),
        strides: parts.map(({ stride }) => stride),
        dilations: parts.map(({ dilation }) => dilation),
        pads: parts.map(({ before, after }) => [before, after] as const),
      };
      const shape = [samples, ...parts.map(({ size }) => size), channels];
      const [start, delta] = kinds[kind]!(next);
      const small = (): number => Math.round(next() * 8 - 4) / 4;
      const lines: Lines = [
        filled(shape, start),
        filled([...parts.map(({ kernel }) => kernel), channels, filters], small),
        filled(shape, delta),
        filled([count], (k) => steps[order]!(count)[k]!),
      ];
      const what = JSON.stringify({ shape, filters, count, kind, order, attrs });
      agrees(wasmBackend, `forward ${what}`, forward(attrs), lines, 1e-6, weights);
      const g = filled(lineConv(lines, attrs).shape, () => (next() < 0.3 ? 0 : small()));
      agrees(wasmBackend, `back ${what}`, back(attrs), [...lines, g], 1e-6, weights);
    }),
    { numRuns: 150, seed: 22, includeErrorInReport: true },
  );
});

/** Lines as a first layer gives them: one bias, slopes of any size, of which some tie. */
function layer(samples: number, size: number, channels: number, filters: number, count: number, moved = false): Lines {
  const next = randomUniform(17);
  const bias = Float32Array.from({ length: channels }, () => (next() - 0.6) * 0.2);
  const shape = [samples, size, size, channels];
  return [
    filled(shape, (i) => bias[i % channels]! + (moved ? (next() - 0.5) * 0.5 : 0)),
    random([2, 2, channels, filters], 5),
    filled(shape, () => (next() < 0.2 ? 0 : next() - 0.5)),
    filled([count], (k) => (k + 0.5) / count),
  ];
}

test('as right as step by step, in layers of real size: lines from one point, and from any with several kinks each', () => {
  for (const moved of [false, true]) {
    const lines = layer(2, 12, 64, 32, 50, moved);
    const wanted = run(
      forward(mnist),
      lines.map((x) => tensor(Float64Array.from(x.data), x.shape)),
    );
    const errors = [forward, stepwise].map((f) => relativeError(run(f(mnist), lines, wasmBackend, weights), wanted));
    assert.ok(errors[0]! < 1e-6 && errors[0]! < 4 * errors[1]!, `forward, moved ${moved}: ${errors}`);
    const g = random(lineConv(lines, mnist).shape, 8);
    const gradients = [back, stepwiseBack].map((f) => run(f(mnist), [...lines, g], wasmBackend, weights));
    const error = relativeError(gradients[0]!, gradients[1]!);
    assert.ok(error < 3e-6, `back, moved ${moved}: ${error}`);
  }
});

test('whatever follows goes over the result: a bias, activations, chains of functions with operands of their own', () => {
  const inputs = [...layer(2, 8, 16, 12, 20), random([12], 7), random([40, 4, 4, 12], 8)];
  const followed: Readonly<Record<string, (z: Tensor, row: Tensor, other: Tensor) => Tensor>> = {
    relu: (z, row) => o.relu(o.add(z, row)),
    tanh: (z) => o.tanh(z),
    sigmoid: (z, row) => o.sigmoid(o.add(z, row)),
    relu6: (z, row) => o.relu6(o.mul(o.add(z, row), 20)),
    'relu6 alone': (z) => o.relu6(z),
    gelu: (z, row) => o.gelu(o.add(z, row)),
    'leaky relu': (z, row) => o.leakyRelu(o.add(o.mul(z, row), row)),
    'a skip connection': (z, row, other) => o.relu(o.add(o.relu(o.add(z, row)), other)),
    'silu, of several readers': (z) => o.add(o.silu(z), z),
  };
  for (const [name, f] of Object.entries(followed)) {
    const forwards = (xs: readonly Tensor[]): Tensor => f(lineConv(xs.slice(0, 4), mnist), xs[4]!, xs[5]!);
    const backwards = (xs: readonly Tensor[]): Tensor => grad(forwards(xs), [xs[0]!], xs[5]!)[0]!;
    for (const constants of [weights, weights | 0b10000]) {
      agrees(wasmBackend, name, forwards, inputs, 3e-6, constants);
      agrees(wasmBackend, `${name}, back`, backwards, inputs, 1e-5, constants);
    }
  }
});

test('lines that turn on and off at each step: the list is full, and their place goes step by step', () => {
  const count = 60;
  const lines: Lines = [
    filled([1, 4, 4, 3], () => 0.25),
    random([2, 2, 3, 9], 4),
    filled([1, 4, 4, 3], (i) => ((i * 7) % 5) / 2 - 1),
    filled([count], (k) => (k % 2 === 0 ? 0.5 : -0.5)),
  ];
  agrees(wasmBackend, 'forward', forward(mnist), lines, 1e-6, weights);
  const g = random(lineConv(lines, mnist).shape, 8);
  agrees(wasmBackend, 'back', back(mnist), [...lines, g], 1e-6, weights);
});

test('patches that are seen twice, an odd number of places apart and along a diagonal, give equal bits: ties stay ties', () => {
  const [channels, filters, count] = [24, 20, 50];
  const [start, w, delta, alpha] = layer(1, 8, channels, filters, count);
  // The picture repeats after two windows across, and what is two below is what is two to the right.
  const size = 20;
  const at =
    (x: Tensor) =>
    (i: number): number => {
      const [c, column, row] = [i % channels, Math.floor(i / channels) % size, Math.floor(i / channels / size)];
      return x.data[((row % 2) * 8 + ((column + (row & ~1)) % 6)) * channels + c]!;
    };
  const shape = [1, size, size, channels];
  const z = run(forward(mnist), [filled(shape, at(start)), w, filled(shape, at(delta)), alpha], wasmBackend, weights);
  const of = (k: number, row: number, column: number): Float32Array =>
    z.slice(((k * 10 + row) * 10 + column) * filters, ((k * 10 + row) * 10 + column + 1) * filters) as Float32Array;
  let different = 0;
  for (let k = 0; k < count; k++) {
    for (let row = 0; row < 9; row++) {
      for (let column = 0; column + 3 < 9; column++) {
        assert.equal(of(k, row, column), of(k, row, column + 3), `step ${k}, row ${row}, column ${column}`);
        if (row > 0) assert.equal(of(k, row, column), of(k, row - 1, column + 1), `step ${k}, diagonal`);
        if (of(k, row, column).some((v, f) => v !== of(k, row, column + 1)[f])) different++;
      }
    }
  }
  assert.ok(different > 100);
});

test('the same bits for one, two and three threads', () => {
  const threads = wasmBackend.threads();
  for (const [samples, filters] of [
    [1, 40],
    [3, 32],
    [10, 20],
  ] as const) {
    const lines = layer(samples, 14, 32, filters, 30, samples === 3);
    const g = random(lineConv(lines, mnist).shape, 8);
    const results = [1, 2, 3].map((count) => {
      wasmBackend.setThreads(count);
      return [run(forward(mnist), lines, wasmBackend, weights), run(back(mnist), [...lines, g], wasmBackend, weights)];
    });
    wasmBackend.setThreads(threads);
    for (const other of results.slice(1)) assert.equal(other, results[0], `${samples} samples`);
  }
});

test('what is not finite reaches the steps and places that it reaches step by step, and no others', () => {
  const clean = layer(2, 8, 5, 9, 6);
  const g = random(lineConv(clean, mnist).shape, 8);
  const places = ['start', 'w', 'delta', 'alpha', 'g'] as const;
  for (const [i, place] of places.entries()) {
    for (const bad of [Number.NaN, Infinity, -Infinity, 3e38]) {
      const inputs = [...clean, g].map((x) => tensor(Float32Array.from(x.data), x.shape));
      const { data } = inputs[i]!;
      data[Math.floor(data.length / 3)] = bad;
      for (const [got, wanted] of [
        [
          run(forward(mnist), inputs.slice(0, 4), wasmBackend, weights),
          run(stepwise(mnist), inputs.slice(0, 4), wasmBackend, weights),
        ],
        [run(back(mnist), inputs, wasmBackend, weights), run(stepwiseBack(mnist), inputs, wasmBackend, weights)],
      ]) {
        const kindOf = (x: number): string => (Number.isFinite(x) ? 'finite' : String(x));
        const kindsOf = (data: ArrayLike<number>): string[] => Array.from(data, kindOf);
        assert.equal(kindsOf(got!), kindsOf(wanted!), `${place} ${bad}`);
        const error = relativeError(got!, wanted!);
        assert.ok(error < 1e-5, `${place} ${bad}: ${error}`);
      }
    }
  }
});

test.run();
