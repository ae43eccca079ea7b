/** Points on straight lines: what integrated gradients feeds a model with, as one op, so that no backend stores the line. */
import { mixes } from '../graph/batch-rules.ts';
import { defineOp, type Op, withOp } from '../graph/op.ts';
import { failure } from '../tensor/errors.ts';
import { sameShape, sizeOf } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { mul } from './binary.ts';
import { reshape } from './movement.ts';
import { sum } from './reduce.ts';

const lerpOp = defineOp<Record<never, never>>({
  name: 'lerp',
  shape: ([start, , alpha]) => ({
    shape: [alpha!.shape[0]! * start!.shape[0]!, ...start!.shape.slice(1)],
    dtype: start!.dtype,
  }),
  vjp: (g, _, [start, delta, alpha]) => {
    const steps = alpha!.shape[0]!;
    const perStep = reshape(g, [steps, ...start!.shape]);
    const along = (a: Tensor): Tensor => reshape(a, [steps, ...start!.shape.map(() => 1)]);
    return [
      () => sum(perStep, { axes: 0 }),
      () => sum(mul(perStep, along(alpha!)), { axes: 0 }),
      () => sum(mul(perStep, delta!), { axes: start!.shape.map((_, axis) => axis + 1) }),
    ];
  },
  batch: mixes('spreads samples over points of a path'),
  linear: [0, 1, 2],
  flops: (_, out) => 2 * sizeOf(out.shape),
  examples: [
    { inputs: [[2, 3], [2, 3], [4]], attrs: {} },
    { inputs: [[3], [3], [1]], attrs: {} },
    { inputs: [[10, 98, 250], [10, 98, 250], [10]], attrs: {}, size: 'real' },
  ],
});

/**
 * `start [rows, ...] + alpha_k delta [rows, ...]` for every `alpha [steps]`, one step after another: `[steps * rows, ...]`.
 */
export const lerp: ((start: Tensor, delta: Tensor, alpha: Tensor) => Tensor) & { op: Op } = withOp(
  (start: Tensor, delta: Tensor, alpha: Tensor) => {
    if (start.rank === 0 || alpha.rank !== 1 || !sameShape(start.shape, delta.shape)) {
      const details = { start: start.shape, delta: delta.shape, alpha: alpha.shape };
      throw failure('lerp', 'start and delta need one shape with at least one axis, alpha one axis', details);
    }
    return lerpOp([start, delta, alpha], {});
  },
  lerpOp,
);
