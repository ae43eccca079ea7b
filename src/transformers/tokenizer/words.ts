/**
 * Words as people read them, whole and in their original spelling, and which tokens each is made of. Words are cut on the original text and
 * not on the tokens, so that they are the same for every tokenizer. Invariant: each token of a text is in exactly one word; special tokens
 * and padding are in none.
 */
import { failure } from '../../tensor/errors.ts';
import type { EncodedTexts } from './text-tokenizer.ts';

export interface Word {
  /** As it is spelled in the text. */
  readonly text: string;
  /** UTF-16 indices of the text. */
  readonly start: number;
  readonly end: number;
  /** 0, or 1 for a word of the second text of a pair. */
  readonly sequence: 0 | 1;
  /** Positions of its tokens. */
  readonly positions: readonly number[];
}

/** Words, and what is left of the attributions of their text. */
export interface WordAttributions {
  readonly words: readonly (Word & { readonly attribution: number })[];
  /** The sum over special tokens and padding: with the words' it is the sum over all tokens. */
  readonly rest: number;
}

/**
 * The words of a text: runs of letters, digits and marks (with an apostrophe inside), and what stands between them, as its tokens have it.
 * Where a script puts no spaces between words (Chinese, Japanese, Thai, …) each token is one.
 * @param encoded what the tokenizer gave @param row which of its texts
 */
export function wordsOf(encoded: EncodedTexts, row = 0): Word[] {
  const texts = encoded.texts[row];
  const offsets = encoded.offsets[row];
  if (!texts || !offsets) throw failure('wordsOf', `there is no text ${row}`, { texts: encoded.texts.length });
  const words: { start: number; end: number; sequence: 0 | 1; positions: number[] }[] = [];
  offsets.forEach((offset, position) => {
    const sequence = encoded.sequences[row]?.[position] ?? null;
    if (sequence === null || !offset) return;
    const text = texts[sequence]!;
    const [start, end] = solid(text, offset);
    const last = words.at(-1);
    if (last?.sequence === sequence && joined(text, last, start, end)) {
      last.end = Math.max(last.end, end);
      last.start = Math.min(last.start, start);
      last.positions.push(position);
    } else words.push({ start, end, sequence, positions: [position] });
  });
  return words.map(({ start, end, sequence, positions }, i) => {
    const next = words[i + 1];
    const text = texts[sequence]!;
    const whole = withMarks(text, end, next?.sequence === sequence ? next.start : text.length);
    return { text: text.slice(start, whole), start, end: whole, sequence, positions };
  });
}

/**
 * Attributions of tokens as those of words: the sum over each word's tokens.
 * @param values one per position of the text
 * @throws PathgradError where there are not as many values as positions
 */
export function wordAttributions(encoded: EncodedTexts, values: ArrayLike<number>, row = 0): WordAttributions {
  const words = wordsOf(encoded, row);
  const length = encoded.offsets[row]!.length;
  if (values.length !== length) {
    const details = { values: values.length, positions: length };
    throw failure(
      'wordAttributions',
      'needs a value for each position of the text',
      details,
      'sum over the last axis first',
    );
  }
  const sum = (positions: readonly number[]): number => positions.reduce((total, p) => total + values[p]!, 0);
  const inWords = new Set(words.flatMap(({ positions }) => positions));
  const others = Array.from({ length }, (_, p) => p).filter((p) => !inWords.has(p));
  return { words: words.map((word) => ({ ...word, attribution: sum(word.positions) })), rest: sum(others) };
}

const space = /^\p{White_Space}$/u;
const inner = /^[\p{L}\p{N}\p{M}_]$/u;
const apostrophe = /^['’]$/u;
/** Scripts that do not put spaces between words. */
const dense =
  /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]$/u;

/** Without the spaces around it, unless it is nothing else. */
function solid(text: string, [start, end]: readonly [number, number]): [number, number] {
  let [from, to] = [start, end];
  while (from < to && space.test(text[from]!)) from++;
  while (to > from && space.test(text[to - 1]!)) to--;
  return from < to ? [from, to] : [start, end];
}

/** Whether a token goes on with the word before it. */
function joined(text: string, word: { start: number; end: number }, start: number, end: number): boolean {
  if (start < word.end) return end > word.start;
  if (start > word.end) return false;
  // A token without characters, `▁` alone before a word, belongs to what follows.
  if (word.start === word.end) return true;
  const [before, after] = [charBefore(text, start), charAt(text, start)];
  if (/^\p{M}$/u.test(after)) return true;
  if (dense.test(before) || dense.test(after)) return false;
  if (inner.test(before) && inner.test(after)) return true;
  const [quote, left, right] = apostrophe.test(after)
    ? [true, before, charAt(text, start + after.length)]
    : [apostrophe.test(before), charBefore(text, start - before.length), after];
  return quote && inner.test(left) && inner.test(right);
}

function charAt(text: string, at: number): string {
  const code = text.codePointAt(at);
  return code === undefined ? '' : String.fromCodePoint(code);
}

function charBefore(text: string, at: number): string {
  const pair = at >= 2 ? charAt(text, at - 2) : '';
  return pair.length === 2 ? pair : (text[at - 1] ?? '');
}

/** Marks behind a word that no token stands for: the accent of `é` written as two characters. */
function withMarks(text: string, end: number, limit: number): number {
  let at = end;
  while (at < limit && /^\p{M}$/u.test(charAt(text, at))) at += charAt(text, at).length;
  return at;
}
