/** The budget of what a page that explains Keras models fetches at once, and of what it may load later: a part that grows past it is a decision, not an accident. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { bundleFiles, bundleParts, ON_DEMAND } from '../../bench/suites/size.ts';
import { copied } from '../../scripts/own-copies.mjs';

const test = suite('bundle size');

/**
 * Most minified bytes by folder; what is not named here may take `OTHER`. gzip makes about 37 % of code and 75 % of the packed kernels.
 * New layers and ops may raise a line; look first for what can go.
 */
const BUDGET: Readonly<Record<string, number>> = {
  [ON_DEMAND]: 239_800,
  'src/keras': 63_400,
  'src/model': 10_720,
  'src/attribution': 70_700,
  'src/backends': 44_100,
  'src/ops': 35_700,
  'packed kernels': 24_500,
  'src/hdf5': 14_500,
  'kernels/reference': 9_800,
  'src/graph': 20_800,
  'src/tensor': 7_400,
  'src/quadrature': 5_000,
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

test('what is public and needed on demand is not fetched at once', async () => {
  const { files } = await bundleFiles();
  const early = [
    'src/attribution/path/auto-steps.ts',
    'src/attribution/path/frontier-points.ts',
    'src/attribution/path/kept-frontier.ts',
    'src/graph/state.ts',
    'src/keras/custom/run.ts',
    'node_modules/fflate/esm/browser.js',
    ...copied,
  ];
  assert.equal(
    early.filter((file) => file in files || `copy:${file}` in files),
    [],
  );
});

test.run();
