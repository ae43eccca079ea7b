/**
 * Operators on pairs and lists of tensors: arithmetic, extremes, comparisons, logic. NumPy's broadcasting, which ONNX has since opset 7.
 * Source: Operators.md of ONNX 1.22. Integers divide towards zero, as C does.
 */
import * as binary from '../../ops/binary.ts';
import { add, div, equal, greaterEqual, less, logicalAnd, mul, notEqual, sub, where } from '../../ops/binary.ts';
import { stopGradient } from '../../ops/movement.ts';
import { counted } from '../../ops/promote.ts';
import { abs, cast, floor, logicalNot, reciprocal, sign, sqrt, square } from '../../ops/unary.ts';
import { isFloat } from '../../tensor/dtype.ts';
import { checkSize, TABLE_LIMIT } from '../../tensor/shape.ts';
import { type Tensor, tensor } from '../../tensor/tensor.ts';
import type { Operator, OperatorCall } from '../operator.ts';
import { beyond, guardedBy, isWide, kept, stoppedWhere } from './numbers/guarded.ts';
import { cut, held, isWholeType, leftover, quotient, wrapped } from './numbers/integers.ts';
import { all, at, constantsOf, fail, integer, subjectOf, typeOf } from './support.ts';

const two =
  (f: (a: Tensor, b: Tensor) => Tensor): Operator =>
  (call) => [f(at(call, 0), at(call, 1))];

const folded =
  (f: (a: Tensor, b: Tensor) => Tensor): Operator =>
  (call) => [all(call).reduce(f)];

const isWhole = (x: Tensor): boolean => !isFloat(x.dtype);

/** `f`, which has fractions, in float64 where both are constants, so that integers of 32 bits stay exact; else in float32. */
function inFloats(a: Tensor, b: Tensor, f: (a: Tensor, b: Tensor) => Tensor): Tensor {
  const dtype = a.constant && b.constant ? 'float64' : 'float32';
  return f(cast(a, dtype), cast(b, dtype));
}

/** Sums and products, within the range of their type. */
const within =
  (f: (a: Tensor, b: Tensor) => Tensor): Operator =>
  (call) => {
    const [a, b] = [at(call, 0), at(call, 1)];
    if (!isWide(typeOf(call, 0)) || !isWhole(a) || !isWhole(b)) return [wrapped(f(a, b), typeOf(call, 0))];
    const endless = [0, 1].some((i) => Array.from(call.constant(i) ?? []).some((v) => v === LAST || v === FIRST));
    if (!endless) return [guardedBy(call, f, [a, b])];
    // 2^31 - 1 stands for "to the end" in numbers that shapes are made of.
    if (a.constant && b.constant) return [f(a, b)];
    throw fail(call, 'computes with an integer that is more than 32 bits can hold, and with the inputs of the model');
  };

const [FIRST, LAST] = [-(2 ** 31), 2 ** 31 - 1];

/** The quotient; of integers without its fraction. */
export const divided = (a: Tensor, b: Tensor): Tensor => (isWhole(a) && isWhole(b) ? quotient(a, b) : div(a, b));

/** Quantised whole numbers are held in floats, and lose their fraction as well. */
function quotients(call: OperatorCall): Tensor {
  const [a, b] = [at(call, 0), at(call, 1)];
  const y = divided(a, b);
  if (!isWhole(y)) return isWholeType(typeOf(call, 0)) ? cut(y) : y;
  const known = call.constant(1);
  // Only -2^31 by -1 leaves the range.
  if (typeOf(call, 0) !== 7 || (known && !Array.from(known).includes(-1))) return wrapped(y, typeOf(call, 0));
  const bad = logicalAnd(equal(a, FIRST), equal(b, -1));
  return stoppedWhere(call, y, bad, 'makes the integer 2147483648, which is more than 32 bits can hold');
}

/** `a - b * floor(a / b)`, with the sign of the divisor; `fmod` has that of the dividend. */
function remainder(call: OperatorCall): Tensor {
  const [a, b] = [at(call, 0), at(call, 1)];
  const like = integer(call, 'fmod', 0) === 1;
  if (isWhole(a) && isWhole(b)) return leftover(a, b, like);
  const ratio = div(a, b);
  const whole = like ? mul(sign(ratio), floor(abs(ratio))) : floor(ratio);
  const left = sub(sub(a, mul(whole, b)), stopGradient(lost(whole, b)));
  // A ratio that was rounded to the next whole number leaves less than nothing, or as much as `b`.
  const [few, lower] = [stopGradient(left), like ? a : b];
  const wrong = logicalAnd(notEqual(few, 0), notEqual(less(few, 0), less(lower, 0)));
  const over = logicalAnd(logicalNot(wrong), greaterEqual(abs(few), abs(b)));
  const step = like ? mul(abs(b), sign(a)) : b;
  return where(wrong, add(left, step), where(over, sub(left, step), left));
}

/** What a product of floats loses by rounding, from halves of the numbers, whose products are exact. Source: Dekker 1971. */
function lost(a: Tensor, b: Tensor): Tensor {
  const halves = (x: Tensor): readonly [Tensor, Tensor] => {
    const wide = mul(x, x.dtype === 'float64' ? 2 ** 27 + 1 : 2 ** 12 + 1);
    const high = sub(wide, sub(wide, x));
    return [high, sub(x, high)];
  };
  const [[a1, a2], [b1, b2]] = [halves(a), halves(b)];
  const crossed = sub(sub(mul(a1, b1), mul(a, b)), mul(mul(a1, b2), -1));
  const error = add(add(crossed, mul(a2, b1)), mul(a2, b2));
  return where(less(abs(error), Infinity), error, 0);
}

/** Small constant powers as products: exact gradients where the base is 0 or below, and a fraction of the time. */
function power(call: OperatorCall): Tensor {
  const [a, b] = [at(call, 0), at(call, 1)];
  const [first] = b.size === 1 && b.constant ? b.constant : [];
  const simple = isFloat(a.dtype) && first !== undefined && b.rank <= a.rank ? powers[first] : undefined;
  if (simple) return simple(a);
  if (isWhole(a) && isWhole(b) && first !== undefined && first >= 1 && first <= 16) {
    const times = (x: Tensor): Tensor => Array.from({ length: first - 1 }).reduce((y: Tensor) => mul(y, x), x);
    return guardedBy(call, times, [a], kept(typeOf(call, 0)));
  }
  if (!isWhole(a)) return binary.pow(a, like(b, a));
  if (a.constant && b.constant) {
    const y = inFloats(a, b, binary.pow);
    return stoppedWhere(call, cast(y, 'int32'), beyond(y), 'makes an integer that is more than 32 bits can hold');
  }
  const y = binary.pow(a, like(b, a));
  const problem = 'makes an integer beyond 2^24 with an exponent that is not a whole constant up to 16';
  return stoppedWhere(call, cast(y, 'int32'), greaterEqual(abs(y), 2 ** 24), problem);
}

const powers: Readonly<Record<number, (x: Tensor) => Tensor>> = {
  0.5: sqrt,
  1: (x) => x,
  2: square,
  3: (x) => mul(square(x), x),
  [-1]: reciprocal,
};

/** Two floats that meet have the base's dtype. */
const like = (x: Tensor, other: Tensor): Tensor =>
  isFloat(x.dtype) && isFloat(other.dtype) ? cast(x, other.dtype) : x;

const truth = (x: Tensor): Tensor => cast(x, 'bool');
const logical = (f: (a: Tensor, b: Tensor) => Tensor): Operator => two((a, b) => f(truth(a), truth(b)));
const xor = (a: Tensor, b: Tensor): Tensor => binary.notEqual(counted(truth(a)), counted(truth(b)));

/** Bits can be moved and mixed in constants only: no op of a graph has them, and none has a gradient. */
const bits =
  (f: (a: number, b: number) => number): Operator =>
  (call) => {
    const [a, b] = [constantsOf(call, 0, 'bits'), constantsOf(call, 1, 'bits')];
    const shape = add(at(call, 0), at(call, 1)).shape;
    checkSize(subjectOf(call), shape, TABLE_LIMIT);
    const [x, y] = [a, b].map((values, i) => spread(values, at(call, i), shape)) as [number[], number[]];
    return [
      tensor(
        x.map((v, i) => f(v, y[i]!)),
        shape,
        'int32',
      ),
    ];
  };

/** Constant values broadcast to a shape. */
function spread(values: readonly number[], x: Tensor, shape: readonly number[]): number[] {
  const size = shape.reduce((n, dim) => n * dim, 1);
  const lead = shape.length - x.rank;
  return Array.from({ length: size }, (_, index) => {
    let [rest, offset, step] = [index, 0, 1];
    for (let axis = shape.length - 1; axis >= lead; axis--) {
      const dim = x.shape[axis - lead]!;
      offset += (dim === 1 ? 0 : rest % shape[axis]!) * step;
      rest = Math.floor(rest / shape[axis]!);
      step *= dim;
    }
    return values[offset]!;
  });
}

/** Equality of truth values counts them as numbers. */
const compared = (f: (a: Tensor, b: Tensor) => Tensor): Operator => two((a, b) => f(counted(a), counted(b)));

export const arithmetic: Readonly<Record<string, Operator>> = {
  Add: within(add),
  Sub: within(sub),
  Mul: within(mul),
  Div: (call) => [quotients(call)],
  Mod: (call) => [remainder(call)],
  Pow: (call) => [power(call)],
  Sum: (call) => [guardedBy(call, (...xs) => xs.reduce((a, b) => add(a, b)), all(call))],
  Mean: (call) => [div(all(call).reduce(add), all(call).length)],
  Max: folded(binary.maximum),
  Min: folded(binary.minimum),
  Equal: compared(equal),
  Less: compared(binary.less),
  LessOrEqual: compared(binary.lessEqual),
  Greater: compared(binary.greater),
  GreaterOrEqual: compared(binary.greaterEqual),
  And: logical(binary.logicalAnd),
  Or: logical(binary.logicalOr),
  Xor: logical(xor),
  Not: (call) => [logicalNot(truth(at(call, 0)))],
  Where: (call) => [where(truth(at(call, 0)), at(call, 1), at(call, 2))],
  BitShift: (call) => {
    const direction = call.attrs.text('direction');
    if (direction !== 'LEFT' && direction !== 'RIGHT') throw fail(call, `unknown direction '${direction}'`);
    const left = direction === 'LEFT';
    return bits((a, b) => held(call, Math.floor(a * 2 ** (left ? b : -b)), typeOf(call, 0)))(call);
  },
  BitwiseAnd: bits((a, b) => a & b),
  BitwiseOr: bits((a, b) => a | b),
  BitwiseXor: bits((a, b) => a ^ b),
  BitwiseNot: (call) => {
    // What is unsigned has no bits in front.
    const bits = ({ 2: 8, 4: 16, 12: 32, 13: 64 } as Readonly<Record<number, number>>)[typeOf(call, 0)];
    const flip = (v: number): number => held(call, bits ? 2 ** bits - 1 - v : ~v, typeOf(call, 0));
    return [tensor(constantsOf(call, 0, 'bits').map(flip), at(call, 0).shape, 'int32')];
  },
};
