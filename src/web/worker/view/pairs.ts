/**
 * A table of pairs as the page shows it: what each word, pixel or number takes part in, summed, and the pairs that count most. Tables are symmetric:
 * a pair is the sum of its two entries.
 */
import { sizeOf } from '../../../tensor/shape.ts';
import { indexOf } from '../../../visualize/format.ts';
import type { Sample, Shown } from '../state.ts';

/** Features whose pairs all go into a matrix. */
const MATRIX = 256;

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

/** Names and numbers of all pairs of a few features; null of too many for a matrix. */
export function pairsOf(sample: Sample, table: PairTable, values: Float64Array): Shown['pairs'] {
  const count = table.sums.length;
  const kept = Array.from({ length: count }, (_, i) => i).filter((i) => !sample.text?.padding[i]);
  if (kept.length > MATRIX) return null;
  const name = pairNames(sample, table);
  return { names: kept.map(name), values: kept.flatMap((i) => kept.map((j) => values[i * count + j]!)) };
}

/** The input's axes but the batch, without the last where pairs are sums over it. */
export function pairPlaces({ inputs }: Sample, { sums }: PairTable): number[] {
  const row = inputs[0]!.shape.slice(1);
  return sizeOf(row) === sums.length ? row : row.slice(0, -1);
}

function pairNames(sample: Sample, table: PairTable): (i: number) => string {
  const features = sample.parts[0]?.features;
  const named = features?.length === table.sums.length ? features : null;
  return (i) => sample.text?.tokens[i] ?? named?.[i] ?? `[${indexOf(i, pairPlaces(sample, table))}]`;
}

export function pairName(sample: Sample, table: PairTable, at: number): string {
  return table.pair(at).map(pairNames(sample, table)).join(' with ');
}
