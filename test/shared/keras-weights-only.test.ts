/**
 * Published nets that come as weights alone, with an architecture given separately: textgenrnn (CuDNN LSTMs and an attention layer
 * of its authors', written here) and reactionrnn (a GRU of Keras 2.0), against tf_keras (test/golden/make_weights_only.py).
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { loadModel } from '../../src/keras/load/load.ts';
import { expandDims, matmul, mul, softmax, sum } from '../../src/ops/index.ts';
import type { Numbers } from '../support/keras-models.ts';
import { sharedFolder } from '../support/shared.ts';

const test = suite('weights without a model');
const corpus = join(sharedFolder, 'keras-corpus');
const file = new URL('../golden/weights-only.json.gz', import.meta.url);
const nets = JSON.parse(gunzipSync(readFileSync(file)).toString()) as Record<
  string,
  { readonly architecture: object; readonly input: Numbers; readonly output: Numbers }
>;

for (const [name, { architecture, input, output }] of Object.entries(nets)) {
  (existsSync(corpus) ? test : test.skip)(name, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'pathgrad-'));
    try {
      const path = join(folder, 'architecture.json');
      writeFileSync(path, JSON.stringify(architecture));
      const model = await loadModel(join(corpus, name, `${name}_weights.hdf5`), {
        architecture: path,
        layers: {
          AttentionWeightedAverage: ([x], { weights }) => {
            const [kernel] = Object.values(weights);
            return sum(mul(x!, softmax(matmul(x!, expandDims(kernel!, 0)), 1)), { axes: 1 });
          },
        },
      });
      const [y] = await model.predictAll(input);
      assert.equal(y!.shape, output.shape);
      const scale = Math.max(1, ...output.data);
      output.data.forEach((value, i) => {
        assert.ok(Math.abs(y!.data[i]! - value) <= 1e-5 * scale, `${y!.data[i]} at ${i}, Keras has ${value}`);
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}

test.run();
