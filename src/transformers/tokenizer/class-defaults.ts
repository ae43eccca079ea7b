/**
 * The special tokens that a class of tokenizers has where no file names them. Source: the `__init__` of `tokenization_*_fast.py` of
 * transformers 4.57.
 */
import { isObject, type Json } from './json.ts';

/** In the order in which transformers adds them. */
export const specialKeys = ['bos', 'eos', 'unk', 'sep', 'pad', 'cls', 'mask'] as const;
export type SpecialKey = (typeof specialKeys)[number];

interface ClassDefaults {
  readonly tokens: Readonly<Partial<Record<SpecialKey, string>>>;
  /** Of a mask token that no file names: it takes the spaces before it. */
  readonly strips: boolean;
}

const bert = { unk: '[UNK]', sep: '[SEP]', pad: '[PAD]', cls: '[CLS]', mask: '[MASK]' };
const roberta = { bos: '<s>', eos: '</s>', sep: '</s>', cls: '<s>', unk: '<unk>', pad: '<pad>', mask: '<mask>' };

const likeBert =
  /^(Bert|DistilBert|Electra|Lxmert|Funnel|MobileBert|ConvBert|SqueezeBert|LayoutLM|RetriBert|Realm)Tokenizer(Fast)?$/;
const likeRoberta = /^(Roberta|XLMRoberta|Camembert)Tokenizer(Fast)?$/;

/** Null for classes that have none of their own. */
export function classDefaults(className: unknown): ClassDefaults | null {
  if (typeof className !== 'string') return null;
  if (likeBert.test(className)) return { tokens: bert, strips: false };
  if (likeRoberta.test(className)) return { tokens: roberta, strips: true };
  const name = className.replace(/Fast$/, '');
  if (name === 'MPNetTokenizer') return { tokens: { ...roberta, unk: '[UNK]' }, strips: true };
  if (name === 'DebertaV2Tokenizer') return { tokens: { ...bert, bos: '[CLS]', eos: '[SEP]' }, strips: false };
  if (name !== 'AlbertTokenizer') return null;
  return { tokens: { ...bert, bos: '[CLS]', eos: '[SEP]', unk: '<unk>', pad: '<pad>' }, strips: true };
}

/** Classes that overrule `BertNormalizer` by settings of their own. */
export const overrulesCase = (className: string): 'bert' | 'mpnet' | null => {
  if (likeBert.test(className)) return 'bert';
  return /^MPNetTokenizer(Fast)?$/.test(className) ? 'mpnet' : null;
};

/** What the settings call a special token, or else the class; null where the settings say that there is none, or nobody says. */
export function specialName(config: Json, key: SpecialKey): string | null {
  const value = config[`${key}_token`];
  if (value === undefined) return classDefaults(config['tokenizer_class'])?.tokens[key] ?? null;
  const text = isObject(value) ? value['content'] : value;
  return typeof text === 'string' && text !== '' ? text : null;
}
