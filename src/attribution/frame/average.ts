/**
 * Attributions averaged over baselines as they come, with their spread: Welford's algorithm (1962), so that one running
 * mean and one sum of squares per attribution is all that is kept.
 */

/** A mean over several baselines and its spread, per variable. */
export interface Averaged {
  readonly count: number;
  readonly means: readonly Float64Array[];
  /** Standard deviation (over `count`, not `count - 1`). */
  readonly std: readonly Float64Array[];
}

export class Average implements Averaged {
  count = 0;
  readonly means: readonly Float64Array[];
  private readonly squares: readonly Float64Array[];

  constructor(sizes: readonly number[]) {
    this.means = sizes.map((size) => new Float64Array(size));
    this.squares = sizes.map((size) => new Float64Array(size));
  }

  add(values: readonly ArrayLike<number>[]): void {
    this.count++;
    this.means.forEach((mean, v) => {
      const [square, value] = [this.squares[v]!, values[v]!];
      // The first value is taken as it is, which keeps infinities what they are.
      if (this.count === 1) mean.set(value);
      else
        for (let i = 0; i < mean.length; i++) {
          const before = value[i]! - mean[i]!;
          mean[i]! += before / this.count;
          square[i]! += before * (value[i]! - mean[i]!);
        }
    });
  }

  /** Standard deviation of the values added (over `count`, not `count - 1`). */
  get std(): Float64Array[] {
    return this.squares.map((square) => square.map((sum) => Math.sqrt(sum / this.count)));
  }
}
