/** What tokenizer_config.json changes of tokenizer.json, as transformers 4.57 does it, and what is refused by name. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { bertTokenizerJson, TextTokenizer } from '../../src/transformers/index.ts';

const test = suite('transformers: settings of a tokenizer');
const words = [
  '[PAD]',
  '[UNK]',
  '[CLS]',
  '[SEP]',
  '[MASK]',
  'cafe',
  'Cafe',
  'café',
  '日',
  '本',
  '日本',
  'new',
  '[',
  'mask',
  ']',
];
const vocab = `${words.join('\n')}\n`;
const tokensOf = (text: string, settings: object, made: object = {}): string[] => {
  const tokenizer = new TextTokenizer(bertTokenizerJson(vocab, made as never), {}, settings as never);
  return tokenizer.encode(text).tokens[0]!.slice(1, -1);
};

test('the class of a tokenizer overrules the case, accents and Chinese characters that tokenizer.json says', () => {
  const bert = { tokenizer_class: 'BertTokenizer' };
  assert.equal(tokensOf('Café', bert), ['cafe']);
  for (const name of ['Bert', 'DistilBert', 'Electra', 'MPNet'])
    assert.equal(tokensOf('Cafe', { tokenizer_class: `${name}TokenizerFast`, do_lower_case: false }), ['Cafe']);
  assert.equal(tokensOf('Cafe', bert, { do_lower_case: false }), ['cafe'], 'the default of the class counts');
  assert.equal(tokensOf('Café', { ...bert, strip_accents: false }), ['café']);
  assert.equal(tokensOf('日本', { ...bert, tokenize_chinese_chars: false }), ['日本']);
  assert.equal(tokensOf('日本', { tokenizer_class: 'MPNetTokenizer', tokenize_chinese_chars: false }), ['日', '本']);
  const other = { tokenizer_class: 'PreTrainedTokenizerFast', do_lower_case: false };
  assert.equal(tokensOf('Cafe', other), ['cafe'], 'a class of no settings leaves the file as it is');
  assert.throws(() => tokensOf('a', { ...bert, do_lower_case: 'no' }), /'do_lower_case' must be true or false/);
});

test('add_prefix_space of the settings counts, and false where they are silent', () => {
  const json = (prefix: boolean): object => ({
    added_tokens: [{ id: 0, content: '<pad>', special: true }],
    pre_tokenizer: { type: 'ByteLevel', add_prefix_space: prefix, use_regex: true },
    model: { type: 'BPE', vocab: { '<pad>': 0, a: 1, Ġ: 2, Ġa: 3 }, merges: ['Ġ a'] },
  });
  const ids = (prefix: boolean, settings: object): number[] =>
    [...new TextTokenizer(json(prefix), {}, settings as never).encode('a').input_ids.data] as number[];
  const roberta = { tokenizer_class: 'RobertaTokenizer' };
  assert.equal(ids(false, { ...roberta, add_prefix_space: true }), [3]);
  assert.equal(ids(true, { ...roberta, add_prefix_space: false }), [1]);
  assert.equal(ids(true, roberta), [1]);
  assert.equal(ids(true, {}), [3], 'without settings the file counts');
});

test('tokens that the settings add get the next ids, and their flags overrule those of the file', () => {
  const added = { content: 'NEW', special: false };
  const kinds = [
    { added_tokens_decoder: { 99: added } },
    { additional_special_tokens: ['NEW'] },
    { extra_special_tokens: { new_token: 'NEW' } },
  ];
  for (const settings of kinds) {
    const tokenizer = new TextTokenizer(bertTokenizerJson(vocab), {}, settings as never);
    assert.is(tokenizer.idOf('NEW'), words.length);
    assert.is(tokenizer.vocabulary, words.length + 1);
    assert.equal(tokenizer.encode('cafe NEW').tokens[0]!.slice(1, -1), ['cafe', 'NEW']);
  }
  assert.equal(tokensOf('[MASK]', {}), ['[MASK]']);
  assert.equal(tokensOf('[MASK]', { split_special_tokens: true }), ['[', 'mask', ']']);
  assert.throws(() => tokensOf('a', { added_tokens_decoder: { x: added } }), /entry 'x' that is no token/);
  assert.throws(() => tokensOf('a', { additional_special_tokens: 'NEW' }), /must be a list/);
});

test('sides, lengths and types that cannot be are refused by name', () => {
  assert.throws(() => tokensOf('a', { padding_side: 'middle' }), /'padding_side' has an unusable value/);
  assert.throws(() => tokensOf('a', { model_max_length: -3 }), /'model_max_length' has an unusable value/);
  assert.throws(() => tokensOf('a', { pad_token_type_id: -1 }), /'pad_token_type_id' has an unusable value/);
  const json = bertTokenizerJson(vocab);
  assert.throws(() => new TextTokenizer(json, { maxLength: '5' as never }), /maxLength is a whole number/);
  assert.throws(() => new TextTokenizer(json, { positions: -1 }), /positions is a whole number/);
  const left = new TextTokenizer({ ...json, padding: { direction: 'Left', pad_type_id: 0 } });
  assert.equal([...left.encode(['cafe cafe', 'cafe']).input_ids.data].slice(4), [0, 2, 5, 3]);
});

test('texts of sentence-transformers lose the spaces around them, and their offsets stay those of the text', () => {
  const tokenizer = new TextTokenizer(bertTokenizerJson(vocab), { strip: true, prompt: ' [UNK] ' });
  const encoded = tokenizer.encode('\u001c cafe \n');
  assert.equal(encoded.tokens[0], ['[CLS]', '[UNK]', 'cafe', '[SEP]']);
  assert.equal(encoded.offsets[0]![2], [2, 6]);
});

test('what is no text, no list and no vocabulary is refused by name', () => {
  const tokenizer = new TextTokenizer(bertTokenizerJson(vocab));
  for (const wrong of [null, 5]) assert.throws(() => tokenizer.encode(wrong as never), /encode: is no list/);
  assert.throws(() => tokenizer.randomWordsBaseline({ counts: 3 } as never), /unknown option 'counts'/);
  assert.throws(() => bertTokenizerJson(5 as never), /is no text of a token a line/);
});

test.run();
