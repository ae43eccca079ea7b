/**
 * How alike two lists of numbers are: Pearson's correlation, in one pass (Welford 1962; Chan, Golub and LeVeque 1983), and Spearman's,
 * which is Pearson's of the ranks, ties sharing the mean of their places (Kendall 1945), as in scipy and R.
 * Invariant: a list without spread correlates with nothing, which is NaN and no number that could be mistaken for one.
 */

/** Correlations of many pairs of streams at once, a pair per entry: memory does not grow with what was added. */
export class Correlations {
  private readonly meanA: Float64Array;
  private readonly meanB: Float64Array;
  private readonly squaresA: Float64Array;
  private readonly squaresB: Float64Array;
  private readonly products: Float64Array;
  private readonly counts: Int32Array;

  constructor(size: number) {
    const zeros = (): Float64Array => new Float64Array(size);
    [this.meanA, this.meanB, this.squaresA, this.squaresB, this.products] = [
      zeros(),
      zeros(),
      zeros(),
      zeros(),
      zeros(),
    ];
    this.counts = new Int32Array(size);
  }

  add(entry: number, a: number, b: number): void {
    const count = ++this.counts[entry]!;
    const [beforeA, beforeB] = [a - this.meanA[entry]!, b - this.meanB[entry]!];
    this.meanA[entry]! += beforeA / count;
    this.meanB[entry]! += beforeB / count;
    const afterB = b - this.meanB[entry]!;
    this.squaresA[entry]! += beforeA * (a - this.meanA[entry]!);
    this.squaresB[entry]! += beforeB * afterB;
    this.products[entry]! += beforeA * afterB;
  }

  /** Between -1 and 1 for each pair; NaN where one of the two did not vary. */
  values(): Float64Array {
    return this.products.map((product, i) => ratio(product, this.squaresA[i]!, this.squaresB[i]!));
  }
}

function ratio(product: number, squaresA: number, squaresB: number): number {
  if (!(squaresA > 0 && squaresB > 0)) return Number.NaN;
  return Math.min(1, Math.max(-1, product / Math.sqrt(squaresA) / Math.sqrt(squaresB)));
}

type Numbers = ArrayLike<number>;

/** Pearson's correlation of two lists of the same length; NaN where one of them does not vary. */
export function pearson(a: Numbers, b: Numbers): number {
  const [meanA, meanB] = [meanOf(a), meanOf(b)];
  let [product, squaresA, squaresB] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [a[i]! - meanA, b[i]! - meanB];
    product += x * y;
    squaresA += x * x;
    squaresB += y * y;
  }
  // Equal numbers have a mean that may be rounded: what is left of them is no spread.
  const [flatA, flatB] = [isConstant(a), isConstant(b)];
  return ratio(product, flatA ? 0 : squaresA, flatB ? 0 : squaresB);
}

/** Spearman's rank correlation; NaN where one of the lists does not vary. */
export function spearman(a: Numbers, b: Numbers): number {
  return pearson(ranks(a), ranks(b));
}

/** Places from 1 in rising order; equal numbers share the mean of their places. */
export function ranks(values: Numbers): Float64Array {
  const order = Array.from({ length: values.length }, (_, i) => i).sort((i, j) => values[i]! - values[j]!);
  const out = new Float64Array(values.length);
  for (let first = 0; first < order.length; ) {
    let end = first + 1;
    while (end < order.length && values[order[end]!] === values[order[first]!]) end++;
    for (let at = first; at < end; at++) out[order[at]!] = (first + end + 1) / 2;
    first = end;
  }
  return out;
}

function meanOf(values: Numbers): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return sum / values.length;
}

function isConstant(values: Numbers): boolean {
  for (let i = 1; i < values.length; i++) if (values[i] !== values[0]) return false;
  return true;
}
