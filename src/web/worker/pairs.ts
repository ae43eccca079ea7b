/**
 * A table of pairs as the page shows it: what each word, pixel or number takes part in, summed, and the pairs that count most. Tables are symmetric:
 * a pair is the sum of its two entries.
 */
export interface PairTable {
  /** The sum of each row, which is about the feature's integrated gradient. */
  readonly sums: Float64Array;
  /** Per pair, the first of them before the second. */
  readonly scores: readonly number[];
  /** Which features a pair is of. */
  readonly pair: (at: number) => readonly [number, number];
}

/** @param values `[features, features]` */
export function pairTableOf(values: Float64Array): PairTable {
  const count = Math.round(Math.sqrt(values.length));
  const sums = new Float64Array(count);
  const [scores, at]: [number[], number[]] = [[], []];
  values.forEach((value, entry) => {
    const [i, j] = [Math.floor(entry / count), entry % count];
    sums[i]! += value;
    if (value === 0 || j <= i) return;
    scores.push(value + values[j * count + i]!);
    at.push(entry);
  });
  return { sums, scores, pair: (k) => [Math.floor(at[k]! / count), at[k]! % count] };
}
