/**
 * Text to token ids by the default rule of Keras's `Tokenizer` and `pad_sequences`, which examples/imdb_text.py states in full:
 * lower-case, cut at the space and 33 separators, look every word up, start id in front, keep the end, pad in front.
 * Invariant: `ids` and `tokens` of an encoded text have the asked length and stand for each other position by position.
 */
import { failure } from '../tensor/errors.ts';
import { checkOptions } from '../tensor/options.ts';
import type { Vocabulary } from './vocabulary.ts';

const separators = /[ !"#$%&()*+,\-./:;<=>?@[\\\]^_`{|}~\t\n]/;

/** The words of a text, lower-cased. The apostrophe and all characters outside ASCII stay inside words. */
export function tokenize(text: string): string[] {
  return text
    .toLowerCase()
    .split(separators)
    .filter((word) => word !== '');
}

/** Where the words of `tokenize` stand in the text: UTF-16 indices of start and end. */
export function wordSpans(text: string): (readonly [start: number, end: number])[] {
  const found: (readonly [number, number])[] = [];
  let at = 0;
  for (const word of text.split(separators)) {
    if (word !== '') found.push([at, at + word.length]);
    at += word.length + 1; // every separator is one unit long
  }
  return found;
}

/** Length, padding and truncation of `encodeText`, as Keras's `pad_sequences` has them. */
export interface EncodeOptions {
  /** Number of ids wanted; without it as many as the text has. */
  readonly length?: number;
  /** Where padding goes if the text is shorter than `length`; 'pre', as in Keras. */
  readonly padding?: 'pre' | 'post';
  /** Which end is cut off if it is longer; 'pre', as in Keras (the end of the text is kept). */
  readonly truncating?: 'pre' | 'post';
  /** Words whose id is not below this count as unknown: what `num_words` is in Keras. */
  readonly size?: number;
}

/** A text as a model takes it: ids, what each stands for, which are padding, and what was lost on the way. */
export interface EncodedText {
  readonly ids: Int32Array;
  /** What each id stands for: the word as it was looked up (unknown ones too), or a special token. */
  readonly tokens: readonly string[];
  /** For each position, whether it is padding. */
  readonly padding: readonly boolean[];
  /** The words that the vocabulary lacks, in order, each once; those cut off are not among them. */
  readonly unknown: readonly string[];
  /** How many tokens were cut off. */
  readonly dropped: number;
}

/**
 * Token ids of a text.
 * @throws where a word is unknown and the vocabulary has no unknown token, or padding is needed and it has no padding token
 */
export function encodeText(text: string, vocabulary: Vocabulary, options: EncodeOptions = {}): EncodedText {
  checkOptions<EncodeOptions>('encodeText', options, { length: 1, padding: 1, truncating: 1, size: 1 });
  const { padding = 'pre', truncating = 'pre', size = Number.POSITIVE_INFINITY } = options;
  const words = tokenize(text);
  const pieces = words.map((word) => ({ token: word, id: knownId(vocabulary, word, size) }));
  if (vocabulary.start !== null) pieces.unshift({ token: vocabulary.tokenOf(vocabulary.start), id: vocabulary.start });
  const length = options.length ?? pieces.length;
  const dropped = Math.max(0, pieces.length - length);
  const kept = truncating === 'pre' ? pieces.slice(dropped) : pieces.slice(0, length);
  const unknown = [...new Set(kept.filter(({ id }) => id === null).map(({ token }) => token))];
  if (unknown.length > 0 && vocabulary.unknown === null) {
    const hint = `the vocabulary (${vocabulary.name}) has no token for unknown words: leave the word out, or use its full vocabulary`;
    throw failure('text', `the word '${unknown[0]}' is not in the vocabulary`, {}, hint);
  }
  const filling = length - kept.length;
  if (filling > 0 && vocabulary.pad === null) {
    throw failure('text', 'is shorter than the model needs, and the vocabulary has no padding token', {
      tokens: kept.length,
      needed: length,
    });
  }
  const from = padding === 'pre' ? filling : 0;
  const ids = new Int32Array(length).fill(vocabulary.pad ?? 0);
  const tokens = new Array<string>(length).fill(vocabulary.pad === null ? '' : vocabulary.tokenOf(vocabulary.pad));
  kept.forEach(({ token, id }, i) => {
    ids[from + i] = id ?? vocabulary.unknown!;
    tokens[from + i] = token;
  });
  const isPadding = tokens.map((_, i) => i < from || i >= from + kept.length);
  return { ids, tokens, padding: isPadding, unknown, dropped };
}

function knownId(vocabulary: Vocabulary, word: string, size: number): number | null {
  const id = vocabulary.idOf(word);
  return id !== null && id < size ? id : null;
}
