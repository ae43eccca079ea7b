/**
 * Kernels of training on random shapes: gradients to the weights of convolutions and dense layers, and convolutions under max pools, beside
 * public ops in float64, and the same bits on one thread and two.
 */
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { reference } from '../../src/backends/reference/index.ts';
import { takeTrainingKernels } from '../../src/backends/wasm/bind/training.ts';
import { wasmBackend } from '../../src/backends/wasm/index.ts';
import { compile } from '../../src/graph/compile.ts';
import { grad } from '../../src/graph/grad.ts';
import { randomUniform } from '../../src/graph/random.ts';
import { ancestors } from '../../src/graph/traverse.ts';
import { conv } from '../../src/ops/conv-primitives.ts';
import { add, dropout, embedding, matmul, max, maxPool, mul, relu, sum } from '../../src/ops/index.ts';
import type { FloatDType } from '../../src/tensor/dtype.ts';
import { placeholder, type Tensor } from '../../src/tensor/tensor.ts';
import { poolsOfConvolutions } from '../../src/training/pools.ts';
import { trainingRules } from '../../src/training/rules.ts';
import { times } from '../support/thorough.ts';
import { relativeError } from './support.ts';

const test = suite('wasm: kernels of training on random shapes');
takeTrainingKernels();
const numRuns = times(8, 300);
const runs = { numRuns, seed: 7, includeErrorInReport: true };
const range = (min: number, max: number) => fc.integer({ min, max });
const pair = fc.tuple(range(0, 2), range(0, 2));

/** Inputs and outputs of a graph, in either precision; `public` has no op of training in it. */
type Build = (dtype: FloatDType, path: 'public' | 'training') => { inputs: Tensor[]; outputs: Tensor[] };

/** Numbers for inputs: floats, ids below `ids`, and a seed where there are two int32. */
function values(inputs: readonly Tensor[], ids: number, seed: number): (Float32Array | Int32Array)[] {
  const next = randomUniform(seed);
  return inputs.map(({ size, dtype }) =>
    dtype === 'int32'
      ? Int32Array.from({ length: size }, () => Math.floor(next() * ids))
      : Float32Array.from({ length: size }, () => 2 * next() - 1),
  );
}

const seen = new Set<string>();

function check(build: Build, ids = 1, seed = 1): void {
  const wide = build('float64', 'public');
  const arrays = values(wide.inputs, ids, seed);
  const exact = arrays.map((array) => (array instanceof Int32Array ? array : Float64Array.from(array)));
  const wanted = compile(wide.outputs, wide.inputs, { backend: reference }).runSync(exact);
  const { inputs, outputs } = build('float32', 'training');
  const plan = compile(outputs, inputs, { backend: wasmBackend });
  const before = wasmBackend.threads();
  wasmBackend.trace(({ fn, op }) => seen.add(`${op}: ${fn}`));
  wasmBackend.setThreads(1);
  const found = plan.runSync(arrays);
  wasmBackend.setThreads(2);
  assert.equal(plan.runSync(arrays), found, 'the same bits on two threads');
  wasmBackend.setThreads(before);
  wasmBackend.trace(null);
  plan.dispose();
  found.forEach((got, i) => {
    const error = relativeError(got, wanted[i]!, 1e-6);
    assert.ok(error <= 1e-5, `output ${i} is ${error.toExponential(2)} from float64`);
  });
}

const space = fc.oneof(
  fc.tuple(range(1, 60)),
  fc.tuple(range(1, 9), range(1, 9)),
  fc.tuple(range(1, 4), range(1, 4), range(1, 5)),
);
const channels = fc.oneof(range(1, 9), fc.constantFrom(16, 19, 33));
const filtersOf = fc.oneof(range(1, 40), fc.constantFrom(64, 97));
const geometry = fc.record({
  space,
  window: fc.array(range(1, 3), { minLength: 3, maxLength: 3 }),
  strides: fc.array(range(1, 2), { minLength: 3, maxLength: 3 }),
  dilations: fc.array(range(1, 2), { minLength: 3, maxLength: 3 }),
  pads: fc.array(pair, { minLength: 3, maxLength: 3 }),
  batch: range(1, 5),
  channels,
  filters: filtersOf,
});
type Geometry = typeof geometry extends fc.Arbitrary<infer T> ? T : never;

/** A convolution of the geometry, padded so that the window fits. */
function convolution({ space, ...of }: Geometry, dtype: FloatDType): { x: Tensor; w: Tensor; y: Tensor } {
  const axes = space.length;
  const window = of.window.slice(0, axes);
  const dilations = of.dilations.slice(0, axes);
  const pads = of.pads.slice(0, axes).map(([low, high], i) => {
    const lack = (window[i]! - 1) * dilations[i]! + 1 - space[i]! - low - high;
    return [low, high + Math.max(0, lack)] as const;
  });
  const x = placeholder([of.batch, ...space, of.channels], dtype);
  const w = placeholder([...window, of.channels, of.filters], dtype);
  return { x, w, y: conv([x, w], { strides: of.strides.slice(0, axes), dilations, pads, groups: 1 }) };
}

for (const behind of ['nothing', 'a relu', 'a global max pool'] as const) {
  test(`the gradient of a convolution to its kernel, behind ${behind}`, () => {
    fc.assert(
      fc.property(geometry, (of) => {
        check((dtype) => {
          const { x, w, y } = convolution(of, dtype);
          const axes = of.space.map((_, i) => i + 1);
          const h = behind === 'nothing' ? y : behind === 'a relu' ? relu(y) : max(y, { axes });
          const g = placeholder(h.shape, dtype);
          return { inputs: [x, w, g], outputs: grad(sum(mul(h, g)), [w]) };
        });
      }),
      runs,
    );
  });
}

test('the gradient of a dense layer behind a relu to its weights', () => {
  fc.assert(
    fc.property(range(1, 700), range(1, 40), range(1, 70), (rows, inner, units) => {
      check((dtype) => {
        const [x, w, g] = [
          [rows, inner],
          [inner, units],
          [rows, units],
        ].map((shape) => placeholder(shape, dtype));
        return { inputs: [x!, w!, g!], outputs: grad(sum(mul(relu(matmul(x!, w!)), g!)), [w!]) };
      });
    }),
    runs,
  );
});

const finish = fc.record({ rectified: fc.boolean(), dropped: fc.boolean(), biased: fc.boolean() });
type Finish = typeof finish extends fc.Arbitrary<infer T> ? T : never;

/** Score and gradients of a global max pool over `y`, as training computes them or as public ops do. */
function pooled(
  y: Tensor,
  wrt: Tensor[],
  of: Finish,
  path: 'public' | 'training',
): { more: Tensor[]; outputs: Tensor[] } {
  const dtype = y.dtype as FloatDType;
  const bias = placeholder([y.shape.at(-1)!], dtype);
  const seed = placeholder([2], 'int32');
  const g = placeholder([y.shape[0]!, y.shape.at(-1)!], dtype);
  let h = of.biased ? add(y, bias) : y;
  if (of.rectified) h = relu(h);
  const drops = of.rectified && of.dropped;
  if (drops) h = dropout(h, seed, { rate: 0.4, stream: 2 });
  const top = max(h, { axes: h.shape.slice(1, -1).map((_, i) => i + 1) });
  const score = sum(mul(top, g));
  const made = path === 'training' ? poolsOfConvolutions([score, top], 'wasm') : [score, top];
  const all = of.biased ? [...wrt, bias] : wrt;
  const gradients = grad(made[0]!, all, undefined, path === 'training' ? { rules: trainingRules('wasm') } : {});
  return { more: [g, ...(of.biased ? [bias] : []), ...(drops ? [seed] : [])], outputs: [made[1]!, ...gradients] };
}

test('a convolution under a global max pool: maxima, and gradients to input, kernel and bias', () => {
  fc.assert(
    fc.property(geometry, finish, (of, end) => {
      check((dtype, path) => {
        const { x, w, y } = convolution(of, dtype);
        const { more, outputs } = pooled(y, [x, w], end, path);
        return { inputs: [x, w, ...more], outputs };
      }, 1000);
    }),
    { ...runs, numRuns: 2 * numRuns },
  );
});

test('a convolution under a max pool of windows side by side: maxima, and gradients to input, kernel and bias', () => {
  const windows = fc.tuple(range(1, 3), range(1, 4));
  const sizes = geometry.filter(({ space }) => space.length < 3);
  fc.assert(
    fc.property(sizes, windows, finish, (of, sides, end) => {
      check((dtype, path) => {
        const { x, w, y } = convolution(of, dtype);
        const window = sides.slice(-of.space.length).map((side, i) => Math.min(side, y.shape[i + 1]!));
        const [bias, seed] = [placeholder([of.filters], dtype), placeholder([2], 'int32')];
        let h = end.biased ? add(y, bias) : y;
        if (end.rectified) h = relu(h);
        h = maxPool(h, { window });
        if (end.dropped) h = dropout(h, seed, { rate: 0.4, stream: 2 });
        const g = placeholder(h.shape, dtype);
        const score = sum(mul(h, g));
        const made = path === 'training' ? poolsOfConvolutions([score, h], 'wasm') : [score, h];
        if (path === 'training') {
          const ops = ancestors(made).map(({ op }) => op?.name);
          assert.ok(ops.includes('convPool') && !ops.includes('maxPool'));
          assert.is(ops.includes('dropout'), end.dropped && !end.rectified);
        }
        const wrt = end.biased ? [x, w, bias] : [x, w];
        const gradients = grad(made[0]!, wrt, undefined, path === 'training' ? { rules: trainingRules('wasm') } : {});
        return { inputs: [...wrt, g, ...(end.dropped ? [seed] : [])], outputs: [made[1]!, ...gradients] };
      }, 1000);
    }),
    { ...runs, numRuns: 3 * numRuns },
  );
});

test('over rows of a table, some of them many times, so that windows tie', () => {
  const sizes = fc.record({
    ...{ batch: range(1, 5), length: range(1, 80), rows: fc.oneof(range(1, 3), range(4, 300)), width: channels },
    ...{ taps: range(1, 5), stride: range(1, 3), dilation: range(1, 2), pads: pair, filters: filtersOf },
  });
  fc.assert(
    fc.property(sizes, finish, (of, end) => {
      check((dtype, path) => {
        const [table, w] = [
          placeholder([of.rows, of.width], dtype),
          placeholder([of.taps, of.width, of.filters], dtype),
        ];
        const ids = placeholder([of.batch, of.length], 'int32');
        const lack = Math.max(0, (of.taps - 1) * of.dilation + 1 - of.length - of.pads[0] - of.pads[1]);
        const pads = [[of.pads[0], of.pads[1] + lack] as const];
        const attrs = { strides: [of.stride], dilations: [of.dilation], pads, groups: 1 };
        const { more, outputs } = pooled(conv([embedding(table, ids), w], attrs), [table, w], end, path);
        if (path === 'training') assert.ok(ancestors(outputs).some(({ op }) => op?.name === 'convMaxTable'));
        return { inputs: [table, w, ids, ...more], outputs };
      }, of.rows);
    }),
    { ...runs, numRuns: 2 * numRuns },
  );
});

test('all kernels of training took part', () => {
  const wanted = [
    'convGradKernel: weightGradSums',
    'convGradKernel: convGradKernelRare',
    'matmul: weightGradSums',
    ...['convMax: convMax', 'convMaxTable: convMaxTable', 'convMaxTable: tableProducts'],
    ...['convPool: convPool', 'convPoolSpread: convPoolSpread', 'convPoolGradKernel: convPoolGradKernel'],
    ...['convMaxGradInput: convMaxGradInput', 'convMaxGradKernel: convMaxGradKernel'],
  ];
  assert.equal(
    wanted.filter((name) => !seen.has(name)),
    [],
  );
});

test.run();
