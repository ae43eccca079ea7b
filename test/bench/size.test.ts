/** The budget of what a page that explains Keras models fetches at once, and of what it may load later: a part that grows past it is a decision, not an accident. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { bundleFiles, bundleParts, ON_DEMAND } from '../../bench/suites/size.ts';
import { buildWeb, fetchedFiles, gzipBytes } from '../../scripts/build-web.mjs';
import { copied } from '../../scripts/own-copies.mjs';
import { temporaryFolder } from '../support/cli.ts';

const test = suite('bundle size');

/**
 * Most minified bytes by folder; what is not named here may take `OTHER`. gzip makes about 37 % of code and 75 % of the packed kernels.
 * New layers and ops may raise a line; look first for what can go.
 */
const BUDGET: Readonly<Record<string, number>> = {
  [ON_DEMAND]: 290_000,
  'src/keras': 63_300,
  'src/model': 10_720,
  'src/attribution': 70_000,
  'src/backends': 48_000,
  'src/ops': 35_450,
  'packed kernels': 24_800,
  'src/hdf5': 13_700,
  'kernels/reference': 9_700,
  'src/graph': 21_350,
  'src/tensor': 7_600,
  'src/quadrature': 4_800,
};
const OTHER = 7_000;
/** Most bytes as gzip sends them: of what is fetched at once to explain a Keras model, and of the page's engine. */
const FETCHED = 126_600;
const ENGINE = 158_000;

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
    'src/backends/wasm/module/wide.ts',
    'src/backends/wasm/wide.generated.ts',
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

// What code that is loaded on demand shares with it esbuild would cut out of it, a file for each set of such code (scripts/same-chunk.mjs).
test('issue 14: what is fetched at once is the entry, the code and the packed kernels, however much code on demand shares with them', async () => {
  const { fetched, gzip } = await bundleFiles();
  assert.is(fetched, 3);
  assert.ok(gzip <= FETCHED, `${gzip} bytes are fetched at once, the budget is ${FETCHED}`);
});

test("issue 14: so is the page's engine", async () => {
  const folder = temporaryFolder().path('web');
  const { engine } = fetchedFiles(folder, await buildWeb(folder));
  assert.is(engine.length, 3, engine.join());
  const gzip = gzipBytes(engine);
  assert.ok(gzip <= ENGINE, `the engine takes ${gzip} bytes, its budget is ${ENGINE}`);
});

test.run();
