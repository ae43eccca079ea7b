/** Global max pools that are taken together with the convolution in front of them: which are, and that training comes to the same. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { reference } from '../../src/backends/reference/index.ts';
import { wasmBackend } from '../../src/backends/wasm/index.ts';
import { compile } from '../../src/graph/compile.ts';
import { ancestors } from '../../src/graph/traverse.ts';
import { add, avgPool, conv1d, conv2d, dropout, embedding, max, mul, relu, tanh } from '../../src/ops/index.ts';
import type { FloatDType } from '../../src/tensor/dtype.ts';
import { placeholder, type Tensor } from '../../src/tensor/tensor.ts';
import { input, layers, model, Trainer } from '../../src/training/index.ts';
import { poolsOfConvolutions } from '../../src/training/pools.ts';

const test = suite('training: global max pools of convolutions');

const [table, ids] = [placeholder([50, 6]), placeholder([3, 30], 'int32')];
const [x, w, b] = [placeholder([3, 30, 6]), placeholder([3, 6, 8]), placeholder([8])];
const seed = placeholder([2], 'int32');
const words = embedding(table, ids);
const all = { axes: [1] };
const dropped = (y: Tensor): Tensor => dropout(y, seed, { rate: 0.4, stream: 0 });
const opsOf = (ys: readonly Tensor[]): Set<string> => new Set(ancestors(ys).flatMap(({ op }) => (op ? [op.name] : [])));

const taken: Record<string, [string, Tensor]> = {
  'a convolution alone': ['convMax', max(conv1d(x, w), all)],
  'bias and relu': ['convMax', max(relu(add(conv1d(x, w), b)), all)],
  'dropout behind a relu, axes that stay': ['convMax', max(dropped(relu(conv1d(x, w))), { ...all, keepDims: true })],
  'dropout of the words': ['convMax', max(relu(conv1d(dropped(words), w)), all)],
  'words as they are': ['convMaxTable', max(relu(conv1d(words, w)), all)],
  'few positions of words': ['convMaxTable', max(conv1d(embedding(table, placeholder([3, 10], 'int32')), w), all)],
  pictures: ['convMax', max(conv2d(placeholder([2, 8, 8, 3]), placeholder([3, 3, 3, 5])), { axes: [1, 2] })],
};
for (const [name, [op, y]] of Object.entries(taken)) {
  test(`taken together: ${name}`, () => {
    const [made] = poolsOfConvolutions([y], 'wasm');
    const found = opsOf([made!]);
    assert.ok(found.has(op) && !found.has('conv') && !found.has('max'), [...found].join());
    assert.equal(made!.shape, y.shape);
  });
}

const hidden = relu(conv1d(x, w));
const left: Record<string, readonly Tensor[]> = {
  'somebody else reads the convolution': [max(hidden, all), mul(hidden, 2)],
  'the convolution is asked for': [hidden, max(hidden, all)],
  'another function between': [max(tanh(conv1d(x, w)), all)],
  'dropout without a relu': [max(dropped(conv1d(x, w)), all)],
  'a pool over one axis of two': [max(conv2d(placeholder([2, 8, 8, 3]), placeholder([3, 3, 3, 5])), { axes: [1] })],
  'a pool of means between': [max(avgPool(conv1d(x, w), { window: [2] }), all)],
  'a bias that is none': [max(add(conv1d(x, w), placeholder([28, 8])), all)],
  groups: [max(conv1d(x, placeholder([3, 3, 8]), { groups: 2 }), all)],
  'more filters than there is room for': [max(conv1d(x, placeholder([3, 6, 513])), all)],
  'so few positions that tiles would be empty': [max(conv1d(placeholder([3, 10, 6]), w), all)],
};
for (const [name, ys] of Object.entries(left)) {
  test(`left alone: ${name}`, () => {
    poolsOfConvolutions(ys, 'wasm').forEach((y, i) => {
      assert.is(y, ys[i]);
    });
  });
}

test('left alone on a backend without the kernels', () => {
  const y = max(conv1d(x, w), all);
  assert.is(poolsOfConvolutions([y], 'gpu')[0], y);
});

test('an id outside the table is said as without', () => {
  const outputs = poolsOfConvolutions([max(conv1d(words, w), all)], 'wasm');
  const feeds = [new Float32Array(300), new Int32Array(90).fill(7, 0, 40).fill(50, 41, 42), new Float32Array(144)];
  for (const backend of [wasmBackend, reference]) {
    const plan = compile(outputs, [table, ids, w], { backend });
    assert.throws(() => plan.runSync(feeds), /gather: index 50 is outside \[0, 50\).*at 41/);
    plan.dispose();
  }
});

/** Losses of five steps, the weights after them, and what is predicted then. */
async function train(
  dtype: FloatDType,
  threads: number,
): Promise<{ losses: number[]; weights: number[]; predicted: number[] }> {
  const inputs = input({ shape: [40], dtype: 'int32' });
  let y = layers.embedding({ inputDim: 60, outputDim: 7 })(inputs);
  y = layers.conv1d({ filters: 21, kernelSize: 3, activation: 'relu' })(y);
  y = layers.globalMaxPooling1d()(layers.dropout({ rate: 0.4 })(y));
  const built = model({ inputs, outputs: layers.dense({ units: 2, activation: 'softmax' })(y), dtype, seed: 3 });
  const options = { loss: 'sparse_categorical_crossentropy', optimizer: 'sgd', seed: 5 } as const;
  const before = wasmBackend.threads();
  wasmBackend.setThreads(threads);
  const trainer = new Trainer(built, options);
  const rows = 80;
  // Padding in front, as texts have it: windows of it tie.
  const tokens = Int32Array.from({ length: rows * 40 }, (_, i) => (i % 40 < (i / 40) % 30 ? 0 : (i * i + 7 * i) % 60));
  const batch = { data: tokens, shape: [rows, 40] };
  const labels = { data: Int32Array.from({ length: rows }, (_, i) => i % 2), shape: [rows] };
  const { history } = await trainer.fit(batch, labels, { epochs: 5, batchSize: 16, shuffle: false });
  const [predicted] = await trainer.predict(batch);
  const weights = trainer.weights().flatMap(({ value }) => [...value.data]);
  trainer.dispose();
  wasmBackend.setThreads(before);
  return { losses: [...(history['loss'] ?? [])], weights, predicted: [...predicted!.data] };
}

test('a text net trains to the same bits on one thread and two, and to what it does in float64', async () => {
  const [one, two, exact] = [await train('float32', 1), await train('float32', 2), await train('float64', 1)];
  assert.equal(two, one);
  for (const what of ['losses', 'weights', 'predicted'] as const) {
    const largest = Math.max(...exact[what].map(Math.abs));
    const error = Math.max(...exact[what].map((value, i) => Math.abs(value - one[what][i]!))) / largest;
    assert.ok(exact[what].length > 0 && error < 1e-5, `${what}: ${error}`);
  }
});

test.run();
