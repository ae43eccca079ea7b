/**
 * Checks a `tokenizer.json` before the tokenizers library makes something of it: ids that fit an array, patterns that are known to run in
 * linear time, steps that neither stand still nor multiply the text. Invariant: what this passes does work that is linear in a text.
 */
import { failure } from '../tensor/errors.ts';

type Json = Readonly<Record<string, unknown>>;

/** Ids below this: the largest vocabularies have 500,000 tokens. */
const IDS = 2 ** 20;
/** Normalizers, splitters and template steps in all. */
const STEPS = 64;
/** How much longer the replacements of a normalizer may make a text. */
const GROWTH = 16;
/** Characters of a word that WordPiece looks at, all starts against all ends; BERT's files say 100. */
const WORD = 200;

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

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null;

/** @throws PathgradError naming the part of the file that is refused, and the limit */
export function checkTokenizer(json: unknown, name: string): void {
  if (!isObject(json)) return; // the library says what is missing
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
    for (const value of Object.values(next)) if (isObject(value)) stack.push(value);
  }
}

function checkId(id: unknown, token: string, name: string): void {
  if (typeof id === 'number' && Number.isInteger(id) && id >= 0 && id < IDS) return;
  throw failure(name, `has an id that cannot be used for the token '${token}'`, { id, limit: IDS });
}

function checkModel(model: Json, name: string): void {
  const { vocab, unk_id: unknown, max_input_chars_per_word: word = 0 } = model;
  if (Array.isArray(vocab)) {
    if (vocab.length > IDS) throw failure(name, 'has too many tokens', { tokens: vocab.length, limit: IDS });
    if (unknown !== undefined && unknown !== null) checkId(unknown, 'unk_id', name);
  } else if (isObject(vocab)) {
    for (const [token, id] of Object.entries(vocab)) checkId(id, token, name);
  }
  if (typeof word !== 'number' || !(word <= WORD)) {
    throw failure(name, 'looks at words of too many characters', { max_input_chars_per_word: word, limit: WORD });
  }
}

/** How much longer a replacement can make a text. */
function growthOf({ type, pattern, content }: Json, name: string): number {
  if (type !== 'Replace' || typeof content !== 'string') return 1;
  const text = isObject(pattern) ? pattern['String'] : undefined;
  if (text === '') throw failure(name, 'replaces the empty text');
  return Math.max(1, content.length / (typeof text === 'string' ? text.length : 1));
}

function checkStep(step: Json, name: string): void {
  const { Regex: regex, type } = step;
  if (regex !== undefined && !(typeof regex === 'string' && PATTERNS.has(regex))) {
    const hint = 'patterns of a file run on your texts, and many take time that grows with a power of the length';
    throw failure(name, 'has a pattern that is not known to be harmless', { pattern: regex }, hint);
  }
  if (type === 'FixedLength' && !(Number.isInteger(step['length']) && (step['length'] as number) >= 1)) {
    throw failure(name, 'cuts texts into pieces of no length', { length: step['length'] });
  }
  if (type !== 'TemplateProcessing') return;
  for (const id of ['A', 'B']) {
    const uses = (list: unknown): number =>
      Array.isArray(list) ? list.filter((item) => isObject(item) && sequenceOf(item) === id).length : 0;
    if (uses(step['single']) > 1 || uses(step['pair']) > 1) throw failure(name, 'repeats the text', { sequence: id });
  }
}

const sequenceOf = (item: Json): unknown => (isObject(item['Sequence']) ? item['Sequence']['id'] : undefined);
