/** Random orthogonal matrices, uniform over all of them: the Q of a normal matrix with the signs of R (Mezzadri 2007). */
import { randomNormal } from '../../graph/random.ts';
import { type Shape, sizeOf } from '../../tensor/shape.ts';

/** Values of `shape`, its last axis the columns, with orthonormal rows or columns, whichever are fewer, times `gain`. */
export function orthogonal(shape: Shape, seed: number, gain: number): Float64Array<ArrayBuffer> {
  const columns = shape.at(-1)!;
  const rows = sizeOf(shape.slice(0, -1));
  const [long, short] = rows < columns ? [columns, rows] : [rows, columns];
  const q = orthonormalColumns(randomNormal(long * short, seed), long, short);
  const values = new Float64Array(rows * columns);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++)
      values[i * columns + j] = gain * (rows < columns ? q[i * long + j]! : q[j * long + i]!);
  return values;
}

/**
 * `short` orthonormal vectors of length `long`, one after another: Gram and Schmidt's, twice, which is as exact as Householder's (Giraud et
 * al. 2005) and leaves the diagonal of R positive, so that no signs need to be put right.
 */
function orthonormalColumns(a: Float64Array, long: number, short: number): Float64Array {
  for (let k = 0; k < short; k++) {
    const own = a.subarray(k * long, (k + 1) * long);
    for (let pass = 0; pass < 2; pass++) {
      for (let j = 0; j < k; j++) {
        const other = a.subarray(j * long, (j + 1) * long);
        let product = 0;
        for (let i = 0; i < long; i++) product += own[i]! * other[i]!;
        for (let i = 0; i < long; i++) own[i]! -= product * other[i]!;
      }
    }
    let square = 0;
    for (const value of own) square += value * value;
    const length = Math.sqrt(square);
    for (let i = 0; i < long; i++) own[i]! /= length;
  }
  return a;
}
