/** Operations over axes: sums and their like, softmax, norms, products of matrices. Named as Keras 3's classes in snake case. */
import { equal, mul } from '../../ops/binary.ts';
import { einsum } from '../../ops/einsum.ts';
import { matmul } from '../../ops/matmul.ts';
import { expandDims, reshape, transpose } from '../../ops/movement.ts';
import { unitNorm } from '../../ops/normalization.ts';
import {
  argmax,
  argmin,
  logSumExp,
  max,
  mean,
  min,
  prod,
  type ReduceOptions,
  sum,
  variance,
} from '../../ops/reduce.ts';
import { logSoftmax, softmax } from '../../ops/softmax.ts';
import { abs, cast, logicalNot, round, sqrt, square } from '../../ops/unary.ts';
import { isFloat } from '../../tensor/dtype.ts';
import { checkSize, TABLE_LIMIT } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { type OpArguments, type OperationRule, rule } from './arguments.ts';
import { floatOf } from './elementwise.ts';

const X = 'x|input_tensor|input|tensor|logits|a';
const AXIS = 'axis|axes|dim|reduction_indices|dimension';
const KEEP = 'keepdims|keep_dims';

function over(
  f: (x: Tensor, options: ReduceOptions) => Tensor,
  prepare = (a: OpArguments): Tensor => a.tensor('x'),
): OperationRule {
  return rule(`${X} ${AXIS} ${KEEP}`, (a) => {
    const x = prepare(a);
    return f(x, { axes: a.axes('axis', x), keepDims: a.flag('keepdims') });
  });
}

const float = (a: OpArguments): Tensor => floatOf(a, 'x');
const ofBool = (a: OpArguments): Tensor => cast(cast(a.tensor('x'), 'bool'), 'int32');

/** Of the flat input where no axis is given (NumPy), else along one axis. */
const index = (f: (x: Tensor, axis: number) => Tensor, fallback: number | null): OperationRule =>
  rule(`${X} ${AXIS} ${KEEP}`, (a) => {
    const x = a.tensor('x');
    const axis = a.get('axis') === undefined ? fallback : a.axes('axis', x)[0]!;
    const found = axis === null ? f(reshape(x, [x.size]), 0) : f(x, axis);
    return a.flag('keepdims') ? expandDims(found, axis ?? 0) : found;
  });

function norm(a: OpArguments): Tensor {
  const x = floatOf(a, 'x');
  const order = a.get('ord') ?? 'euclidean';
  const options = { axes: a.axes('axis', x), keepDims: a.flag('keepdims') };
  if (order === 1) return sum(abs(x), options);
  if (order === 2 || order === 'euclidean' || order === 'fro') return sqrt(sum(square(x), options));
  throw a.wrong('ord', "1, 2, 'euclidean' or 'fro'");
}

/** The matrices of the last two axes, transposed on request; leading axes broadcast. */
function product(a: OpArguments): Tensor {
  const [x, y] = a.pair('x', 'y') as [Tensor, Tensor];
  const turned = (t: Tensor, on: boolean): Tensor => {
    if (!on) return t;
    return transpose(
      t,
      [...t.shape.keys()].map((i) => (i < t.rank - 2 ? i : 2 * t.rank - 3 - i)),
    );
  };
  const [left, right] = [
    turned(x, a.flag('transpose_a') || a.flag('adjoint_a')),
    turned(y, a.flag('transpose_b') || a.flag('adjoint_b')),
  ];
  // NumPy's vectors: a row in front, a column behind.
  if (right.rank === 1) {
    const y2 = matmul(left.rank === 1 ? expandDims(left, 0) : left, expandDims(right, 1));
    return reshape(y2, y2.shape.slice(0, left.rank === 1 ? -2 : -1));
  }
  if (left.rank > 1) return matmul(left, right);
  const y1 = matmul(expandDims(left, 0), right);
  return reshape(y1, [...y1.shape.slice(0, -2), y1.shape.at(-1)!]);
}

/** One axis of each, the rest side by side, as NumPy's `tensordot` with a number or two lists of axes. */
function tensordot(a: OpArguments): Tensor {
  const [x, y] = a.pair('x', 'y') as [Tensor, Tensor];
  const given = a.get('axes') ?? 2;
  const pairOf = (v: unknown, t: Tensor): number[] =>
    (Array.isArray(v) ? v : [v]).map((n) => (Number(n) < 0 ? Number(n) + t.rank : Number(n)));
  const [left, right] =
    typeof given === 'number'
      ? [Array.from({ length: given }, (_, i) => x.rank - given + i), Array.from({ length: given }, (_, i) => i)]
      : [pairOf((given as readonly unknown[])[0], x), pairOf((given as readonly unknown[])[1], y)];
  const [restX, restY] = [
    [...x.shape.keys()].filter((i) => !left.includes(i)),
    [...y.shape.keys()].filter((i) => !right.includes(i)),
  ];
  const size = (t: Tensor, axes: readonly number[]): number => axes.reduce((n, i) => n * t.shape[i]!, 1);
  const rows = reshape(transpose(x, [...restX, ...left]), [size(x, restX), size(x, left)]);
  const columns = reshape(transpose(y, [...right, ...restY]), [size(y, right), size(y, restY)]);
  return reshape(matmul(rows, columns), [...restX.map((i) => x.shape[i]!), ...restY.map((i) => y.shape[i]!)]);
}

export const reducing: Readonly<Record<string, OperationRule>> = {
  sum: over(sum),
  mean: over(mean, float),
  average: over(mean, float),
  max: over(max),
  min: over(min),
  amax: over(max),
  amin: over(min),
  prod: over(prod),
  var: over(variance, float),
  std: over((x, options) => sqrt(variance(x, options)), float),
  any: over((x, options) => cast(max(x, options), 'bool'), ofBool),
  all: over((x, options) => cast(min(x, options), 'bool'), ofBool),
  logsumexp: over(logSumExp, float),
  count_nonzero: over((x, options) => sum(cast(logicalNot(equal(x, 0)), 'int32'), options)),
  argmax: index(argmax, null),
  argmin: index(argmin, null),
  softmax: rule(`${X} ${AXIS}`, (a) => {
    const [x, axes] = [floatOf(a, 'x'), a.integers('axis') ?? [-1]];
    if (axes.length !== 1) throw a.wrong('axis', 'one axis');
    return softmax(x, axes[0]!);
  }),
  log_softmax: rule(`${X} ${AXIS}`, (a) => logSoftmax(floatOf(a, 'x'), a.number('axis', -1))),
  norm: rule(`${X} ord ${AXIS} ${KEEP}`, norm),
  normalize: rule(`${X} ${AXIS} order epsilon`, (a) => {
    if (a.number('order', 2) !== 2) throw a.wrong('order', '2');
    const x = floatOf(a, 'x');
    return unitNorm(x, a.get('axis') === undefined ? [-1] : a.axes('axis', x), a.number('epsilon', 1e-7) ** 2);
  }),
  l2_normalize: rule(`${X} ${AXIS} epsilon`, (a) => {
    const x = floatOf(a, 'x');
    return unitNorm(x, a.axes('axis', x), a.number('epsilon', 1e-12));
  }),
  matmul: rule('x|a|x1 y|b|x2 transpose_a|adj_x transpose_b|adj_y adjoint_a adjoint_b', product),
  einsum: {
    params: ['subscripts|equation', 'a', 'b', 'c', 'd', 'e', 'f'],
    run: (a) => {
      const operands = ['a', 'b', 'c', 'd', 'e', 'f'].filter((name) => a.get(name) !== undefined);
      return einsum(a.text('subscripts'), ...operands.map((name) => floatOf(a, name)));
    },
  },
  dot: rule('x|a|x1 y|b|x2', (a) => {
    const [x, y] = [a.tensor('x'), a.tensor('y')];
    return x.rank === 0 || y.rank === 0 ? mul(x, y) : product(a);
  }),
  tensordot: rule('x|a|x1 y|b|x2 axes', tensordot),
  moments: rule(`${X} ${AXIS} ${KEEP}`, (a) => {
    const x = floatOf(a, 'x');
    const options = { axes: a.axes('axis', x), keepDims: a.flag('keepdims') };
    return [mean(x, options), variance(x, options)];
  }),
  cumsum: rule(`${X} axis exclusive reverse`, (a) => cumulate(a)),
};

/** A product with a triangle of ones; of integers it is rounded back. */
function cumulate(a: OpArguments): Tensor {
  const x = a.tensor('x');
  const axis = a.axes('axis', x)[0]!;
  const n = x.shape[axis]!;
  const [exclusive, backwards] = [a.flag('exclusive'), a.flag('reverse')];
  checkSize(a.subject, [n, n], TABLE_LIMIT);
  const values = Array.from({ length: n * n }, (_, i) => {
    const [from, to] = backwards ? [i % n, Math.floor(i / n)] : [Math.floor(i / n), i % n];
    return from < to || (from === to && !exclusive) ? 1 : 0;
  });
  const order = [...x.shape.keys()].filter((i) => i !== axis).concat(axis);
  const last = transpose(isFloat(x.dtype) ? x : cast(x, a.dtype), order);
  const triangle = cast(reshape(a.constant(values), [n, n]), last.dtype);
  const y = transpose(
    matmul(last, triangle),
    order.map((_, i) => order.indexOf(i)),
  );
  return isFloat(x.dtype) ? y : cast(round(y), x.dtype);
}
