/** Texts as a transformer reads them: ids, the arguments beside them, and what is shown of each text. */
import { failure } from '../tensor/errors.ts';
import { largest } from '../tensor/largest.ts';
import { type Tensor, tensor } from '../tensor/tensor.ts';
import type { EncodeOptions, LoadedTransformer } from '../transformers/index.ts';
import { tokenizerOf } from './model.ts';

/** Pieces of one text, padding included. */
export interface ShownPieces {
  readonly tokens: readonly string[];
  readonly padding: readonly boolean[];
  /** Special tokens, which baselines keep. */
  readonly fixed: readonly boolean[];
}

export interface Pieces {
  /** `[texts, positions]`. */
  readonly ids: Tensor;
  /** Arguments of the model beside the ids. */
  readonly kwargs: Readonly<Record<string, Tensor>>;
  readonly texts: readonly ShownPieces[];
  readonly notices: readonly string[];
}

/** @throws PathgradError for a text of nothing but special tokens */
export function readPieces(model: LoadedTransformer, texts: readonly string[], options: EncodeOptions = {}): Pieces {
  const tokenizer = tokenizerOf(model);
  const { input_ids: ids, attention_mask, tokens, notices } = tokenizer.encode(texts, options);
  const [rows, positions] = ids.shape as [number, number];
  const isSpecial = (id: number): boolean => id === tokenizer.clsId || id === tokenizer.sepId;
  const shown = Array.from({ length: rows }, (_, row): ShownPieces => {
    const at = (i: number): number => row * positions + i;
    const padding = tokens[row]!.map((_, i) => attention_mask.data[at(i)] === 0);
    const fixed = tokens[row]!.map((_, i) => isSpecial(ids.data[at(i)]!));
    return { tokens: tokens[row]!, padding, fixed };
  });
  shown.forEach(({ padding, fixed }, row) => {
    if (fixed.some((special, i) => !special && !padding[i])) return;
    throw failure('text', 'has no words', { text: texts[row]! }, 'give a sentence');
  });
  // Texts are counted from 1 where people read of them.
  const told = notices.map((notice) =>
    notice.replace(/^text (\d+)/, (_, i) => (rows === 1 ? 'the text' : `text ${Number(i) + 1}`)),
  );
  if (tokens.some((row) => row.includes('[UNK]'))) told.push('[UNK] stands for what the vocabulary has no pieces for');
  return { ids, kwargs: maskOf(attention_mask), texts: shown, notices: told };
}

/**
 * Rows of token ids as they are, special tokens included. Shorter ones are filled up; what is padding in a row is hidden.
 * @throws PathgradError for an id that the model or its tokenizer does not know
 */
export function readTokenIds(model: LoadedTransformer, lists: readonly (readonly number[])[]): Pieces {
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
      fixed: own.map((id) => id === tokenizer.clsId || id === tokenizer.sepId),
    };
  });
  return { ids: tensor(ids, shape), kwargs: maskOf(tensor(mask, shape)), texts, notices: [] };
}

/** None where all is visible: some methods take only models that treat all rows alike, and a mask is another constant in each. */
function maskOf(mask: Tensor): Readonly<Record<string, Tensor>> {
  return mask.data.every((value) => value !== 0) ? {} : { attention_mask: mask };
}
