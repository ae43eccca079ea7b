/**
 * Attributions averaged over baselines as they come, with their spread: Welford's algorithm (1962), so that one running
 * mean and one sum of squares per attribution is all that is kept; of a single baseline, no squares.
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
  private squares: readonly Float64Array[] | null = null;

  constructor(sizes: readonly number[]) {
    this.means = sizes.map((size) => new Float64Array(size));
  }

  add(values: readonly ArrayLike<number>[]): void {
    this.count++;
    if (this.count === 1) {
      // The first value is taken as it is, which keeps infinities what they are.
      this.means.forEach((mean, v) => {
        mean.set(values[v]!);
      });
      return;
    }
    const squares = (this.squares ??= this.means.map((mean) => new Float64Array(mean.length)));
    this.means.forEach((mean, v) => {
      const [square, value] = [squares[v]!, values[v]!];
      for (let i = 0; i < mean.length; i++) {
        const before = value[i]! - mean[i]!;
        mean[i]! += before / this.count;
        square[i]! += before * (value[i]! - mean[i]!);
      }
    });
  }

  /** Standard deviation of the values added (over `count`, not `count - 1`). */
  get std(): Float64Array[] {
    const { squares } = this;
    if (!squares) return this.means.map((mean) => new Float64Array(mean.length));
    return squares.map((square) => square.map((sum) => Math.sqrt(sum / this.count)));
  }
}
