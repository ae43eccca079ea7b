/** Words in their original spelling, the same for every tokenizer, and attributions summed over their tokens. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  bertTokenizerJson,
  type EncodedTexts,
  TextTokenizer,
  wordAttributions,
  wordsOf,
} from '../../src/transformers/index.ts';
import { tokenizersOfHuggingFace } from './golden-tokenizers.ts';

const test = suite('transformers: words');
const tokenizers = tokenizersOfHuggingFace();
const spelled = (encoded: EncodedTexts, row = 0): string[] => wordsOf(encoded, row).map(({ text }) => text);

const sentences: readonly (readonly [string, readonly string[]])[] = [
  ["UNBELIEVABLE, isn't it?", ['UNBELIEVABLE', ',', "isn't", 'it', '?']],
  ['  two  spaces,\ttabs\nand new lines  ', ['two', 'spaces', ',', 'tabs', 'and', 'new', 'lines']],
  ['ÇA VA TRÈS BIEN à Noël', ['ÇA', 'VA', 'TRÈS', 'BIEN', 'à', 'Noël']],
  ['Cafe\u0301 nin\u0303o', ['Cafe\u0301', 'nin\u0303o']],
  ['שָׁלוֹם, नमस्ते दुनिया', ['שָׁלוֹם', ',', 'नमस्ते', 'दुनिया']],
  ['soft\u00adhyphen ﬁne', ['soft\u00adhyphen', 'ﬁne']],
  ['👍🏽 👨\u200d👩\u200d👧 and 🇩🇪', ['👍🏽', '👨\u200d👩\u200d👧', 'and', '🇩🇪']],
  ['costs $1,200.50 now', ['costs', '$', '1,200.50', 'now']],
];

test(`${sentences.length} sentences have the same words under ${tokenizers.length} tokenizers`, () => {
  for (const { name, tokenizer } of tokenizers) {
    const encoded = tokenizer.encode(sentences.map(([text]) => text));
    sentences.forEach(([text, words], row) => {
      assert.equal(spelled(encoded, row), words, `${name}: ${text}`);
    });
  }
});

test('each token of a text is in one word; words are in order and do not overlap', () => {
  for (const { name, tokenizer, texts } of tokenizers) {
    const encoded = tokenizer.encode(texts);
    texts.forEach((text, row) => {
      const words = wordsOf(encoded, row);
      const positions = words.flatMap((word) => word.positions).sort((a, b) => a - b);
      const owned = encoded.offsets[row]!.flatMap((offset, p) => (offset ? [p] : []));
      assert.equal(positions, owned, `${name}: ${text}`);
      words.forEach(({ start, end, text: spelling }, i) => {
        assert.is(text.slice(start, end), spelling);
        assert.ok(start < end && (i === 0 || words[i - 1]!.end <= start), `${name}: ${text}`);
      });
    });
  }
});

const vocab = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'un', '##believ', '##able', 'film', 'good', '.'];
const bert = new TextTokenizer(bertTokenizerJson(`${vocab.join('\n')}\n`));

test('pairs: words know their text', () => {
  const words = wordsOf(bert.encode([['Unbelievable film', 'good.']]));
  assert.equal(
    words.map(({ text, sequence, positions }) => [text, sequence, positions]),
    [
      ['Unbelievable', 0, [1, 2, 3]],
      ['film', 0, [4]],
      ['good', 1, [6]],
      ['.', 1, [7]],
    ],
  );
});

test('attributions of words and of the rest make up those of the tokens', () => {
  const encoded = bert.encode(['Unbelievable film', 'good film . good .']);
  assert.equal(encoded.tokens[0]!.length, 7);
  const { words, rest } = wordAttributions(encoded, [100, 1, 2, 3, 4, 200, 1000]);
  assert.equal(
    words.map(({ text, attribution }) => [text, attribution]),
    [
      ['Unbelievable', 6],
      ['film', 4],
    ],
  );
  assert.is(rest, 1300);
  assert.throws(
    () => wordAttributions(encoded, [1, 2]),
    /needs a value for each position \(values 2, positions 7\)|values 2/,
  );
  assert.throws(() => wordsOf(encoded, 2), /there is no text 2 \(texts 2\)/);
});

test('a text of spaces alone is in one word or none, for every tokenizer, and each of its tokens in that', () => {
  for (const { name, tokenizer } of tokenizersOfHuggingFace()) {
    for (const text of ['   ', '\n', ' a  b ', 'a\n\nb', '', '  \n x', ' ']) {
      const encoded = tokenizer.encode(text);
      const words = wordsOf(encoded);
      const own = encoded.offsets[0]!.flatMap((offset, position) => (offset ? [position] : []));
      const within = words.flatMap(({ positions }) => positions).sort((a, b) => a - b);
      assert.equal(within, own, `${name}, ${JSON.stringify(text)}`);
      const solid = text.trim() === '' ? (own.length > 0 ? [text] : []) : text.trim().split(/\s+/);
      assert.equal(
        words.map((word) => word.text),
        solid,
        `${name}, ${JSON.stringify(text)}`,
      );
    }
  }
});

test.run();
