/** Operations over axes that are rarer than those of reducing.ts, made of its ops. Named as Keras 3's classes in snake case. */
import { add, div, equal, mul, notEqual, sub, where } from '../../ops/binary.ts';
import { cumprod } from '../../ops/cumulative.ts';
import { matmul } from '../../ops/matmul.ts';
import { expandDims, reshape, transpose } from '../../ops/movement.ts';
import { max, min, prod, type ReduceOptions, sum } from '../../ops/reduce.ts';
import { concat, slice } from '../../ops/slicing.ts';
import { cast, sqrt, square } from '../../ops/unary.ts';
import { normalizeAxis } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { type OpArguments, type OperationRule, rule } from './arguments.ts';
import { floatOf } from './elementwise.ts';

const X = 'x|a|array|input';
const axisOf = (a: OpArguments, fallback: number, x: Tensor): number =>
  normalizeAxis(a.subject, a.number('axis', fallback), x.rank);

type Reduce = (x: Tensor, present: Tensor, options: ReduceOptions) => Tensor;

/** Over the elements that are not NaN; `present` is 1 at those. */
const known = (f: Reduce): OperationRule =>
  rule(`${X} axis keepdims`, (a) => {
    const x = floatOf(a, 'x');
    return f(x, equal(x, x), { axes: a.axes('axis', x), keepDims: a.flag('keepdims') });
  });

const count = (present: Tensor, x: Tensor, options: ReduceOptions): Tensor => sum(cast(present, x.dtype), options);
const total: Reduce = (x, present, options) => sum(where(present, x, 0), options);
const average: Reduce = (x, present, options) => div(total(x, present, options), count(present, x, options));
const variance: Reduce = (x, present, options) => {
  const centre = average(x, present, { ...options, keepDims: true });
  return div(sum(where(present, square(sub(where(present, x, 0), centre)), 0), options), count(present, x, options));
};
/** NaN where no element counts. */
const extreme =
  (f: (x: Tensor, options: ReduceOptions) => Tensor, neutral: number): Reduce =>
  (x, present, options) => {
    const found = f(where(present, x, neutral), options);
    return where(equal(count(present, x, options), 0), Number.NaN, found);
  };

const running = (prepare: (x: Tensor) => Tensor): OperationRule =>
  rule(`${X} axis dtype`, (a) => {
    const x = prepare(floatOf(a, 'x'));
    const line = a.get('axis') === undefined ? reshape(x, [x.size]) : x;
    return cumprod(line, a.get('axis') === undefined ? 0 : axisOf(a, 0, x));
  });

const presentOr =
  (fallback: number) =>
  (x: Tensor): Tensor =>
    where(notEqual(x, x), fallback, x);

const outer = (x: Tensor, y: Tensor): Tensor => mul(reshape(x, [x.size, 1]), reshape(y, [1, y.size]));

/** Blocks of `y`, scaled by each element of `x`. */
function kron(a: OpArguments): Tensor {
  const [x, y] = a.pair('x', 'y') as [Tensor, Tensor];
  const rank = Math.max(x.rank, y.rank);
  const full = (t: Tensor): number[] => [...new Array<number>(rank - t.rank).fill(1), ...t.shape];
  const [p, q] = [full(x), full(y)];
  const blocks = mul(
    reshape(
      x,
      p.flatMap((n) => [n, 1]),
    ),
    reshape(
      y,
      q.flatMap((n) => [1, n]),
    ),
  );
  return reshape(
    blocks,
    p.map((n, i) => n * q[i]!),
  );
}

function cross(a: OpArguments): Tensor {
  const [x, y] = a.pair('x', 'y') as [Tensor, Tensor];
  for (const name of ['axisa', 'axisb', 'axisc']) if (a.number(name, -1) !== -1) throw a.wrong(name, '-1');
  if (a.get('axis') !== undefined && a.number('axis') !== -1) throw a.wrong('axis', '-1');
  if (x.shape.at(-1) !== 3 || y.shape.at(-1) !== 3) throw a.wrong('x', 'vectors of 3 along the last axis');
  const at = (t: Tensor, i: number): Tensor => slice(t, { [t.rank - 1]: [i % 3, (i % 3) + 1] });
  const parts = [0, 1, 2].map((i) => sub(mul(at(x, i + 1), at(y, i + 2)), mul(at(x, i + 2), at(y, i + 1))));
  return concat(parts, -1);
}

/** Distances between the rows of two matrices. */
function distances(a: OpArguments): Tensor {
  const [x, y] = [floatOf(a, 'x'), floatOf(a, 'y')];
  return sqrt(sum(square(sub(expandDims(x, -2), expandDims(y, -3))), { axes: -1 }));
}

function trapezoid(a: OpArguments): Tensor {
  const y = floatOf(a, 'x');
  const axis = axisOf(a, -1, y);
  if (a.get('points') !== undefined) throw a.wrong('points', 'nothing: only a constant dx is supported');
  const n = y.shape[axis]!;
  const pairs = add(slice(y, { [axis]: [1, n] }), slice(y, { [axis]: [0, n - 1] }));
  return mul(sum(pairs, { axes: axis }), a.number('dx', 1) / 2);
}

function corrcoef(a: OpArguments): Tensor {
  const x = floatOf(a, 'x');
  const rows = x.rank === 1 ? expandDims(x, 0) : x;
  const n = rows.shape[1]!;
  const centred = sub(rows, div(sum(rows, { axes: 1, keepDims: true }), n));
  const covariance = matmul(centred, transpose(centred, [1, 0]));
  const deviation = sqrt(sum(square(centred), { axes: 1 }));
  const r = div(covariance, outer(deviation, deviation));
  return x.rank === 1 ? reshape(r, []) : r;
}

export const moreReducing: Readonly<Record<string, OperationRule>> = {
  nansum: known(total),
  nanmean: known(average),
  nanvar: known(variance),
  nanstd: known((x, present, options) => sqrt(variance(x, present, options))),
  nanmax: known(extreme(max, Number.NEGATIVE_INFINITY)),
  nanmin: known(extreme(min, Number.POSITIVE_INFINITY)),
  nanprod: known((x, present, options) => prod(where(present, x, 1), options)),
  cumprod: running((x) => x),
  nancumprod: running(presentOr(1)),
  ptp: rule(`${X} axis keepdims`, (a) => {
    const x = a.tensor('x');
    const options = { axes: a.axes('axis', x), keepDims: a.flag('keepdims') };
    return sub(max(x, options), min(x, options));
  }),
  outer: rule('x|x1 y|x2', (a) => outer(...(a.pair('x', 'y') as [Tensor, Tensor]))),
  kron: rule('x|x1 y|x2', kron),
  cross: rule('x|x1 y|x2 axisa axisb axisc axis', cross),
  inner: rule('x|x1 y|x2', (a) => {
    const [x, y] = a.pair('x', 'y') as [Tensor, Tensor];
    if (x.rank === 0 || y.rank === 0) return mul(x, y);
    const rows = matmul(
      reshape(x, [x.size / x.shape.at(-1)!, x.shape.at(-1)!]),
      reshape(y, [y.size / y.shape.at(-1)!, y.shape.at(-1)!]),
      { transposeB: true },
    );
    return reshape(rows, [...x.shape.slice(0, -1), ...y.shape.slice(0, -1)]);
  }),
  vdot: rule('x|x1 y|x2', (a) => {
    const [x, y] = a.pair('x', 'y') as [Tensor, Tensor];
    return sum(mul(reshape(x, [x.size]), reshape(y, [y.size])));
  }),
  c_dist: rule('x y', distances),
  trapezoid: rule('x|y points dx axis', trapezoid),
  corrcoef: rule(X, corrcoef),
};
