/** The bidirectional LSTM of AG News on our own headlines: Keras's predictions, and alibi's attributions for all four classes. */
import { strFromU8 } from 'fflate';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { encodeText, parseVocabulary } from '../src/inputs/index.ts';
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

const test = suite('golden: AG News');

const golden = goldenFile<GoldenModel & { tokens: number[][] }>('agnews-bilstm.json.gz');
const file = projectFile('examples/agnews-bilstm.h5');
const tokens = tensor(golden.tokens, undefined, 'int32');

test('the golden values belong to this model, and the tokenizer gives the ids that Python gave', () => {
  assert.is(checksum(file), golden.modelChecksum);
  const vocabulary = parseVocabulary(strFromU8(projectFile('examples/agnews-vocab.txt')));
  const headlines = strFromU8(projectFile('examples/headlines.txt')).trim().split('\n');
  const ids = headlines.map((text) => [
    ...encodeText(text, vocabulary, { length: tokens.shape[1]!, truncating: 'post' }).ids,
  ]);
  assert.equal(ids, golden.tokens);
});

test('predictions are those of Keras', async () => {
  const error = await comparePredictions(await loadModel(file), golden, tokens);
  console.log(`note: largest difference of predictions: ${error.toExponential(1)}`);
});

for (const run of golden.runs) {
  test(`class ${run.target} at the embedding: attributions and deltas are alibi's`, async () => {
    console.log(`note: class ${run.target}: ${await compareRun(file, golden, run, tokens)}`);
  });
}

// What one class gains the others lose: softmax adds up to 1, so the attributions of all classes cancel.
test('the stored attributions of the four classes add up to nothing', () => {
  golden.tokens.forEach((row, sample) => {
    for (let token = 0; token < row.length; token++) {
      const sum = golden.runs.reduce((total, { attributions64 }) => total + attributions64[sample]![token]!, 0);
      assert.ok(Math.abs(sum) < 1e-12, `sample ${sample}, token ${token}: ${sum}`);
    }
  });
});

test.run();
