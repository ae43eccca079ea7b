/**
 * Integers as ONNX has them, in the engine's int32: quotients and products exact to the last of 32 bits, types of 8 and 16 bits that start anew
 * where they leave their range. Integers of 64 bits have 32 of them, unsigned ones 31; what is made beyond is refused (`guarded.ts` while a model
 * runs). Whole numbers of quantised models are held in floats (`quantized.ts`), and keep to the same rules there.
 */
import { add, div, equal, greaterEqual, less, logicalAnd, mul, notEqual, sub, where } from '../../../ops/binary.ts';
import { expandDims, stopGradient } from '../../../ops/movement.ts';
import { sum } from '../../../ops/reduce.ts';
import { abs, cast, floor, sign } from '../../../ops/unary.ts';
import { isFloat } from '../../../tensor/dtype.ts';
import { broadcastShapes, sizeOf } from '../../../tensor/shape.ts';
import { full, type Tensor } from '../../../tensor/tensor.ts';
import type { OperatorCall } from '../../operator.ts';
import { fail } from '../support.ts';

/** Bits of integers that are narrower than those of the engine, by element type; signed ones are negative. */
const narrow: Readonly<Record<number, number>> = { 2: 8, 3: -8, 4: 16, 5: -16, 21: 4, 22: -4, 25: 2, 26: -2 };

/** Types of whole numbers by their number in the format. */
const WHOLE: readonly number[] = [2, 3, 4, 5, 6, 7, 12, 13, 21, 22, 25, 26];
export const isWholeType = (type: number): boolean => WHOLE.includes(type);

const truncated = (x: Tensor): Tensor => mul(sign(x), floor(abs(x)));
const half = (x: Tensor): Tensor => cast(x, 'float32');

/** `a / b` of int32 without its fraction, exact: an estimate in floats, put right twice by what it leaves. */
export function quotient(a: Tensor, b: Tensor): Tensor {
  const part = (x: Tensor): Tensor => cast(truncated(div(half(x), half(b))), 'int32');
  const rest = (q: Tensor): Tensor => sub(a, mul(q, b));
  let q = part(a);
  for (let i = 0; i < 2; i++) q = add(q, part(rest(q)));
  const left = rest(q);
  // What is left has the sign of `a`, and is smaller than `b`.
  const step = mul(sign(a), sign(b));
  const over = logicalAnd(notEqual(left, 0), notEqual(sign(left), sign(a)));
  const under = logicalAnd(equal(sign(left), sign(a)), greaterEqual(abs(left), abs(b)));
  return add(q, mul(step, sub(cast(logicalAnd(under, notEqual(left, 0)), 'int32'), cast(over, 'int32'))));
}

/** What an exact division leaves: with the sign of `a` where `like`, else with that of `b`. */
export function leftover(a: Tensor, b: Tensor, like: boolean): Tensor {
  const left = sub(a, mul(quotient(a, b), b));
  if (like) return left;
  const other = logicalAnd(notEqual(left, 0), notEqual(less(left, 0), less(b, 0)));
  return where(other, add(left, b), left);
}

/** Whole numbers in floats, the fraction of a quotient cut; gradients pass straight through. */
export const cut = (x: Tensor): Tensor => add(x, stopGradient(sub(truncated(x), x)));

/** `x` brought back into the range of a narrow type, as its bits would be; others as they are. */
export function wrapped(x: Tensor, type: number): Tensor {
  const bits = Object.hasOwn(narrow, type) ? narrow[type]! : 0;
  if (bits === 0) return x;
  const [span, low] = [2 ** Math.abs(bits), bits < 0 ? -(2 ** (-bits - 1)) : 0];
  const moved = sub(x, low);
  if (isFloat(x.dtype)) return sub(x, mul(stopGradient(floor(div(moved, span))), span));
  return add(leftover(moved, full([], span, 'int32'), false), low);
}

/** Bits that a number of a type has here at most: those of the engine's int32, without its sign where the type has none. */
export const bitsOf = (type: number): number => (type === 12 || type === 13 ? 31 : 32);

/** A number as an integer type holds it. @throws where it has more bits than there are here */
export function held(call: OperatorCall, value: number, type: number): number {
  const bits = Object.hasOwn(narrow, type) ? narrow[type]! : 0;
  if (bits !== 0) {
    const [span, low] = [2 ** Math.abs(bits), bits < 0 ? -(2 ** (-bits - 1)) : 0];
    return value - span * Math.floor((value - low) / span);
  }
  if (type === 6) return value | 0;
  const own = type === 12 ? value - 2 ** 32 * Math.floor(value / 2 ** 32) : value;
  if (own >= (type === 12 || type === 13 ? 0 : -(2 ** 31)) && own < 2 ** 31) return own;
  throw fail(call, `makes the integer ${own}, which is more than ${bitsOf(type)} bits can hold`);
}

/** Products that are added up one by one: integers beyond 24 bits are exact that way, and memory is bounded. */
const MOST = 2 ** 24;

/** A product of int32 matrices, exact; null where it is too big for that. */
export function wholeProduct(a: Tensor, b: Tensor): Tensor | null {
  if (a.rank < 2 || b.rank < 2) return null;
  const [left, right] = [expandDims(a, a.rank), expandDims(b, b.rank - 2)];
  if (a.shape.at(-1) !== b.shape.at(-2) || sizeOf(broadcastShapes('MatMul', left.shape, right.shape)) > MOST)
    return null;
  const terms = mul(left, right);
  return sum(terms, { axes: terms.rank - 2 });
}
