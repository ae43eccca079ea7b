/**
 * Texts with a number per word, as data: the words in their spelling, and what stands between them. Line breaks stay; what the tokenizer left
 * out (punctuation, spaces) is shown without a colour.
 */
import { failure } from '../../tensor/errors.ts';
import { finiteNumbers } from '../arrays.ts';
import { normalizeAttributions } from '../normalize.ts';

/** Words with a number each. */
export type ScoredText = {
  readonly words: readonly string[];
  /** One per word. */
  readonly scores: ArrayLike<number>;
  /** What stands before each word and, last, after all of them, in the text as it was written; default a space between two words. */
  readonly between?: readonly string[] | undefined;
  /** Attribution that gets the full colour; default the largest. */
  readonly scale?: number | undefined;
};

export type Word = {
  readonly text: string;
  readonly before: string;
  readonly score: number;
  /** Score over scale, in [-1, 1]. */
  readonly strength: number;
};

/** Words with their strengths, and what follows the last. @throws PathgradError where words, scores and what is between differ in number, or a score is not finite */
export function scoredWords({ words, scores, between, scale }: ScoredText): { words: Word[]; after: string } {
  if (words.length !== scores.length)
    throw failure('scores', 'there must be one per word', { words: words.length, scores: scores.length });
  if (between && between.length !== words.length + 1)
    throw failure('between', 'must have one entry more than there are words', {
      words: words.length,
      between: between.length,
    });
  const numbers = finiteNumbers(scores, 'scores');
  const { values } = normalizeAttributions(numbers, { shared: scale });
  const list = words.map((text, i) => ({
    text,
    before: between?.[i] ?? (i === 0 ? '' : ' '),
    score: numbers[i]!,
    strength: values[i]!,
  }));
  return { words: list, after: between?.[words.length] ?? '' };
}

/** Letters and digits of scripts that set words apart: a token that begins or ends with one is a word there, and no part of a longer one. */
const LETTER =
  /(?![\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}])[\p{L}\p{N}]/u;

/**
 * Where tokens stand in the text that they were made of: the same letters in any case, whole words, in order. Tokens that are not in the text
 * (special ones) stay as they are. Null where half of the tokens or more are not found: the text is not the one that they were made of.
 */
export function spelledOut(text: string, tokens: readonly string[]): { words: string[]; between: string[] } | null {
  const folded = text.toLowerCase();
  // Some capitals have a longer small letter: places would not be those of the text.
  if (folded.length !== text.length) return null;
  const words: string[] = [];
  const between: string[] = [];
  let at = 0;
  let missing = 0;
  let apart = false;
  for (const token of tokens) {
    const found = placeOf(folded, token.toLowerCase(), at);
    if (found < 0) {
      missing++;
      between.push(words.length === 0 ? '' : ' ');
      words.push(token);
      apart = true;
      continue;
    }
    const skipped = text.slice(at, found);
    between.push(apart && skipped === '' ? ' ' : skipped);
    at = found + token.length;
    words.push(text.slice(found, at));
    apart = false;
  }
  between.push(text.slice(at));
  return missing * 2 >= tokens.length ? null : { words, between };
}

function placeOf(text: string, token: string, from: number): number {
  if (token === '') return -1;
  for (let at = text.indexOf(token, from); at >= 0; at = text.indexOf(token, at + 1)) {
    const end = at + token.length;
    const open = at === 0 || !LETTER.test(text[at - 1]!) || !LETTER.test(token[0]!);
    if (open && (end === text.length || !LETTER.test(text[end]!) || !LETTER.test(token.at(-1)!))) return at;
  }
  return -1;
}
