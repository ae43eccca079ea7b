/** Tokenising and vocabularies. The ids of our sentences were made by Python (examples/imdb_text.py, test/golden). */
import { readFileSync } from 'node:fs';
import { gunzipSync, strFromU8 } from 'fflate';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { encodeText, parseVocabulary, tokenize } from '../../src/inputs/index.ts';

const test = suite('inputs: text');
const file = (path: string): Uint8Array => readFileSync(new URL(`../../${path}`, import.meta.url));
const vocabulary = parseVocabulary(strFromU8(file('examples/imdb-vocab.txt')), 'imdb-vocab.txt');

test('our sentences get the ids that Python gave them', () => {
  const golden = JSON.parse(strFromU8(gunzipSync(file('test/golden/own-inputs.json.gz')))) as {
    sentences: { tokens: number[][] };
  };
  const sentences = strFromU8(file('examples/sentences.txt')).trimEnd().split('\n');
  assert.is(sentences.length, golden.sentences.tokens.length);
  sentences.forEach((sentence, i) => {
    const { ids } = encodeText(sentence, vocabulary, { length: 100 });
    assert.equal(Array.from(ids), golden.sentences.tokens[i], sentence);
  });
});

test('words are cut at the separators of Keras and nowhere else', () => {
  assert.equal(tokenize("It's GREAT!<br />Don't—miss\u00a0it, (café)_x"), [
    "it's",
    'great',
    'br',
    "don't—miss\u00a0it",
    'café',
    'x',
  ]);
  assert.equal(tokenize(' \t\n...'), []);
  assert.equal(tokenize('ΣΑΣ İ'), ['σας', 'i̇']); // final sigma and the dotted capital I, as Python lower-cases them
});

const small = parseVocabulary('<pad>\n<start>\n<unknown>\nthe\nfilm\n');

test('padding, truncating and unknown words', () => {
  const encoded = encodeText('The Film stinks', small, { length: 6 });
  assert.equal(Array.from(encoded.ids), [0, 0, 1, 3, 4, 2]);
  assert.equal(encoded.tokens, ['<pad>', '<pad>', '<start>', 'the', 'film', 'stinks']);
  assert.equal(encoded.padding, [true, true, false, false, false, false]);
  assert.equal([encoded.unknown, encoded.dropped], [['stinks'], 0]);
  assert.equal(Array.from(encodeText('the film', small, { length: 5, padding: 'post' }).ids), [1, 3, 4, 0, 0]);
  const cut = encodeText('odd the film', small, { length: 2 });
  assert.equal([Array.from(cut.ids), cut.dropped, cut.unknown], [[3, 4], 2, []]);
  assert.equal(Array.from(encodeText('the film', small, { length: 2, truncating: 'post' }).ids), [1, 3]);
  assert.equal(Array.from(encodeText('the film', small).ids), [1, 3, 4]);
  assert.equal(Array.from(encodeText('the film', small, { size: 4 }).ids), [1, 3, 2]);
});

test('special tokens are no words', () => {
  assert.is(small.idOf('<pad>'), null);
  assert.equal([small.pad, small.start, small.unknown, small.size, small.tokenOf(9)], [0, 1, 2, 5, '#9']);
});

test("Keras's word index: rank + 3, and 0, 1, 2 are padding, start and unknown", () => {
  const index = parseVocabulary('{"the": 1, "and": 2, "film": 19}', 'imdb_word_index.json');
  assert.equal(Array.from(encodeText('The film of', index, { length: 5 }).ids), [0, 1, 4, 22, 2]);
  assert.equal([index.tokenOf(22), index.tokenOf(1), index.size], ['film', '<start>', 23]);
  const plain = parseVocabulary('{"the": 1}', 'w.json', { indexFrom: 0 });
  assert.equal(Array.from(encodeText('the', plain, { length: 2 }).ids), [0, 1]);
  assert.throws(
    () => encodeText('of', plain),
    /text: the word 'of' is not in the vocabulary\nhint: the vocabulary \(w\.json\)/,
  );
});

test('what is no vocabulary is refused', () => {
  assert.throws(() => parseVocabulary('\n', 'v.txt'), /v\.txt: is empty/);
  assert.throws(() => parseVocabulary('{"a": ', 'v.json'), /v\.json: is not JSON/);
  assert.throws(() => parseVocabulary('{"a": "b"}', 'v.json'), /gives the word 'a' no rank \(found b\)/);
  assert.throws(() => parseVocabulary('a\nb\na\n', 'v.txt'), /has the token 'a' twice \(lines \[1,3\]\)/);
  assert.throws(() => parseVocabulary('[PAD]\n##ing\n', 'v.txt'), /WordPiece/);
  assert.throws(() => parseVocabulary('\u0089HDF\0', 'v.txt'), /is no text file/);
  const noPad = parseVocabulary('the\nfilm\n');
  assert.throws(() => encodeText('the', noPad, { length: 2 }), /shorter than the model needs/);
});

test.run();
