/** Properties that any backend must keep, on random shapes: its results are those of the reference in float64. */
import fc from 'fast-check';
import { suite } from 'uvu';
import type { Backend } from '../../src/backends/backend.ts';
import { randomUniform } from '../../src/graph/random.ts';
import { conv, convGradInput, convGradKernel } from '../../src/ops/conv-primitives.ts';
import * as o from '../../src/ops/index.ts';
import { avgPoolGrad, maxPoolArgmax, maxPoolGrad } from '../../src/ops/pool.ts';
import { type Tensor, tensor } from '../../src/tensor/tensor.ts';
import { agrees } from './support.ts';

function random(shape: readonly number[], seed = 1): Tensor {
  const next = randomUniform(seed);
  const size = shape.reduce((a, b) => a * b, 1);
  return tensor(
    Float32Array.from({ length: size }, () => next() * 4 - 2),
    shape,
  );
}

export interface RandomOptions {
  /** How many cases of each property. */
  readonly numRuns: number;
  /** A large int32 that the backend computes with exactly, as sums and products of it are not asked for. */
  readonly largest: number;
  /** How far sums of 100,000 terms may be off. */
  readonly longSums: number;
}

export function randomShapes(name: string, backend: Backend, { numRuns, largest, longSums }: RandomOptions): void {
  const test = suite(`${name}: random shapes`);
  const runs = { numRuns, seed: 7, includeErrorInReport: true };

  test('matmul: odd sizes, transposes, batches that broadcast, constants packed beforehand', () => {
    const dim = fc.integer({ min: 1, max: 40 });
    const batches = fc.constantFrom(
      [[], []],
      [[3], []],
      [[], [2]],
      [[2, 1], [3]],
      [
        [2, 3],
        [2, 3],
      ],
      [[1], [4]],
    );
    fc.assert(
      fc.property(
        dim,
        dim,
        dim,
        batches,
        fc.boolean(),
        fc.boolean(),
        fc.integer({ min: 0, max: 2 }),
        (m, k, n, lead, ta, tb, c) => {
          const a = random([...lead[0]!, ...(ta ? [k, m] : [m, k])], 1);
          const b = random([...lead[1]!, ...(tb ? [n, k] : [k, n])], 2);
          const f = ([x, y]: Tensor[]): Tensor => o.matmul(x!, y!, { transposeA: ta, transposeB: tb });
          agrees(backend, `${a} ${b} ${ta} ${tb}`, f, [a, b], 1e-5, c);
        },
      ),
      runs,
    );
  });

  test('matmul: inner sizes longer than a block, more columns than a block of panels', () => {
    for (const [m, k, n] of [
      [7, 1500, 9],
      [3, 513, 530],
      [1, 600, 1],
      [50, 1, 3],
      [2, 40, 1040],
    ] as const) {
      agrees(backend, `${m}x${k}x${n}`, ([a, b]) => o.matmul(a!, b!), [random([m, k]), random([k, n], 2)]);
      const f = ([a, b]: Tensor[]): Tensor => o.matmul(a!, b!, { transposeA: true });
      agrees(backend, `${m}x${k}x${n} transposed`, f, [random([k, m]), random([k, n], 2)]);
    }
  });

  /** A convolution's inputs and attrs in 1 to 3 dimensions, with groups up to those given. */
  const convolutions = (groups: fc.Arbitrary<number>, inGroup: fc.Arbitrary<number>, outGroup: fc.Arbitrary<number>) =>
    fc
      .record({
        axes: fc.integer({ min: 1, max: 3 }),
        batch: fc.integer({ min: 1, max: 3 }),
        groups,
        inGroup,
        outGroup,
        perAxis: fc.array(
          fc.record({
            window: fc.integer({ min: 1, max: 4 }),
            stride: fc.integer({ min: 1, max: 3 }),
            dilation: fc.integer({ min: 1, max: 2 }),
            before: fc.integer({ min: 0, max: 3 }),
            after: fc.integer({ min: 0, max: 3 }),
            extra: fc.integer({ min: 0, max: 9 }),
          }),
          { minLength: 3, maxLength: 3 },
        ),
      })
      .map(({ axes, batch, groups, inGroup, outGroup, perAxis }) => {
        const list = perAxis.slice(0, axes);
        const space = list.map(({ window, dilation, before, after, extra }) =>
          Math.max(1, (window - 1) * dilation + 1 - before - after + extra),
        );
        const attrs = {
          strides: list.map((a) => a.stride),
          dilations: list.map((a) => a.dilation),
          pads: list.map((a) => [a.before, a.after] as const),
          groups,
        };
        const x = [batch, ...space, inGroup * groups];
        const w = [...list.map((a) => a.window), inGroup, outGroup * groups];
        return { x, w, attrs };
      });

  type Convolution = { x: number[]; w: number[]; attrs: Parameters<typeof conv>[1] };

  /** The convolution and its gradients agree with the reference backend. */
  function agree({ x, w, attrs }: Convolution, constants: number): void {
    const [input, kernel] = [random(x), random(w, 2)];
    const y = conv([input, kernel], attrs).shape;
    const what = JSON.stringify({ x, w, attrs });
    agrees(backend, `conv ${what}`, ([a, b]) => conv([a!, b!], attrs), [input, kernel], 1e-5, constants);
    const g = random(y, 3);
    const dx = ([a, b]: Tensor[]): Tensor => convGradInput([a!, b!], { ...attrs, inputShape: x });
    agrees(backend, `convGradInput ${what}`, dx, [g, kernel], 1e-5, constants);
    const dw = ([a, b]: Tensor[]): Tensor => convGradKernel([a!, b!], { ...attrs, kernelShape: w });
    agrees(backend, `convGradKernel ${what}`, dw, [input, g]);
  }

  const upTo = (max: number): fc.Arbitrary<number> => fc.integer({ min: 1, max });

  test('conv and both gradients: strides, dilations, paddings, groups, batch 1', () => {
    const any = convolutions(upTo(3), upTo(9), upTo(10));
    fc.assert(fc.property(any, fc.integer({ min: 0, max: 2 }), agree), { ...runs, numRuns: 2 * numRuns });
  });

  test('depthwise convolutions and both gradients, odd numbers of channels', () => {
    const depthwise = convolutions(fc.integer({ min: 2, max: 21 }), upTo(1), fc.constantFrom(1, 1, 1, 2));
    fc.assert(fc.property(depthwise, fc.integer({ min: 0, max: 2 }), agree), { ...runs, numRuns: 2 * numRuns });
  });

  test('convolutions over channels wide enough to be read in place', () => {
    for (const [channels, filters, padding] of [
      [64, 8, 'same'],
      [32, 5, 'valid'],
      [70, 17, 'same'],
      [9, 60, 'same'],
    ] as const) {
      const [x, w] = [random([2, 7, 5, channels]), random([3, 2, channels, filters], 2)];
      const f = ([a, b]: Tensor[]): Tensor => o.conv2d(a!, b!, { padding });
      agrees(backend, `${channels} ${filters} ${padding}`, f, [x, w]);
    }
  });

  test('pools: windows, strides, paddings', () => {
    fc.assert(
      fc.property(convolutions(upTo(3), upTo(9), upTo(10)), ({ x, attrs, w }) => {
        const window = w.slice(0, -2);
        // A window that holds padding alone has no maximum and no mean.
        const pads = attrs.pads.map(([a, b], i) => [Math.min(a, window[i]! - 1), Math.min(b, window[i]! - 1)] as const);
        const fits = window.every((size, i) => x[i + 1]! + pads[i]![0] + pads[i]![1] >= size && x[i + 1]! >= size);
        if (!fits) return;
        const pool = { window, strides: attrs.strides, pads };
        const options = { window, stride: attrs.strides, padding: pads };
        const input = random(x);
        const what = JSON.stringify({ x, pool });
        agrees(backend, `maxPool ${what}`, ([a]) => o.maxPool(a!, options), [input]);
        agrees(backend, `argmax ${what}`, ([a]) => maxPoolArgmax([a!], pool), [input], 0);
        agrees(backend, `avgPool ${what}`, ([a]) => o.avgPool(a!, options), [input]);
        const g = random(o.avgPool(input, options).shape, 2);
        for (const rectified of [false, true]) {
          const dx = ([a, b]: Tensor[]): Tensor => maxPoolGrad([a!, b!], { ...pool, rectified });
          agrees(backend, `maxPoolGrad ${rectified} ${what}`, dx, [input, g], 1e-6);
        }
        agrees(backend, `avgPoolGrad ${what}`, ([a]) => avgPoolGrad([a!], { ...pool, inputShape: x }), [g]);
      }),
      runs,
    );
  });

  const shapes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 4 });

  test('broadcasting: any axes of either operand stretched, missing or kept', () => {
    fc.assert(
      fc.property(shapes, fc.integer({ min: 0, max: 255 }), fc.integer({ min: 0, max: 3 }), (shape, bits, drop) => {
        const a = random(shape.map((dim, i) => (bits & (1 << i) ? 1 : dim)));
        const b = random(shape.map((dim, i) => (bits & (16 << i) ? 1 : dim)).slice(Math.min(drop, shape.length)), 2);
        for (const f of [o.add, o.mul, o.sub, o.maximum]) agrees(backend, `${a} ${b}`, ([x, y]) => f(x!, y!), [a, b]);
        agrees(backend, `less ${a} ${b}`, ([x, y]) => o.less(x!, y!), [a, b], 0);
        const f = ([x, y]: Tensor[]): Tensor => o.where(o.greater(x!, 0), y!, x!);
        agrees(backend, `where ${a} ${b}`, f, [a, b]);
      }),
      runs,
    );
  });

  test('reductions over any axes; softmax over any axis', () => {
    fc.assert(
      fc.property(shapes, fc.integer({ min: 0, max: 15 }), fc.boolean(), (shape, bits, keepDims) => {
        const x = random(shape);
        const axes = shape.map((_, i) => i).filter((i) => bits & (1 << i));
        for (const f of [o.sum, o.max, o.min]) agrees(backend, `${x} ${axes}`, ([a]) => f(a!, { axes, keepDims }), [x]);
        const axis = bits % shape.length;
        for (const f of [o.softmax, o.logSoftmax]) agrees(backend, `${x} ${axis}`, ([a]) => f(a!, axis), [x]);
        agrees(backend, `argmax ${x} ${axis}`, ([a]) => o.argmax(a!, axis), [x], 0);
      }),
      runs,
    );
  });

  test('long reductions lose no digits that matter', () => {
    const x = random([3, 100_000]);
    agrees(backend, 'rows', ([a]) => o.sum(o.square(a!), { axes: 1 }), [x], longSums);
    agrees(backend, 'columns', ([a]) => o.sum(o.square(o.reshape(a!, [100_000, 3])), { axes: 0 }), [x], longSums);
    agrees(backend, 'softmax', ([a]) => o.softmax(o.mul(a!, 5), 1), [x], longSums);
  });

  test('moving data: transpose, slice with steps, pad with gaps, reverse, concat, gather, scatterAdd', () => {
    fc.assert(
      fc.property(shapes, fc.integer({ min: 0, max: 1000 }), (shape, seed) => {
        const x = random(shape);
        const next = randomUniform(seed);
        const whole = (below: number): number => Math.floor(next() * below);
        const perm = shape.map((_, i) => i).sort(() => next() - 0.5);
        const axis = whole(shape.length);
        const dim = shape[axis]!;
        const [begin, step] = [whole(dim), 1 + whole(2)];
        const pads = shape.map(() => [whole(3), whole(3)] as const);
        const gaps = shape.map(() => whole(3));
        const index = tensor(Int32Array.from({ length: 5 }, () => whole(dim)));
        const exact = (what: string, f: (a: Tensor) => Tensor): void =>
          agrees(backend, `${what} ${x} ${seed}`, ([a]) => f(a!), [x], 0);
        exact('transpose', (a) => o.transpose(a, perm));
        exact('slice', (a) => o.slice(a, { [axis]: [begin, dim, step] }));
        exact('pad', (a) => o.pad(a, pads, 1.5, gaps));
        exact('reverse', (a) => o.reverse(a, [axis, perm[0]!].slice(0, axis === perm[0] ? 1 : 2)));
        exact('concat', (a) => o.concat([a, a, o.neg(a)], axis));
        exact('gather', (a) => o.gather(a, index, axis));
        const twice = (a: Tensor): Tensor => o.gather(a, tensor(Int32Array.of(0, dim - 1)), axis);
        const back = (a: Tensor): Tensor => o.scatterAdd(twice(a), tensor(Int32Array.of(1, 1)), { axis, size: 3 });
        agrees(backend, `scatterAdd ${x}`, ([a]) => back(a!), [x]);
      }),
      runs,
    );
  });

  test('int32 and bool: arithmetic, comparisons, logic, reductions, casts', () => {
    const a = tensor(Int32Array.of(3, -7, largest, 0, 5));
    const b = tensor(Int32Array.of(-2, 2, largest, 9, 5));
    for (const f of [o.add, o.sub, o.mul, o.div, o.maximum, o.minimum, o.equal, o.less, o.greaterEqual]) {
      agrees(backend, 'int32', ([x, y]) => f(x!, y!), [a, b], 0);
    }
    agrees(backend, 'sum', ([x]) => o.sum(o.slice(x!, { 0: [0, 2] })), [a], 0);
    agrees(backend, 'abs', ([x]) => o.abs(x!), [a], 0);
    const [p, q] = [o.greater, o.less].map((f) => (x: Tensor) => f(x, 1));
    agrees(backend, 'logic', ([x]) => o.logicalOr(o.logicalAnd(p!(x!), q!(x!)), o.logicalNot(p!(x!))), [a], 0);
    const beyond = largest > 2 ** 24 ? [3e9, -5e9, Number.NaN, 2 ** 31] : [Number.NaN];
    const large = tensor(Float32Array.of(1.7, -1.7, ...beyond));
    agrees(backend, 'cast', ([x]) => o.cast(x!, 'int32'), [large], 0);
    agrees(backend, 'bool sum', ([x]) => o.sum(o.cast(p!(x!), 'float32')), [a], 0);
    agrees(backend, 'where on bool', ([x]) => o.where(p!(x!), q!(x!), p!(x!)), [a], 0);
  });

  test('empty tensors', () => {
    const x = tensor(new Float32Array(0), [0, 3]);
    agrees(backend, 'add', ([a]) => o.add(a!, 1), [x], 0);
    agrees(backend, 'sum', ([a]) => o.sum(a!, { axes: 0 }), [x], 0);
    agrees(backend, 'concat', ([a]) => o.concat([a!, a!], 0), [x], 0);
    agrees(backend, 'matmul', ([a]) => o.matmul(a!, a!, { transposeA: true }), [x], 0);
    agrees(
      backend,
      'pad',
      ([a]) =>
        o.pad(
          a!,
          [
            [1, 0],
            [0, 1],
          ],
          2,
        ),
      [x],
      0,
    );
  });

  test.run();
}
