/**
 * The start of nearly every convolutional model as path-linear integrated gradients meets it: points on a line, an optional
 * relu, a max pool. As one op the points are never stored, and its gradient to `start`, summed over the steps, touches
 * only the elements that a window picked.
 */
import { mixes } from '../graph/batch-rules.ts';
import { distinctPlaces, partialGrad } from '../graph/grad.ts';
import { defineOp, type Example, type OpFunction } from '../graph/op.ts';
import { sizeOf } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { relu } from './activations.ts';
import { lerp } from './lerp.ts';
import { reshape } from './movement.ts';
import { maxPoolOp, type PoolAttrs, poolShape } from './pool.ts';
import { max } from './reduce.ts';

export type LerpMaxPoolAttrs = PoolAttrs & {
  readonly relu: boolean;
  /** Who gets the gradient when several elements of a window are largest: the first (a pool), or all in equal shares. */
  readonly ties: 'first' | 'share';
};

/** The same with ops that others know: what both ops here mean, and how they are differentiated further. */
export function lerpMaxPoolUnfused(start: Tensor, delta: Tensor, alpha: Tensor, attrs: LerpMaxPoolAttrs): Tensor {
  const { relu: rectify, ties, ...pool } = attrs;
  const line = lerp(start, delta, alpha);
  const x = rectify ? relu(line) : line;
  if (ties === 'first') return maxPoolOp([x], pool);
  // Shared ties are those of a reduction: the window is all of space.
  const space = x.shape.slice(1, -1).map((_, axis) => axis + 1);
  return reshape(max(x, { axes: space }), [x.shape[0]!, ...space.map(() => 1), x.shape.at(-1)!]);
}

const examples: readonly Example<LerpMaxPoolAttrs>[] = [
  {
    inputs: [[2, 5, 3], [2, 5, 3], [4]],
    attrs: { window: [5], strides: [5], pads: [[0, 0]], relu: true, ties: 'share' },
  },
  {
    inputs: [[2, 4, 5, 2], [2, 4, 5, 2], [3]],
    attrs: {
      window: [2, 2],
      strides: [2, 2],
      pads: [
        [0, 0],
        [0, 1],
      ],
      relu: true,
      ties: 'first',
    },
  },
  {
    inputs: [[1, 5, 4, 2], [1, 5, 4, 2], [2]],
    attrs: {
      window: [3, 2],
      strides: [1, 1],
      pads: [
        [1, 1],
        [0, 0],
      ],
      relu: false,
      ties: 'first',
    },
  },
  {
    inputs: [[10, 98, 250], [10, 98, 250], [10]],
    attrs: { window: [98], strides: [98], pads: [[0, 0]], relu: true, ties: 'share' },
    size: 'real',
  },
];

export const lerpMaxPool: OpFunction<LerpMaxPoolAttrs> = defineOp<LerpMaxPoolAttrs>({
  name: 'lerpMaxPool',
  shape: ([start, , alpha], attrs) => {
    const [rows, ...rest] = poolShape('lerpMaxPool', start!.shape, attrs);
    return { shape: [rows! * alpha!.shape[0]!, ...rest], dtype: start!.dtype };
  },
  vjp: (g, _, inputs, attrs) => {
    const other = (i: number): Tensor => {
      const [start, delta, alpha] = distinctPlaces(inputs) as [Tensor, Tensor, Tensor];
      return partialGrad(lerpMaxPoolUnfused(start, delta, alpha, attrs), [start, delta, alpha], g)[i]!;
    };
    return [() => lerpMaxPoolGrad([...inputs, g], attrs), () => other(1), () => other(2)];
  },
  batch: mixes('spreads samples over points of a path'),
  linear: [],
  zeros: 'makes',
  flops: ([start, , alpha]) => 3 * sizeOf(start!.shape) * alpha!.shape[0]!,
  examples,
});

/** The gradient of `lerpMaxPool` to `start`: that of every step, summed. */
export const lerpMaxPoolGrad: OpFunction<LerpMaxPoolAttrs> = defineOp<LerpMaxPoolAttrs>({
  name: 'lerpMaxPoolGrad',
  shape: ([start]) => ({ shape: start!.shape, dtype: start!.dtype }),
  vjp: (gg, _, inputs, attrs) => {
    const again = (i: number): Tensor => {
      const places = distinctPlaces(inputs) as [Tensor, Tensor, Tensor, Tensor];
      const [start, delta, alpha, g] = places;
      const [unfused] = partialGrad(lerpMaxPoolUnfused(start, delta, alpha, attrs), [start, delta, alpha], g);
      return partialGrad(unfused!, places, gg)[i]!;
    };
    return inputs.map((_, i) => () => again(i));
  },
  batch: mixes('spreads samples over points of a path'),
  linear: [3],
  zeros: 'makes',
  flops: ([start, , alpha]) => 6 * sizeOf(start!.shape) * alpha!.shape[0]!,
  examples: examples.map((example) => {
    const [start, , alpha] = example.inputs as readonly (readonly number[])[];
    const [rows, ...rest] = poolShape('lerpMaxPoolGrad', start!, example.attrs);
    return { ...example, inputs: [...example.inputs, [rows! * alpha![0]!, ...rest]] };
  }),
});
