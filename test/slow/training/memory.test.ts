/**
 * Memory of training stays flat: 500 steps of batches of random sizes, and then 1,000 more. What is held is counted after collections: without
 * them V8 commits up to 12 MB more over such a stretch, of which nothing is in use.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { wasmBackend } from '../../../src/backends/wasm/index.ts';
import { randomUniform } from '../../../src/graph/random.ts';
import { adam, type DataBatch, layers, sequential, Trainer } from '../../../src/training/index.ts';

const test = suite('training: memory');

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

test('1,000 steps after 500 of random sizes leave memory where it was', async () => {
  const net = sequential(
    [
      layers.conv1d({ filters: 32, kernelSize: 3, activation: 'relu' }),
      layers.dropout({ rate: 0.3 }),
      layers.batchNormalization(),
      layers.globalMaxPooling1d(),
      layers.dense({ units: 64, activation: 'relu' }),
      layers.dense({ units: 2, activation: 'softmax' }),
    ],
    { inputShape: [40, 16], seed: 2 },
  );
  const trainer = new Trainer(net, { loss: 'sparse_categorical_crossentropy', optimizer: adam() });
  const draw = randomUniform(11);
  // More sizes than plans are kept of: plans are thrown away and made anew.
  function* batches(count: number): Generator<DataBatch> {
    for (let i = 0; i < count; i++) {
      const rows = 1 + Math.floor(12 * draw());
      const data = Float32Array.from({ length: rows * 640 }, () => draw() - 0.5);
      const y = Int32Array.from({ length: rows }, (_, r) => Number(data[640 * r]! > 0));
      yield { x: { data, shape: [rows, 40, 16] }, y };
    }
  }
  const settle = (): { resident: number; held: number; wasm: number } => {
    collect();
    collect();
    const { rss, heapUsed, external } = process.memoryUsage();
    const wasm = wasmBackend.memoryInUse() / 2 ** 20;
    return { resident: rss / 2 ** 20, held: (heapUsed + external) / 2 ** 20, wasm };
  };
  await trainer.fit(() => batches(500), { epochs: 1 });
  const before = settle();
  const peaks: number[] = [];
  for (let part = 0; part < 4; part++) {
    await trainer.fit(() => batches(250), { epochs: 1 });
    peaks.push(settle().resident);
  }
  assert.is(trainer.step, 1500);
  const shown = `${before.resident.toFixed(0)} MB, then ${peaks.map((mb) => mb.toFixed(0)).join(', ')}`;
  console.log(shown);
  const { held } = settle();
  console.log(`held ${before.held.toFixed(2)} MB, then ${held.toFixed(2)}`);
  // A batch that is kept a step would be 17 MB, a graph hundreds; compiled code comes to some 0.4.
  assert.ok(held - before.held < 1, `held ${before.held} MB, then ${held}`);
  assert.ok(peaks[3]! - before.resident < 16, shown);
  assert.ok(settle().wasm - before.wasm < 1, `wasm ${before.wasm} MB, then ${settle().wasm}`);
  trainer.dispose();
});

test('recomputing in eight parts holds less in the backend, not in a count alone', async () => {
  const blocks = Array.from({ length: 48 }, () => [
    layers.conv2d({ filters: 8, kernelSize: 3, padding: 'same', activation: 'relu' }),
    layers.batchNormalization(),
  ]).flat();
  const rows = 8;
  const x = { data: Float32Array.from({ length: rows * 1024 }, (_, i) => Math.sin(i * i)), shape: [rows, 32, 32, 1] };
  const held: number[] = [];
  for (const recompute of [undefined, 8]) {
    const net = sequential([...blocks, layers.globalAveragePooling2d(), layers.dense({ units: 1 })], {
      inputShape: [32, 32, 1],
    });
    const trainer = new Trainer(net, { loss: 'mse', optimizer: adam(), ...(recompute && { recompute }) });
    const before = wasmBackend.memoryInUse();
    await trainer.fit(x, new Float32Array(rows), { epochs: 2, batchSize: rows });
    held.push((wasmBackend.memoryInUse() - before) / 2 ** 20);
    trainer.dispose();
  }
  console.log(`${held[0]!.toFixed(1)} MB, recomputed ${held[1]!.toFixed(1)} MB`);
  // Chains of elementwise steps recompute of themselves: without them it was less than two thirds.
  assert.ok(held[1]! < 0.85 * held[0]!, `${held}`);
});

test.run();
