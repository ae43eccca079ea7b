/** Scaling of attributions: captum's threshold goldens, symmetric scales, and what happens when there is nothing to show. */
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { normalizeAttributions, sharedScale, thresholdByMass } from '../../src/visualize/index.ts';

const test: ReturnType<typeof suite> = suite('normalize attributions');

test('captum golden: one to ten with 20 per cent of outliers has threshold 9', () => {
  const values = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
  assert.is(thresholdByMass(values, 20), 9);
  const { values: scaled } = normalizeAttributions(values, { scale: 'mass', outlierPercent: 20 });
  assert.equal([scaled[7], scaled[8], scaled[9]], [8 / 9, 1, 1]);
});

test('captum golden: all signs and negative alone', () => {
  const values = [0.3, -0.4, 4, -0.4];
  assert.equal([...normalizeAttributions(values, { scale: 'mass' }).values], [0.075, -0.1, 1, -0.1]);
  const negative = normalizeAttributions(values, { scale: 'mass', sign: 'negative' });
  assert.equal([...negative.values], [0, 1, 0, 1]);
  assert.is(negative.scale, 0.4);
});

test('scales by the largest absolute value, so that zero stays zero and signs stay', () => {
  const { values, scale, allZero } = normalizeAttributions([-4, 0, 1, 2]);
  assert.equal([...values], [-1, 0, 0.25, 0.5]);
  assert.equal([scale, allZero], [4, false]);
});

test('none, percentile, shared and the single signs', () => {
  assert.equal([...normalizeAttributions([-4, 7], { scale: 'none' }).values], [-4, 7]);
  // numpy.percentile([1, 2, 3, 4], 50) is 2.5
  assert.equal(
    [...normalizeAttributions([1, -2, 3, -4], { scale: 'percentile', percentile: 50 }).values],
    [0.4, -0.8, 1, -1],
  );
  assert.equal([...normalizeAttributions([1, -2], { shared: 4 }).values], [0.25, -0.5]);
  assert.equal([...normalizeAttributions([1, -2], { sign: 'positive' }).values], [1, 0]);
  assert.equal([...normalizeAttributions([1, -2], { sign: 'absolute' }).values], [0.5, 1]);
  assert.is(sharedScale([[1, -2], [0.5], [-3, 1]]), 3);
});

test('all-zero attributions give zeros and a flag, never NaN', () => {
  for (const scale of ['none', 'max', 'percentile', 'mass'] as const) {
    const result = normalizeAttributions([0, 0, 0], { scale });
    assert.equal([...result.values], [0, 0, 0]);
    assert.is(result.allZero, true);
  }
  assert.is(normalizeAttributions([1, 2], { sign: 'negative' }).allZero, true);
  assert.equal([...normalizeAttributions([]).values], []);
  assert.is(thresholdByMass([]), 0);
});

test('a percentile of 0 among sparse values maps the rest to full strength', () => {
  const sparse = [...new Array(200).fill(0), 5, -3];
  const { values } = normalizeAttributions(sparse, { scale: 'percentile', percentile: 90 });
  assert.equal([values[0], values[200], values[201]], [0, 1, -1]);
});

test('property: results lie in [-1, 1], keep signs, and are finite', () => {
  const options = fc.record({
    scale: fc.constantFrom('max' as const, 'percentile' as const, 'mass' as const),
    percentile: fc.double({ min: 0, max: 100, noNaN: true }),
    outlierPercent: fc.double({ min: 0, max: 100, noNaN: true }),
  });
  const numbers = fc.array(fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e150, max: 1e150 }), {
    maxLength: 30,
  });
  fc.assert(
    fc.property(numbers, options, (values, chosen) => {
      const result = normalizeAttributions(values, chosen);
      return result.values.every((v, i) => Math.abs(v) <= 1 && (v === 0 || Math.sign(v) === Math.sign(values[i]!)));
    }),
    { seed: 11 },
  );
});

test('names what is wrong', () => {
  assert.throws(
    () => normalizeAttributions([1, Number.NaN]),
    'attributions: has a value that is not finite (index 1, value NaN)',
  );
  assert.throws(() => thresholdByMass([1], 101), 'outlierPercent: must lie in 0 to 100 (got 101)');
  assert.throws(
    () => normalizeAttributions([1], { scale: 'percentile', percentile: -1 }),
    'percentile: must lie in 0 to 100 (got -1)',
  );
  assert.throws(
    () => normalizeAttributions([1], { shared: -1 }),
    'shared: scale must be a number of 0 or more (got -1)',
  );
});

test.run();
