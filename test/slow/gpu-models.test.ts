/** The example models on the modes of the gpu backend that run in Node: explanations, a training step, flat memory. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { gpuBackend } from '../../src/backends/gpu/index.ts';
import { readPng } from '../../src/inputs/index.ts';
import { tensor } from '../../src/tensor/tensor.ts';
import { readGolden } from '../golden/golden.ts';
import { projectFile } from '../support/golden.ts';
import { explainGolden, trainingError } from '../support/model-check.ts';

const test = suite('gpu: models');

const { sentences, digits } = readGolden('own-inputs.json.gz');
const texts = tensor(sentences.tokens as number[][], undefined, 'int32');
const pictures = Array.from({ length: 10 }, (_, digit) => readPng(projectFile(`examples/digits/${digit}.png`)));
const images = tensor(Float32Array.from(pictures.flatMap(({ data }) => Array.from(data))), [10, 28, 28, 1]);

const cases = {
  imdb: { bytes: projectFile('examples/imdb-cnn.h5'), X: texts, golden: sentences, labels: [1, 0, 1, 1] },
  // Wrong labels: where the model is sure and right, the loss is a difference of nearly equal numbers in any float32.
  mnist: { bytes: projectFile('examples/mnist-cnn.h5'), X: images, golden: digits, labels: [5, 3, 8, 7] },
};

for (const mode of ['webasm', 'cpu'] as const) {
  for (const [name, { bytes, X, golden, labels }] of Object.entries(cases)) {
    test(`${name} on ${mode}: attributions are alibi's, by the path-linear pass; memory stays flat`, async () => {
      const backend = await gpuBackend({ mode });
      const { runs, predictions, ...rest } = golden;
      const run = { ...(rest as { layer?: number }), predictions, run: runs[0]! };
      const made = await explainGolden(bytes, run, X, 1, backend);
      assert.is(made.pass, 'path-linear');
      assert.ok(made.error < 1e-4, `attributions differ by ${made.error} of the largest`);
      const before = backend.stats();
      const first = await made.explain();
      assert.equal(await made.explain(), first, 'the same bits each time');
      assert.equal(backend.stats(), before, 'no kernel and no constant is added');
      assert.ok(before.kernels > 10 && before.constants > 0);
      made.dispose();
      // Plans are freed when their runs are over.
      await new Promise((resolve) => setTimeout(resolve));
      assert.is(backend.stats().constants, 0, 'what the plans held is freed');
      await backend.dispose();
      assert.is(backend.stats().kernels, 0);
    });

    test(`${name} on ${mode}: loss and all gradients of a training step are the reference's`, async () => {
      const backend = await gpuBackend({ mode });
      const rows = labels.length;
      const width = X.size / X.shape[0]!;
      const batch = tensor(X.data.slice(0, rows * width), [rows, ...X.shape.slice(1)], X.dtype);
      const { error, gradients } = await trainingError(bytes, batch, labels, backend);
      assert.ok(gradients >= 5, `${gradients} weights`);
      assert.ok(error < 1e-4, `off by ${error}`);
      await backend.dispose();
    });
  }
}

test.run();
