/**
 * Ops that give the same elements in another shape or order, or repeated. `broadcastTo` and `sum` are each other's
 * transpose; parts of tensors are in `slicing.ts`.
 */

import { elementwise, reshaped, transposed } from '../graph/batch-rules.ts';
import { defineOp, type Op, withOp } from '../graph/op.ts';
import { failure } from '../tensor/errors.ts';
import { checkWhole } from '../tensor/options.ts';
import { broadcastShapes, normalizeAxis, type Shape, sameShape, sizeOf } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { sumTo } from './reduce.ts';

const free = (): number => 0;
type None = Record<never, never>;

const reshapeOp = defineOp<{ shape: Shape }>({
  name: 'reshape',
  alias: true,
  shape: ([x], { shape }) => ({ shape, dtype: x!.dtype }),
  vjp: (g, _, [x]) => [() => reshape(g, x!.shape)],
  batch: reshaped,
  linear: 'joint',
  zeros: 'keeps',
  flops: free,
  examples: [
    { inputs: [[2, 6]], attrs: { shape: [3, 4] } },
    { inputs: [[1, 1]], attrs: { shape: [] } },
  ],
});

/** The same elements in another shape; one size may be -1 and is worked out. */
export const reshape: ((x: Tensor, shape: Shape) => Tensor) & { op: Op } = withOp((x: Tensor, shape: Shape) => {
  const known = shape.filter((dim) => dim !== -1);
  for (const dim of known) checkWhole('reshape', 'a size beside one -1', dim);
  const open = shape.length > known.length;
  // Nothing is missing from a shape without -1, whose sizes may be 0.
  const missing = open ? x.size / sizeOf(known) : 1;
  const full = shape.map((dim) => (dim === -1 ? missing : dim));
  const wrong = shape.length - known.length > 1 || !Number.isInteger(missing) || sizeOf(full) !== x.size;
  if (wrong) throw failure('reshape', `${x.size} elements do not fit the new shape`, { from: x.shape, to: shape });
  return sameShape(full, x.shape) ? x : reshapeOp([x], { shape: full });
}, reshapeOp);

const transposeOp = defineOp<{ perm: readonly number[] }>({
  name: 'transpose',
  shape: ([x], { perm }) => ({ shape: perm.map((axis) => x!.shape[axis]!), dtype: x!.dtype }),
  vjp: (g, _, __, { perm }) => [
    () =>
      transpose(
        g,
        perm.map((_, axis) => perm.indexOf(axis)),
      ),
  ],
  batch: transposed,
  linear: 'joint',
  zeros: 'keeps',
  flops: free,
  examples: [
    { inputs: [[2, 3]], attrs: { perm: [1, 0] } },
    { inputs: [[2, 3, 4, 2]], attrs: { perm: [0, 3, 1, 2] } },
  ],
});

/** Axis `i` of the result is axis `perm[i]` of `x`; reversed by default. */
export const transpose: ((x: Tensor, perm?: readonly number[]) => Tensor) & { op: Op } = withOp(
  (x: Tensor, perm?: readonly number[]) => {
    const order =
      perm?.map((axis) => normalizeAxis('transpose', axis, x.rank)) ?? x.shape.map((_, i) => x.rank - 1 - i);
    if (order.length !== x.rank || new Set(order).size !== x.rank) {
      throw failure('transpose', 'perm must name every axis once', { perm: order, shape: x.shape });
    }
    return order.every((axis, i) => axis === i) ? x : transposeOp([x], { perm: order });
  },
  transposeOp,
);

const broadcastOp = defineOp<{ shape: Shape }>({
  name: 'broadcastTo',
  shape: ([x], { shape }) => ({ shape, dtype: x!.dtype }),
  vjp: (g, _, [x]) => [() => sumTo(g, x!.shape)],
  batch: elementwise,
  linear: 'joint',
  zeros: 'keeps',
  flops: free,
  examples: [
    { inputs: [[3, 1]], attrs: { shape: [2, 3, 4] } },
    { inputs: [[]], attrs: { shape: [3] } },
  ],
});

/** `x` stretched to `shape` after NumPy's rule. */
export const broadcastTo: ((x: Tensor, shape: Shape) => Tensor) & { op: Op } = withOp((x: Tensor, shape: Shape) => {
  for (const dim of shape) checkWhole('broadcastTo', 'a size', dim);
  if (!sameShape(broadcastShapes('broadcastTo', x.shape, shape), shape)) {
    throw failure('broadcastTo', 'the shape would have to shrink', { from: x.shape, to: shape });
  }
  return sameShape(x.shape, shape) ? x : broadcastOp([x], { shape: [...shape] });
}, broadcastOp);

const stopOp = defineOp<None>({
  name: 'stopGradient',
  alias: true,
  shape: ([x]) => ({ shape: x!.shape, dtype: x!.dtype }),
  vjp: 'none',
  batch: elementwise,
  linear: [],
  zeros: 'keeps',
  flops: free,
  examples: [{ inputs: [[3]], attrs: {} }],
});

/** `x` itself, as a constant to differentiation. */
export const stopGradient: ((x: Tensor) => Tensor) & { op: Op } = withOp((x: Tensor) => stopOp([x], {}), stopOp);

/** `x` with a new axis of size 1 at `axis`. */
export function expandDims(x: Tensor, axis: number): Tensor {
  const at = normalizeAxis('expandDims', axis, x.rank + 1);
  return reshape(x, [...x.shape.slice(0, at), 1, ...x.shape.slice(at)]);
}

/** `x` repeated `counts[axis]` times along each axis: `[a, b] -> [a, b, a, b]`. */
export function tile(x: Tensor, counts: readonly number[]): Tensor {
  if (counts.length !== x.rank) throw failure('tile', 'one count per axis', { counts, shape: x.shape });
  for (const count of counts) checkWhole('tile', 'a count', count);
  const spread = broadcastTo(
    reshape(
      x,
      x.shape.flatMap((dim) => [1, dim]),
    ),
    x.shape.flatMap((dim, axis) => [counts[axis]!, dim]),
  );
  return reshape(
    spread,
    x.shape.map((dim, axis) => dim * counts[axis]!),
  );
}

/** Each element repeated `count` times along `axis`: `[a, b] -> [a, a, b, b]`. */
export function repeat(x: Tensor, count: number, axis: number): Tensor {
  const at = normalizeAxis('repeat', axis, x.rank);
  checkWhole('repeat', 'the count', count);
  const wide = expandDims(x, at + 1);
  const spread = broadcastTo(
    wide,
    wide.shape.map((dim, i) => (i === at + 1 ? count : dim)),
  );
  return reshape(
    spread,
    x.shape.map((dim, i) => (i === at ? dim * count : dim)),
  );
}
