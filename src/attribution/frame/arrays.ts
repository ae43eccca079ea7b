/**
 * From what a caller wrote to constant tensors and flat rows. Values are checked on the way in, so that a NaN or a
 * fraction in a token id is named where it stands and not found later in a result.
 */
import { allocate, type DType, isFloat, type TypedArray } from '../../tensor/dtype.ts';
import { failure } from '../../tensor/errors.ts';
import { type Shape, sizeOf } from '../../tensor/shape.ts';
import { type NestedArray, Tensor, tensor } from '../../tensor/tensor.ts';
import type { ArrayInput, ShapedArray } from './types.ts';

/** Whether `value` is `{ data, shape }`; constant Tensors are handled before. */
export function isShapedArray(value: unknown): value is ShapedArray {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Tensor) return false;
  const { data, shape } = value as Partial<ShapedArray>;
  return ArrayBuffer.isView(data) && Array.isArray(shape);
}

export function isNested(value: unknown): value is NestedArray {
  return typeof value === 'number' || typeof value === 'boolean' || Array.isArray(value);
}

/**
 * A constant tensor of dtype `dtype`; without it a typed array keeps its own and nested arrays become `nestedDtype`.
 * @throws PathgradError naming `subject` for anything that is not an array, for NaN and infinities, and for fractions
 * where integers are wanted
 */
export function toTensor(subject: string, value: ArrayInput, dtype: DType | null, nestedDtype: DType): Tensor {
  const found = readArray(subject, value, dtype ?? nestedDtype);
  const target = dtype ?? found.dtype;
  const kept = found.dtype === target ? found : tensor(found.data, found.shape, target);
  checkValues(subject, found, kept);
  return kept;
}

function readArray(subject: string, value: ArrayInput, nestedDtype: DType): Tensor {
  if (value instanceof Tensor) {
    if (value.constant) return value;
    throw failure(
      subject,
      'needs values, not a node of a graph',
      { got: value.toString() },
      'evaluate(tensor) computes it',
    );
  }
  if (isShapedArray(value)) return tensor(checkedArray(subject, value.data), value.shape);
  // float64 keeps every number as it was written until it is checked and rounded once.
  if (isNested(value)) return tensor(value, undefined, isFloat(nestedDtype) ? nestedDtype : 'float64');
  const hint = ArrayBuffer.isView(value) ? 'give a typed array with its shape: { data, shape }' : undefined;
  throw failure(subject, 'must be a Tensor, nested arrays of numbers or { data, shape }', { got: typeof value }, hint);
}

function checkedArray(subject: string, data: TypedArray): TypedArray {
  if (data instanceof Float32Array || data instanceof Float64Array || data instanceof Int32Array) return data;
  if (data instanceof Uint8Array) return data;
  const hint = 'use Float32Array, Float64Array, Int32Array or Uint8Array';
  throw failure(subject, 'an array type that is not supported', { got: Object.prototype.toString.call(data) }, hint);
}

/** @param kept the values in their dtype: an integer beyond int32 would wrap to another, and a number beyond float32 to infinity */
function checkValues(subject: string, { data, shape }: Tensor, kept: Tensor): void {
  const { dtype } = kept;
  for (let at = 0; at < data.length; at++) {
    const [value, own] = [data[at]!, kept.data[at]!];
    if (dtype === 'bool' ? Number.isInteger(value) : isFloat(dtype) ? Number.isFinite(own) : value === own) continue;
    const finite = Number.isFinite(value);
    // Beyond float32 every number is whole.
    const problem = Number.isInteger(value) ? `${dtype} cannot hold` : finite ? 'must hold integers, has' : 'has';
    const hint = finite ? undefined : 'only finite numbers can be explained';
    throw failure(subject, `${problem} ${value} at ${position(at, shape)}`, { shape }, hint);
  }
}

/** Where the element `at` of a row-major array lies, as `[1,3]`. */
export function position(at: number, shape: Shape): string {
  const index: number[] = [];
  for (let axis = shape.length - 1, rest = at; axis >= 0; axis--) {
    index.unshift(rest % shape[axis]!);
    rest = Math.floor(rest / shape[axis]!);
  }
  return `[${index.join(',')}]`;
}

/** Elements in one row of an array `[rows, ...]`. */
export function rowSize(shape: Shape): number {
  return sizeOf(shape.slice(1));
}

/** `[1, ...]` data repeated for `rows` rows; data of that many rows as it is. */
export function repeatRow(data: TypedArray, dtype: DType, rows: number, width: number): TypedArray {
  if (data.length === rows * width) return data;
  const out = allocate(dtype, rows * width);
  for (let row = 0; row < rows; row++) out.set(data, row * width);
  return out;
}

/** Values computed in double, rounded once to `dtype`. */
export function inDType(values: Float64Array, dtype: DType): TypedArray {
  const data = allocate(dtype, values.length);
  data.set(values);
  return data;
}
