/**
 * Which tokens are special, by what the files say: `tokenizer_config.json` and `special_tokens_map.json` name them, the post-processor puts
 * them around texts, `added_tokens` marks them. Where no file says which one pads, the names of BERT, RoBERTa and their heirs are tried.
 */
import { failure } from '../../tensor/errors.ts';
import { specialName } from './class-defaults.ts';
import { isObject, type Json } from './json.ts';
import type { Template } from './template.ts';

export interface SpecialTokens {
  readonly pad: number;
  readonly padToken: string;
  readonly cls: number | null;
  readonly sep: number | null;
  readonly mask: number | null;
  readonly unk: number | null;
  /** What the template puts around texts. */
  readonly frame: readonly number[];
  /** All that stand for no word. */
  readonly all: ReadonlySet<number>;
}

const usual = {
  pad: ['[PAD]', '<pad>'],
  cls: ['[CLS]', '<s>'],
  sep: ['[SEP]', '</s>'],
  mask: ['[MASK]', '<mask>'],
  unk: ['[UNK]', '<unk>'],
} as const;

export interface Vocabulary {
  readonly ids: ReadonlyMap<string, number>;
  readonly special: readonly number[];
  readonly unkId: number | null;
}

/**
 * @param config what `tokenizer_config.json` holds, and of `special_tokens_map.json` what that leaves out
 * @throws PathgradError where nothing pads
 */
export function specialTokens(
  json: Json,
  config: Json,
  vocabulary: Vocabulary,
  template: Template,
  name: string,
): SpecialTokens {
  const named = (key: keyof typeof usual): string | null => {
    const text = specialName(config, key);
    return text !== null && vocabulary.ids.has(text) ? text : null;
  };
  const found = (key: keyof typeof usual): string | null =>
    named(key) ?? usual[key].find((token) => vocabulary.ids.has(token)) ?? null;
  const idOf = (token: string | null): number | null => (token === null ? null : vocabulary.ids.get(token)!);
  const padding = isObject(json['padding']) ? json['padding']['pad_token'] : undefined;
  const padToken =
    named('pad') ??
    (typeof padding === 'string' && vocabulary.ids.has(padding) ? padding : null) ??
    usual.pad.find((token) => vocabulary.ids.has(token));
  if (padToken === undefined) {
    const hint = 'name one as pad_token in tokenizer_config.json';
    throw failure(name, 'has no token for padding', { tried: usual.pad }, hint);
  }
  const frame = template.single.flatMap((item) => ('id' in item ? [item.id] : []));
  const paired = template.pair.flatMap((item) => ('id' in item ? [item.id] : []));
  // The template knows what stands first and last, whatever it is called.
  const edge = (key: 'cls' | 'sep', item: Template['single'][number] | undefined): number | null =>
    idOf(named(key)) ?? (item && 'id' in item ? item.id : null) ?? idOf(found(key));
  const [pad, cls, sep] = [idOf(padToken)!, edge('cls', template.single[0]), edge('sep', template.single.at(-1))];
  const mask = idOf(found('mask'));
  const unk = idOf(named('unk')) ?? vocabulary.unkId ?? idOf(found('unk'));
  const ids = [pad, cls, sep, mask, unk, ...frame, ...paired, ...vocabulary.special];
  return {
    ...{ pad, padToken, cls, sep, mask, unk },
    frame: [...new Set([...frame, ...paired, ...[cls, sep].filter((id) => id !== null)])],
    all: new Set(ids.filter((id) => id !== null)),
  };
}
