/**
 * Operators on pairs and lists of tensors: arithmetic, extremes, comparisons, logic. NumPy's broadcasting, which ONNX has since opset 7.
 * Source: Operators.md of ONNX 1.22. Integers divide towards zero, as C does.
 */
import { evaluate } from '../../graph/evaluate.ts';
import * as binary from '../../ops/binary.ts';
import { stopGradient } from '../../ops/movement.ts';
import { counted } from '../../ops/promote.ts';
import { abs, cast, floor, logicalNot, reciprocal, sign, sqrt, square } from '../../ops/unary.ts';
import { isFloat } from '../../tensor/dtype.ts';
import { checkSize, TABLE_LIMIT } from '../../tensor/shape.ts';
import { type Tensor, tensor } from '../../tensor/tensor.ts';
import type { Operator, OperatorCall } from '../operator.ts';
import { cut, held, isWholeType, leftover, quotient, wrapped } from './integers.ts';
import { all, at, constantsOf, fail, integer, subjectOf, typeOf } from './support.ts';

const { add, div, equal, greaterEqual, less, logicalAnd, mul, notEqual, sub, where } = binary;

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

/** Sums and products of 8 and 16 bits start anew where they leave their range. */
const wrapping =
  (f: (a: Tensor, b: Tensor) => Tensor): Operator =>
  (call) => [wrapped(within(call, f), typeOf(call, 0))];

/** Of constants of 64 bits, whose result must not have more than 32 of them; 2^31 - 1 stands for "to the end". */
function within(call: OperatorCall, f: (a: Tensor, b: Tensor) => Tensor): Tensor {
  const [a, b] = [at(call, 0), at(call, 1)];
  const known = [call.constant(0), call.constant(1)];
  const type = typeOf(call, 0);
  const open = known.some((values) => !values || Array.from(values).some((v) => v === 2 ** 31 - 1 || v === -(2 ** 31)));
  if (open || (type !== 7 && type !== 12 && type !== 13) || !isWhole(a) || !isWhole(b)) return f(a, b);
  for (const value of evaluate(f(cast(a, 'float64'), cast(b, 'float64'))).data) held(call, value, type);
  return f(a, b);
}

/** The quotient; of integers without its fraction. */
export const divided = (a: Tensor, b: Tensor): Tensor => (isWhole(a) && isWhole(b) ? quotient(a, b) : div(a, b));

/** Quantised whole numbers are held in floats, and lose their fraction as well. */
function quotients(call: OperatorCall): Tensor {
  const y = divided(at(call, 0), at(call, 1));
  return isWhole(y) ? wrapped(y, typeOf(call, 0)) : isWholeType(typeOf(call, 0)) ? cut(y) : y;
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
function power(a: Tensor, b: Tensor): Tensor {
  const [first] = b.size === 1 && b.constant ? b.constant : [];
  const simple = isFloat(a.dtype) && first !== undefined && b.rank <= a.rank ? powers[first] : undefined;
  if (simple) return simple(a);
  if (isWhole(a) && isWhole(b) && first !== undefined && first >= 1 && first <= 16) {
    return Array.from({ length: first - 1 }).reduce((y: Tensor) => mul(y, a), a);
  }
  const y = isWhole(a) && a.constant && b.constant ? inFloats(a, b, binary.pow) : binary.pow(a, like(b, a));
  return isWhole(a) ? cast(y, 'int32') : y;
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
  Add: wrapping(add),
  Sub: wrapping(sub),
  Mul: wrapping(mul),
  Div: (call) => [quotients(call)],
  Mod: (call) => [remainder(call)],
  Pow: two(power),
  Sum: (call) => [wrapped(all(call).reduce(add), typeOf(call, 0))],
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
    const bits = ({ 2: 8, 4: 16, 12: 32 } as Readonly<Record<number, number>>)[typeOf(call, 0)];
    const flip = (v: number): number => (bits ? 2 ** bits - 1 - v : ~v);
    return [tensor(constantsOf(call, 0, 'bits').map(flip), at(call, 0).shape, 'int32')];
  },
};
