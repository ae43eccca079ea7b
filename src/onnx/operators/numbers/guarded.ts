/**
 * Integers of 64 bits, and unsigned ones of 32, are int32 here. What a model makes of its inputs beyond that is found while it runs: an estimate in
 * floats stands beside each result, and where the two are far apart a gather beyond its table ends the run with an error that names the node.
 * Invariant: an integer that such a type has in a result is the file's, or there is no result.
 */
import { evaluate } from '../../../graph/evaluate.ts';
import { add, greaterEqual, less, logicalAnd, logicalOr, sub } from '../../../ops/binary.ts';
import { gather } from '../../../ops/indexing.ts';
import { abs, cast, logicalNot } from '../../../ops/unary.ts';
import { type FloatDType, isFloat } from '../../../tensor/dtype.ts';
import { Tensor, tensor } from '../../../tensor/tensor.ts';
import type { OperatorCall } from '../../operator.ts';
import { subjectOf, typeOf } from '../support.ts';
import { bitsOf, held, wrapped } from './integers.ts';

/** Beside the end of the range floats cannot tell integers apart; there the distance of result and estimate tells. */
const NEAR = 1024;
const SMALL =
  'integers are computed in 32 bits: smaller inputs, or a model that computes this in floats, stay within them';

/** @returns the values of `y`; running it throws where one of `bad` holds */
export function stoppedWhere(call: OperatorCall, y: Tensor, bad: Tensor, problem: string, hint = SMALL): Tensor {
  const index = cast(bad, 'int32');
  const attrs = { axis: 0, says: [subjectOf(call), problem, hint] };
  const zeros = new Tensor(
    gather.op,
    [tensor(Int32Array.of(0), [1]), index],
    attrs,
    { shape: index.shape, dtype: 'int32' },
    null,
  );
  return add(y, isFloat(y.dtype) ? cast(zeros, y.dtype) : zeros);
}

/** Whether an element type has numbers that int32 does not have: int64, uint32, uint64. */
export const isWide = (type: number): boolean => type === 7 || type === 12 || type === 13;

/** Type 6, int32, starts anew in sums and products of two; where onnxruntime does something else, it must keep to its range, as int64 has to here. */
export const kept = (type: number): number => (type === 6 ? 7 : type);

/** Floats to estimate integers in: exact where only constants are estimated. */
export const estimateIn = (...xs: readonly Tensor[]): FloatDType =>
  xs.every(({ constant }) => constant !== null) ? 'float64' : 'float32';

/** `f` of integers, held to their type; what it is of the same numbers as floats is the estimate. */
export function guardedBy(
  call: OperatorCall,
  f: (...xs: Tensor[]) => Tensor,
  xs: readonly Tensor[],
  type = typeOf(call, 0),
): Tensor {
  const dtype = estimateIn(...xs);
  const inFloats = (): Tensor => f(...xs.map((x) => cast(x, dtype)));
  const y = f(...xs);
  if (dtype !== 'float64' || isFloat(y.dtype) || !isWide(type)) return guarded(call, y, inFloats, type);
  // Constants are known at once, and by their numbers.
  for (const value of evaluate(inFloats()).data) held(call, value, type);
  return y;
}

/** Whether a float estimate lies beyond 32 bits. */
export const beyond = (estimate: Tensor): Tensor =>
  logicalOr(greaterEqual(estimate, 2 ** 31), less(estimate, -(2 ** 31)));

/**
 * `y`, an int32 that is right modulo 2^32, as type `type` has it: narrow types start anew, int32 has already, others must not have left their range.
 * @param estimate the same in floats
 */
export function guarded(call: OperatorCall, y: Tensor, estimate: () => Tensor, type = typeOf(call, 0)): Tensor {
  if (isFloat(y.dtype) || !isWide(type)) return wrapped(y, type);
  const problem = `makes an integer that is more than ${bitsOf(type)} bits can hold`;
  const negative = (): Tensor => less(y, 0);
  const far = (): Tensor => {
    const about = estimate();
    const apart = abs(sub(about, cast(y, about.dtype)));
    return logicalNot(logicalAnd(less(abs(about), 2 ** 31 + NEAR), less(apart, 2 ** 30)));
  };
  // Unsigned integers of 32 bits start anew as int32 does: only the sign tells.
  const bad = type === 12 ? negative() : type === 13 ? logicalOr(negative(), far()) : far();
  return stoppedWhere(call, y, bad, problem);
}
