/**
 * Reductions over axes and running sums. Axes are an attribute before opset 18 (13 for `ReduceSum`) and an input since; none at all means all of
 * them, unless `noop_with_empty_axes`. Source: Operators.md of ONNX 1.22.
 */
import { equal, where } from '../../ops/binary.ts';
import { cumprod, cumsum } from '../../ops/cumulative.ts';
import { floating } from '../../ops/promote.ts';
import { logSumExp, max, mean, min, prod, type ReduceOptions, sum } from '../../ops/reduce.ts';
import { abs, cast, log, round, sqrt, square } from '../../ops/unary.ts';
import { isFloat } from '../../tensor/dtype.ts';
import { normalizeAxes, reduceShape, sizeOf } from '../../tensor/shape.ts';
import { full, type Tensor } from '../../tensor/tensor.ts';
import type { Operator, OperatorCall } from '../operator.ts';
import { guardedBy, kept } from './numbers/guarded.ts';
import { quotient } from './numbers/integers.ts';
import { at, constantsOf, fail, integer, listed, subjectOf, typeOf } from './support.ts';

/** Integers again, of what has become floats. */
const whole = (y: Tensor, like: Tensor): Tensor => (isFloat(y.dtype) ? cast(round(y), like.dtype) : y);

type Reduce = (x: Tensor, options: ReduceOptions) => Tensor;

interface Rule {
  readonly reduce: Reduce;
  /** What each element becomes, even where no axis is reduced. */
  readonly prepare?: (x: Tensor) => Tensor;
  readonly finish?: (x: Tensor) => Tensor;
  /** Of no elements; without one that is refused. */
  readonly empty?: number;
  readonly inputSince?: number;
}

function reduction({ reduce, prepare = (x) => x, finish = (x) => x, empty, inputSince = 18 }: Rule): Operator {
  return (call) => {
    const x = at(call, 0);
    const given = listed(call, 'axes', 1, inputSince);
    const none = given === null || given.length === 0;
    if (none && integer(call, 'noop_with_empty_axes', 0) === 1) return [finish(prepare(x))];
    const axes = normalizeAxes(subjectOf(call), none ? undefined : given, x.rank);
    const keepDims = integer(call, 'keepdims', 1) === 1;
    if (axes.some((axis) => x.shape[axis] === 0) && reduce !== sum) {
      if (empty === undefined) throw fail(call, 'nothing to reduce: an axis has size 0', { input: x.shape, axes });
      return [full(reduceShape(x.shape, axes, keepDims), empty, x.dtype)];
    }
    const reduced = (z: Tensor, by = reduce): Tensor => by(prepare(z), { axes, keepDims });
    if (isFloat(x.dtype)) return [finish(reduced(x))];
    const type = call.opType === 'ReduceSum' ? typeOf(call, 0) : kept(typeOf(call, 0));
    // Integers stay integers; a mean of them loses its fraction.
    if (reduce === mean) {
      const count = full([], sizeOf(axes.map((axis) => x.shape[axis]!)), 'int32');
      return [
        quotient(
          guardedBy(call, (z) => reduced(z, sum), [x]),
          count,
        ),
      ];
    }
    if (reduce !== sum && reduce !== prod) return [whole(finish(reduced(x)), x)];
    return [whole(finish(guardedBy(call, (z) => reduced(z), [x], type)), x)];
  };
}

/** The root of a sum of squares; its gradient is 0 where all of them are. */
function root(x: Tensor): Tensor {
  const none = equal(x, 0);
  return where(none, 0, sqrt(where(none, 1, x)));
}

/** Booleans have a largest and a smallest, too. */
const extreme =
  (of: Reduce): Reduce =>
  (x, options) =>
    x.dtype === 'bool' ? cast(of(cast(x, 'int32'), options), 'bool') : of(x, options);

export const reducing: Readonly<Record<string, Operator>> = {
  ReduceSum: reduction({ reduce: sum, inputSince: 13 }),
  ReduceMean: reduction({ reduce: mean }),
  ReduceMax: reduction({ reduce: extreme(max), empty: -Infinity }),
  ReduceMin: reduction({ reduce: extreme(min), empty: Infinity }),
  ReduceProd: reduction({ reduce: prod, empty: 1 }),
  ReduceL1: reduction({ reduce: sum, prepare: abs }),
  ReduceL2: reduction({ reduce: sum, prepare: square, finish: (x) => root(floating(x)) }),
  ReduceSumSquare: reduction({ reduce: sum, prepare: square }),
  ReduceLogSum: reduction({ reduce: sum, finish: log }),
  ReduceLogSumExp: reduction({ reduce: logSumExp, empty: -Infinity }),
  CumSum: (call) => [running(call, cumsum)],
  CumProd: (call) => [running(call, cumprod)],
};

function running(call: OperatorCall, f: typeof cumsum): Tensor {
  const axis = constantsOf(call, 1, 'axis')[0]!;
  const options = { exclusive: integer(call, 'exclusive', 0) === 1, reverse: integer(call, 'reverse', 0) === 1 };
  return guardedBy(call, (x) => f(x, axis, options), [at(call, 0)]);
}
