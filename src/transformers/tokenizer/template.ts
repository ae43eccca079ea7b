/**
 * What a post-processor puts around one text or two: special tokens, and the token type of each part. Invariant: each text stands in a
 * template exactly once. Source: `processors/` of Hugging Face's tokenizers.
 */
import { didYouMean, failure } from '../../tensor/errors.ts';
import { isObject, type Json } from './json.ts';

export type TemplateItem =
  | { readonly sequence: 0 | 1; readonly type: number }
  | { readonly id: number; readonly token: string; readonly type: number };

export interface Template {
  readonly single: readonly TemplateItem[];
  readonly pair: readonly TemplateItem[];
  /** How offsets of byte-level tokens lose their spaces; null: they keep them. */
  readonly trim: { readonly prefixed: boolean } | null;
}

/** Tokens and texts of a template; BERT's has five. */
const PARTS = 64;

/** What is known, by `type`. */
export const postProcessors: readonly string[] = [
  'TemplateProcessing',
  'BertProcessing',
  'RobertaProcessing',
  'ByteLevel',
  'Sequence',
];

type Ids = (token: string) => number | undefined;

/** @throws PathgradError for a post-processor that is not known, or one that names tokens that there are not */
export function templateOf(processor: unknown, ids: Ids, name: string): Template {
  const plain: Template = {
    single: [{ sequence: 0, type: 0 }],
    pair: [
      { sequence: 0, type: 0 },
      { sequence: 1, type: 1 },
    ],
    trim: null,
  };
  if (processor === null || processor === undefined) return plain;
  const type = isObject(processor) ? String(processor['type']) : typeof processor;
  if (!isObject(processor) || !postProcessors.includes(type)) {
    throw failure(
      name,
      `has the post-processor '${type}', which is not supported`,
      {},
      didYouMean(type, postProcessors),
    );
  }
  if (type === 'TemplateProcessing') return { ...fromTemplate(processor, ids, name), trim: null };
  if (type === 'Sequence') {
    const list: unknown = processor['processors'];
    if (!Array.isArray(list)) throw failure(name, 'has a sequence of post-processors without a list');
    return list.reduce((before: Template, one: unknown): Template => {
      const next = templateOf(one, ids, name);
      const frame = next.single.length > 1 || next.pair.length > 2 ? next : before;
      return { single: frame.single, pair: frame.pair, trim: next.trim ?? before.trim };
    }, plain);
  }
  const trim = processor['trim_offsets'] === false ? null : { prefixed: processor['add_prefix_space'] !== false };
  if (type === 'ByteLevel') return { ...plain, trim };
  return { ...pairOf(processor, name), ...(type === 'RobertaProcessing' ? { trim } : { trim: null }) };
}

/** BERT: `[CLS] A [SEP] B [SEP]`; RoBERTa: `<s> A </s></s> B </s>`, all of type 0. */
function pairOf(processor: Json, name: string): Pick<Template, 'single' | 'pair'> {
  const roberta = processor['type'] === 'RobertaProcessing';
  const special = (key: string, type: number): TemplateItem => {
    const value = processor[key];
    const [token, id]: readonly unknown[] = Array.isArray(value) ? value : [];
    if (typeof token !== 'string' || !Number.isInteger(id)) throw failure(name, `has a post-processor without ${key}`);
    return { id: id as number, token, type };
  };
  const single: TemplateItem[] = [special('cls', 0), { sequence: 0, type: 0 }, special('sep', 0)];
  const second = roberta ? 0 : 1;
  const between = roberta ? [special('sep', 0)] : [];
  return { single, pair: [...single, ...between, { sequence: 1, type: second }, special('sep', second)] };
}

function fromTemplate(processor: Json, ids: Ids, name: string): Pick<Template, 'single' | 'pair'> {
  const specials = isObject(processor['special_tokens']) ? processor['special_tokens'] : {};
  const read = (key: 'single' | 'pair', wanted: number): TemplateItem[] => {
    const list: unknown = processor[key];
    const items = (Array.isArray(list) ? list : []).flatMap((item: unknown): TemplateItem[] => {
      const [kind, value] = isObject(item) ? (Object.entries(item)[0] ?? []) : [];
      if (!isObject(value)) throw failure(name, 'has a template with a part that is neither a text nor a token');
      const type = value['type_id'] ?? 0;
      if (!Number.isInteger(type) || (type as number) < 0 || (type as number) > 255) {
        throw failure(name, 'has a template with an unusable type_id', { type_id: type });
      }
      if (kind === 'Sequence') return [{ sequence: value['id'] === 'B' ? 1 : 0, type: type as number }];
      return tokensOf(String(value['id']), specials, ids, name).map((one) => ({ ...one, type: type as number }));
    });
    const texts = items.flatMap((item) => ('sequence' in item ? [item.sequence] : []));
    if (items.length > PARTS) throw failure(name, 'has a template of too many tokens', { limit: PARTS });
    if (texts.length === wanted && new Set(texts).size === wanted) return items;
    throw failure(name, `has a template '${key}' that does not hold each text once`, { texts });
  };
  return { single: read('single', 1), pair: read('pair', 2) };
}

/** A special token of a template may stand for several. */
function tokensOf(token: string, specials: Json, ids: Ids, name: string): { id: number; token: string }[] {
  const entry = Object.hasOwn(specials, token) ? specials[token] : undefined;
  if (isObject(entry) && Array.isArray(entry['ids']) && entry['ids'].length > 0) {
    const { ids: given, tokens: texts } = entry as { ids: unknown[]; tokens?: unknown };
    return given.map((id, i) => {
      if (!Number.isInteger(id) || (id as number) < 0 || (id as number) >= 2 ** 20) {
        throw failure(name, `has an id that cannot be used for the token '${token}'`, { id });
      }
      return { id: id as number, token: Array.isArray(texts) ? String(texts[i] ?? token) : token };
    });
  }
  const id = ids(token);
  if (id !== undefined) return [{ id, token }];
  throw failure(name, `has a template with the token '${token}', which is not in the vocabulary`);
}
