/** The values of weights in the bytes of their group, one behind the other, little-endian and without padding. */
import { failure } from '../tensor/errors.ts';
import { widened } from '../tensor/half.ts';
import { bytesOf, type TfjsGroup, type TfjsWeight } from './manifest.ts';

export interface PlacedWeight extends TfjsWeight {
  readonly bytes: Uint8Array;
}

/**
 * @param files those of the group, in order; a weight may go from one into the next
 * @throws PathgradError where they are longer or shorter than the weights
 */
export function placeWeights(subject: string, { weights }: TfjsGroup, files: readonly Uint8Array[]): PlacedWeight[] {
  const needs = weights.reduce((sum, { count, stored }) => sum + count * bytesOf[stored], 0);
  const has = files.reduce((sum, file) => sum + file.length, 0);
  if (needs !== has) {
    const problem = `the files of weights are too ${has < needs ? 'short' : 'long'}`;
    throw failure(subject, problem, { bytes: has, needs }, 'they belong to another model.json, or were cut off');
  }
  const joined = files.length === 1 ? files[0]! : join(files, has);
  let at = 0;
  return weights.map((weight) => {
    const size = weight.count * bytesOf[weight.stored];
    at += size;
    return { ...weight, bytes: joined.subarray(at - size, at) };
  });
}

function join(files: readonly Uint8Array[], size: number): Uint8Array {
  const joined = new Uint8Array(size);
  let at = 0;
  for (const file of files) {
    joined.set(file, at);
    at += file.length;
  }
  return joined;
}

/** Quantized integers are multiplied in float64 and rounded once, as TensorFlow.js does. */
export function valuesOf({ bytes, stored, affine, dtype, count }: PlacedWeight): Float32Array | Int32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (stored === 'float16') {
    const halves = new Uint16Array(count);
    for (let i = 0; i < count; i++) halves[i] = view.getUint16(2 * i, true);
    return widened(halves, 'float16');
  }
  const data = dtype === 'int32' ? new Int32Array(count) : new Float32Array(count);
  const { scale, min } = affine ?? { scale: 1, min: 0 };
  const round = dtype === 'int32' ? Math.round : (value: number): number => value;
  for (let i = 0; i < count; i++) {
    if (stored === 'float32') data[i] = view.getFloat32(4 * i, true);
    else if (stored === 'int32') data[i] = view.getInt32(4 * i, true);
    else {
      const value = stored === 'uint16' ? view.getUint16(2 * i, true) : view.getUint8(i);
      data[i] = affine ? round(value * scale + min) : value;
    }
  }
  return data;
}
