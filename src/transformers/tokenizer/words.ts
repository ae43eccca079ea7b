/**
 * Words as people read them, whole and in their original spelling, and which tokens each is made of. Words are cut on the original text and
 * not on the tokens, so that they are the same for every tokenizer. Invariant: each token of a text is in exactly one word; special tokens
 * and padding are in none.
 */
import { failure } from '../../tensor/errors.ts';
import type { Offset } from './encode.ts';
import { graphemes } from './graphemes.ts';
import type { EncodedTexts } from './text-tokenizer.ts';

/** A word of a text: its spelling, and the pieces that it became. */
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
 * The words of a text: runs of letters, digits and marks (with an apostrophe inside, or a point in a number), and what stands between them, as
 * its tokens have it. Where a script puts no spaces between words (Chinese, Japanese, Thai, …) each token is one. A token of spaces alone
 * belongs to the word behind it.
 * @param encoded what the tokenizer gave @param row which of its texts
 */
export function wordsOf(encoded: EncodedTexts, row = 0): Word[] {
  checkEncoded('wordsOf', encoded);
  const texts = encoded.texts[row];
  const offsets = encoded.offsets[row];
  if (!texts || !offsets) throw failure('wordsOf', `there is no text ${row}`, { texts: encoded.texts.length });
  return texts.flatMap((text, sequence) => {
    const own = offsets.flatMap((offset, position) =>
      offset && encoded.sequences[row]![position] === sequence ? [{ offset, position }] : [],
    );
    return grouped(text, own).map(({ start, end, positions }): Word => {
      return { text: text.slice(start, end), start, end, sequence: sequence as 0 | 1, positions };
    });
  });
}

interface Group {
  start: number;
  end: number;
  readonly positions: number[];
}

function grouped(text: string, tokens: readonly { offset: Offset; position: number }[]): Group[] {
  const clusters = boundaries(text);
  const words: Group[] = [];
  let blank: number[] = [];
  for (const { offset, position } of tokens) {
    const [start, to] = solid(text, offset);
    if (start === to) {
      blank.push(position);
      continue;
    }
    const end = withMarks(text, to);
    const last = words.at(-1);
    if (last && start < last.end) {
      // Bytes of one character, or letters of one ligature.
      last.end = Math.max(last.end, end);
      last.positions.push(...blank, position);
    } else if (last && (!clusters.has(start) || (start === last.end && goesOn(text, start)))) {
      last.end = end;
      last.positions.push(...blank, position);
    } else words.push({ start, end, positions: [...blank, position] });
    blank = [];
  }
  const last = words.at(-1);
  if (blank.length > 0 && last) last.positions.push(...blank);
  // A text of spaces alone, whole: how many of them a token stands for differs from tokenizer to tokenizer.
  else if (blank.length > 0) words.push({ start: 0, end: text.length, positions: blank });
  return words;
}

/**
 * Attributions of tokens as those of words: the sum over each word's tokens.
 * @param values one per position of the text
 * @throws PathgradError where there are not as many values as positions
 */
export function wordAttributions(encoded: EncodedTexts, values: ArrayLike<number>, row = 0): WordAttributions {
  const words = wordsOf(encoded, row);
  const length = encoded.offsets[row]!.length;
  if (!isNumbers(values)) {
    const hint = 'sum over the last axis first: one number for each position';
    throw failure('wordAttributions', 'the values are no list of numbers', { got: values }, hint);
  }
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

const isNumbers = (values: unknown): boolean =>
  ArrayBuffer.isView(values) || (Array.isArray(values) && values.every((value) => typeof value === 'number'));

/** @throws where it is not what a tokenizer gave */
export function checkEncoded(subject: string, encoded: unknown): void {
  const { texts, offsets, sequences } = (encoded ?? {}) as Partial<EncodedTexts>;
  if (Array.isArray(texts) && Array.isArray(offsets) && Array.isArray(sequences)) return;
  throw failure(subject, 'needs what the tokenizer gave', { got: typeof encoded }, 'tokenizer.encode(texts) gives it');
}

const space = /^\p{White_Space}$/u;
/** Soft hyphens and joiners are seen by nobody. */
const inner = /^[\p{L}\p{N}\p{M}_\xad\u200c\u200d]$/u;
const digit = /^\p{N}$/u;
const mark = /^[\p{M}\xad\u200c\u200d]$/u;
/** Scripts that do not put spaces between words. */
const dense =
  /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]$/u;

/** Where characters as people see them start. */
function boundaries(text: string): ReadonlySet<number> {
  const starts = new Set<number>();
  let at = 0;
  for (const grapheme of graphemes(text)) {
    starts.add(at);
    at += grapheme.length;
  }
  return starts;
}

/** Without the spaces around it. */
function solid(text: string, [start, end]: Offset): [number, number] {
  let [from, to] = [start, end];
  while (from < to && space.test(text[from]!)) from++;
  while (to > from && space.test(text[to - 1]!)) to--;
  return [from, to];
}

/** Whether a word goes on at `at`, where one token ends and the next starts. */
function goesOn(text: string, at: number): boolean {
  const [before, after] = [charBefore(text, at), charAt(text, at)];
  if (dense.test(before) || dense.test(after)) return false;
  if (inner.test(before) && inner.test(after)) return true;
  // A sign between letters or digits, on either side of the cut.
  const sign = inner.test(before) ? after : before;
  const left = inner.test(before) ? before : charBefore(text, at - before.length);
  const right = inner.test(before) ? charAt(text, at + after.length) : after;
  if (sign === "'" || sign === '’') return inner.test(left) && inner.test(right);
  return (sign === '.' || sign === ',') && digit.test(left) && digit.test(right);
}

function charAt(text: string, at: number): string {
  const code = text.codePointAt(at);
  return code === undefined ? '' : String.fromCodePoint(code);
}

function charBefore(text: string, at: number): string {
  const pair = at >= 2 ? charAt(text, at - 2) : '';
  return pair.length === 2 ? pair : (text[at - 1] ?? '');
}

/** With the marks behind it, which a normalizer may have joined to the letter or left out. */
function withMarks(text: string, end: number): number {
  let at = end;
  while (mark.test(charAt(text, at))) at += charAt(text, at).length;
  return at;
}
