/** The command line on models of other people: a single sigmoid, Keras's word index, a layer that is not supported, weights alone. */
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { runCli } from '../support/cli.ts';
import { sharedFolder } from '../support/shared.ts';

const test = suite('cli: models of other people');
const corpus = (path: string): string => join(sharedFolder, 'keras-corpus', path);
const sentiment = [
  corpus('imdb-gap-k3.12/sentiment_model.h5'),
  '--word-index',
  join(sharedFolder, 'data/imdb/imdb_word_index.json'),
  '--text',
  'A wonderful film: the acting is superb',
];

test('one score with two labels: target 0 explains 1 - p', async () => {
  const { code, out, err } = await runCli([
    'explain',
    ...sentiment,
    '--labels',
    'neg,pos',
    '--target',
    '0',
    '--steps',
    '5',
  ]);
  assert.is(code, 0, err);
  assert.match(out, /prediction +neg 54\.7 %, pos 45\.3 %\n {3}explained +neg \(predicted\)\n/);
  assert.match(out, /<start>\S* a\S* wonderful\S* film\S* the\S* acting\S* is\S* superb/);
});

test('one sigmoid without labels is a probability, as its last op says', async () => {
  const { out, err } = await runCli(['explain', ...sentiment, '--steps', '5']);
  assert.match(
    out,
    /prediction +dense_1 45\.3 %\n {3}explained +dense_1\n {3}baseline +padding \(token 0\): 45\.2 % dense_1,/,
  );
  assert.match(err, /note: no target for a probability: --target 1 explains p/);
});

test('inspect says what is not supported, and predict refuses it', async () => {
  const model = corpus('dl4j-tfk-deepfm/deepfm.h5');
  const inspected = await runCli(['inspect', model]);
  assert.is(inspected.code, 0, inspected.err);
  assert.match(
    inspected.out,
    /lambda_1 +Lambda .*not supported\n[\s\S]*This model cannot be run:\n[\s\S]* {2}lambda_1 \(Lambda\): /,
  );
  const predicted = await runCli(['predict', model, '--tokens', '1,2']);
  assert.is(predicted.code, 1);
  assert.match(predicted.err, /'lambda_1' \(Lambda\)/);
});

test('an architecture with weights of their own runs; weights alone say what to give', async () => {
  const folder = 'chen-wordvec-cnn-lstm/wordvec_cnn_lstm_';
  const [architecture, weights] = [corpus(`${folder}architecture.json`), corpus(`${folder}weights.h5`)];
  const inspected = await runCli(['inspect', architecture, '--weights', weights]);
  assert.match(inspected.out, /lstm_1 \(LSTM\) +\[\?, 70\] +91,560\n[\s\S]*This model can be run and explained/);
  const predicted = await runCli(['predict', architecture, '--weights', weights, '--tokens', '1,2']);
  assert.is(predicted.code, 0, predicted.err);
  assert.match(predicted.out, /class 0 93\.2 %, class 1 6\.8 %/);
  const alone = await runCli(['inspect', weights]);
  assert.match(alone.err, /holds weights without a model\nhint: give the architecture, .*--weights /);
});

test.run();
