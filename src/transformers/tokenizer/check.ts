/**
 * Checks a `tokenizer.json` before anything is made of it: ids that fit an array, models whose work on a character is bounded, patterns that
 * are known to run in linear time, steps that do not multiply the text. Invariant: what this passes does work that is linear in a text (BPE:
 * in a text times its logarithm).
 */
import { failure } from '../../tensor/errors.ts';
import { isObject, type Json } from './json.ts';

/** Ids below this: the largest vocabularies have 500,000 tokens. */
const IDS = 2 ** 20;
/** Normalizers, splitters and template steps in all. */
const STEPS = 64;
/** How much longer the replacements of a normalizer may make a text. */
const GROWTH = 16;
/** Characters of a word that WordPiece looks at, all starts against all ends; BERT's files say 100. */
const WORD = 200;

/** Characters of a token of Unigram, whose tokens are all sought at each character; XLM-R's longest has 16. */
const PIECE = 256;
/** Characters that are put before a text. */
const PREFIX = 16;

/** Regular expressions in files of BERT-like models (ALBERT, DeBERTa, XLNet, ModernBERT), and what GPT-2 and its heirs split by. */
const PATTERNS = new Set([
  ' ',
  ' {2,}',
  '\\s',
  '\\s+',
  '\\d',
  '\\d+',
  '\\p{N}',
  '\\p{N}+',
  '\\p{P}',
  '\\n',
  '\\r\\n|[\\n\\v\\f\\r\\x85\\u2028\\u2029]',
  '[^\\r\\n\\p{L}\\p{N}]?\\p{L}+',
  "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
]);

/** @throws PathgradError naming the part of the file that is refused, and the limit */
export function checkTokenizer(json: unknown, name: string): void {
  if (!isObject(json)) return; // the tokenizer says what is missing
  const { model, added_tokens: added } = json;
  if (isObject(model)) checkModel(model, name);
  if (Array.isArray(added)) {
    for (const token of added as readonly unknown[]) {
      const { id, content } = isObject(token) ? token : {};
      if (typeof content !== 'string' || content === '') throw failure(name, 'has an added token without text');
      checkId(id, content, name);
    }
  }
  let [steps, growth] = [0, 1];
  const stack: unknown[] = [json['normalizer'], json['pre_tokenizer'], json['post_processor'], json['decoder']];
  while (stack.length > 0) {
    const next = stack.pop();
    if (!isObject(next)) continue;
    if (typeof next['type'] === 'string' && ++steps > STEPS)
      throw failure(name, 'has too many steps', { limit: STEPS });
    growth *= growthOf(next, name);
    if (!(growth <= GROWTH)) throw failure(name, 'has replacements that multiply the text', { limit: GROWTH });
    checkStep(next, name);
    for (const value of Object.values(next)) stack.push(...(Array.isArray(value) ? value : [value]));
  }
}

function checkId(id: unknown, token: string, name: string): void {
  if (typeof id === 'number' && Number.isInteger(id) && id >= 0 && id < IDS) return;
  throw failure(name, `has an id that cannot be used for the token '${token}'`, { id, limit: IDS });
}

function checkModel(model: Json, name: string): void {
  checkMerges(model['merges'], name);
  const { vocab, unk_id: unknown, max_input_chars_per_word: word = 0 } = model;
  if (Array.isArray(vocab)) {
    if (vocab.length > IDS) throw failure(name, 'has too many tokens', { tokens: vocab.length, limit: IDS });
    vocab.forEach((entry: unknown, i) => {
      const [token, score]: readonly unknown[] = Array.isArray(entry) ? entry : [];
      if (typeof token === 'string' && token.length <= PIECE && typeof score === 'number' && Number.isFinite(score))
        return;
      const details = { token: i, entry, longest: PIECE };
      throw failure(name, 'has an entry in its vocabulary that is no token with its score', details);
    });
    if (unknown !== undefined && unknown !== null) checkId(unknown, 'unk_id', name);
  } else if (isObject(vocab)) {
    for (const [token, id] of Object.entries(vocab)) checkId(id, token, name);
  }
  if (typeof word !== 'number' || !(word <= WORD)) {
    throw failure(name, 'looks at words of too many characters', { max_input_chars_per_word: word, limit: WORD });
  }
}

/** `"a b"` or `["a", "b"]` each. */
function checkMerges(merges: unknown, name: string): void {
  if (merges === undefined) return;
  if (!Array.isArray(merges) || merges.length > IDS)
    throw failure(name, 'has merges that are no list, or too many', { limit: IDS });
  const pairs = Array.isArray(merges[0]);
  const wrong = merges.findIndex((merge: unknown) => {
    if (!pairs) return typeof merge !== 'string';
    return !Array.isArray(merge) || merge.length !== 2 || merge.some((part) => typeof part !== 'string');
  });
  if (wrong >= 0) throw failure(name, 'has a merge that is no pair of tokens', { merge: wrong, got: merges[wrong] });
}

/** How much longer a replacement can make a text. */
function growthOf({ type, pattern, content }: Json, name: string): number {
  // A charsmap turns a character into several, bytes of characters that are not ASCII are two to four.
  if (type === 'Precompiled') return 8;
  if (type === 'ByteLevel') return 2;
  if (type !== 'Replace' || typeof content !== 'string') return 1;
  const text = isObject(pattern) ? pattern['String'] : undefined;
  if (text === '') throw failure(name, 'replaces the empty text');
  return Math.max(1, content.length / (typeof text === 'string' ? text.length : 1));
}

function checkStep(step: Json, name: string): void {
  const { Regex: regex } = step;
  if (regex !== undefined && !(typeof regex === 'string' && PATTERNS.has(regex))) {
    const hint = 'patterns of a file run on your texts, and many take time that grows with a power of the length';
    throw failure(name, 'has a pattern that is not known to be harmless', { pattern: regex }, hint);
  }
  const prefix = step['prepend'];
  if (typeof prefix === 'string' && prefix.length > PREFIX) {
    throw failure(name, 'puts too much before a text', { characters: prefix.length, limit: PREFIX });
  }
}
