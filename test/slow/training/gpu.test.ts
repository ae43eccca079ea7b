/** Training with GPU.js, in its CPU mode: the weights of `reference` after six steps, for nets of each kind; what it lacks is refused by name. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Backend } from '../../../src/backends/backend.ts';
import { gpuBackend } from '../../../src/backends/gpu/index.ts';
import { reference } from '../../../src/backends/reference/index.ts';
import { type LayerFunction, layers as l, sequential, Trainer } from '../../../src/training/index.ts';

const test = suite('training: gpu:cpu');
const gpu = await gpuBackend({ mode: 'cpu' });

const end = () => l.dense({ units: 3, activation: 'softmax' });
const words = () => l.embedding({ inputDim: 10, outputDim: 4 });
const nets: Readonly<Record<string, readonly [layers: () => LayerFunction[], shape: readonly number[]]>> = {
  dense: [() => [l.dense({ units: 8, activation: 'relu' }), end()], [6]],
  normalized: [() => [l.dense({ units: 8, useBias: false }), l.batchNormalization(), end()], [6]],
  conv1d: [() => [l.conv1d({ filters: 4, kernelSize: 3, activation: 'relu' }), l.globalMaxPooling1d(), end()], [8, 3]],
  conv2d: [
    () => [l.conv2d({ filters: 4, kernelSize: 3 }), l.maxPooling2d({ poolSize: 2 }), l.flatten(), end()],
    [8, 8, 1],
  ],
  lstm: [() => [l.lstm({ units: 4 }), end()], [5, 3]],
  gru: [() => [l.gru({ units: 4 }), end()], [5, 3]],
  words: [() => [words(), l.globalAveragePooling1d(), end()], [5]],
};

async function trained(name: string, optimizer: string, backend: Backend): Promise<readonly Float32Array[]> {
  const [make, shape] = nets[name]!;
  const isWords = name === 'words';
  const net = sequential(make(), { inputShape: shape, seed: 1, ...(isWords && { inputDtype: 'int32' }) });
  const [n, size] = [12, 12 * shape.reduce((a, b) => a * b)];
  const data = isWords
    ? Int32Array.from({ length: size }, (_, i) => (i * 7) % 10)
    : Float32Array.from({ length: size }, (_, i) => Math.sin(i * i));
  const y = Int32Array.from({ length: n }, (_, i) => i % 3);
  const options = { loss: 'sparse_categorical_crossentropy', optimizer, metrics: ['accuracy'], backend };
  const trainer = new Trainer(net, options);
  await trainer.fit({ data, shape: [n, ...shape] }, y, { epochs: 2, batchSize: 4 });
  const weights = trainer.weights().map(({ value }) => value.data as Float32Array);
  trainer.dispose();
  return weights;
}

for (const name of Object.keys(nets))
  for (const optimizer of name === 'dense' ? ['sgd', 'adam', 'rmsprop', 'adagrad', 'lion', 'lamb'] : ['adam'])
    test(`${name}, ${optimizer}`, async () => {
      const [found, wanted] = [await trained(name, optimizer, gpu), await trained(name, optimizer, reference)];
      for (const [i, weight] of wanted.entries()) {
        const scale = weight.reduce((most, v) => Math.max(most, Math.abs(v)), 1);
        const off = weight.reduce((most, v, k) => Math.max(most, Math.abs(v - found[i]![k]!)), 0);
        assert.ok(off <= 1e-5 * scale, `weight ${i}: off by ${off}`);
      }
    });

test('what draws is refused by name', async () => {
  const net = sequential([l.dense({ units: 4 }), l.dropout({ rate: 0.5 }), end()], { inputShape: [6] });
  const trainer = new Trainer(net, { loss: 'sparse_categorical_crossentropy', optimizer: 'sgd', backend: gpu });
  try {
    await trainer.fit([[1, 2, 3, 4, 5, 6]], [1]);
    assert.unreachable('refused');
  } catch (error) {
    assert.match((error as Error).message, /dropout: the backend 'gpu' has no kernel/);
  }
});

test.run();
