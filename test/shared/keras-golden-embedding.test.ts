/**
 * Token attributions of a real text model: integrated gradients at the Embedding's output, zero baseline, midpoint rule, summed
 * over the embedding axis. The layer is reached through a hook of `apply` and the graph cut there.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { compile } from '../../src/graph/compile.ts';
import { grad } from '../../src/graph/grad.ts';
import { loadModel } from '../../src/keras/load/load.ts';
import { sum } from '../../src/ops/reduce.ts';
import { placeholder, type Tensor } from '../../src/tensor/tensor.ts';
import { readNpz } from '../support/npz.ts';
import { sharedFolder } from '../support/shared.ts';

const folder = join(sharedFolder, 'keras-corpus', 'dl4j-k2-embedding-conv1d-ext');
const test = suite('token attributions at an Embedding');

const run = existsSync(folder) ? test : test.skip;

run('match Keras to 1e-4 of the largest', async () => {
  const golden = readNpz(readFileSync(join(folder, 'golden_embedding_ig.npz')));
  const [ids, expected] = [golden.get('ids')!, golden.get('ig_tokens')!.data];
  const steps = golden.get('steps')!.data[0]!;
  const model = await loadModel(join(folder, 'embedding_conv1d_extended_tensorflow_2.h5'));
  const x = placeholder(ids.shape, 'int32');
  const embedded: Tensor[] = [];
  const [y] = model.apply([x], {
    onOutputs: ({ layer, outputs }) => {
      if (layer.className === 'Embedding') embedded.push(...outputs);
      return null;
    },
  });
  const [point] = compile(embedded, [x]).runSync([Int32Array.from(ids.data)]);
  const plan = compile(grad(sum(y!), embedded), embedded);
  const size = point!.length / ids.data.length;
  const tokens = new Float64Array(ids.data.length);
  for (let step = 0; step < steps; step++) {
    const [gradient] = plan.runSync([Float32Array.from(point!, (value) => (value * (step + 0.5)) / steps)]);
    gradient!.forEach((value, i) => {
      tokens[Math.floor(i / size)]! += (value * point![i]!) / steps;
    });
  }
  const largest = Math.max(...expected.map(Math.abs));
  expected.forEach((value, i) => {
    assert.ok(Math.abs(tokens[i]! - value) <= 1e-4 * largest, `${tokens[i]} at ${i}, Keras has ${value}`);
  });
});

test.run();
