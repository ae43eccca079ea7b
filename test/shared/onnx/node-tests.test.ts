/**
 * Every node test of the `onnx` package whose operator is supported gives the right numbers; the others are listed with the reason. The package is not
 * part of the project: PATHGRAD_ONNX_TESTS names folders of its unpacked wheels, else an installed one is looked for.
 */
import { readdirSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type NodeTest, nodeTestFolders, runNodeTest } from '../../support/onnx-node-tests.ts';

const test = suite('onnx node tests');
const folders = nodeTestFolders();
if (folders.length === 0) {
  test.skip('the node tests of onnx are not here: set PATHGRAD_ONNX_TESTS to an unpacked wheel', () => {});
  console.log('skipped: the node tests of onnx are not here (PATHGRAD_ONNX_TESTS, or the pip package before 1.23)');
}

/** Tests of old packages that contradict the standard as it is today: the later packages have other files under the same names. */
const mended: readonly RegExp[] = [
  // onnx 1.6: the sizes given were not those that the scale was worked out from.
  /^test_resize_upsample_sizes_nearest_(ceil_half_pixel|floor_align_corners|round_prefer_ceil_asymmetric)$/,
  // onnx 1.10: the values of bfloat16 are stated as uint16.
  /^test_cast(like)?_.*BFLOAT16/,
];

/**
 * States its output to four digits (0.1511 for 0.15105554, which onnxruntime and we compute), so that it differs from anyone's by up to 5e-5. Held to
 * the package's bounds as the others are, but no measure of our arithmetic.
 */
const rounded = 'test_averagepool_2d_ceil_last_window_starts_on_pad';

/** What a test is counted under: its operator, or `several` for what a function expands to. */
const kind = ({ ops }: NodeTest): string => (ops.length === 1 ? ops[0]! : 'several');

function report(folder: string, results: readonly NodeTest[]): void {
  const supported = results.filter(({ outcome }) => outcome !== 'refused');
  const right = supported.filter(({ outcome }) => outcome === 'right');
  const exact = right.filter(({ name }) => name !== rounded);
  const worst = exact.reduce((a, b) => (b.difference > a.difference ? b : a), exact[0]!);
  console.log(
    `\nnote: ${folder}: ${right.length} of ${supported.length} right, ${results.length - supported.length} refused`,
  );
  console.log(`note: largest difference ${worst.difference.toExponential(1)} of the largest element, ${worst.name}`);
  for (const name of [...new Set(results.map(kind))].sort()) {
    const own = supported.filter((one) => kind(one) === name);
    const good = own.filter(({ outcome }) => outcome === 'right').length;
    const refused = results.filter((one) => kind(one) === name && one.outcome === 'refused');
    const reasons = [...new Set(refused.map(({ said }) => said.split('\n')[0]!.replace(/^.*?: /, '')))];
    console.log(
      `row: ${name}: ${good} of ${own.length}${refused.length > 0 ? `; ${refused.length} refused: ${reasons.slice(0, 3).join(' | ')}` : ''}`,
    );
  }
}

for (const folder of folders) {
  test(folder, () => {
    const results = readdirSync(folder)
      .filter((name) => name.startsWith('test_'))
      .sort()
      .map((name) => runNodeTest(folder, name));
    report(folder, results);
    const old = /1\.(6|10)\./.test(folder);
    const wrong = results.filter(
      (one) => one.outcome === 'wrong' && !(old && mended.some((name) => name.test(one.name))),
    );
    assert.equal(
      wrong.map(({ name, said }) => `${name}: ${said}`),
      [],
    );
    assert.ok(results.some(({ outcome }) => outcome === 'right'));
  });
}

test.run();
