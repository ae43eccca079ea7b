/**
 * What a tokenizer's model makes of a piece of text, WordPiece, BPE or Unigram, through the tokenizers library of Hugging Face, and which
 * characters of the piece each token stands for. Invariant: tokens of a piece are in order and do not overlap; those that stand for bytes
 * of one character share it.
 */
import { failure } from '../../tensor/errors.ts';
import { isObject, type Json } from './json.ts';
import { BPE, Unigram, WordPiece } from './library.ts';

export interface PieceToken {
  readonly id: number;
  readonly token: string;
  /** Characters of the piece. */
  readonly start: number;
  readonly end: number;
}

export interface PieceModel {
  readonly ids: ReadonlyMap<string, number>;
  /** Null where the model has no token for what it does not know. */
  readonly unkId: number | null;
  readonly cut: (piece: readonly string[]) => PieceToken[];
}

/**
 * @param model the `model` of `tokenizer.json`, which `checkTokenizer` has seen
 * @throws PathgradError for a model that is not supported
 */
export function pieceModel(model: unknown, name: string): PieceModel {
  if (!isObject(model)) throw failure(name, 'is not a tokenizer of Hugging Face', { model });
  const { vocab } = model;
  const type = model['type'] ?? guess(model);
  if (type === 'Unigram' && Array.isArray(vocab)) return unigram(model, name);
  if (type === 'BPE' && isObject(vocab) && Array.isArray(model['merges'])) return bpe(model, name);
  if (type === 'WordPiece' && isObject(vocab)) return wordPiece(model);
  if (type === 'Unigram' || type === 'BPE' || type === 'WordPiece') {
    throw failure(name, `is no tokenizer of Hugging Face: its ${type} model lacks a vocabulary`, {
      vocab: typeof vocab,
    });
  }
  const hint = 'WordPiece, BPE and Unigram are';
  throw failure(name, 'is not a tokenizer of Hugging Face that is supported', { model: type ?? 'unknown' }, hint);
}

/** Old files do not name the type. */
function guess({ vocab, merges, continuing_subword_prefix: prefix }: Json): string | undefined {
  if (Array.isArray(vocab)) return 'Unigram';
  if (Array.isArray(merges)) return 'BPE';
  return isObject(vocab) && typeof prefix === 'string' ? 'WordPiece' : undefined;
}

function refuse(model: Json, name: string, keys: readonly string[]): void {
  for (const key of keys) {
    const value = model[key];
    if (value === undefined || value === null || value === '' || value === false || value === 0) continue;
    throw failure(name, `has a model with ${key}, which is not supported`, { [key]: value });
  }
}

function wordPiece(model: Json): PieceModel {
  const own = new WordPiece(model);
  const prefix = typeof model['continuing_subword_prefix'] === 'string' ? model['continuing_subword_prefix'] : '##';
  const ids = own.tokens_to_ids;
  const unkId = own.unk_token_id ?? null;
  const skipped = [...prefix].length;
  return {
    ids,
    unkId,
    cut: (piece) => {
      const tokens = own.encode([piece.join('')]);
      const first = tokens[0];
      const whole = tokens.length === 1 && (first === own.unk_token || first === undefined);
      if (whole) return [{ id: unkId ?? -1, token: own.unk_token ?? '', start: 0, end: piece.length }];
      let at = 0;
      return tokens.map((token, i) => {
        const start = at;
        at += [...token].length - (i === 0 ? 0 : skipped);
        return { id: ids.get(token)!, token, start, end: at };
      });
    },
  };
}

function unigram(model: Json, name: string): PieceModel {
  refuse(model, name, ['byte_fallback']);
  const own = new Unigram(model, '');
  const ids = own.tokens_to_ids;
  const unkId = own.unk_token_id ?? null;
  return {
    ids,
    unkId,
    cut: (piece) => {
      const out: PieceToken[] = [];
      let at = 0;
      for (const token of own.tokenize(piece.join(''))) {
        const start = at;
        at += [...token].length;
        const id = ids.get(token) ?? unkId ?? -1;
        const last = out.at(-1);
        // Unknown characters side by side are one token.
        if (last && id === unkId && last.id === id)
          out[out.length - 1] = { ...last, token: last.token + token, end: at };
        else out.push({ id, token, start, end: at });
      }
      return out;
    },
  };
}

function bpe(model: Json, name: string): PieceModel {
  refuse(model, name, ['continuing_subword_prefix', 'continuing_subword_suffix', 'end_of_word_suffix', 'dropout']);
  const own = new BPE(model);
  const ids = own.tokens_to_ids;
  const unkId = own.unk_token_id ?? null;
  const fuse = model['fuse_unk'] === true;
  const encoder = new TextEncoder();
  const bytesOf = (token: string): { token: string; id: number }[] | null => {
    if (model['byte_fallback'] !== true) return null;
    const names = Array.from(encoder.encode(token), (b) => `<0x${b.toString(16).toUpperCase().padStart(2, '0')}>`);
    return names.every((byte) => ids.has(byte)) ? names.map((byte) => ({ token: byte, id: ids.get(byte)! })) : null;
  };
  return {
    ids,
    unkId,
    cut: (piece) => {
      const text = piece.join('');
      if (own.ignore_merges && ids.has(text)) return [{ id: ids.get(text)!, token: text, start: 0, end: piece.length }];
      const out: PieceToken[] = [];
      let at = 0;
      let unknown = false;
      for (const token of own.bpe(text)) {
        const start = at;
        at += [...token].length;
        const id = ids.get(token);
        const bytes = id === undefined ? bytesOf(token) : null;
        const last = out.at(-1);
        if (id !== undefined) out.push({ id, token, start, end: at });
        else if (bytes) out.push(...bytes.map((byte) => ({ ...byte, start, end: at })));
        else if (unkId !== null) {
          if (fuse && unknown && last) out[out.length - 1] = { ...last, end: at };
          else out.push({ id: unkId, token: own.unk_token ?? '', start, end: at });
        }
        unknown = id === undefined && !bytes;
      }
      return out;
    },
  };
}
