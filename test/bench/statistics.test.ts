/** The benchmark's statistics and its comparison of results: what decides who counts as right. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { maxRelError, median, medianAbsoluteDeviation, quantile, shuffled, summarize } from '../../bench/statistics.ts';
import { randomUniform } from '../../src/graph/random.ts';

const test = suite('bench: statistics');

test('the median of an even count lies between the middle two; the input is not sorted in place', () => {
  const values = [4, 1, 3, 2];
  assert.is(median(values), 2.5);
  assert.equal(values, [4, 1, 3, 2]);
});

test('an outlier moves neither median nor MAD', () => {
  assert.is(median([1, 2, 3, 4, 1000]), 3);
  assert.is(medianAbsoluteDeviation([1, 2, 3, 4, 1000]), 1);
});

test('quantiles are linear between neighbours', () => {
  assert.is(quantile([10, 20, 30], 0.25), 15);
  assert.is(quantile([7], 0.95), 7);
});

test('a summary holds median, MAD, 95 % quantile and count', () => {
  assert.equal(summarize([2, 4, 6]), { medianMs: 4, madMs: 2, p95Ms: 5.8, samples: 3 });
});

test('errors are relative to the largest element of the expected output', () => {
  assert.is(maxRelError([[0.5, 8.5]], [[0, 8]]), 0.5 / 8);
  assert.is(maxRelError([[0, 0]], [[0, 0]]), 0);
  assert.is(maxRelError([[1], [10]], [[1], [8]]), 0.25);
});

test('what cannot be compared is infinitely wrong: counts, NaN, a value where zeros are expected', () => {
  assert.is(maxRelError([[1, 2]], [[1]]), Number.POSITIVE_INFINITY);
  assert.is(maxRelError([], [[1]]), Number.POSITIVE_INFINITY);
  assert.is(maxRelError([[Number.NaN, 1]], [[0, 1]]), Number.POSITIVE_INFINITY);
  assert.is(maxRelError([[1, Number.NaN]], [[0, 1]]), Number.POSITIVE_INFINITY);
  assert.is(maxRelError([[1]], [[0]]), Number.POSITIVE_INFINITY);
});

test('shuffling keeps every item and comes to different orders', () => {
  const random = randomUniform(1);
  const orders = new Set(Array.from({ length: 50 }, () => shuffled([1, 2, 3], random).join('')));
  assert.equal([...orders].sort(), ['123', '132', '213', '231', '312', '321']);
});

test.run();
