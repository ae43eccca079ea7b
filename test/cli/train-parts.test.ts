/** The parts of examples/training that need no data: how texts become ids. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { buildVocabulary, encode } from '../../examples/training/data.ts';

const test = suite('examples: training');

test('a vocabulary is the most frequent tokens behind three special ones, ties by code point', () => {
  const vocabulary = buildVocabulary(['b a b', 'c a', 'd'], 6);
  const tokens = Array.from({ length: vocabulary.size }, (_, id) => vocabulary.tokenOf(id));
  assert.equal(tokens, ['<pad>', '<start>', '<unknown>', 'a', 'b', 'c']);
});

test('texts are rows of ids, padded in front and cut at the side that is asked for', () => {
  const vocabulary = buildVocabulary(['b a b', 'c a', 'd'], 6);
  const rows = (truncating: 'pre' | 'post'): number[] => {
    const { data, shape } = encode(['a b', 'a b c d', ''], vocabulary, 3, truncating);
    assert.equal(shape, [3, 3]);
    return [...data];
  };
  // 1 begins a text, 0 fills it up, 2 is unknown.
  assert.equal(rows('pre'), [1, 3, 4, 4, 5, 2, 0, 0, 1]);
  assert.equal(rows('post'), [1, 3, 4, 1, 3, 4, 0, 0, 1]);
});

test.run();
