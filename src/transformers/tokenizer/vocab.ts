/** A BERT `vocab.txt` as the `tokenizer.json` that it stands for. */
import { failure } from '../../tensor/errors.ts';
import { overrulesCase, specialName } from './class-defaults.ts';
import type { Json } from './json.ts';

/**
 * The `tokenizer.json` of a BERT `vocab.txt`: a token a line, its number being its id.
 * @param config `tokenizer_config.json`, for `do_lower_case`, `strip_accents` and `tokenize_chinese_chars`, and what special tokens are called
 * @throws PathgradError for a file without the special tokens, or with a token twice
 */
export function bertTokenizerJson(vocab: string, config: Json = {}, name = 'vocab.txt'): Json {
  if (typeof vocab !== 'string') throw failure(name, 'is no text of a token a line', { got: vocab });
  if (typeof config !== 'object' || config === null) throw failure(name, 'the settings are no object', { got: config });
  const lines = vocab.replace(/\r\n/g, '\n').replace(/\n$/, '').split('\n');
  const ids = new Map<string, number>();
  lines.forEach((token, id) => {
    if (ids.has(token)) throw failure(name, `has the token '${token}' twice`, { lines: [ids.get(token)! + 1, id + 1] });
    ids.set(token, id);
  });
  const settings = { tokenizer_class: 'BertTokenizer', ...config };
  const named = (key: 'pad' | 'unk' | 'cls' | 'sep' | 'mask', usual: string): string =>
    specialName(settings, key) ?? usual;
  const [pad, unk, cls, sep] = [
    named('pad', '[PAD]'),
    named('unk', '[UNK]'),
    named('cls', '[CLS]'),
    named('sep', '[SEP]'),
  ];
  const special = [pad, unk, cls, sep, named('mask', '[MASK]')].filter((token) => ids.has(token));
  const missing = [pad, unk, cls, sep].find((token) => !ids.has(token));
  if (missing)
    throw failure(name, `has no line '${missing}'`, { lines: lines.length }, 'is it the vocabulary of a BERT?');
  const piece = (id: string): Json => ({ SpecialToken: { id, type_id: 0 } });
  const single = [piece(cls), { Sequence: { id: 'A', type_id: 0 } }, piece(sep)];
  // MPNet has two separators between the texts of a pair.
  const between = overrulesCase(String(settings.tokenizer_class)) === 'mpnet' ? [piece(sep)] : [];
  const last = [{ Sequence: { id: 'B', type_id: 1 } }, { SpecialToken: { id: sep, type_id: 1 } }];
  const pair = [...single, ...between, ...last];
  const template = (id: string): Json => ({ id, ids: [ids.get(id)!], tokens: [id] });
  return {
    version: '1.0',
    added_tokens: [...new Set(special)].map((content) => ({
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
      special_tokens: { [cls]: template(cls), [sep]: template(sep) },
    },
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: {
      ...{ type: 'WordPiece', unk_token: unk, continuing_subword_prefix: '##', max_input_chars_per_word: 100 },
      vocab: Object.fromEntries(ids),
    },
  };
}
