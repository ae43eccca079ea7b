/**
 * Texts as a transformer reads them: ids, the arguments beside them, and what is shown of each text. People read words as they wrote them, each
 * with the sum of its pieces; special tokens stand where they are.
 */
import type { BaselineKind } from '../attribution/frame/types.ts';
import { failure } from '../tensor/errors.ts';
import { largest } from '../tensor/largest.ts';
import { type Tensor, tensor } from '../tensor/tensor.ts';
import type { EncodedTexts, EncodeOptions, TextPair } from '../transformers/index.ts';
import { type Word, wordsOf } from '../transformers/tokenizer/words.ts';
import { type Transformer, tokenizerOf } from './model.ts';

/** Pieces of one text or pair, padding included. */
export interface ShownPieces {
  readonly tokens: readonly string[];
  readonly padding: readonly boolean[];
  /** Special tokens, which stand for no word. */
  readonly fixed: readonly boolean[];
  /** None of token ids, which have no text. */
  readonly words: readonly Word[];
}

export interface Pieces {
  /** `[texts, positions]`. */
  readonly ids: Tensor;
  /** Arguments of the model beside the ids. */
  readonly kwargs: Readonly<Record<string, Tensor>>;
  readonly texts: readonly ShownPieces[];
  /** What the tokenizer gave; none of token ids. */
  readonly encoded?: EncodedTexts;
  readonly notices: readonly string[];
}

/** @throws PathgradError for a text of nothing but special tokens */
export function readPieces(
  model: Transformer,
  texts: readonly (string | TextPair)[],
  options: EncodeOptions = {},
): Pieces {
  const tokenizer = tokenizerOf(model);
  const encoded = tokenizer.encode(texts, options);
  const frame: readonly (number | null)[] = [tokenizer.clsId, tokenizer.sepId, tokenizer.padId];
  const shown = texts.map((text, row): ShownPieces => {
    const words = wordsOf(encoded, row);
    const both = typeof text === 'string' ? [0] : [0, 1];
    const positions = encoded.tokens[row]!.length;
    const id = (p: number): number => encoded.input_ids.data[row * positions + p]!;
    // Someone may type [SEP].
    const says = (word: Word): boolean => word.positions.some((p) => !frame.includes(id(p)));
    const missing = both.find((part) => !words.some((word) => word.sequence === part && says(word)));
    if (missing !== undefined) {
      const subject = missing === 0 ? 'text' : 'the second text';
      throw failure(subject, 'has no words', { text: encoded.texts[row]![missing]! }, 'give a sentence');
    }
    const padding = encoded.tokens[row]!.map((_, i) => encoded.attention_mask.data[row * positions + i] === 0);
    const fixed = padding.map((pad, i) => !pad && encoded.sequences[row]![i] === null);
    return { tokens: encoded.tokens[row]!, padding, fixed, words };
  });
  return {
    ids: encoded.input_ids,
    kwargs: kwargsOf(model, encoded),
    texts: shown,
    encoded,
    notices: noticesOf(model, encoded),
  };
}

/**
 * Rows of token ids as they are, special tokens included. Shorter ones are filled up; what is padding in a row is hidden.
 * @throws PathgradError for an id that the model or its tokenizer does not know
 */
export function readTokenIds(model: Transformer, lists: readonly (readonly number[])[]): Pieces {
  const tokenizer = tokenizerOf(model);
  const positions = largest(lists.map(({ length }) => length));
  const size = Math.min(model.config.vocabulary, tokenizer.vocabulary);
  const shape = [lists.length, positions];
  const ids = new Int32Array(lists.length * positions).fill(tokenizer.padId);
  lists.forEach((list, row) => {
    const wrong = list.findIndex((id) => !Number.isInteger(id) || id < 0 || id >= size);
    if (wrong >= 0) {
      const hint = `the model knows the ids 0 to ${size - 1}`;
      throw failure('tokens', `${list[wrong]} is no token id`, { row, position: wrong }, hint);
    }
    ids.set(list, row * positions);
  });
  const mask = ids.map((id) => Number(id !== tokenizer.padId));
  const texts = lists.map((_, row): ShownPieces => {
    const own = Array.from(ids.subarray(row * positions, (row + 1) * positions));
    return {
      tokens: own.map((id) => tokenizer.token(id)),
      padding: own.map((id) => id === tokenizer.padId),
      fixed: own.map((id) => id !== tokenizer.padId && tokenizer.specialIds.has(id)),
      words: [],
    };
  });
  return { ids: tensor(ids, shape), kwargs: maskOf(tensor(mask, shape)), texts, notices: [] };
}

/** What is shown of a text: words, or pieces where there are no words, and special tokens between them. */
export interface Unit {
  readonly name: string;
  readonly score: number;
  /** A special token. */
  readonly fixed: boolean;
  /** Whether it stands at what is before it, without a space. */
  readonly joined: boolean;
  /** Positions of its pieces. */
  readonly positions: readonly number[];
}

/** @param scores one per position, padding included */
export function unitsOf({ tokens, padding, fixed, words }: ShownPieces, scores: readonly number[]): Unit[] {
  const inWords = new Map(words.map((word) => [word.positions[0]!, word]));
  const covered = new Set(words.flatMap(({ positions }) => positions));
  let before: Word | null = null;
  return tokens.flatMap((token, i): Unit[] => {
    const word = inWords.get(i);
    if (word) {
      const joined = before !== null && before.sequence === word.sequence && before.end === word.start;
      before = word;
      const score = word.positions.reduce((sum, p) => sum + scores[p]!, 0);
      return [{ name: word.text, score, fixed: false, joined, positions: word.positions }];
    }
    if (padding[i] || covered.has(i)) return [];
    before = null;
    return [{ name: token, score: scores[i]!, fixed: fixed[i]!, joined: false, positions: [i] }];
  });
}

function kwargsOf(model: Transformer, { attention_mask, token_type_ids }: EncodedTexts): Pieces['kwargs'] {
  const told = model.config.segments > 1 && token_type_ids.data.some((type) => type !== 0);
  return { ...maskOf(attention_mask), ...(told && { token_type_ids }) };
}

/** None where all is visible: some methods take only models that treat all rows alike, and a mask is another constant in each. */
function maskOf(mask: Tensor): Readonly<Record<string, Tensor>> {
  return mask.data.every((value) => value !== 0) ? {} : { attention_mask: mask };
}

const MANY = 8;

/** Texts are counted from 1 where people read of them. */
function noticesOf(model: Transformer, encoded: EncodedTexts): string[] {
  const { texts, notices, input_ids, tokens } = encoded;
  const told = notices.map((notice) =>
    notice.replace(/^text (\d+)/, (_, i) => (texts.length === 1 ? 'the text' : `text ${Number(i) + 1}`)),
  );
  const { unkId } = tokenizerOf(model);
  const isUnknown = (row: number, p: number): boolean => input_ids.data[row * tokens[row]!.length + p] === unkId;
  const words = texts.flatMap((_, row) =>
    wordsOf(encoded, row).filter((w) => w.positions.some((p) => isUnknown(row, p))),
  );
  const unknown = [...new Set(words.map(({ text }) => text))];
  if (unknown.length > 0) {
    const listed = `${unknown.slice(0, MANY).join(', ')}${unknown.length > MANY ? ', …' : ''}`;
    told.push(`the vocabulary has no pieces for this, so the model cannot see what it is: ${listed}`);
  }
  return told;
}

/** A baseline of other tokens: every token of the text becomes the token `id`, what stands around a text stays. */
export function tokenBaseline(model: Transformer, id: number): { readonly value: BaselineKind; readonly name: string } {
  const tokenizer = tokenizerOf(model);
  const { maskId } = tokenizer;
  const value = tokenizer.baseline(id);
  const name = `${tokenizer.token(id)} between the special tokens`;
  if (model.task !== 'masked-lm' || maskId === null || id === maskId || value.kind !== 'pad') return { value, name };
  // What the model is asked stays.
  return { value: { ...value, keep: [...(value.keep ?? []), maskId] }, name };
}
