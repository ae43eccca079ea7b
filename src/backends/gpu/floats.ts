/** The device holds float32 and nothing else: arrays of every dtype on the way there and back, exact or refused. */
import { INDEX_LIMIT } from '../../../kernels/gpu/kernel.ts';
import { allocate, type DType, type TypedArray } from '../../tensor/dtype.ts';
import { failure } from '../../tensor/errors.ts';

/** Any array as the float32 that the device holds. */
export function toFloats(data: TypedArray): Float32Array {
  if (data instanceof Float32Array) return data;
  if (data instanceof Int32Array) {
    const far = data.find((value) => Math.abs(value) > INDEX_LIMIT);
    if (far !== undefined) throw inexact(far);
  }
  return Float32Array.from(data);
}

/** What the device holds as an array of `dtype`. */
export function fromFloats(data: Float32Array, dtype: DType, shared: boolean): TypedArray {
  if (dtype === 'float32') return shared ? data.slice() : data;
  if (dtype === 'int32') {
    const far = data.find((value) => Math.abs(value) > INDEX_LIMIT);
    if (far !== undefined) throw inexact(far);
  }
  const out = allocate(dtype, data.length);
  out.set(data);
  return out;
}

function inexact(value: number): Error {
  const hint = "the backend 'wasm' computes with whole int32";
  return failure('gpu', 'integers are float32 on the device, exact up to 2^24', { value }, hint);
}
