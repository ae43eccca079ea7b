/**
 * The four element types and the typed array that holds each. An op on float32 and float64 is an error, and
 * `cast` is the way across; what becomes of integers and booleans is said in `src/ops/promote.ts`.
 */
import { didYouMean, failure } from './errors.ts';

/** The types of a tensor's elements; booleans are bytes, 0 or 1. */
export type DType = 'float32' | 'float64' | 'int32' | 'bool';
/** The types that have gradients. */
export type FloatDType = 'float32' | 'float64';
/** What holds a tensor's elements: the typed array of its dtype. */
export type TypedArray = Float32Array | Float64Array | Int32Array | Uint8Array;

const constructors = {
  float32: Float32Array,
  float64: Float64Array,
  int32: Int32Array,
  bool: Uint8Array,
} as const;

/** @throws PathgradError unless `dtype` is one of the four */
export function checkDType(subject: string, dtype: DType): DType {
  const names = Object.keys(constructors);
  if (names.includes(dtype)) return dtype;
  throw failure(subject, `unknown dtype '${String(dtype)}'`, {}, didYouMean(String(dtype), names));
}

/** A zeroed array of `length` elements. */
export function allocate(dtype: DType, length: number): TypedArray {
  return new constructors[dtype](length);
}

/** A view of `length` elements at `byteOffset` of `buffer`: no copy. */
export function viewOf(dtype: DType, buffer: ArrayBuffer, byteOffset: number, length: number): TypedArray {
  return new constructors[dtype](buffer, byteOffset, length);
}

export function bytesPerElement(dtype: DType): number {
  return constructors[dtype].BYTES_PER_ELEMENT;
}

export function isFloat(dtype: DType): dtype is FloatDType {
  return dtype === 'float32' || dtype === 'float64';
}

export function dtypeOf(data: TypedArray): DType {
  if (data instanceof Float32Array) return 'float32';
  if (data instanceof Float64Array) return 'float64';
  return data instanceof Int32Array ? 'int32' : 'bool';
}
