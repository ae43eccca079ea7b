/**
 * A table of pairs as the page shows it: what each word, pixel or number takes part in, summed, and the pairs that count most. Tables are symmetric:
 * a pair is the sum of its two entries.
 */
import { wordPairs } from '../../../open/word-pairs.ts';
import { sizeOf } from '../../../tensor/shape.ts';
import { indexOf } from '../../../visualize/format.ts';
import type { Sample, Shown } from '../state.ts';

/** Features whose pairs all go into a matrix. */
const MATRIX = 256;

export interface PairTable {
  /** The sum of each row, which is about the feature's integrated gradient. */
  readonly sums: Float64Array;
  /** A row for each feature; of a text for each word. */
  readonly values: Float64Array | readonly number[];
  /** Of words, of a text. */
  readonly names: readonly string[] | null;
  /** Per pair, the first of them before the second. */
  readonly scores: readonly number[];
  /** Which features a pair is of. */
  readonly pair: (at: number) => readonly [number, number];
}

/** @param all `[features, features]` */
export function pairTableOf(all: Float64Array, text: Sample['text'] | null = null): PairTable {
  const features = Math.round(Math.sqrt(all.length));
  const sums = new Float64Array(features);
  for (let i = 0; i < features; i++) for (let j = 0; j < features; j++) sums[i]! += all[i * features + j]!;
  const { names, values } = text?.tokens.length === features ? wordPairs(all, text) : { names: null, values: all };
  const count = names?.length ?? features;
  const [scores, at]: [number[], number[]] = [[], []];
  values.forEach((value, entry) => {
    const [i, j] = [Math.floor(entry / count), entry % count];
    if (value === 0 || j <= i) return;
    scores.push(value + values[j * count + i]!);
    at.push(entry);
  });
  return { sums, values, names, scores, pair: (k) => [Math.floor(at[k]! / count), at[k]! % count] };
}

/** Names and numbers of all pairs of a few features; null of too many for a matrix. */
export function pairsOf(sample: Sample, table: PairTable): Shown['pairs'] {
  const count = table.names?.length ?? table.sums.length;
  if (count > MATRIX) return null;
  return { names: Array.from({ length: count }, (_, i) => pairNames(sample, table)(i)), values: [...table.values] };
}

/** The input's axes but the batch, without the last where pairs are sums over it. */
export function pairPlaces({ inputs }: Sample, { sums }: PairTable): number[] {
  const row = inputs[0]!.shape.slice(1);
  return sizeOf(row) === sums.length ? row : row.slice(0, -1);
}

function pairNames(sample: Sample, table: PairTable): (i: number) => string {
  const features = sample.parts[0]?.features;
  const named = features?.length === table.sums.length ? features : null;
  return (i) => table.names?.[i] ?? named?.[i] ?? `[${indexOf(i, pairPlaces(sample, table))}]`;
}

export function pairName(sample: Sample, table: PairTable, at: number): string {
  return table.pair(at).map(pairNames(sample, table)).join(' with ');
}
