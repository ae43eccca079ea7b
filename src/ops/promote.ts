/**
 * What becomes of integers and booleans: the one place with the rules that docs/dtypes.md lists op by op. They are NumPy's, with
 * float32 where NumPy takes float64. Functions whose results have fractions compute in float32; arithmetic keeps int32, and booleans
 * count as int32 in it; an int32 or bool operand meets a float one in the float's dtype. float32 never meets float64.
 *
 * Invariant: floats pass through untouched, so that a graph of floats has no node from here.
 */
import { type DType, type FloatDType, isFloat } from '../tensor/dtype.ts';
import { failure } from '../tensor/errors.ts';
import type { Tensor, TensorSpec } from '../tensor/tensor.ts';
import { cast } from './unary.ts';

export const floating = (x: Tensor): Tensor => (isFloat(x.dtype) ? x : cast(x, 'float32'));
/** Booleans as 0 and 1 of int32. */
export const counted = (x: Tensor): Tensor => (x.dtype === 'bool' ? cast(x, 'int32') : x);

const ranks: readonly DType[] = ['bool', 'int32', 'float32', 'float64'];
/** The widest of the dtypes. */
export const widest = (...dtypes: readonly DType[]): DType =>
  ranks[Math.max(...dtypes.map((dtype) => ranks.indexOf(dtype)))]!;

/** The dtype in which a tensor of `dtype` meets the number: int32 holds whole numbers of 32 bits only. */
export const meeting = (dtype: DType, value: number): DType =>
  isFloat(dtype) ? dtype : (value | 0) === value ? 'int32' : 'float32';

/** The one dtype of operands that must be floats. */
export function floatOf(name: string, ...operands: readonly TensorSpec[]): FloatDType {
  const { dtype } = operands[0]!;
  const odd = operands.find((x) => !isFloat(x.dtype) || x.dtype !== dtype);
  if (!odd && isFloat(dtype)) return dtype;
  const dtypes = operands.map((x) => x.dtype);
  throw failure(name, 'floats of one dtype are needed', { got: dtypes }, "cast(x, 'float32') converts");
}
