/**
 * Max and average pooling over 1 to 3 spatial axes, channels last. A max pool's gradient goes to the first maximum of
 * each window and may be differentiated again, through its argmax; windows may overlap. An average counts only
 * elements inside the input, as TensorFlow's does.
 */

import { inFront, mixes } from '../graph/batch-rules.ts';
import { defineOp, type Example, type Op, type OpFunction, withOp } from '../graph/op.ts';
import { failure } from '../tensor/errors.ts';
import { checkOptions } from '../tensor/options.ts';
import { type Shape, sizeOf } from '../tensor/shape.ts';
import type { Tensor, TensorSpec } from '../tensor/tensor.ts';
import { greater, where } from './binary.ts';
import { gather } from './indexing.ts';
import { reshape } from './movement.ts';
import { type Padding, type PerAxis, perAxis, resolvePads } from './padding.ts';
import { floatOf } from './promote.ts';
import { sum } from './reduce.ts';
import type { Pads } from './slicing.ts';

export type PoolAttrs = {
  readonly window: readonly number[];
  readonly strides: readonly number[];
  readonly pads: Pads;
};

export function poolShape(name: string, x: Shape, { window, strides, pads }: PoolAttrs): Shape {
  const counts = window.map((reach, i) => {
    const padded = x[i + 1]! + pads[i]![0] + pads[i]![1];
    if (padded < reach) {
      throw failure(name, `spatial axis ${i} has ${padded} elements, the window needs ${reach}`, {
        input: x,
        window,
        stride: strides,
      });
    }
    return Math.floor((padded - reach) / strides[i]!) + 1;
  });
  return [x[0]!, ...counts, x.at(-1)!];
}

type Use = { readonly x: Shape; readonly attrs: PoolAttrs; readonly size?: 'small' | 'real' };
const use = (x: Shape, window: number[], strides: number[], pads: Pads): Use => ({
  x,
  attrs: { window, strides, pads },
});

// biome-ignore format: one use a line
const uses: readonly Use[] = [
  use([2, 7, 2], [2], [2], [[0, 0]]),
  use([1, 6, 6, 2], [2, 2], [2, 2], [[0, 0], [0, 0]]),
  use([1, 7, 5, 2], [3, 3], [2, 1], [[1, 1], [1, 1]]),
  use([1, 7, 7, 1], [2, 2], [3, 3], [[0, 0], [0, 0]]),
  use([1, 4, 4, 4, 1], [2, 2, 2], [2, 1, 2], [[0, 0], [0, 1], [0, 0]]),
  { ...use([100, 28, 28, 64], [2, 2], [2, 2], [[0, 0], [0, 0]]), size: 'real' },
];
const examples = uses.map(({ x, attrs, size = 'small' }): Example<PoolAttrs> => ({ inputs: [x], attrs, size }));
const windowFlops = (_: readonly TensorSpec[], out: TensorSpec, { window }: PoolAttrs): number =>
  sizeOf(out.shape) * sizeOf(window);

export const maxPoolOp: OpFunction<PoolAttrs> = defineOp<PoolAttrs>({
  name: 'maxPool',
  shape: ([x], attrs) => ({ shape: poolShape('maxPool', x!.shape, attrs), dtype: floatOf('maxPool', x!) }),
  vjp: (g, _, [x], attrs) => [() => maxPoolGrad([x!, g], { ...attrs, rectified: false })],
  batch: inFront(() => true),
  linear: [],
  zeros: 'keeps',
  flops: windowFlops,
  examples,
});

/** The flat index (int32, into the whole of `x`) of the first maximum of each window. No gradient. */
export const maxPoolArgmax: OpFunction<PoolAttrs> = defineOp<PoolAttrs>({
  name: 'maxPoolArgmax',
  shape: ([x], attrs) => {
    floatOf('maxPoolArgmax', x!);
    return { shape: poolShape('maxPool', x!.shape, attrs), dtype: 'int32' };
  },
  vjp: 'none',
  batch: mixes('counts through the samples'),
  linear: [],
  flops: windowFlops,
  examples,
});

type MaxGradAttrs = PoolAttrs & {
  /** Whether windows without an element above 0 pass nothing, as with a relu before the pool. */
  readonly rectified: boolean;
};

/** The gradient of `maxPool` to its input `x`: each window's gradient `g` to its first maximum, zeros elsewhere. */
export const maxPoolGrad: OpFunction<MaxGradAttrs> = defineOp<MaxGradAttrs>({
  name: 'maxPoolGrad',
  // A window's gradient goes to its maximum, so that the mask of a relu behind the pool is one test per window.
  rectify: (attrs) => ({ ...attrs, rectified: true }),
  shape: ([x, g], { rectified: _, ...attrs }) => {
    const expected = poolShape('maxPoolGrad', x!.shape, attrs);
    if (expected.join() !== g!.shape.join()) {
      throw failure('maxPoolGrad', 'the gradient does not fit', { gradient: g!.shape, expected });
    }
    return { shape: x!.shape, dtype: floatOf('maxPoolGrad', x!, g!) };
  },
  // Which element is the maximum does not change in a small neighbourhood: nothing flows to x.
  vjp: (gg, _, [x], { rectified, ...attrs }) => {
    const picked = (): Tensor => {
      const index = reshape(maxPoolArgmax([x!], attrs), [-1]);
      const values = reshape(gather(reshape(gg, [gg.size]), index), poolShape('maxPoolGrad', x!.shape, attrs));
      return rectified ? where(greater(maxPoolOp([x!], attrs), 0), values, 0) : values;
    };
    return [null, picked];
  },
  // Each window gives its gradient to one element.
  summed: ([x, g], { rectified, ...attrs }, axes) => {
    const apart = attrs.window.some((reach, i) => !axes.includes(i + 1) || attrs.pads[i]!.some((pad) => pad >= reach));
    if (apart) return null;
    const passed = rectified ? where(greater(maxPoolOp([x!], attrs), 0), g!, 0) : g!;
    return sum(passed, { axes });
  },
  batch: inFront(() => true),
  linear: [1],
  zeros: 'makes',
  flops: ([x]) => sizeOf(x!.shape),
  examples: uses.flatMap(({ x, attrs, size = 'small' }) =>
    [false, true].map((rectified) => ({
      inputs: [x, poolShape('maxPoolGrad', x, attrs)],
      attrs: { ...attrs, rectified },
      size,
    })),
  ),
});

const avgPoolOp = defineOp<PoolAttrs>({
  name: 'avgPool',
  shape: ([x], attrs) => ({ shape: poolShape('avgPool', x!.shape, attrs), dtype: floatOf('avgPool', x!) }),
  vjp: (g, _, [x], attrs) => [() => avgPoolGrad([g], { ...attrs, inputShape: x!.shape })],
  batch: inFront(() => true),
  linear: 'joint',
  flops: windowFlops,
  examples,
});

type AvgGradAttrs = PoolAttrs & { readonly inputShape: Shape };

/** The transpose of `avgPool`: each gradient in equal shares to the elements its window held. */
export const avgPoolGrad: OpFunction<AvgGradAttrs> = defineOp<AvgGradAttrs>({
  name: 'avgPoolGrad',
  shape: ([g], { inputShape, ...attrs }) => {
    const expected = poolShape('avgPoolGrad', inputShape, attrs);
    if (expected.join() !== g!.shape.join()) {
      throw failure('avgPoolGrad', 'the gradient does not fit', { gradient: g!.shape, expected });
    }
    return { shape: inputShape, dtype: floatOf('avgPoolGrad', g!) };
  },
  vjp: (gg, _, __, { inputShape: ___, ...attrs }) => [() => avgPoolOp([gg], attrs)],
  batch: inFront(() => true),
  linear: 'joint',
  flops: ([g], _, { window }) => sizeOf(g!.shape) * sizeOf(window),
  examples: uses.map(({ x, attrs, size = 'small' }) => ({
    inputs: [poolShape('avgPoolGrad', x, attrs)],
    attrs: { ...attrs, inputShape: x },
    size,
  })),
});

/** Window, strides and padding of a pool, one number or one per axis. */
export interface PoolOptions {
  /** Size of the window, one number or one per spatial axis; 2 by default. */
  window?: PerAxis;
  /** Steps of the window; its size by default. */
  stride?: PerAxis;
  /** `valid` (default), `same`, or elements before and after each spatial axis. */
  padding?: Padding;
}

/** A pool over the axes between batch and channels: `[N, ..., C]` to `[N, ..., C]`. */
export type PoolFunction = ((x: Tensor, options?: PoolOptions) => Tensor) & { readonly op: Op };

// @__NO_SIDE_EFFECTS__
function pooling(name: string, make: OpFunction<PoolAttrs>): PoolFunction {
  const call = (x: Tensor, options: PoolOptions = {}): Tensor => {
    const axes = x.rank - 2;
    if (axes < 1 || axes > 3)
      throw failure(name, 'input must be [batch, ...1 to 3 spatial axes, channels]', { input: x.shape });
    checkOptions<PoolOptions>(name, options, { window: 1, stride: 1, padding: 1 });
    const window = perAxis(name, options.window ?? 2, axes, 'window');
    const strides = perAxis(name, options.stride ?? window, axes, 'stride');
    const pads = resolvePads(
      name,
      options.padding ?? 'valid',
      x.shape.slice(1, -1),
      window,
      strides,
      window.map(() => 1),
    );
    return make([x], { window, strides, pads });
  };
  return withOp(call, make);
}

/** The largest element of each window; padding never wins. */
export const maxPool: PoolFunction = pooling('maxPool', maxPoolOp);
/** The mean of each window's elements inside the input. */
export const avgPool: PoolFunction = pooling('avgPool', avgPoolOp);
