/**
 * The structural similarity of two pictures (Wang, Bovik, Sheikh and Simoncelli 2004): means, variances and the covariance of windows of 7
 * by 7, without the border that has no whole window, averaged. Constants and the unbiased variance are those of scikit-image's
 * `structural_similarity`, and the range of values is that of both pictures together, as in Quantus.
 */
import { failure } from '../../../tensor/errors.ts';

const window = 7;
const k1 = 0.01;
const k2 = 0.03;

/**
 * @param a one picture, row by row @param b the other @param size height and width, at least 7 each
 * @returns at most 1, which equal pictures have; NaN where both pictures are one and the same constant
 */
export function ssim(a: Float64Array, b: Float64Array, [height, width]: readonly [number, number]): number {
  if (height < window || width < window) {
    const hint = "use similarity: 'spearman'";
    throw failure('ssim', `compares windows of ${window} by ${window}`, { picture: [height, width] }, hint);
  }
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const values of [a, b]) for (const v of values) [low, high] = [Math.min(low, v), Math.max(high, v)];
  const range = high - low;
  const [c1, c2] = [(k1 * range) ** 2, (k2 * range) ** 2];
  let sum = 0;
  for (let y = 0; y + window <= height; y++) {
    for (let x = 0; x + window <= width; x++) sum += ofWindow(a, b, y * width + x, width, c1, c2);
  }
  return sum / ((height - window + 1) * (width - window + 1));
}

function ofWindow(a: Float64Array, b: Float64Array, first: number, width: number, c1: number, c2: number): number {
  const count = window * window;
  let [meanA, meanB] = [0, 0];
  for (let i = 0; i < window; i++) {
    for (let j = 0; j < window; j++) {
      meanA += a[first + i * width + j]!;
      meanB += b[first + i * width + j]!;
    }
  }
  meanA /= count;
  meanB /= count;
  let [varianceA, varianceB, covariance] = [0, 0, 0];
  for (let i = 0; i < window; i++) {
    for (let j = 0; j < window; j++) {
      const [p, q] = [a[first + i * width + j]! - meanA, b[first + i * width + j]! - meanB];
      varianceA += p * p;
      varianceB += q * q;
      covariance += p * q;
    }
  }
  const unbiased = count - 1;
  const spread = (varianceA + varianceB) / unbiased + c2;
  const luminance = meanA * meanA + meanB * meanB + c1;
  return ((2 * meanA * meanB + c1) * ((2 * covariance) / unbiased + c2)) / (luminance * spread);
}
