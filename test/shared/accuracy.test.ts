/** On the first MNIST test images and IMDB test reviews our predictions are Keras's one for one, so the accuracy is too. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { loadModel } from '../../src/keras/load/load.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { mnistLabels, mnistPixels, reviews, scaled } from '../support/data-sets.ts';
import { checksum, projectFile } from '../support/golden.ts';

interface Golden {
  readonly modelChecksum: string;
  readonly rows: readonly number[];
  readonly classes: readonly number[];
  readonly probabilities: readonly number[];
  readonly accuracy: number;
}

const test = suite('accuracy on real test sets');
const golden = JSON.parse(new TextDecoder().decode(projectFile('test/golden/accuracy.json'))) as {
  imdb: Golden & { tokenChecksum: string };
  mnist: Golden & { pixelChecksum: string };
};

async function compare(file: string, wanted: Golden, X: Tensor, labels: readonly number[]): Promise<void> {
  const bytes = projectFile(`examples/${file}`);
  assert.is(checksum(bytes), wanted.modelChecksum);
  const predictions = (await (await loadModel(bytes)).predict(X)) as Tensor;
  const classes = predictions.shape[1]!;
  let right = 0;
  let worst = 0;
  wanted.rows.forEach((row, i) => {
    const scores = Array.from(predictions.data.slice(i * classes, (i + 1) * classes));
    const winner = scores.indexOf(Math.max(...scores));
    assert.is(winner, wanted.classes[i], `row ${row}`);
    worst = Math.max(worst, Math.abs(scores[winner]! - wanted.probabilities[i]!));
    if (winner === labels[i]) right++;
  });
  assert.ok(worst < 1e-5, `probabilities differ by ${worst}`);
  assert.ok(Math.abs(right / wanted.rows.length - wanted.accuracy) < 1e-9, `${right} of ${wanted.rows.length}`);
  console.log(
    `note: ${file}: ${right} of ${wanted.rows.length} right, as Keras; probabilities within ${worst.toExponential(1)}`,
  );
}

test('200 MNIST images', async () => {
  const pixels = mnistPixels(golden.mnist.rows);
  assert.is(checksum(pixels.data as Uint8Array), golden.mnist.pixelChecksum);
  await compare('mnist-cnn.h5', golden.mnist, scaled(pixels), mnistLabels(golden.mnist.rows));
});

test('200 IMDB reviews', async () => {
  const { tokens, labels } = await reviews(golden.imdb.rows);
  assert.is(checksum(tokens.data as Int32Array), golden.imdb.tokenChecksum);
  await compare('imdb-cnn.h5', golden.imdb, tokens, labels);
});

test.run();
