/** The AG News and DistilBERT examples on real test texts: our tokenizers give the ids that Python gave, and the predictions agree. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { loadModel } from '../../src/keras/load/load.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { loadTransformer } from '../../src/transformers/index.ts';
import { news, reviewTexts } from '../support/data-sets.ts';
import { checksum, goldenFile, projectFile } from '../support/golden.ts';

const test = suite('golden: AG News and DistilBERT on real texts');

interface Real {
  readonly predictions: readonly (readonly number[])[];
}

function differ(found: Tensor, wanted: Real['predictions']): number {
  const worst = Math.max(...wanted.flat().map((value, i) => Math.abs(value - found.data[i]!)));
  assert.ok(worst < 1e-5, `predictions differ by ${worst}`);
  return worst;
}

test('all 7,600 AG News test texts: the accuracy that Keras has, the first 200 predictions one by one', async () => {
  const { real } = goldenFile<{ real: Real & { tokenChecksum: string; accuracy: number } }>('agnews-bilstm.json.gz');
  const { tokens, labels } = await news();
  const model = await loadModel(projectFile('examples/agnews-bilstm.h5'));
  const length = tokens.shape[1]!;
  assert.is(checksum((tokens.data as Int32Array).slice(0, real.predictions.length * length)), real.tokenChecksum);
  const predictions = (await model.predict(tokens)) as Tensor;
  const worst = differ(predictions, real.predictions);
  const right = labels.filter((label, row) => {
    const scores = predictions.data.subarray(4 * row, 4 * row + 4);
    return scores.indexOf(Math.max(...scores) as never) === label;
  }).length;
  console.log(
    `note: AG News: ${right} of ${labels.length} right; probabilities within ${worst.toExponential(1)} of Keras`,
  );
  assert.is(right, Math.round(real.accuracy * labels.length));
});

test('50 IMDB reviews through DistilBERT, cut to 256 tokens', async () => {
  const { real } = goldenFile<{ real: Real & { rows: number[]; idChecksum: string } }>('imdb-distilbert.json.gz');
  const model = await loadTransformer(new URL('../../examples/imdb-distilbert/', import.meta.url));
  const texts = (await reviewTexts(real.rows)).map((text) => text.replaceAll('<br />', ' '));
  const encoded = model.tokenizer!.encode(texts, { padding: 'max' });
  assert.is(checksum(encoded.input_ids.data as Int32Array), real.idChecksum);
  const worst = differ(await model.predict(encoded), real.predictions);
  console.log(`note: DistilBERT on reviews: probabilities within ${worst.toExponential(1)} of transformers`);
});

test.run();
