/**
 * Text to token ids as a model was trained with, and for each token where in the text it stands. The models, WordPiece, BPE and Unigram, are
 * those of the tokenizers library of Hugging Face; what comes before and after them (normalizers, pre-tokenizers, templates, truncation,
 * padding) is done here on texts that know where their characters came from. Invariant: offsets are UTF-16 indices of the text as it was given.
 */
import type { BaselineKind } from '../../attribution/frame/types.ts';
import { guarded } from '../../guard/guard.ts';
import { didYouMean, failure } from '../../tensor/errors.ts';
import { largest } from '../../tensor/largest.ts';
import { checkList, checkOptions, checkWhole } from '../../tensor/options.ts';
import { type Tensor, tensor } from '../../tensor/tensor.ts';
import { readAddedTokens, type Section, sectioner } from './added-tokens.ts';
import { AlignedText } from './aligned.ts';
import { checkTokenizer } from './check.ts';
import { type Offset, type RowToken, rowOf, type TextToken, type Truncation } from './encode.ts';
import { isObject, type Json } from './json.ts';
import { normalizerOf } from './normalizers.ts';
import { flagOf, overruled } from './overrides.ts';
import { type PieceModel, pieceModel } from './pieces.ts';
import { type PreTokenizer, preTokenizerOf } from './pre-tokenizers.ts';
import { randomWords } from './random-words.ts';
import { type SpecialTokens, specialTokens } from './special-tokens.ts';
import { type Template, templateOf } from './template.ts';

/** Two texts that a model reads together: a question and a context, a premise and a hypothesis. */
export type TextPair = readonly [first: string, second: string];

/** Length, padding and truncation of texts, as transformers' tokenizers have them. */
export interface EncodeOptions {
  /** Most tokens per text or pair, special ones included; by default as many as the model has positions for. */
  readonly maxLength?: number;
  /** To the longest text (default), or to `maxLength`. */
  readonly padding?: 'longest' | 'max';
  /** Which text of a pair is cut where both are too long together: the longer one until they are equal (default), or always the same. */
  readonly truncation?: Truncation;
}

/** Texts as a model takes them: int32 `[texts, positions]` each, and lists per text with an entry per position. */
export interface EncodedTexts {
  readonly input_ids: Tensor;
  /** 1 for tokens, 0 for padding. */
  readonly attention_mask: Tensor;
  /** 0, and 1 for the second text of a pair where the tokenizer tells them apart. */
  readonly token_type_ids: Tensor;
  /** The tokens as they are written, padding included. */
  readonly tokens: readonly (readonly string[])[];
  /** Where each token stands in its text, in UTF-16 indices; null for special tokens and padding. */
  readonly offsets: readonly (readonly (Offset | null)[])[];
  /** Which text a token is of: 0, or 1 for the second of a pair; null for special tokens and padding. */
  readonly sequences: readonly (readonly (0 | 1 | null)[])[];
  /** Which piece of its text the tokenizer cut a token from; null for special tokens and padding. */
  readonly wordIds: readonly (readonly (number | null)[])[];
  /** What was given. */
  readonly texts: readonly (readonly string[])[];
  /** What a reader should know: texts that were cut, texts that are empty. */
  readonly notices: readonly string[];
}

/** What a tokenizer needs to know of its model. */
export interface TokenizerOptions {
  /** Most positions that the model has embeddings for; 512 by default. A smaller `model_max_length` of the tokenizer counts. */
  readonly positions?: number;
  /** What to call the file in errors. */
  readonly name?: string;
  /** Where texts are cut, if that is before the last position of the model. */
  readonly maxLength?: number;
  /** Lowercase texts before anything else is done to them. */
  readonly lowercase?: boolean;
  /** What is put before each text, as models of sentences want it; its tokens have no place in the text. */
  readonly prompt?: string;
  /** Leave the whitespace around a text (and its prompt) away before anything else is done to it. */
  readonly strip?: boolean;
}

/** Turns texts and pairs of texts into ids, masks and types, and knows which piece belongs to which word. */
export class TextTokenizer {
  /** Largest id that a text can get, plus 1. */
  readonly vocabulary: number;
  /** Ids of tokens that the settings name and the file lacks: a model may have no vectors for them. */
  readonly namedIds: ReadonlySet<number>;
  readonly padId: number;
  /** What stands before a text: `[CLS]`, `<s>`; null where nothing does. */
  readonly clsId: number | null;
  /** What stands behind one: `[SEP]`, `</s>`. */
  readonly sepId: number | null;
  readonly maskId: number | null;
  readonly unkId: number | null;
  readonly positions: number;
  /** Special tokens, which stand for no word. */
  readonly specialIds: ReadonlySet<number>;
  readonly #name: string;
  readonly #special: SpecialTokens;
  readonly #sections: (text: AlignedText) => Section[];
  readonly #pieces: PreTokenizer;
  readonly #model: PieceModel;
  readonly #template: Template;
  readonly #ids: ReadonlyMap<string, number>;
  readonly #tokens = new Map<number, string>();
  readonly #sides: { readonly padding: 'left' | 'right'; readonly truncation: 'left' | 'right' };
  readonly #padType: number;
  readonly #lowercase: boolean;
  readonly #prompt: string;
  readonly #strip: boolean;

  /**
   * @param given what `tokenizer.json` holds; `bertTokenizerJson` makes it of a `vocab.txt`
   * @param config what `tokenizer_config.json` holds, and `special_tokens_map.json` with it
   * @throws PathgradError for JSON that is no tokenizer, for steps that are not supported, and where no token pads
   */
  constructor(given: unknown, options: TokenizerOptions = {}, config: Json = {}) {
    const names = { positions: 1, name: 1, maxLength: 1, lowercase: 1, prompt: 1, strip: 1 } as const;
    checkOptions<TokenizerOptions>('TextTokenizer', options, names);
    if (!isObject(config)) throw failure('TextTokenizer', 'the settings are no object', { got: config });
    const {
      positions: table = 512,
      name = 'tokenizer.json',
      maxLength = table,
      lowercase = false,
      prompt = '',
      strip = false,
    } = options;
    checkWhole('TextTokenizer', 'positions', table, 1);
    checkWhole('TextTokenizer', 'maxLength', maxLength, 1);
    this.#name = name;
    this.positions = Math.min(table, maxLength, longest(config));
    [this.#lowercase, this.#prompt, this.#strip] = [lowercase, prompt, strip];
    checkTokenizer(given, name);
    if (!isObject(given)) throw failure(name, 'is not a tokenizer of Hugging Face', { got: given });
    const json = overruled(given, config, name);
    checkTokenizer(json, name);
    this.#model = guarded(name, 'a tokenizer', () => pieceModel(json['model'], name));
    const added = readAddedTokens(json['added_tokens']);
    const ids = new Map(this.#model.ids);
    const own = new Set(readAddedTokens(given['added_tokens']).map(({ content }) => content));
    const named = added.filter(({ content }) => !own.has(content) && !this.#model.ids.has(content));
    this.namedIds = new Set(named.map(({ id }) => id));
    for (const { content, id } of added) ids.set(content, id);
    this.#ids = ids;
    for (const [token, id] of ids) this.#tokens.set(id, token);
    const sought = flagOf(config, 'split_special_tokens', false) ? added.filter(({ special }) => !special) : added;
    this.#sections = sectioner(sought, normalizerOf(json['normalizer'], name));
    this.#pieces = preTokenizerOf(json['pre_tokenizer'], name);
    this.#template = templateOf(json['post_processor'], (token) => ids.get(token), name);
    const special = added.filter((token) => token.special).map(({ id }) => id);
    this.#special = specialTokens(json, config, { ids, special, unkId: this.#model.unkId }, this.#template, name);
    const { pad, cls, sep, mask, unk, all } = this.#special;
    [this.padId, this.clsId, this.sepId, this.maskId, this.unkId, this.specialIds] = [pad, cls, sep, mask, unk, all];
    const frame = [...this.#template.single, ...this.#template.pair].flatMap((item) => ('id' in item ? [item.id] : []));
    this.vocabulary = Math.max(largest([...ids.values()]), largest([0, ...frame])) + 1;
    const [padding, truncation] = [json['padding'], json['truncation']];
    this.#sides = {
      padding: sideOf(config, 'padding_side', padding),
      truncation: sideOf(config, 'truncation_side', truncation),
    };
    this.#padType = padTypeOf(config, padding);
  }

  /**
   * Token ids of texts or pairs of texts, all of one length. What is too long loses its last tokens; special tokens stay.
   * @param texts one text, or a list of texts and pairs
   * @throws PathgradError for no texts, or a `maxLength` beyond the positions of the model
   */
  encode(texts: string | readonly (string | TextPair)[], options: EncodeOptions = {}): EncodedTexts {
    checkOptions<EncodeOptions>('encode', options, { maxLength: 1, padding: 1, truncation: 1 });
    const given: unknown = typeof texts === 'string' ? [texts] : texts;
    checkList('encode', given, 'give a text, or a list of texts and pairs of texts');
    const list = (given as readonly unknown[]).map(readText);
    const { maxLength = this.positions, padding = 'longest', truncation = 'longest' } = options;
    if (list.length === 0) throw failure('encode', 'no text given');
    const items = list.some(({ length }) => length > 1) ? this.#template.pair : this.#template.single;
    const least = items.length;
    if (!Number.isInteger(maxLength) || maxLength < least || maxLength > this.positions) {
      throw failure('encode', `maxLength must be an integer from ${least} to ${this.positions}`, { got: maxLength });
    }
    for (const [option, value, values] of [
      ['padding', padding, ['longest', 'max']],
      ['truncation', truncation, ['longest', 'first', 'second']],
    ] as const) {
      if ((values as readonly string[]).includes(value)) continue;
      throw failure('encode', `unknown ${option} '${String(value)}'`, {}, didYouMean(String(value), values));
    }
    const notices: string[] = [];
    const rows = list.map((parts, i) => {
      const tokens = parts.map((text) => this.#tokensOf(text, i));
      const cut = { side: this.#sides.truncation, truncation, maxLength };
      const row = rowOf(tokens, this.#template, cut);
      const empty = tokens.findIndex((part) => part.length === 0);
      if (empty >= 0) notices.push(parts.length > 1 ? `text ${empty} of pair ${i} is empty` : `text ${i} is empty`);
      if (row.full > maxLength) notices.push(`text ${i} has ${row.full} tokens and was cut to ${maxLength}`);
      return row.tokens;
    });
    const length = padding === 'max' ? maxLength : largest(rows.map((row) => row.length));
    return { ...this.#asTensors(rows, length), texts: list, notices };
  }

  /** The token of an id as it is written. */
  token(id: number): string {
    const token = this.#tokens.get(id);
    if (token === undefined) throw failure(this.#name, `has no token ${id}`, { vocabulary: this.vocabulary });
    return token;
  }

  /** The id of a token as it is written, `##ing` or `Ġword`. @throws with the nearest tokens */
  idOf(token: string): number {
    const id = this.#ids.get(token);
    if (id !== undefined) return id;
    throw failure(this.#name, `has no token '${token}'`, { vocabulary: this.vocabulary });
  }

  /** The usual baseline of an explanation: what stands around a text stays, every other token becomes padding, or the token `id`. */
  baseline(id: number = this.padId): BaselineKind {
    return { kind: 'pad', id, keep: this.#special.frame };
  }

  /** A text of nothing but masks: what stands around it and padding stay. @throws where the tokenizer has no such token */
  maskBaseline(): BaselineKind {
    if (this.maskId === null) throw failure(this.#name, 'has no mask token', {}, 'baseline() pads');
    return { kind: 'pad', id: this.maskId, keep: [...this.#special.frame, this.padId] };
  }

  /**
   * Random words in place of the text's, what stands around it and padding as they are: an explanation is the mean over `count` draws.
   * @param options `count` draws, 10 by default; the same `seed` draws the same words
   */
  randomWordsBaseline(options: { count?: number; seed?: number } = {}): BaselineKind {
    checkOptions<{ count?: number; seed?: number }>('randomWordsBaseline', options, { count: 1, seed: 1 });
    const { count = 10, seed = 0 } = options;
    const keep = [...this.#special.frame, this.padId];
    return randomWords({ vocabulary: this.vocabulary, except: this.specialIds, keep, count, seed });
  }

  #tokensOf(text: string, index: number): TextToken[] {
    const out: TextToken[] = [];
    let word = 0;
    const written = AlignedText.of(this.#prompt + text);
    const prompted = this.#strip ? stripped(written) : written;
    const whole = this.#lowercase ? prompted.map((char) => char.toLowerCase()) : prompted;
    const before = this.#prompt.length;
    const place = (origin: Offset | null): Offset | null =>
      origin && (before === 0 || origin[1] > before) ? [Math.max(0, origin[0] - before), origin[1] - before] : null;
    for (const section of this.#sections(whole)) {
      const { token } = section;
      if (token) {
        out.push({
          id: token.id,
          token: token.content,
          offset: place(section.text.origin(0, section.text.length)),
          word: word++,
          spelled: section.text.toString(),
        });
        continue;
      }
      for (const piece of this.#pieces([section.text])) {
        if (piece.length === 0) continue;
        const cut = guarded(this.#name, 'a tokenizer', () => this.#model.cut(piece.chars));
        for (const { id, token: written, start, end } of cut) {
          if (!(id >= 0)) throw failure(this.#name, 'has no id for unknown tokens', { text: index });
          out.push({ id, token: written, offset: place(piece.origin(start, end)), word });
        }
        word++;
      }
    }
    return out;
  }

  #asTensors(rows: readonly (readonly RowToken[])[], length: number): Omit<EncodedTexts, 'texts' | 'notices'> {
    const shape = [rows.length, length];
    const ids = new Int32Array(rows.length * length).fill(this.padId);
    const types = new Int32Array(ids.length).fill(this.#padType);
    const mask = new Int32Array(ids.length);
    rows.forEach((row, i) => {
      const from = i * length + (this.#sides.padding === 'left' ? length - row.length : 0);
      row.forEach(({ id, type }, p) => {
        ids[from + p] = id;
        types[from + p] = type;
        mask[from + p] = 1;
      });
    });
    const padded = <T>(of: (token: RowToken) => T, pad: T): T[][] =>
      rows.map((row) => {
        const more = new Array<T>(length - row.length).fill(pad);
        const own = row.map(of);
        return this.#sides.padding === 'left' ? [...more, ...own] : [...own, ...more];
      });
    return {
      input_ids: tensor(ids, shape),
      attention_mask: tensor(mask, shape),
      token_type_ids: tensor(types, shape),
      tokens: padded(({ token }) => token, this.#special.padToken),
      offsets: padded(({ offset }) => offset, null),
      sequences: padded(({ sequence }) => sequence, null),
      wordIds: padded(({ word }) => word, null),
    };
  }
}

/** What Python's `str.strip` takes away: its whitespace has four separators more than Unicode's. */
const isBlank = (char: string): boolean => /^\p{White_Space}$/u.test(char) || (char >= '\u001c' && char <= '\u001f');

function stripped(text: AlignedText): AlignedText {
  let [start, end] = [0, text.length];
  while (start < end && isBlank(text.chars[start]!)) start++;
  while (end > start && isBlank(text.chars[end - 1]!)) end--;
  return text.slice(start, end);
}

/** Most tokens that the settings allow. */
function longest(config: Json): number {
  const most = config['model_max_length'] ?? Number.POSITIVE_INFINITY;
  if (typeof most === 'number' && most >= 3) return Math.floor(most);
  throw failure(
    'tokenizer_config.json',
    "'model_max_length' has an unusable value",
    { value: most },
    'a number from 3 up',
  );
}

/** The settings say it, or else the file's own `padding` and `truncation`. */
function sideOf(config: Json, key: string, step: unknown): 'left' | 'right' {
  const stored = isObject(step) ? step['direction'] : undefined;
  const side = config[key] ?? (typeof stored === 'string' ? stored.toLowerCase() : 'right');
  if (side === 'left' || side === 'right') return side;
  throw failure('tokenizer_config.json', `'${key}' has an unusable value`, { value: side }, "'left' or 'right'");
}

function padTypeOf(config: Json, padding: unknown): number {
  const type = config['pad_token_type_id'] ?? (isObject(padding) ? padding['pad_type_id'] : undefined) ?? 0;
  if (typeof type === 'number' && Number.isInteger(type) && type >= 0) return type;
  throw failure('tokenizer_config.json', "'pad_token_type_id' has an unusable value", { value: type });
}

function readText(text: unknown, i: number): readonly string[] {
  if (typeof text === 'string') return [text];
  const pair = Array.isArray(text) && text.length === 2 && text.every((part) => typeof part === 'string');
  if (pair) return text as readonly string[];
  throw failure('encode', `text ${i} is not a string`, { got: typeof text }, 'nor a pair of two strings');
}
