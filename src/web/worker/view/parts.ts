/** What an input's numbers come to: a text's words, and entries of arrays, with the strongest of them. */
import { type ShownPieces, type Unit, unitsOf } from '../../../open/pieces.ts';
import { finiteNumbers } from '../../../visualize/arrays.ts';
import type { Mark, ResultView } from '../../protocol/index.ts';
import type { Sample, Shown } from '../state.ts';
import { colouredMark } from './marks.ts';

/** Entries that are listed. */
const STRONGEST = 12;

export type Parts = Pick<Shown, 'tokens' | 'scores' | 'units' | 'attribution' | 'found'> &
  Pick<ResultView, 'marks' | 'picture' | 'strongest' | 'scale'>;

export const none = {
  tokens: null,
  scores: null,
  units: null,
  attribution: null,
  found: null,
  marks: null,
  picture: null,
};

export function showText(text: NonNullable<Sample['text']>, values: Float64Array): Parts {
  const { tokens, padding } = text;
  const width = values.length / tokens.length;
  const kept = tokens.map((_, i) => i).filter((i) => !padding[i]);
  const all = tokens.map((_, i) => values.subarray(i * width, (i + 1) * width).reduce((sum, v) => sum + v, 0));
  const scores = kept.map((i) => all[i]!);
  const names = kept.map((i) => tokens[i]!);
  finiteNumbers(all, 'scores');
  const units = unitsIn(text, all);
  const [words, sums] = [units.map(({ name }) => name), units.map(({ score }) => score)];
  const scale = largest(sums);
  const marks = marksOf(units, text, all, scale);
  return { ...none, tokens: names, scores, units, marks, scale, strongest: strongest(words, sums) };
}

/** Words and special tokens, or the tokens of a vocabulary, without padding. */
function unitsIn(text: NonNullable<Sample['text']>, scores: readonly number[]): Unit[] {
  if (text.words) return unitsOf(text as ShownPieces, scores);
  const whole = { fixed: text.tokens.map(() => false), words: [] };
  return unitsOf({ ...text, ...whole }, scores);
}

/** @param all scores of all tokens */
function marksOf(
  units: readonly Unit[],
  { tokens, places }: NonNullable<Sample['text']>,
  all: readonly number[],
  scale: number,
): Mark[] {
  return units.map(({ name, score, joined, fixed, positions }) => {
    const pieces = positions.length > 1 ? positions.map((p) => ({ token: tokens[p]!, score: all[p]! })) : [];
    return colouredMark({ token: name, score, joined, pieces, fixed, place: places[positions[0]!] ?? null }, scale);
  });
}

export const largest = (values: readonly number[]): number =>
  values.reduce((most, v) => Math.max(most, Math.abs(v)), 0);

type Names = readonly string[] | ((at: number) => string);

export function strongest(names: Names, scores: readonly number[]): { name: string; score: number }[] {
  return scores
    .map((score, at) => ({ score, at }))
    .filter(({ score }) => score !== 0)
    .sort((a, b) => Math.abs(b.score) - Math.abs(a.score))
    .slice(0, STRONGEST)
    .map(({ score, at }) => ({ name: typeof names === 'function' ? names(at) : names[at]!, score }));
}
