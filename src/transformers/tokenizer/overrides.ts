/**
 * What `tokenizer_config.json` and `special_tokens_map.json` change of a `tokenizer.json`: transformers' classes put their own settings, or the
 * defaults of the class where the file is silent, in the place of what was saved. Invariant: a setting that changes ids is done or refused by name.
 * Source: `tokenization_utils_fast.py` and the `tokenization_*_fast.py` of transformers 4.57.
 */
import { failure } from '../../tensor/errors.ts';
import { classDefaults, overrulesCase, specialKeys } from './class-defaults.ts';
import { isObject, type Json } from './json.ts';

const file = 'tokenizer_config.json';

/** The `tokenizer.json` as transformers would use it. @throws PathgradError for settings that are not of their kind */
export function overruled(json: Json, config: Json, name: string): Json {
  const tokens = withTokens(json, config, name);
  const className = config['tokenizer_class'];
  if (typeof className !== 'string') return tokens;
  return withPrefix(withCase(tokens, config, className), config);
}

/** @throws where a flag is there and is none */
export function flagOf(config: Json, key: string, fallback: boolean): boolean {
  const value = config[key];
  if (value === undefined) return fallback;
  if (typeof value === 'boolean') return value;
  throw failure(file, `'${key}' must be true or false`, { got: value });
}

function withCase(json: Json, config: Json, className: string): Json {
  const { normalizer } = json;
  const kind = overrulesCase(className);
  if (!isObject(normalizer) || normalizer['type'] !== 'BertNormalizer') return json;
  if (kind === null) return json;
  const accents = config['strip_accents'] ?? null;
  if (accents !== null) flagOf(config, 'strip_accents', false);
  const chinese = flagOf(config, 'tokenize_chinese_chars', true);
  const own = { lowercase: flagOf(config, 'do_lower_case', true), strip_accents: accents };
  return { ...json, normalizer: { ...normalizer, ...own, ...(kind === 'bert' && { handle_chinese_chars: chinese }) } };
}

/** Whether a text starts as if a space stood before it. */
function withPrefix(json: Json, config: Json): Json {
  const prefix = flagOf(config, 'add_prefix_space', false);
  const changed = (key: string, types: readonly string[]): Json => {
    const step = json[key];
    const own = isObject(step) && types.includes(String(step['type'])) && step['add_prefix_space'] !== undefined;
    return own ? { [key]: { ...step, add_prefix_space: prefix } } : {};
  };
  return {
    ...json,
    ...changed('pre_tokenizer', ['ByteLevel']),
    ...changed('post_processor', ['RobertaProcessing']),
  };
}

interface Added extends Json {
  readonly content: string;
}

/** Tokens that the settings name and the file lacks get the next ids; those that it has get the settings' flags. */
function withTokens(json: Json, config: Json, name: string): Json {
  const wanted = [...ofDecoder(config), ...special(json, config), ...named(config)];
  if (wanted.length === 0) return json;
  const list = (Array.isArray(json['added_tokens']) ? json['added_tokens'] : []) as readonly unknown[];
  const added = list.filter(isObject) as Json[];
  const vocabulary = idsOf(json['model']);
  let next = Math.max(vocabulary.size, ...added.map(({ id }) => (typeof id === 'number' ? id + 1 : 0)));
  for (const token of wanted) {
    const at = added.findIndex(({ content }) => content === token.content);
    const { flags = true, ...rest } = token;
    if (at >= 0) {
      if (flags) added[at] = { ...added[at], ...rest };
      continue;
    }
    added.push({ ...rest, id: vocabulary.get(token.content) ?? next++ });
  }
  if (added.length > 2 ** 17) throw failure(name, 'has too many added tokens', { tokens: added.length });
  return { ...json, added_tokens: added };
}

function idsOf(model: unknown): ReadonlyMap<string, number> {
  const vocab = isObject(model) ? model['vocab'] : undefined;
  if (Array.isArray(vocab)) return new Map(vocab.map((entry: unknown, i) => [String((entry as unknown[])[0]), i]));
  return new Map(isObject(vocab) ? (Object.entries(vocab) as [string, number][]) : []);
}

/** In the order of their numbers, which are not their ids. */
function ofDecoder(config: Json): Added[] {
  const decoder = config['added_tokens_decoder'];
  if (decoder === undefined || decoder === null) return [];
  if (!isObject(decoder)) throw failure(file, "'added_tokens_decoder' must be an object", { got: decoder });
  const entries = Object.entries(decoder).sort(([a], [b]) => Number(a) - Number(b));
  return entries.map(([id, token]) => {
    if (!/^\d+$/.test(id) || !isObject(token))
      throw failure(file, `'added_tokens_decoder' has an entry '${id}' that is no token`);
    return addedOf(token, token['special'] === true, 'added_tokens_decoder');
  });
}

/**
 * The tokens that the settings or the class give a part to: `[CLS]`, `<mask>`. Those of the class alone count only where the vocabulary has them:
 * transformers would give them ids that no model has.
 */
function special(json: Json, config: Json): Added[] {
  const defaults = classDefaults(config['tokenizer_class']);
  const vocabulary = defaults ? idsOf(json['model']) : null;
  return specialKeys.flatMap((key): Added[] => {
    const value = config[`${key}_token`];
    if (isObject(value)) return [addedOf(value, true, `${key}_token`)];
    if (value !== undefined) {
      // A name alone says nothing of a token that is there.
      const plain = typeof value === 'string' && value !== '' ? { content: value, normalized: false } : null;
      return plain ? [{ ...addedOf(plain, true, `${key}_token`), flags: false }] : [];
    }
    const content = defaults?.tokens[key];
    if (content === undefined || !vocabulary!.has(content)) return [];
    const strips = key === 'mask' && defaults!.strips;
    return [{ ...addedOf({ content, normalized: false, lstrip: strips }, true, `${key}_token`), flags: strips }];
  });
}

/** `additional_special_tokens` and `extra_special_tokens`; those of a decoder are among its entries already. */
function named(config: Json): Added[] {
  const more = config['additional_special_tokens'] ?? [];
  const extra = config['extra_special_tokens'] ?? {};
  if (!Array.isArray(more)) throw failure(file, "'additional_special_tokens' must be a list", { got: more });
  const extras: unknown = Array.isArray(extra) ? extra : isObject(extra) ? Object.values(extra) : null;
  if (!Array.isArray(extras)) throw failure(file, "'extra_special_tokens' must be an object of tokens", { got: extra });
  return [
    ...more.map((token) => [token, 'additional_special_tokens'] as const),
    ...extras.map((token) => [token, 'extra_special_tokens'] as const),
  ].map(([token, key]) => {
    if (typeof token !== 'string') return addedOf(token, true, key);
    // A name alone says nothing of a token that is there.
    return { ...addedOf({ content: token, normalized: false }, true, key), flags: false };
  });
}

function addedOf(token: unknown, special: boolean, key: string): Added {
  const { content } = isObject(token) ? token : {};
  if (typeof content !== 'string' || content === '')
    throw failure(file, `'${key}' has a token without text`, { token });
  const given = token as Json;
  const on = (flag: string): boolean => flagOf(given, flag, false);
  return {
    ...{ content, special, single_word: on('single_word'), lstrip: on('lstrip'), rstrip: on('rstrip') },
    normalized: flagOf(given, 'normalized', !special),
  };
}
