/**
 * Weighted least squares under one constraint, for Shapley values by regression: minimise `sum_z w_z (v_z - z . phi)^2` subject to
 * `sum(phi) = total`. Only the normal matrix and one right side per sample are kept, whatever the number of rows; all in double.
 */

/** The normal matrix of the rows added so far, and `sides` right sides. */
export class ConstrainedFit {
  /** Lower triangle, row by row: row `i` holds `i + 1` entries. */
  private readonly matrix: Float64Array;
  readonly right: Float64Array;
  readonly size: number;
  private weight = 0;

  constructor(size: number, sides: number) {
    this.size = size;
    this.matrix = new Float64Array((size * (size + 1)) / 2);
    this.right = new Float64Array(size * sides);
  }

  /** A row of zeros and ones, by the places of its ones (rising). */
  addRow(ones: Int32Array, weight: number): void {
    this.weight += weight;
    for (let a = 0; a < ones.length; a++) {
      const row = (ones[a]! * (ones[a]! + 1)) / 2;
      for (let b = 0; b <= a; b++) this.matrix[row + ones[b]!]! += weight;
    }
  }

  /** The value of a row that was added, for one of the right sides. */
  addValue(ones: Int32Array, weight: number, side: number, value: number): void {
    const from = side * this.size;
    for (const place of ones) this.right[from + place]! += weight * value;
  }

  /**
   * The solution for each right side, `totals[side]` its sum; null where the rows do not determine it.
   *
   * With Lagrange's multiplier: `phi = inverse(A) (b - m 1)`, where `m` makes the sum right. `c 1 1^T` added to `A` and `c total 1` to `b`
   * leave the solution as it is, and make `A` definite exactly where the constrained problem has one solution.
   */
  solve(totals: Float64Array): Float64Array | null {
    const { size } = this;
    const extra = this.weight > 0 ? this.weight / size : 1;
    const factor = cholesky(
      this.matrix.map((entry) => entry + extra),
      size,
    );
    if (!factor) return null;
    const ones = new Float64Array(size).fill(1);
    solveBoth(factor, ones);
    const sumOfOnes = ones.reduce((sum, value) => sum + value, 0);
    const out = this.right.slice();
    totals.forEach((total, side) => {
      const phi = out.subarray(side * size, (side + 1) * size);
      for (let i = 0; i < size; i++) phi[i]! += extra * total;
      solveBoth(factor, phi);
      const multiplier = (phi.reduce((sum, value) => sum + value, 0) - total) / sumOfOnes;
      for (let i = 0; i < size; i++) phi[i]! -= multiplier * ones[i]!;
    });
    return out;
  }
}

/** A pivot below this share of its diagonal entry is rounding. */
const SMALLEST_PIVOT = 1e-12;

/** The factor `L` of `A = L L^T` in the place of its lower triangle; null where `A` is not positive definite. */
export function cholesky(lower: Float64Array, size: number): Float64Array | null {
  const start = (row: number): number => (row * (row + 1)) / 2;
  for (let i = 0; i < size; i++) {
    const row = start(i);
    const diagonal = lower[row + i]!;
    for (let j = 0; j <= i; j++) {
      const other = start(j);
      let value = lower[row + j]!;
      for (let k = 0; k < j; k++) value -= lower[row + k]! * lower[other + k]!;
      if (j < i) lower[row + j] = value / lower[other + j]!;
      else if (value > SMALLEST_PIVOT * diagonal) lower[row + i] = Math.sqrt(value);
      else return null;
    }
  }
  return lower;
}

/** Solves `L L^T x = b` in the place of `b`. */
export function solveBoth(factor: Float64Array, b: Float64Array): void {
  const size = b.length;
  const start = (row: number): number => (row * (row + 1)) / 2;
  for (let i = 0; i < size; i++) {
    let value = b[i]!;
    for (let k = 0; k < i; k++) value -= factor[start(i) + k]! * b[k]!;
    b[i] = value / factor[start(i) + i]!;
  }
  for (let i = size - 1; i >= 0; i--) {
    b[i]! /= factor[start(i) + i]!;
    for (let k = 0; k < i; k++) b[k]! -= factor[start(i) + k]! * b[i]!;
  }
}
