/** Numbers of several inputs as a mean with its spread. */

export interface Statistics {
  /** Of the numbers that are finite; null where there is none. */
  readonly mean: number | null;
  /** Standard deviation over the inputs (n - 1); null for fewer than two. */
  readonly sd: number | null;
  /** How many are finite. */
  readonly n: number;
}

export function statisticsOf(values: ArrayLike<number>): Statistics {
  const finite = Array.from(values).filter(Number.isFinite);
  const n = finite.length;
  if (n === 0) return { mean: null, sd: null, n };
  const mean = finite.reduce((sum, value) => sum + value, 0) / n;
  const squares = finite.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, sd: n < 2 ? null : Math.sqrt(squares / (n - 1)), n };
}
