/**
 * Text to token ids as a BERT-like model was trained with, through the tokenizers library of Hugging Face (pure TypeScript). It adds
 * what that library leaves to its callers: truncation that keeps the special tokens, padding, masks, and notices of what was cut.
 */

import { Tokenizer } from '@huggingface/tokenizers';
import type { BaselineKind } from '../attribution/frame/types.ts';
import { guarded } from '../guard/guard.ts';
import { failure } from '../tensor/errors.ts';
import { largest } from '../tensor/largest.ts';
import { checkOptions } from '../tensor/options.ts';
import { type Tensor, tensor } from '../tensor/tensor.ts';
import { checkTokenizer } from './tokenizer-check.ts';

export interface EncodeOptions {
  /** Most tokens per text, special ones included; by default as many as the model has positions for. */
  readonly maxLength?: number;
  /** To the longest text (default), or to `maxLength`. */
  readonly padding?: 'longest' | 'max';
}

/** Texts as a model takes them: int32 `[texts, positions]` each. */
export interface EncodedTexts {
  readonly input_ids: Tensor;
  /** 1 for tokens, 0 for padding. */
  readonly attention_mask: Tensor;
  readonly token_type_ids: Tensor;
  /** The tokens as they are written, padding included. */
  readonly tokens: readonly (readonly string[])[];
  /** What a reader should know: texts that were cut, texts that are empty. */
  readonly notices: readonly string[];
}

export interface TokenizerOptions {
  /** Most positions that the model has embeddings for; 512 by default. */
  readonly positions?: number;
  /** What to call the file in errors. */
  readonly name?: string;
}

type Json = Readonly<Record<string, unknown>>;

export class TextTokenizer {
  /** Largest id that a text can get, plus 1. */
  readonly vocabulary: number;
  readonly padId: number;
  readonly clsId: number;
  readonly sepId: number;
  readonly positions: number;
  readonly #tokenizer: Tokenizer;
  readonly #name: string;
  readonly #pad: string;

  /**
   * @param json what `tokenizer.json` holds; `bertTokenizerJson` makes it of a `vocab.txt`
   * @throws PathgradError for JSON that is no tokenizer, and for one without [CLS], [SEP] and [PAD]
   */
  constructor(json: unknown, options: TokenizerOptions = {}, config: Json = {}) {
    checkOptions<TokenizerOptions>('TextTokenizer', options, { positions: 1, name: 1 });
    const { positions = 512, name = 'tokenizer.json' } = options;
    this.#name = name;
    this.positions = positions;
    checkTokenizer(json, name);
    try {
      this.#tokenizer = new Tokenizer(json as object, config);
    } catch (cause) {
      throw failure(name, 'is not a tokenizer of Hugging Face', { error: String(cause) }, undefined, cause);
    }
    const special = (key: string, usual: string): [string, number] => {
      const stated = config[key];
      const text = typeof stated === 'string' ? stated : ((stated as Json | undefined)?.['content'] ?? usual);
      const id = this.#tokenizer.token_to_id(String(text));
      if (id !== undefined) return [String(text), id];
      const hint = 'BERT-like tokenizers (WordPiece) are supported';
      throw failure(name, `has no token '${String(text)}'`, {}, hint);
    };
    [this.#pad, this.padId] = special('pad_token', '[PAD]');
    [, this.clsId] = special('cls_token', '[CLS]');
    [, this.sepId] = special('sep_token', '[SEP]');
    let largest = 0;
    for (const id of this.#tokenizer.get_vocab().values()) largest = Math.max(largest, id);
    this.vocabulary = largest + 1;
  }

  /**
   * Token ids of texts, all of one length. A text that is too long loses its last tokens; [SEP] stays.
   * @throws PathgradError for no texts, or a `maxLength` beyond the positions of the model
   */
  encode(texts: string | readonly string[], options: EncodeOptions = {}): EncodedTexts {
    checkOptions<EncodeOptions>('encode', options, { maxLength: 1, padding: 1 });
    const list = typeof texts === 'string' ? [texts] : texts;
    const { maxLength = this.positions, padding = 'longest' } = options;
    if (list.length === 0) throw failure('encode', 'no text given');
    if (!Number.isInteger(maxLength) || maxLength < 3 || maxLength > this.positions) {
      throw failure('encode', `maxLength must be an integer from 3 to ${this.positions}`, { got: maxLength });
    }
    const notices: string[] = [];
    const encoded = list.map((text, i) => {
      if (typeof text !== 'string') throw failure('encode', `text ${i} is not a string`, { got: typeof text });
      const { ids, tokens } = guarded(this.#name, 'a tokenizer', () => this.#tokenizer.encode(text));
      if (!ids.every(Number.isInteger)) throw failure(this.#name, 'has no id for unknown tokens', { text: i });
      if (ids.length <= maxLength) {
        if (ids.every((id: number) => id === this.clsId || id === this.sepId)) notices.push(`text ${i} is empty`);
        return { ids, tokens };
      }
      notices.push(`text ${i} has ${ids.length} tokens and was cut to ${maxLength}`);
      const cut = <T>(all: readonly T[]): T[] => [...all.slice(0, maxLength - 1), all.at(-1)!];
      return { ids: cut(ids), tokens: cut(tokens) };
    });
    const length = padding === 'max' ? maxLength : largest(encoded.map(({ ids }) => ids.length));
    const shape = [encoded.length, length];
    const ids = new Int32Array(encoded.length * length).fill(this.padId);
    const mask = new Int32Array(ids.length);
    const tokens = encoded.map((text, i) => {
      ids.set(text.ids, i * length);
      mask.fill(1, i * length, i * length + text.ids.length);
      return [...text.tokens, ...new Array<string>(length - text.ids.length).fill(this.#pad)];
    });
    return {
      input_ids: tensor(ids, shape),
      attention_mask: tensor(mask, shape),
      token_type_ids: tensor(new Int32Array(ids.length), shape),
      tokens,
      notices,
    };
  }

  /** The token of an id as it is written. */
  token(id: number): string {
    const token = this.#tokenizer.id_to_token(id);
    if (token === undefined) throw failure(this.#name, `has no token ${id}`, { vocabulary: this.vocabulary });
    return token;
  }

  /** The usual baseline of an explanation: [CLS] and [SEP] stay, every other token becomes [PAD]. */
  baseline(): BaselineKind {
    return { kind: 'pad', id: this.padId, keep: [this.clsId, this.sepId] };
  }
}

/**
 * The `tokenizer.json` of a BERT `vocab.txt`: a token a line, its number being its id.
 * @param config `tokenizer_config.json`, for `do_lower_case`, `strip_accents` and `tokenize_chinese_chars`
 * @throws PathgradError for a file without the special tokens, or with a token twice
 */
export function bertTokenizerJson(vocab: string, config: Json = {}, name = 'vocab.txt'): Json {
  const lines = vocab.replace(/\r\n/g, '\n').replace(/\n$/, '').split('\n');
  const ids = new Map<string, number>();
  lines.forEach((token, id) => {
    if (ids.has(token)) throw failure(name, `has the token '${token}' twice`, { lines: [ids.get(token)! + 1, id + 1] });
    ids.set(token, id);
  });
  const special = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'].filter((token) => ids.has(token));
  const missing = ['[PAD]', '[UNK]', '[CLS]', '[SEP]'].find((token) => !ids.has(token));
  if (missing)
    throw failure(name, `has no line '${missing}'`, { lines: lines.length }, 'is it the vocabulary of a BERT?');
  const piece = (id: string): Json => ({ SpecialToken: { id, type_id: 0 } });
  const single = [piece('[CLS]'), { Sequence: { id: 'A', type_id: 0 } }, piece('[SEP]')];
  const pair = [...single, { Sequence: { id: 'B', type_id: 1 } }, { SpecialToken: { id: '[SEP]', type_id: 1 } }];
  const template = (id: string): Json => ({ id, ids: [ids.get(id)!], tokens: [id] });
  return {
    version: '1.0',
    added_tokens: special.map((content) => ({
      ...{ id: ids.get(content)!, content, single_word: false, lstrip: false, rstrip: false },
      ...{ normalized: false, special: true },
    })),
    normalizer: {
      type: 'BertNormalizer',
      clean_text: true,
      handle_chinese_chars: config['tokenize_chinese_chars'] ?? true,
      strip_accents: config['strip_accents'] ?? null,
      lowercase: config['do_lower_case'] ?? true,
    },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: {
      ...{ type: 'TemplateProcessing', single, pair },
      special_tokens: { '[CLS]': template('[CLS]'), '[SEP]': template('[SEP]') },
    },
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: {
      ...{ type: 'WordPiece', unk_token: '[UNK]', continuing_subword_prefix: '##', max_input_chars_per_word: 100 },
      vocab: Object.fromEntries(ids),
    },
  };
}
