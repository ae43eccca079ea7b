import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { wasmBackend } from '../../src/backends/wasm/index.ts';
import { randomUniform } from '../../src/graph/random.ts';
import { type LerpMaxPoolAttrs, lerpMaxPool, lerpMaxPoolGrad } from '../../src/ops/lerp-max-pool.ts';
import { type Tensor, tensor } from '../../src/tensor/tensor.ts';
import { agrees, run } from './support.ts';

const test = suite('wasm: max pooling along lines');

interface Lines {
  readonly start: Tensor;
  readonly delta: Tensor;
  readonly alpha: Tensor;
}

/** Multiples of 1/4, so that points tie often and float32 is exact; `still` is the share that does not move. */
function lines(shape: readonly number[], steps: number, seed: number, still = 0.3): Lines {
  const next = randomUniform(seed);
  const size = shape.reduce((a, b) => a * b, 1);
  const coarse = (): number => Math.round(next() * 16 - 8) / 4;
  const numbers = (of: () => number): Tensor => tensor(Float32Array.from({ length: size }, of), shape);
  const alpha = tensor(Float32Array.from({ length: steps }, (_, k) => (k + 1) / 8));
  return { start: numbers(coarse), delta: numbers(() => (next() < still ? 0 : coarse())), alpha };
}

function compare(what: string, { start, delta, alpha }: Lines, attrs: LerpMaxPoolAttrs): void {
  const inputs = [start, delta, alpha];
  const forward = (xs: Tensor[]): Tensor => lerpMaxPool(xs, attrs);
  agrees(wasmBackend, `forward ${what}`, forward, inputs, 0);
  const next = randomUniform(9);
  const { shape, size } = forward(inputs);
  const g = tensor(
    Float32Array.from({ length: size }, () => (next() < 0.3 ? 0 : Math.round(next() * 8 - 4))),
    shape,
  );
  agrees(wasmBackend, `gradient ${what}`, (xs) => lerpMaxPoolGrad(xs, attrs), [...inputs, g], 1e-6);
}

const geometry = fc
  .record({
    axes: fc.integer({ min: 1, max: 3 }),
    samples: fc.integer({ min: 1, max: 3 }),
    channels: fc.integer({ min: 1, max: 37 }),
    steps: fc.integer({ min: 1, max: 9 }),
    relu: fc.boolean(),
    perAxis: fc.array(
      fc.record({
        window: fc.integer({ min: 1, max: 5 }),
        stride: fc.integer({ min: 1, max: 4 }),
        before: fc.integer({ min: 0, max: 2 }),
        after: fc.integer({ min: 0, max: 2 }),
        extra: fc.integer({ min: 0, max: 5 }),
      }),
      { minLength: 3, maxLength: 3 },
    ),
  })
  .map(({ axes, perAxis, ...rest }) => {
    const list = perAxis.slice(0, axes);
    return {
      ...rest,
      space: list.map(({ window, extra }) => window + extra),
      window: list.map(({ window }) => window),
      strides: list.map(({ stride }) => stride),
      pads: list.map((a) => [Math.min(a.before, a.window - 1), Math.min(a.after, a.window - 1)] as const),
    };
  });

test('any windows, strides and paddings, with many ties', () => {
  fc.assert(
    fc.property(geometry, ({ samples, channels, steps, relu, space, window, strides, pads }) => {
      const what = JSON.stringify({ samples, channels, steps, relu, space, window, strides, pads });
      const on = lines([samples, ...space, channels], steps, 3);
      compare(what, on, { window, strides, pads, relu, ties: 'first' });
    }),
    { numRuns: 80, seed: 21, includeErrorInReport: true },
  );
});

test('windows of four side by side: two by two, in a row, in depth; with rows and columns left over', () => {
  for (const [space, window] of [
    [
      [6, 8],
      [2, 2],
    ],
    [
      [7, 9],
      [2, 2],
    ],
    [[9], [4]],
    [
      [3, 11],
      [1, 4],
    ],
    [
      [9, 3],
      [4, 1],
    ],
    [
      [5, 4, 3],
      [2, 2, 1],
    ],
    [
      [3, 2, 9],
      [1, 1, 4],
    ],
  ] as const) {
    for (const channels of [1, 3, 16, 21, 64]) {
      const pads = window.map(() => [0, 0] as const);
      for (const relu of [false, true]) {
        const attrs = { window, strides: window, pads, relu, ties: 'first' } as const;
        compare(`${space} ${window} ${channels}`, lines([2, ...space, channels], 6, 5), attrs);
      }
    }
  }
});

test('all of space, ties in equal shares', () => {
  for (const space of [[1], [3], [4], [40], [5, 9], [3, 3, 3]]) {
    for (const channels of [2, 18, 33]) {
      const pads = space.map(() => [0, 0] as const);
      const attrs = { window: space, strides: space, pads, relu: true, ties: 'share' } as const;
      compare(`${space} ${channels}`, lines([2, ...space, channels], 5, 7, 0.6), attrs);
    }
  }
});

/** The wasm gradient picks among lines that may be the highest; the definition looks at all. Values that are no multiples, so that roundings count. */
test('all of space at many steps: lines that are never the highest are left out, near ties and ties are not', () => {
  const next = randomUniform(31);
  const kinds: Readonly<Record<string, (place: number) => readonly [start: number, delta: number]>> = {
    'any lines': () => [next() * 2 - 1, next() * 2 - 1],
    'from one point': () => [0.3, next() - 0.5],
    'to one point': () => {
      const delta = next() - 0.5;
      return [Math.fround(0.7 - delta), delta];
    },
    'a few roundings apart': () => [1 + Math.floor(next() * 4) * 2 ** -23, 0.5 + Math.floor(next() * 4) * 2 ** -24],
    'equal in pairs': (place) => [Math.sin(place >> 1), Math.cos(place >> 1)],
    'far apart in size': (place) => [
      (next() - 0.5) * 10 ** ((place % 9) - 4),
      (next() - 0.5) * 10 ** ((place % 7) - 3),
    ],
    'that overflow': (place) => [place === 3 ? 3e38 : next(), place === 3 ? 3e38 : next()],
  };
  for (const [name, line] of Object.entries(kinds)) {
    for (const [space, channels] of [
      [[12], 5],
      [[7, 9], 18],
    ] as const) {
      const shape = [2, ...space, channels];
      const size = shape.reduce((a, b) => a * b, 1);
      const places = space.reduce((a, b) => a * b, 1);
      const [start, delta] = [new Float32Array(size), new Float32Array(size)];
      for (let i = 0; i < size; i++) [start[i], delta[i]] = line(Math.floor(i / channels) % places) as [number, number];
      // In any order, and beyond both ends of the path.
      const alpha = Float32Array.from({ length: 13 }, (_, k) => ((k * 8) % 13) / 11 - 0.05);
      const attrs = { window: space, strides: space, pads: space.map(() => [0, 0] as const), relu: false } as const;
      const inputs = [tensor(start, shape), tensor(delta, shape), tensor(alpha)];
      const pooled = run((xs) => lerpMaxPool(xs, { ...attrs, ties: 'share' }), inputs, wasmBackend);
      const g = tensor(
        Float32Array.from(pooled, () => next() - 0.5),
        [26, ...space.map(() => 1), channels],
      );
      // With one step at a time nothing is left out.
      const alone = Array.from(alpha, (a) => [...inputs.slice(0, 2), tensor(Float32Array.of(a))]);
      const rows = 2 * channels;
      for (const ties of places === 12 ? (['share', 'first'] as const) : (['share'] as const)) {
        const sums = new Float32Array(size);
        for (const [k, one] of alone.entries()) {
          const expected = run((xs) => lerpMaxPool(xs, { ...attrs, ties }), one, wasmBackend);
          assert.equal(pooled.slice(k * rows, (k + 1) * rows), expected, `${name}, ${space}, step ${k}`);
          const own = tensor(g.data.slice(k * rows, (k + 1) * rows), [2, ...space.map(() => 1), channels]);
          const part = run((xs) => lerpMaxPoolGrad(xs, { ...attrs, ties }), [...one, own], wasmBackend);
          for (let i = 0; i < size; i++) sums[i]! += part[i]!;
        }
        const found = run((xs) => lerpMaxPoolGrad(xs, { ...attrs, ties }), [...inputs, g], wasmBackend);
        assert.equal(found, sums, `gradient, ${name}, ${space}, ${ties}`);
      }
    }
  }
});

test('a NaN reaches every step of its window and no other; infinities do no harm elsewhere', () => {
  for (const window of [
    [2, 2],
    [3, 3],
  ]) {
    const { start, delta, alpha } = lines([1, 6, 6, 5], 3, 11);
    const bad = Float32Array.from(start.data);
    bad[(0 * 6 + 1) * 5 + 2] = Number.NaN;
    bad[(5 * 6 + 5) * 5 + 4] = Infinity;
    const attrs = {
      window,
      strides: window,
      pads: window.map(() => [0, 0] as const),
      relu: true,
      ties: 'first',
    } as const;
    const pooled = (x: Tensor): Float32Array =>
      run((xs) => lerpMaxPool(xs, attrs), [x, delta, alpha], wasmBackend) as Float32Array;
    const [clean, dirty] = [pooled(start), pooled(tensor(bad, start.shape))];
    const across = 6 / window[0]!;
    const perStep = across * across * 5;
    dirty.forEach((value, i) => {
      if (i % perStep === 2) assert.ok(Number.isNaN(value), `step ${Math.floor(i / perStep)}`);
      else if (i % perStep === perStep - 1) assert.is(value, Infinity);
      else assert.is(value, clean[i], `element ${i}`);
    });
    const g = tensor(new Float32Array(dirty.length).fill(1), [3, across, across, 5]);
    const grad = (x: Tensor): Float32Array =>
      run((xs) => lerpMaxPoolGrad(xs, attrs), [x, delta, alpha, g], wasmBackend) as Float32Array;
    const [cleanGrad, dirtyGrad] = [grad(start), grad(tensor(bad, start.shape))];
    const [size] = window;
    dirtyGrad.forEach((value, i) => {
      const [row, column, channel] = [Math.floor(i / 30), Math.floor(i / 5) % 6, i % 5];
      const inNan = row < size! && column < size! && channel === 2;
      const inInfinite = row >= 6 - size! && column >= 6 - size! && channel === 4;
      if (!inNan && !inInfinite) assert.is(value, cleanGrad[i], `element ${i}`);
    });
    assert.ok(dirtyGrad.some(Number.isNaN), 'the gradient says so');
    assert.is(dirtyGrad[dirtyGrad.length - 1], 3, 'the infinite element takes all');
  }
});

test.run();
