/** The example models on our own sentences and digits, against Keras's predictions and alibi's attributions, all five rules. */
import { strFromU8 } from 'fflate';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readPng } from '../src/inputs/index.ts';
import { loadModel } from '../src/keras/load/load.ts';
import { tensor } from '../src/tensor/tensor.ts';
import {
  checksum,
  comparePredictions,
  compareRun,
  type GoldenModel,
  goldenFile,
  projectFile,
} from './support/golden.ts';

const test = suite('golden: example models on our own inputs');

const golden = goldenFile<{
  sentences: GoldenModel & { tokens: number[][] };
  digits: GoldenModel & { pixelChecksum: string };
}>('own-inputs.json.gz');

const imdb = projectFile('examples/imdb-cnn.h5');
const mnist = projectFile('examples/mnist-cnn.h5');
const sentences = tensor(golden.sentences.tokens, undefined, 'int32');

const pictures = Array.from({ length: 10 }, (_, digit) => readPng(projectFile(`examples/digits/${digit}.png`)));
const pixels = Uint8Array.from(pictures.flatMap(({ data }) => Array.from(data, (value) => Math.round(value * 255))));
const digits = tensor(
  Float32Array.from(pixels, (value) => value / 255),
  [10, 28, 28, 1],
);

test('the golden values belong to these models and inputs', () => {
  assert.is(checksum(imdb), golden.sentences.modelChecksum);
  assert.is(checksum(mnist), golden.digits.modelChecksum);
  assert.is(checksum(pixels), golden.digits.pixelChecksum);
  assert.is(
    strFromU8(projectFile('examples/sentences.txt')).trimEnd().split('\n').length,
    golden.sentences.tokens.length,
  );
});

test('predictions of sentences and digits are those of Keras', async () => {
  const text = await comparePredictions(await loadModel(imdb), golden.sentences, sentences);
  const image = await comparePredictions(await loadModel(mnist), golden.digits, digits);
  console.log(
    `note: largest difference of predictions: ${text.toExponential(1)} text, ${image.toExponential(1)} images`,
  );
});

for (const run of golden.sentences.runs) {
  test(`sentences at the embedding, ${run.method}: attributions and deltas are alibi's`, async () => {
    const error = await compareRun(imdb, golden.sentences, run, sentences);
    console.log(`note: text, ${run.method}: ${error}`);
  });
}

for (const run of golden.digits.runs) {
  test(`digits, ${run.method}: attributions and deltas are alibi's`, async () => {
    const error = await compareRun(mnist, golden.digits, run, digits);
    console.log(`note: digits, ${run.method}: ${error}`);
  });
}

test.run();
