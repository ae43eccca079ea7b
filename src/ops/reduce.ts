/** Reductions over axes. Primitives are sum, max, min and argmax; the rest is made of them. */

import { reduced } from '../graph/batch-rules.ts';
import { defineOp, type Example, type Op, withOp } from '../graph/op.ts';
import { isFloat } from '../tensor/dtype.ts';
import { failure } from '../tensor/errors.ts';
import { checkOptions } from '../tensor/options.ts';
import { normalizeAxes, normalizeAxis, reduceShape, type Shape, sameShape, sizeOf } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { div, equal, mul, neg, shiftedLog, shiftFor, sub } from './binary.ts';
import { broadcastTo, reshape, stopGradient } from './movement.ts';
import { counted, floating } from './promote.ts';
import { pad, slice } from './slicing.ts';
import { cast, exp } from './unary.ts';

/** Which axes go (all of them by default), and whether they stay as 1. */
export interface ReduceOptions {
  axes?: number | readonly number[];
  keepDims?: boolean;
}
type ReduceAttrs = { readonly axes: readonly number[]; readonly keepDims: boolean };

/** A reduction over some axes, all unless told; `keepDims` leaves them as 1. */
export type ReduceFunction = ((x: Tensor, options?: ReduceOptions) => Tensor) & { readonly op: Op };

const examples: readonly Example<ReduceAttrs>[] = [
  { inputs: [[2, 3, 4]], attrs: { axes: [1], keepDims: false } },
  { inputs: [[2, 3, 4]], attrs: { axes: [0, 2], keepDims: true } },
  { inputs: [[5]], attrs: { axes: [0], keepDims: false } },
  { inputs: [[3, 1]], attrs: { axes: [], keepDims: false } },
  { inputs: [[100, 98, 250]], attrs: { axes: [1], keepDims: false }, size: 'real' },
];

const checked = (name: string, options: ReduceOptions): ReduceOptions => {
  checkOptions<ReduceOptions>(name, options, { axes: 1, keepDims: 1 });
  return options;
};

/** `g` of a reduced shape, ready to broadcast against what was reduced. */
function expand(g: Tensor, shape: Shape, axes: readonly number[]): Tensor {
  return reshape(g, reduceShape(shape, axes, true));
}

// @__NO_SIDE_EFFECTS__
function reduction(
  name: string,
  linear: 'joint' | readonly number[],
  vjp: (g: Tensor, y: Tensor, x: Tensor, axes: readonly number[]) => Tensor,
  rewrite?: (inputs: readonly Tensor[], fed: ReadonlySet<Tensor>, attrs: ReduceAttrs) => Tensor | null,
): ReduceFunction {
  const make = defineOp<ReduceAttrs>({
    name,
    shape: ([x], { axes, keepDims }) => ({ shape: reduceShape(x!.shape, axes, keepDims), dtype: x!.dtype }),
    vjp: (g, y, [x], { axes }) => [() => vjp(g, y, x!, axes)],
    batch: reduced((attrs: ReduceAttrs) => attrs),
    linear,
    flops: ([x]) => sizeOf(x!.shape),
    ...(rewrite && { rewrite }),
    examples,
  });
  const call = (x: Tensor, options: ReduceOptions = {}): Tensor => {
    const { axes, keepDims = false } = checked(name, options);
    const list = normalizeAxes(name, axes, x.rank);
    if (name !== 'sum' && list.some((axis) => x.shape[axis] === 0)) {
      throw failure(name, 'nothing to reduce: an axis has size 0', { shape: x.shape, axes: list });
    }
    return make([name === 'sum' ? counted(x) : x], { axes: list, keepDims });
  };
  return withOp(call, make);
}

/** Gives the gradient to the elements that equal the extreme, in equal shares (TensorFlow's rule for ties). */
function shareAmongTies(g: Tensor, y: Tensor, x: Tensor, axes: readonly number[]): Tensor {
  const hit = cast(equal(x, expand(y, x.shape, axes)), x.dtype);
  return mul(hit, div(expand(g, x.shape, axes), sum(hit, { axes, keepDims: true })));
}

/** The sum over axes. */
export const sum: ReduceFunction = reduction(
  'sum',
  'joint',
  (g, _, x, axes) => broadcastTo(expand(g, x.shape, axes), x.shape),
  ([x], fed, { axes, keepDims }) => {
    const short = fed.has(x!) ? null : x!.op?.summed?.(x!.inputs, x!.attrs, axes);
    return short ? reshape(short, reduceShape(x!.shape, axes, keepDims)) : null;
  },
);
/** The largest element; ties share the gradient equally. */
export const max: ReduceFunction = reduction('max', [], shareAmongTies);
/** The smallest element; ties share the gradient equally. */
export const min: ReduceFunction = reduction('min', [], shareAmongTies);

/** The mean over axes. */
export function mean(x: Tensor, options: ReduceOptions = {}): Tensor {
  checked('mean', options);
  const count = normalizeAxes('mean', options.axes, x.rank).reduce((n, axis) => n * x.shape[axis]!, 1);
  if (count === 0) throw failure('mean', 'nothing to reduce: an axis has size 0', { shape: x.shape });
  return mul(sum(floating(x), options), 1 / count);
}

/** The mean of squared deviations (divided by n, as in Keras). */
export function variance(x: Tensor, options: ReduceOptions = {}): Tensor {
  checked('variance', options);
  const deviation = sub(x, mean(x, { ...options, keepDims: true }));
  return mean(mul(deviation, deviation), options);
}

/** The product, halved like a tree: exact gradients even where factors are 0, to any order. */
export function prod(x: Tensor, options: ReduceOptions = {}): Tensor {
  const { axes, keepDims = false } = checked('prod', options);
  const list = normalizeAxes('prod', axes, x.rank);
  let y = counted(x);
  for (const axis of list) {
    if (y.shape[axis] === 0) throw failure('prod', 'nothing to reduce: an axis has size 0', { shape: x.shape });
    for (let n = y.shape[axis]!; n > 1; n = y.shape[axis]!) {
      const half = n >> 1;
      const part = (from: number, to: number): Tensor => slice(y, { [axis]: [from, to] });
      const product: Tensor = mul(part(0, half), part(half, 2 * half));
      y = n % 2 === 0 ? product : mul(product, padOnes(part(n - 1, n), axis, half));
    }
  }
  return reshape(y, reduceShape(x.shape, list, keepDims));
}

/** One slice along `axis` as the first of `count`, the others 1. */
function padOnes(x: Tensor, axis: number, count: number): Tensor {
  const lead = x.shape.map((_, i) => (i === axis ? ([0, count - 1] as const) : ([0, 0] as const)));
  return count === 1 ? x : pad(x, lead, 1);
}

/** `log(sum(exp(x)))`, shifted by the maximum so that nothing overflows. */
export function logSumExp(given: Tensor, options: ReduceOptions = {}): Tensor {
  const x = floating(given);
  const axes = normalizeAxes('logSumExp', checked('logSumExp', options).axes, x.rank);
  const top = stopGradient(shiftFor(max(x, { axes, keepDims: true })));
  const y = shiftedLog(sum(exp(sub(x, top)), { axes, keepDims: true }), top);
  return reshape(y, reduceShape(x.shape, axes, options.keepDims ?? false));
}

const argmaxOp = defineOp<{ axis: number }>({
  name: 'argmax',
  shape: ([x], { axis }) => ({ shape: reduceShape(x!.shape, [axis], false), dtype: 'int32' }),
  vjp: 'none',
  batch: reduced(({ axis }: { axis: number }) => ({ axes: [axis], keepDims: false })),
  linear: [],
  flops: ([x]) => sizeOf(x!.shape),
  examples: [
    { inputs: [[3, 4]], attrs: { axis: 1 } },
    { inputs: [[3, 4, 2]], attrs: { axis: 0 } },
  ],
});

/** The index (int32) of the first largest element along `axis`; NaN counts as largest. No gradient. */
export const argmax: ((x: Tensor, axis?: number) => Tensor) & { op: Op } = withOp((x: Tensor, axis = -1) => {
  const at = normalizeAxis('argmax', axis, x.rank);
  if (x.shape[at] === 0) throw failure('argmax', 'nothing to compare: the axis has size 0', { shape: x.shape });
  return argmaxOp([x], { axis: at });
}, argmaxOp);

/** The index of the smallest element along an axis, the first of equals; no gradient. */
export function argmin(x: Tensor, axis = -1): Tensor {
  // -1 - x turns the order of integers round without overflow.
  return argmax(isFloat(x.dtype) ? neg(x) : sub(-1, x), axis);
}

/** The transpose of broadcasting: sums `x` down to `shape`. */
export function sumTo(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return x;
  const lead = x.rank - shape.length;
  const axes = x.shape.map((_, axis) => axis).filter((axis) => axis < lead || shape[axis - lead] !== x.shape[axis]);
  return reshape(sum(x, { axes }), shape);
}
