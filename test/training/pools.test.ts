/** Max pools that are taken together with the convolution in front of them: which are, and that training comes to the same. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { reference } from '../../src/backends/reference/index.ts';
import { wasmBackend } from '../../src/backends/wasm/index.ts';
import { compile } from '../../src/graph/compile.ts';
import { grad, type VjpRules } from '../../src/graph/grad.ts';
import { ancestors } from '../../src/graph/traverse.ts';
import type { Model } from '../../src/model/model.ts';
import { conv } from '../../src/ops/conv-primitives.ts';
import {
  add,
  avgPool,
  conv1d,
  conv2d,
  dropout,
  embedding,
  max,
  maxPool,
  mul,
  relu,
  tanh,
} from '../../src/ops/index.ts';
import type { FloatDType } from '../../src/tensor/dtype.ts';
import { placeholder, type Tensor } from '../../src/tensor/tensor.ts';
import { input, layers, model, Trainer } from '../../src/training/index.ts';
import { poolsOfConvolutions } from '../../src/training/pools.ts';
import { trainingRules } from '../../src/training/rules.ts';

const test = suite('training: max pools of convolutions');

const [table, ids] = [placeholder([50, 6]), placeholder([3, 30], 'int32')];
const [x, w, b] = [placeholder([3, 30, 6]), placeholder([3, 6, 8]), placeholder([8])];
const seed = placeholder([2], 'int32');
const words = embedding(table, ids);
const all = { axes: [1] };
const dropped = (y: Tensor): Tensor => dropout(y, seed, { rate: 0.4, stream: 0 });
const opsOf = (ys: readonly Tensor[]): Set<string> => new Set(ancestors(ys).flatMap(({ op }) => (op ? [op.name] : [])));

const picture = conv2d(placeholder([2, 9, 8, 3]), placeholder([3, 3, 3, 5]), { padding: 'same' });
const volume = conv([placeholder([2, 4, 4, 4, 3]), placeholder([1, 1, 1, 3, 5])], {
  ...{ strides: [1, 1, 1], dilations: [1, 1, 1], groups: 1 },
  pads: [1, 1, 1].map(() => [0, 0] as const),
});
const pooled = maxPool(relu(picture));
const taken: Record<string, [string, Tensor]> = {
  'a convolution alone': ['convMax', max(conv1d(x, w), all)],
  'bias and relu': ['convMax', max(relu(add(conv1d(x, w), b)), all)],
  'dropout behind a relu, axes that stay': ['convMax', max(dropped(relu(conv1d(x, w))), { ...all, keepDims: true })],
  'dropout of the words': ['convMax', max(relu(conv1d(dropped(words), w)), all)],
  'words as they are': ['convMaxTable', max(relu(conv1d(words, w)), all)],
  'few positions of words': ['convMaxTable', max(conv1d(embedding(table, placeholder([3, 10], 'int32')), w), all)],
  'windows side by side': ['convPool', maxPool(picture)],
  'windows of a text': ['convPool', maxPool(relu(add(conv1d(x, w), b)), { window: 4 })],
  'windows, with dropout behind them': ['convPool', dropped(pooled)],
  'windows behind windows': ['convPool', maxPool(conv2d(dropped(pooled), placeholder([2, 2, 5, 4])))],
  pictures: ['convMax', max(conv2d(placeholder([2, 8, 8, 3]), placeholder([3, 3, 3, 5])), { axes: [1, 2] })],
};
for (const [name, [op, y]] of Object.entries(taken)) {
  test(`taken together: ${name}`, () => {
    const [made] = poolsOfConvolutions([y], 'wasm');
    const found = opsOf([made!]);
    assert.ok(found.has(op) && !['conv', 'max', 'maxPool'].some((other) => found.has(other)), [...found].join());
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
  'windows that overlap': [maxPool(picture, { window: 3, stride: 2 })],
  'windows with something between': [maxPool(picture, { window: 2, stride: 3 })],
  'windows over padding': [maxPool(picture, { padding: 'same' })],
  'windows of volumes': [maxPool(volume)],
  'windows of more elements than a code can say': [maxPool(picture, { window: 4 })],
  'windows of a convolution that is asked for': [picture, maxPool(picture)],
  'rows of windows for which there is no room': [maxPool(conv1d(placeholder([1, 70_000, 1]), placeholder([1, 1, 1])))],
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

test('dropout behind windows that somebody else reads, or that have no relu, stays', () => {
  for (const [outputs, asked] of [
    [[dropped(pooled), mul(pooled, 2)], 'somebody'],
    [[dropped(maxPool(picture))], 'no relu'],
  ] as const) {
    const found = opsOf(poolsOfConvolutions(outputs, 'wasm'));
    assert.ok(found.has('convPool') && found.has('dropout') && !found.has('maxPool'), `${asked}: ${[...found]}`);
  }
});

test('of windows that tie the first element gets the gradient, as with the pool alone', () => {
  const [input, kernel] = [placeholder([1, 4, 4, 1]), placeholder([1, 1, 1, 2])];
  const y = maxPool(relu(conv2d(input, kernel)));
  const feeds = [Float32Array.from([1, 1, 0, 0, 1, 1, 0, 0, 2, 3, -1, -2, 3, 3, -2, -1]), Float32Array.from([1, -1])];
  const gradients = (made: Tensor, rules: VjpRules): unknown => {
    const plan = compile(grad(made, [input, kernel]), [input, kernel], { backend: wasmBackend });
    const direct = compile(grad(made, [input, kernel], undefined, { rules }), [input, kernel], {
      backend: wasmBackend,
    });
    const found = [plan.runSync(feeds), direct.runSync(feeds)].map((arrays) => arrays.map((array) => [...array]));
    for (const one of [plan, direct]) one.dispose();
    assert.equal(found[1], found[0]);
    return found[0];
  };
  const [made] = poolsOfConvolutions([y], 'wasm');
  assert.equal(gradients(made!, trainingRules('wasm')), gradients(y, {}));
  const first = [1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, -1, 0, 0, 0, 0];
  assert.equal((gradients(made!, {}) as number[][])[0], first);
});

interface Data {
  readonly built: Model;
  readonly batch: { readonly data: Int32Array | Float32Array; readonly shape: readonly number[] };
  readonly rows: number;
}

function texts(dtype: FloatDType): Data {
  const inputs = input({ shape: [40], dtype: 'int32' });
  let y = layers.embedding({ inputDim: 60, outputDim: 7 })(inputs);
  y = layers.conv1d({ filters: 21, kernelSize: 3, activation: 'relu' })(y);
  y = layers.globalMaxPooling1d()(layers.dropout({ rate: 0.4 })(y));
  const built = model({ inputs, outputs: layers.dense({ units: 2, activation: 'softmax' })(y), dtype, seed: 3 });
  const rows = 80;
  // Padding in front, as texts have it: windows of it tie.
  const tokens = Int32Array.from({ length: rows * 40 }, (_, i) => (i % 40 < (i / 40) % 30 ? 0 : (i * i + 7 * i) % 60));
  return { built, batch: { data: tokens, shape: [rows, 40] }, rows };
}

function pictures(dtype: FloatDType): Data {
  const inputs = input({ shape: [13, 12, 1] });
  let y = layers.conv2d({ filters: 18, kernelSize: 2, padding: 'same', activation: 'relu' })(inputs);
  y = layers.dropout({ rate: 0.3 })(layers.maxPooling2d({ poolSize: 2 })(y));
  y = layers.conv2d({ filters: 9, kernelSize: 3, activation: 'relu' })(y);
  y = layers.flatten()(layers.dropout({ rate: 0.3 })(layers.maxPooling2d({ poolSize: 2 })(y)));
  const built = model({ inputs, outputs: layers.dense({ units: 2, activation: 'softmax' })(y), dtype, seed: 3 });
  const rows = 80;
  // Mostly background, as digits have it: windows of it tie.
  const data = Float32Array.from({ length: rows * 156 }, (_, i) => (i % 7 < 4 ? 0 : ((i * i + 7 * i) % 60) / 60));
  return { built, batch: { data, shape: [rows, 13, 12, 1] }, rows };
}

/** Losses of five steps, the weights after them, and what is predicted then. */
async function train(
  make: (dtype: FloatDType) => Data,
  dtype: FloatDType,
  threads: number,
): Promise<{ losses: number[]; weights: number[]; predicted: number[] }> {
  const { built, batch, rows } = make(dtype);
  const options = { loss: 'sparse_categorical_crossentropy', optimizer: 'sgd', seed: 5 } as const;
  const before = wasmBackend.threads();
  wasmBackend.setThreads(threads);
  const trainer = new Trainer(built, options);
  const labels = { data: Int32Array.from({ length: rows }, (_, i) => i % 2), shape: [rows] };
  const { history } = await trainer.fit(batch, labels, { epochs: 5, batchSize: 16, shuffle: false });
  const [predicted] = await trainer.predict(batch);
  const weights = trainer.weights().flatMap(({ value }) => [...value.data]);
  trainer.dispose();
  wasmBackend.setThreads(before);
  return { losses: [...(history['loss'] ?? [])], weights, predicted: [...predicted!.data] };
}

for (const [name, make] of Object.entries({ texts, pictures })) {
  test(`a net for ${name} trains to the same bits on one thread and two, and to what it does in float64`, async () => {
    const [one, two] = [await train(make, 'float32', 1), await train(make, 'float32', 2)];
    const exact = await train(make, 'float64', 1);
    assert.equal(two, one);
    for (const what of ['losses', 'weights', 'predicted'] as const) {
      const largest = Math.max(...exact[what].map(Math.abs));
      const error = Math.max(...exact[what].map((value, i) => Math.abs(value - one[what][i]!))) / largest;
      assert.ok(exact[what].length > 0 && error < 1e-5, `${what}: ${error}`);
    }
  });
}

test.run();
