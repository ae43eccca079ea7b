/**
 * What the readers of this folder return: numbers with a shape, in the element type of the file. `arrayToTensor` brings them to
 * one of the engine's types. Invariant: `data.length` is the product of `shape`, in row-major order.
 */
import { allocate, type DType } from '../tensor/dtype.ts';
import { failure } from '../tensor/errors.ts';
import { type Shape, sizeOf } from '../tensor/shape.ts';
import { type Tensor, tensor } from '../tensor/tensor.ts';

/** The typed arrays that files hold. */
export type NumericData =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array
  | Float64Array;

/** Numbers as a file holds them, in row-major order, with their shape. */
export interface NumericArray {
  readonly data: NumericData;
  readonly shape: Shape;
}

/** True where the file held whole numbers by its type (pixels, labels, token ids), not by chance. */
export function isIntegerArray(array: NumericArray): boolean {
  return !(array.data instanceof Float32Array || array.data instanceof Float64Array);
}

/** The array as a constant of the engine, every element divided by `divisor`. */
export function arrayToTensor(array: NumericArray, dtype: DType, divisor = 1): Tensor {
  const data = allocate(dtype, array.data.length);
  if (divisor === 1) data.set(array.data);
  else for (let i = 0; i < data.length; i++) data[i] = array.data[i]! / divisor;
  return tensor(data, array.shape, dtype);
}

/**
 * Rows `indices` along the first axis, in the order asked for.
 * @throws naming `name` where a row does not exist
 */
export function takeRows(array: NumericArray, indices: readonly number[], name: string): NumericArray {
  const rows = array.shape[0];
  if (rows === undefined) throw failure(name, 'holds one number, no rows to choose from');
  const rowShape = array.shape.slice(1);
  const width = sizeOf(rowShape);
  const data = array.data.slice(0, 0).constructor as new (length: number) => NumericData;
  const taken = new data(indices.length * width);
  indices.forEach((row, i) => {
    if (!Number.isInteger(row) || row < 0 || row >= rows) {
      throw failure(name, `has no row ${row}`, { rows }, rows > 0 ? `indices go from 0 to ${rows - 1}` : 'it is empty');
    }
    taken.set(array.data.subarray(row * width, (row + 1) * width), i * width);
  });
  return { data: taken, shape: [indices.length, ...rowShape] };
}
