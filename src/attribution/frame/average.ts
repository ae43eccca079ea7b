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
  means: readonly Float64Array[] = [];
  /** None before the second values, which most averages never see. */
  private squares: readonly Float64Array[] | null = null;

  add(values: readonly ArrayLike<number>[]): void {
    // The first value is taken as it is, which keeps infinities what they are.
    if (this.count === 0) this.adopt(values.map((of) => new Float64Array(of)));
    else {
      this.count++;
      const squares = (this.squares ??= zerosLike(this.means));
      for (const [v, mean] of this.means.entries()) addTo(mean, squares[v]!, values[v]!, this.count);
    }
  }

  /** The first values, in arrays that become the average's own. */
  adopt(values: readonly Float64Array[]): void {
    this.count = 1;
    this.means = values;
  }

  /** Standard deviation of the values added (over `count`, not `count - 1`). */
  get std(): Float64Array[] {
    return (this.squares ?? zerosLike(this.means)).map((square) => square.map((sum) => Math.sqrt(sum / this.count)));
  }
}

const zerosLike = (arrays: readonly Float64Array[]): Float64Array[] => arrays.map((of) => new Float64Array(of.length));

function addTo(mean: Float64Array, square: Float64Array, value: ArrayLike<number>, count: number): void {
  for (let i = 0; i < mean.length; i++) {
    const before = value[i]! - mean[i]!;
    mean[i]! += before / count;
    square[i]! += before * (value[i]! - mean[i]!);
  }
}
