/** The page's table of pairs: row sums, and each pair once. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { pairTableOf } from '../../src/web/worker/view/pairs.ts';

const test = suite('web: pairs');

test('rows are summed, a pair is the sum of its two entries, and what is 0 is left out', () => {
  const { sums, scores, pair } = pairTableOf(Float64Array.of(1, 2, 0, 2, 5, -3, 0, -3, 7));
  assert.equal(Array.from(sums), [3, 4, 4]);
  assert.equal(scores, [4, -6]);
  assert.equal(
    [pair(0), pair(1)],
    [
      [0, 1],
      [1, 2],
    ],
  );
});

test('pairs of a transformer are of words, not of pieces: sums over the pieces of both', () => {
  // [CLS] play ##ful cat [SEP] [PAD], of which the frame has no part.
  const pieces = [
    [0, 0, 0, 0, 0, 0],
    [0, 1, 2, 4, 0, 0],
    [0, 2, 3, 5, 0, 0],
    [0, 4, 5, 7, 0, 0],
    [0, 0, 0, 0, 0, 0],
    [0, 0, 0, 0, 0, 0],
  ];
  const word = (text: string, start: number, ...positions: number[]) =>
    ({ text, start, end: start + text.length, sequence: 0, positions }) as const;
  const text = {
    tokens: ['[CLS]', 'play', '##ful', 'cat', '[SEP]', '[PAD]'],
    padding: [false, false, false, false, false, true],
    fixed: [true, false, false, false, true, false],
    words: [word('Playful', 0, 1, 2), word('cat', 8, 3)],
    places: [],
  };
  const { names, values, scores, sums } = pairTableOf(Float64Array.from(pieces.flat()), text);
  assert.equal(names, ['Playful', 'cat']);
  assert.equal(values, [8, 9, 9, 7]);
  assert.equal(scores, [18]);
  assert.equal(Array.from(sums), [0, 7, 10, 16, 0, 0]);
  // A special token that does have a part stands there as it is.
  pieces[0]![3] = pieces[3]![0] = 1;
  assert.equal(pairTableOf(Float64Array.from(pieces.flat()), text).names, ['[CLS]', 'Playful', 'cat']);
});

test.run();
