/** Pairs of a text's tokens as pairs of its words: what two words did together is the sum over the pieces of both, as a word's own number is that of its pieces. */
import { type ShownPieces, unitsOf } from './pieces.ts';
import type { TextView } from './sample.ts';

export interface WordPairs {
  readonly names: readonly string[];
  /** Row-major, a row for each name. On the diagonal is what a word did by itself, its pieces together included. */
  readonly values: readonly number[];
}

/**
 * Without padding, and without special tokens that have no part. Tokens of a text without known words stay as they are.
 * @param values row-major, a row for each token, padding included
 */
export function wordPairs(values: ArrayLike<number>, text: TextView): WordPairs {
  const count = text.tokens.length;
  const hasPart = (p: number): boolean =>
    text.tokens.some((_, q) => values[p * count + q] !== 0 || values[q * count + p] !== 0);
  const units = unitsOf(asPieces(text), new Array<number>(count).fill(0)).filter(
    ({ fixed, positions }) => !fixed || positions.some(hasPart),
  );
  const together = (rows: readonly number[], columns: readonly number[]): number =>
    rows.reduce((sum, p) => columns.reduce((all, q) => all + values[p * count + q]!, sum), 0);
  return {
    names: units.map(({ name }) => name),
    values: units.flatMap((row) => units.map((column) => together(row.positions, column.positions))),
  };
}

const asPieces = ({ tokens, padding, fixed, words }: TextView): ShownPieces => ({
  tokens,
  padding,
  fixed: fixed ?? tokens.map(() => false),
  words: words ?? [],
});
