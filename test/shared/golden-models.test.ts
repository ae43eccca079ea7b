/** The example models on 10 real test inputs each: predictions of Keras, attributions of alibi, five rules, two baselines. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { loadModel } from '../../src/keras/load/load.ts';
import { mnistPixels, reviewTokens, scaled } from '../support/data-sets.ts';
import {
  checksum,
  comparePredictions,
  compareRun,
  type GoldenModel,
  goldenFile,
  projectFile,
} from '../support/golden.ts';

const test = suite('golden: example models on real test inputs');

type Rows = GoldenModel & { rows: number[] };
const imdb = goldenFile<Rows & { tokenChecksum: string }>('imdb-cnn.json.gz');
const mnist = goldenFile<Rows & { pixelChecksum: string }>('mnist-cnn.json.gz');
const tokens = await reviewTokens(imdb.rows);
const pixels = mnistPixels(mnist.rows);

test('the golden values belong to these inputs', () => {
  assert.is(checksum(tokens.data as Int32Array), imdb.tokenChecksum);
  assert.is(checksum(pixels.data as Uint8Array), mnist.pixelChecksum);
});

test('predictions are those of Keras', async () => {
  const text = await comparePredictions(await loadModel(projectFile('examples/imdb-cnn.h5')), imdb, tokens);
  const image = await comparePredictions(await loadModel(projectFile('examples/mnist-cnn.h5')), mnist, scaled(pixels));
  console.log(
    `note: largest difference of predictions: ${text.toExponential(1)} text, ${image.toExponential(1)} images`,
  );
});

for (const run of imdb.runs) {
  test(`IMDB, ${run.method}, baseline ${run.baseline}`, async () => {
    const error = await compareRun(projectFile('examples/imdb-cnn.h5'), imdb, run, tokens);
    console.log(`note: IMDB, ${run.method}, baseline ${run.baseline}: ${error}`);
  });
}

for (const run of mnist.runs) {
  test(`MNIST, ${run.method}, baseline ${run.baseline}`, async () => {
    const error = await compareRun(projectFile('examples/mnist-cnn.h5'), mnist, run, scaled(pixels));
    console.log(`note: MNIST, ${run.method}, baseline ${run.baseline}: ${error}`);
  });
}

test.run();
