/** Texts to ids as BERT's tokenizer gives them, truncation, padding and notices, and vocabularies that do not fit. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { bertTokenizerJson, type EncodeOptions, loadTransformer, TextTokenizer } from '../../src/transformers/index.ts';
import { makeFiles, small } from './support.ts';

const test = suite('transformers: tokenizer');
const words = [
  '[PAD]',
  '[UNK]',
  '[CLS]',
  '[SEP]',
  '[MASK]',
  'the',
  'film',
  'was',
  'un',
  '##believ',
  '##able',
  '!',
  ',',
  'cafe',
  '映',
];
const vocab = `${words.join('\n')}\n`;
const make = (positions = 16, config = {}): TextTokenizer =>
  new TextTokenizer(bertTokenizerJson(vocab, config), { positions }, config);
const ids = (...tokens: string[]): number[] => tokens.map((token) => words.indexOf(token));

test('word pieces, punctuation, accents, unknown words, Chinese characters', () => {
  const tokenizer = make();
  const encode = (text: string): string[] => [...tokenizer.encode(text).tokens[0]!];
  assert.equal(encode('The film was UNBELIEVABLE!'), [
    '[CLS]',
    'the',
    'film',
    'was',
    'un',
    '##believ',
    '##able',
    '!',
    '[SEP]',
  ]);
  assert.equal(encode('café,the'), ['[CLS]', 'cafe', ',', 'the', '[SEP]']);
  assert.equal(encode('the zebra 映映'), ['[CLS]', 'the', '[UNK]', '映', '映', '[SEP]']);
  assert.equal(encode('the [MASK] film'), ['[CLS]', 'the', '[MASK]', 'film', '[SEP]']);
  const cased = make(16, { do_lower_case: false });
  assert.equal([...cased.encode('The film').tokens[0]!], ['[CLS]', '[UNK]', 'film', '[SEP]']);
});

test('texts of different lengths are padded, with a mask', () => {
  const { input_ids, attention_mask, token_type_ids, tokens, notices } = make().encode(['the film', 'the film was !']);
  assert.equal(input_ids.toArray(), [
    ids('[CLS]', 'the', 'film', '[SEP]', '[PAD]', '[PAD]'),
    ids('[CLS]', 'the', 'film', 'was', '!', '[SEP]'),
  ]);
  assert.equal(attention_mask.toArray(), [
    [1, 1, 1, 1, 0, 0],
    [1, 1, 1, 1, 1, 1],
  ]);
  assert.ok(token_type_ids.data.every((id) => id === 0));
  assert.equal(tokens[0], ['[CLS]', 'the', 'film', '[SEP]', '[PAD]', '[PAD]']);
  assert.equal(notices, []);
  assert.equal(make().encode('the', { padding: 'max' }).input_ids.shape, [1, 16]);
  assert.equal(make().encode('the', { padding: 'max', maxLength: 5 }).input_ids.shape, [1, 5]);
});

test('pairs: token types, offsets in each text, the longer text is cut first, or the one that is named', () => {
  const pair = ['the film was', 'unbelievable film !'] as const;
  const { tokens, token_type_ids, offsets, sequences } = make().encode([pair, 'the']);
  assert.equal(tokens[0]!.join(' '), '[CLS] the film was [SEP] un ##believ ##able film ! [SEP]');
  assert.equal([...token_type_ids.data.subarray(0, 11)], [0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1]);
  assert.equal(offsets[0]!.slice(5, 9), [
    [0, 2],
    [2, 8],
    [8, 12],
    [13, 17],
  ]);
  assert.equal(sequences[0], [null, 0, 0, 0, null, 1, 1, 1, 1, 1, null]);
  assert.equal(offsets[1]!.slice(0, 4), [null, [0, 3], null, null]);
  const cut = (options: EncodeOptions): string => make().encode([pair], options).tokens[0]!.join(' ');
  assert.is(cut({ maxLength: 8 }), '[CLS] the film [SEP] un ##believ ##able [SEP]');
  assert.is(cut({ maxLength: 9, truncation: 'second' }), '[CLS] the film was [SEP] un ##believ ##able [SEP]');
  assert.is(cut({ maxLength: 9, truncation: 'first' }), '[CLS] the [SEP] un ##believ ##able film ! [SEP]');
  assert.throws(
    () => cut({ maxLength: 7, truncation: 'first' }),
    /cutting the first text of a pair alone leaves nothing/,
  );
  assert.throws(() => cut({ truncation: 'secnd' as never }), /unknown truncation 'secnd'\nhint: did you mean 'second'/);
  assert.equal(make().encode([['the', '']]).notices, ['text 1 of pair 0 is empty']);
});

test('sides of padding and of cutting are those of the tokenizer; so are its length and its special tokens', () => {
  const left = make(16, { padding_side: 'left', truncation_side: 'left', model_max_length: 6 });
  const { tokens, attention_mask, offsets } = left.encode(['the film was the film !', 'the']);
  assert.is(tokens[0]!.join(' '), '[CLS] was the film ! [SEP]');
  assert.is(tokens[1]!.join(' '), '[PAD] [PAD] [PAD] [CLS] the [SEP]');
  assert.equal([...attention_mask.data.subarray(6)], [0, 0, 0, 1, 1, 1]);
  assert.equal(offsets[1], [null, null, null, null, [0, 3], null]);
  assert.is(left.positions, 6);
  const json = bertTokenizerJson(vocab);
  const named = new TextTokenizer(json, {}, { pad_token: { content: '[MASK]' }, mask_token: '[PAD]' });
  assert.equal([named.padId, named.maskId, named.clsId, named.sepId, named.unkId], [4, 0, 2, 3, 1]);
  const more = new TextTokenizer(json, {}, { pad_token: '<pad>' });
  assert.equal(
    [more.padId, [...more.namedIds]],
    [left.vocabulary, [left.vocabulary]],
    'a token that is named is added',
  );
});

test('a text longer than the position table is cut with a notice and keeps its [SEP]', () => {
  const { input_ids, notices } = make(6).encode(['the film was the film was', 'the']);
  assert.equal(input_ids.toArray(), [
    ids('[CLS]', 'the', 'film', 'was', 'the', '[SEP]'),
    ids('[CLS]', 'the', '[SEP]', '[PAD]', '[PAD]', '[PAD]'),
  ]);
  assert.equal(notices, ['text 0 has 8 tokens and was cut to 6']);
});

test('an empty text is its special tokens, with a notice', () => {
  for (const text of ['', '   ']) {
    const { input_ids, notices } = make().encode(['the', text]);
    assert.equal(input_ids.toArray(), [ids('[CLS]', 'the', '[SEP]'), ids('[CLS]', '[SEP]', '[PAD]')]);
    assert.equal(notices, ['text 1 is empty']);
  }
});

test('the baseline keeps [CLS] and [SEP], and pads the rest', () => {
  assert.equal(make().baseline(), { kind: 'pad', id: 0, keep: [2, 3] });
  assert.is(make().token(6), 'film');
});

test('what cannot be encoded, or is no vocabulary, is refused', () => {
  const tokenizer = make();
  assert.throws(() => tokenizer.encode([]), /no text given/);
  assert.throws(() => tokenizer.encode([3 as never]), /text 0 is not a string/);
  assert.throws(
    () => tokenizer.encode('the', { maxLength: 17 }),
    /maxLength must be an integer from 3 to 16 \(got 17\)/,
  );
  assert.throws(() => tokenizer.token(99), /has no token 99/);
  assert.throws(() => bertTokenizerJson('the\nfilm\n'), /vocab.txt: has no line '\[PAD\]'/);
  assert.throws(() => bertTokenizerJson(`${vocab}the\n`), /has the token 'the' twice \(lines \[6,16\]\)/);
  assert.throws(() => new TextTokenizer({ model: {} }), /tokenizer.json: is not a tokenizer of Hugging Face/);
});

test('a model brings its tokenizer, from vocab.txt or tokenizer.json', async () => {
  const files = await makeFiles({ ...small, vocabulary: words.length });
  const bytes = new TextEncoder().encode(vocab);
  const model = await loadTransformer({ ...files, vocab: bytes });
  const texts = ['the film was unbelievable !', 'the film'];
  const predictions = await model.predict(model.tokenizer!.encode(texts));
  assert.equal(predictions.shape, [2, 3]);
  const other = await loadTransformer({ ...files, tokenizer: bertTokenizerJson(vocab) });
  assert.equal((await other.predict(other.tokenizer!.encode(texts))).data, predictions.data);
  assert.is((await loadTransformer(files)).tokenizer, null);
});

test('a tokenizer with more tokens than the embedding is refused', async () => {
  const files = await makeFiles({ ...small, vocabulary: words.length - 1 });
  const error = await loadTransformer({ ...files, vocab: new TextEncoder().encode(vocab) }).catch((e: Error) => e);
  assert.match(
    (error as Error).message,
    /vocab.txt: has more tokens than the embedding of the model \(tokenizer 15, vocab_size 14\)/,
  );
});

test.run();
