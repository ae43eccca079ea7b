/**
 * Fourier transforms as products with matrices of cosines and sines: all that a spectrogram needs, linear and differentiable as any product.
 * The angles are reduced to one turn as whole numbers before they become floats, so that a long transform loses no digits.
 */

import type { FloatDType } from '../tensor/dtype.ts';
import { checkSize, TABLE_LIMIT } from '../tensor/shape.ts';
import { adopt, type Tensor, tensor } from '../tensor/tensor.ts';
import { gather } from './indexing.ts';

/** Most elements of a matrix of waves: 4,096 samples with the 2,049 bins of a real signal are half of it. */
const WAVES_LIMIT = 2 ** 24;

export interface Waves {
  readonly cos: Tensor;
  readonly sin: Tensor;
}

/**
 * `[rows, bins]` of `cos` and `sin` of `2 pi j k / n`, j counted from `from`.
 * @param n length of the transform @param weights what line j is multiplied with (a window); 1 if left out
 */
export function waves(
  subject: string,
  n: number,
  bins: number,
  dtype: FloatDType,
  { rows = n, from = 0, weights }: { rows?: number; from?: number; weights?: ArrayLike<number> } = {},
): Waves {
  checkSize(subject, [rows, bins], WAVES_LIMIT);
  const turn = (f: (angle: number) => number): Float64Array =>
    Float64Array.from({ length: n }, (_, i) => f((2 * Math.PI * i) / n));
  const filled = (table: Float64Array): Tensor => {
    const values = dtype === 'float64' ? new Float64Array(rows * bins) : new Float32Array(rows * bins);
    for (let j = 0; j < rows; j++) {
      const weight = weights?.[j] ?? 1;
      for (let k = 0; k < bins; k++) values[j * bins + k] = weight * table[((j + from) * k) % n]!;
    }
    return adopt(values, [rows, bins]);
  };
  return { cos: filled(turn(Math.cos)), sin: filled(turn(Math.sin)) };
}

/**
 * Windows of `length` samples, `step` apart, along the last axis: `[..., samples]` to `[..., frames, length]`.
 * @param place which sample stands where one is asked for that lies outside (a reflected margin); by default none does
 */
export function framed(
  subject: string,
  x: Tensor,
  frames: number,
  length: number,
  step: number,
  place: (sample: number) => number = (sample) => sample,
): Tensor {
  checkSize(subject, [frames, length], TABLE_LIMIT);
  const index = Int32Array.from({ length: frames * length }, (_, i) =>
    place(Math.floor(i / length) * step + (i % length)),
  );
  return gather(x, tensor(index, [frames, length], 'int32'), x.rank - 1);
}
