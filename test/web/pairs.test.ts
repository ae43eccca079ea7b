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

test.run();
