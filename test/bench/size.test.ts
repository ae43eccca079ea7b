/** The budget of what a page that explains Keras models fetches at once, and of what it may load later: a part that grows past it is a decision, not an accident. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { bundleParts, ON_DEMAND } from '../../bench/suites/size.ts';

const test = suite('bundle size');

/**
 * Most minified bytes by folder; what is not named here may take `OTHER`. gzip makes about 37 % of code and 75 % of the packed kernels.
 * New layers and ops may raise a line; look first for what can go.
 */
const BUDGET: Readonly<Record<string, number>> = {
  [ON_DEMAND]: 115_000,
  'src/keras': 82_000,
  'src/attribution': 60_100,
  'src/backends': 40_000,
  'src/ops': 44_000,
  'packed kernels': 34_000,
  'src/hdf5': 15_000,
  'src/quadrature': 10_000,
  'kernels/reference': 14_500,
  'src/graph': 15_500,
};
const OTHER = 7_000;

test('every part keeps to its budget', async () => {
  const parts = await bundleParts();
  for (const [part, bytes] of Object.entries(parts)) {
    const most = BUDGET[part] ?? OTHER;
    assert.ok(bytes <= most, `${part} takes ${bytes} bytes of the bundle, its budget is ${most}`);
  }
  for (const part of Object.keys(BUDGET)) assert.ok((parts[part] ?? 0) > 0, `${part} is in the bundle`);
});

test.run();
