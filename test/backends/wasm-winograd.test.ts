/** 3x3 convolutions on Winograd's kernels: beside reference in float64, the same bits on any number of threads, and only where they pay. */
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { reference } from '../../src/backends/reference/index.ts';
import { core } from '../../src/backends/wasm/accelerators.ts';
import { take } from '../../src/backends/wasm/bind/winograd.ts';
import { wasmBackend } from '../../src/backends/wasm/index.ts';
import { compile } from '../../src/graph/compile.ts';
import { grad } from '../../src/graph/grad.ts';
import { randomUniform } from '../../src/graph/random.ts';
import { type ConvOptions, conv2d } from '../../src/ops/conv.ts';
import { add, max, maxPool, mul, relu, sigmoid, sum, tanh } from '../../src/ops/index.ts';
import type { FloatDType } from '../../src/tensor/dtype.ts';
import { placeholder, type Tensor, tensor } from '../../src/tensor/tensor.ts';

const test = suite('wasm: Winograd');
take(core);

function values(shape: readonly number[], seed: number): Float32Array {
  const next = randomUniform(seed);
  return Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => next() * 4 - 2);
}

interface Case {
  /** `[batch, h, w, channels]`. */
  readonly x: readonly number[];
  readonly filters: number;
  readonly options?: ConvOptions;
  readonly bias?: boolean;
  readonly activation?: ((x: Tensor) => Tensor) | undefined;
  /** The gradient to the input instead. */
  readonly back?: boolean;
  /** Of the kernel, 3 if left out. */
  readonly window?: number;
}

/** The input and the result of a case, with constant weights. */
function build({ x: shape, filters, options, bias, activation, back, window = 3 }: Case, dtype: FloatDType) {
  // Sums of about 1, so that an activation magnifies no error.
  const of = (sizes: readonly number[], seed: number): Tensor => {
    const terms = sizes.slice(0, -1).reduce((a, b) => a * b, 1);
    const data = values(sizes, seed).map((v) => v / Math.sqrt(terms));
    return tensor(dtype === 'float64' ? Float64Array.from(data) : data, sizes);
  };
  const w = of([window, window, shape[3]! / Number(options?.groups ?? 1), filters], 2);
  const x = placeholder(shape, dtype);
  let y = conv2d(x, w, options);
  if (bias) y = add(y, of([filters], 3));
  if (activation) y = activation(y);
  if (!back) return { input: x, output: y };
  const g = placeholder(y.shape, dtype);
  return { input: g, output: grad(y, [x], g)[0]! };
}

/** The error relative to the largest element, and the kernels that ran. One and three threads must agree in every bit. */
function measure(one: Case): { error: number; kernels: ReadonlySet<string> } {
  const exact = build(one, 'float64');
  const { input, output } = build(one, 'float32');
  const data = values(input.shape, 1);
  const wanted = compile([exact.output], [exact.input], { backend: reference }).runSync([
    Float64Array.from(data),
  ])[0] as Float64Array;
  const plan = compile([output], [input], { backend: wasmBackend });
  const kernels = new Set<string>();
  wasmBackend.trace(({ fn }) => kernels.add(fn));
  const before = wasmBackend.threads();
  const found = [1, 3].map((threads) => {
    wasmBackend.setThreads(threads);
    return plan.runSync([data])[0] as Float32Array;
  });
  wasmBackend.trace(null);
  wasmBackend.setThreads(before);
  plan.dispose();
  assert.equal(found[0], found[1]);
  const scale = wanted.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
  const error = wanted.reduce((most, v, i) => Math.max(most, Math.abs(v - found[0]![i]!)), 0) / scale;
  return { error, kernels };
}

test('random shapes: odd sizes, both paddings, epilogues, both directions, within 2e-6 of float64', () => {
  const size = fc.integer({ min: 4, max: 15 });
  const channels = fc.integer({ min: 16, max: 70 });
  const activation = fc.constantFrom(undefined, relu, tanh, sigmoid);
  let taken = 0;
  fc.assert(
    fc.property(
      fc.record({
        x: fc.tuple(fc.integer({ min: 1, max: 3 }), size, size, channels),
        filters: channels,
        options: fc.record({ padding: fc.constantFrom('same' as const, 'valid' as const) }),
        bias: fc.boolean(),
        activation,
        back: fc.boolean(),
      }),
      (one) => {
        const { error, kernels } = measure(one.back ? { ...one, bias: false, activation: (y) => y } : one);
        taken += Number(kernels.has('winograd'));
        assert.ok(error <= 2e-6, `differs by ${error} of the largest`);
      },
    ),
    { numRuns: 20, seed: 14 },
  );
  assert.ok(taken > 10, `${taken} of 20`);
});

test('many channels are taken in parts, and the last part and strip may be incomplete', () => {
  for (const back of [false, true]) {
    const { error, kernels } = measure({ x: [1, 5, 4, 533], filters: 523, options: { padding: 'same' }, back });
    assert.ok(kernels.has('winograd'));
    assert.ok(error <= 2e-6, `differs by ${error} of the largest`);
  }
});

test('a chain of elementwise steps goes along, over strips of output channels, too', () => {
  for (const [channels, filters] of [
    [40, 36],
    [24, 523],
  ] as const) {
    const make = (dtype: FloatDType) => {
      const of = (shape: readonly number[], seed: number): Tensor => {
        const data = values(shape, seed).map((v) => v / 10);
        return tensor(dtype === 'float64' ? Float64Array.from(data) : data, shape);
      };
      const [x, other] = [placeholder([2, 7, 10, channels], dtype), placeholder([2, 7, 10, filters], dtype)];
      const y = add(conv2d(x, of([3, 3, channels, filters], 2), { padding: 'same' }), of([filters], 3));
      const z = mul(sigmoid(add(relu(y), other)), other);
      return { inputs: [x, other], z };
    };
    const [exact, single] = [make('float64'), make('float32')];
    const data = single.inputs.map(({ shape }, i) => values(shape, 7 + i));
    const wide = compile([exact.z], exact.inputs, { backend: reference });
    const wanted = wide.runSync(data.map((array) => Float64Array.from(array)))[0] as Float64Array;
    const plan = compile([single.z], single.inputs, { backend: wasmBackend });
    const kernels: string[] = [];
    wasmBackend.trace(({ fn }) => kernels.push(fn));
    const found = plan.runSync(data)[0] as Float32Array;
    wasmBackend.trace(null);
    assert.equal(kernels, ['winograd']);
    const scale = wanted.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
    assert.ok(wanted.every((v, i) => Math.abs(v - found[i]!) <= 2e-6 * scale));
  }
});

test('what it does not compute, or not faster, stays with the core', () => {
  const declined: Readonly<Record<string, Case>> = {
    'one channel': { x: [2, 12, 12, 1], filters: 32 },
    'three channels': { x: [2, 12, 12, 3], filters: 32 },
    'few filters': { x: [2, 12, 12, 32], filters: 3 },
    'a stride': { x: [2, 12, 12, 32], filters: 32, options: { stride: 2 } },
    'a dilation': { x: [2, 12, 12, 32], filters: 32, options: { dilation: 2 } },
    groups: { x: [2, 12, 12, 64], filters: 64, options: { groups: 2 } },
    'a window of five': { x: [2, 12, 12, 32], filters: 32, window: 5 },
    'a single output': { x: [40, 3, 3, 32], filters: 32 },
    'a large kernel over few tiles of a picture, however many pictures': { x: [12, 4, 4, 256], filters: 256 },
  };
  for (const [name, one] of Object.entries(declined)) {
    for (const back of [false, true]) {
      if (back && name === 'a single output') continue;
      const { error, kernels } = measure({ ...one, back });
      assert.not(kernels.has('winograd'), name);
      assert.ok(error <= 1e-5, name);
    }
  }
  assert.ok(measure({ x: [12, 4, 4, 64], filters: 64 }).kernels.has('winograd'), 'a small kernel over as few');
  assert.ok(measure({ x: [2, 8, 8, 256], filters: 256 }).kernels.has('winograd'), 'a large kernel over more');
});

test('weights that are an input of the plan stay with the core', () => {
  const [x, w] = [placeholder([2, 12, 12, 32]), placeholder([3, 3, 32, 32])];
  const plan = compile([conv2d(x, w)], [x, w], { backend: wasmBackend });
  const kernels = new Set<string>();
  wasmBackend.trace(({ fn }) => kernels.add(fn));
  plan.runSync([values(x.shape, 1), values(w.shape, 2)]);
  wasmBackend.trace(null);
  assert.equal([...kernels], ['packB', 'matmul']);
});

/**
 * A pattern that a picture shows twice: each half has half of the gradient, as by the product; Winograd's last bits gave all of it to one. Along a diagonal
 * line windows of a 2x2 pool tie, too, of which the first is taken.
 */
test('ties under maxima stay ties: a pattern twice in a picture, a diagonal line', () => {
  const [h, w, c] = [16, 19, 16];
  const next = randomUniform(9);
  const pattern = Array.from({ length: 25 * c }, () => next());
  const line = Float32Array.from({ length: h * w * c }, (_, i) => {
    const pixel = Math.floor(i / c);
    return Math.floor(pixel / w) === pixel % w ? pattern[i % c]! : 0;
  });
  const twice = new Float32Array(h * w * c);
  const [first, second] = [2 * w + 2, 9 * w + 11]; // an odd number of rows and columns apart
  for (const from of [first, second])
    pattern.forEach((value, i) => {
      const [row, column] = [Math.floor(i / (5 * c)), Math.floor(i / c) % 5];
      twice[(from + row * w + column) * c + (i % c)] = value;
    });
  const gradientOf = (pool: (y: Tensor) => Tensor, data: Float32Array, dtype: FloatDType): number[] => {
    const of = (shape: readonly number[], seed: number): Tensor => {
      const array = values(shape, seed).map((v) => v / 10);
      return tensor(dtype === 'float64' ? Float64Array.from(array) : array, shape);
    };
    const x = placeholder([1, h, w, c], dtype);
    const y = relu(conv2d(x, of([3, 3, c, 24], 2), { padding: 'same' }));
    const z = relu(add(conv2d(y, of([3, 3, 24, 16], 3), { padding: 'same' }), of([16], 4)));
    const backend = dtype === 'float64' ? reference : wasmBackend;
    const plan = compile([grad(sum(pool(z)), [x])[0]!], [x], { backend });
    const [found] = plan.runSync([dtype === 'float64' ? Float64Array.from(data) : data]);
    plan.dispose();
    return Array.from(found!, Number);
  };
  const pools: Readonly<Record<string, (y: Tensor) => Tensor>> = {
    'a global maximum': (y) => max(y, { axes: [1, 2] }),
    'a pool of 2x2': (y) => maxPool(y, { window: 2, stride: 2 }),
    'a wide pool': (y) => maxPool(y, { window: [h, w], stride: 1 }),
  };
  const cases = Object.entries(pools).flatMap(([name, pool]) => [
    { name: `${name}, a pattern twice`, pool, data: twice },
    { name: `${name}, a diagonal line`, pool, data: line },
  ]);
  for (const { name, pool, data } of cases) {
    const [found, wanted] = [gradientOf(pool, data, 'float32'), gradientOf(pool, data, 'float64')];
    const largest = wanted.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
    const error = wanted.reduce((most, v, i) => Math.max(most, Math.abs(v - found[i]!)), 0) / largest;
    assert.ok(error < 2e-6, `${name}: differs by ${error} of the largest`);
  }
});

/** ResNets and DenseNets begin with a max pool, whose gradient takes theirs: it compares what the pool saw, not what comes back. */
test('behind a max pool convolutions are taken in both directions where gradients are dense; in front of it, and at the few that its gradient leaves, none is', () => {
  const make = (dtype: FloatDType) => {
    const of = (shape: readonly number[], seed: number): Tensor => {
      const array = values(shape, seed).map((v) => v / 10);
      return tensor(dtype === 'float64' ? Float64Array.from(array) : array, shape);
    };
    const x = placeholder([2, 16, 16, 16], dtype);
    const seen = relu(conv2d(x, of([3, 3, 16, 16], 2), { padding: 'same' }));
    const pooled = maxPool(seen, { window: 2, stride: 2 });
    const y = tanh(conv2d(relu(conv2d(pooled, of([3, 3, 16, 24], 3))), of([3, 3, 24, 16], 4)));
    return { x, gradient: grad(sum(y), [x])[0]! };
  };
  const [exact, single] = [make('float64'), make('float32')];
  const data = values(single.x.shape, 5);
  const wide = compile([exact.gradient], [exact.x], { backend: reference });
  const wanted = wide.runSync([Float64Array.from(data)])[0] as Float64Array;
  const plan = compile([single.gradient], [single.x], { backend: wasmBackend });
  const kernels: string[] = [];
  wasmBackend.trace(({ op, fn }) => kernels.push(`${op}: ${fn}`));
  const found = plan.runSync([data])[0] as Float32Array;
  wasmBackend.trace(null);
  const convolutions = kernels.filter((kernel) => /^conv.*(matmul|winograd)$/.test(kernel));
  assert.equal(convolutions, [
    ...['conv: matmul', 'conv: winograd', 'conv: winograd'],
    // The second is behind a relu, which leaves half of the gradient 0.
    ...['convGradInput: winograd', 'convGradInput: matmul', 'convGradInput: matmul'],
  ]);
  const scale = wanted.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
  assert.ok(wanted.every((v, i) => Math.abs(v - found[i]!) <= 3e-6 * scale));
});

test.run();
