/** Models that are written here: names and order as Keras's, sharing, nesting, first weights, and what is refused. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { loadModel } from '../../src/keras/load/load.ts';
import { PathgradError } from '../../src/tensor/errors.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import {
  input,
  layers,
  model,
  modelLayer,
  moments,
  saveModel,
  sequential,
  vocabularyOf,
} from '../../src/training/index.ts';

const test = suite('builder');
const named = (m: { readonly layers: readonly { readonly name: string }[] }): string[] =>
  m.layers.map(({ name }) => name);
const weight = (m: ReturnType<typeof model>, layer: string, name: string): Tensor =>
  m.getLayer(layer).weights.find((w) => w.name === name)!.tensor;
const values = (t: Tensor): number[] => [...(t.constant ?? [])];

test('layers are named and ordered as in Keras: by distance from the outputs', () => {
  const x = input({ shape: [8, 8, 1] });
  const main = layers.maxPooling2d()(layers.conv2d({ filters: 4, kernelSize: 3, padding: 'same' })(x));
  const side = layers.conv2d({ filters: 4, kernelSize: 1 })(layers.averagePooling2d()(x));
  const y = layers.dense({ units: 3 })(layers.globalAveragePooling2d()(layers.add()([main, side])));
  const m = model({ inputs: x, outputs: [y, layers.globalMaxPooling2d()(main)] });
  const expected = ['input_layer', 'conv2d', 'average_pooling2d', 'max_pooling2d', 'conv2d_1', 'add'];
  assert.equal(named(m), [...expected, 'global_average_pooling2d', 'dense', 'global_max_pooling2d']);
  assert.equal(
    m.outputs.map(({ shape }) => shape),
    [
      [null, 3],
      [null, 4],
    ],
  );
});

test('a layer called twice shares its weights, and a nested model brings its own along', async () => {
  const inner = sequential([layers.dense({ units: 2, name: 'own' })], { inputShape: [3], seed: 5, name: 'inner' });
  const [a, b] = [input({ shape: [3] }), input({ shape: [3] })];
  const used = modelLayer(inner);
  const m = model({ inputs: { a, b }, outputs: layers.subtract()([used(a), used(b)]), seed: 6 });
  assert.is(m.countParams(), 8);
  const kernel = m.getLayer('inner/own').weights[0]!.tensor;
  assert.equal(values(kernel), values(weight(inner, 'own', 'kernel')));
  const y = (await m.predict({ a: [[1, 2, 3]], b: [[1, 2, 3]] })) as Tensor;
  assert.equal(values(y), [0, 0]);
});

const innerModel = (size: number): ReturnType<typeof model> => {
  const x = input({ shape: [size] });
  return model({ inputs: x, outputs: layers.dense({ units: size })(x), name: 'inner', seed: 3 });
};

test('a model called twice is the outputs of both calls, which Keras 3 counts from 1 there', async () => {
  const used = modelLayer(innerModel(3));
  const x = input({ shape: [3] });
  const first = used(x);
  const m = model({ inputs: x, outputs: [used(first), first, layers.identity()(first)] });
  const { config } = m.origin as unknown as { config: { config: { output_layers: unknown[] } } };
  assert.equal(config.config.output_layers.slice(0, 2), [
    ['inner', 2, 0],
    ['inner', 1, 0],
  ]);
  const [twice, once, same] = (await m.predictAll([[1, 2, 3]])).map(values);
  assert.equal(once, same);
  assert.not.equal(once, twice);
  const again = await loadModel(await saveModel(m, { format: 'keras' }));
  assert.equal((await again.predictAll([[1, 2, 3]])).map(values), [twice, once, same]);
});

test('a model of texts takes other weights', async () => {
  const x = input({ shape: [1], dtype: 'string' });
  const ids = layers.textVectorization({ vocabulary: ['a', 'b'], outputSequenceLength: 2 })(x);
  const m = model({ inputs: x, outputs: layers.flatten()(layers.embedding({ inputDim: 4, outputDim: 1 })(ids)) });
  const other = await m.withWeights(() => [0, 1, 2, 3]);
  assert.equal(values((await other.predict([['b a']])) as Tensor), [3, 2]);
});

test('layers whose constructors take no `trainable` are written without it, and statistics with their count', () => {
  const x = input({ shape: [4, 2] });
  const y = layers.normalization()(layers.spatialDropout1d({ rate: 0.1 })(x));
  const m = model({ inputs: x, outputs: y });
  assert.is(m.getLayer('spatial_dropout1d').config['trainable'], undefined);
  assert.equal(
    m.getLayer('normalization').weights.map(({ name }) => name),
    ['mean', 'variance', 'count'],
  );
});

test('layers that give states give all of them, and one alone is refused', async () => {
  const x = input({ shape: [5, 2] });
  const lstm = layers.lstm({ units: 3, returnState: true });
  assert.throws(() => lstm(x), /gives 3 tensors/);
  const [, h, c] = lstm.all(x);
  const y = layers.lstm({ units: 3 })(x, { initialState: [h!, c!] });
  const m = model({ inputs: x, outputs: y });
  assert.equal((await m.predictAll([[...'abcde'].map(() => [1, 2])]))[0]!.shape, [1, 3]);
});

test('first weights follow from the seed and the path alone', () => {
  const make = (seed: number, more: boolean) =>
    sequential([layers.dense({ units: 4, name: 'first' }), ...(more ? [layers.dense({ units: 2 })] : [])], {
      inputShape: [6],
      seed,
    });
  const one = values(weight(make(1, false), 'first', 'kernel'));
  assert.equal(one, values(weight(make(1, true), 'first', 'kernel')));
  assert.not.equal(one, values(weight(make(2, false), 'first', 'kernel')));
});

test('first weights have the spread that the fans say', () => {
  const limit = (input: number, output: number): number => Math.sqrt(6 / (input + output));
  const largest = (t: Tensor): number => Math.max(...values(t).map(Math.abs));
  const near = (t: Tensor, expected: number): void => {
    assert.ok(largest(t) <= expected && largest(t) > 0.97 * expected, `${largest(t)} of ${expected}`);
  };
  const x = input({ shape: [16, 10] });
  const attention = layers.multiHeadAttention({ numHeads: 4, keyDim: 8, name: 'mha' })(x, { value: x });
  const conv = layers.conv1d({ filters: 32, kernelSize: 5, name: 'conv' })(attention);
  const rnn = layers.lstm({ units: 12, name: 'rnn' })(conv);
  const m = model({
    inputs: x,
    outputs: layers.dense({ units: 50, kernelInitializer: 'he_uniform', name: 'he' })(rnn),
  });
  near(weight(m, 'mha', 'query_kernel'), limit(10, 32));
  near(weight(m, 'mha', 'output_kernel'), limit(32, 10));
  near(weight(m, 'conv', 'kernel'), limit(50, 160));
  near(weight(m, 'rnn', 'kernel'), limit(32, 48));
  near(weight(m, 'he', 'kernel'), Math.sqrt(6 / 12));
  assert.equal(values(weight(m, 'rnn', 'bias')), [...Array(12).fill(0), ...Array(12).fill(1), ...Array(24).fill(0)]);
  const recurrent = values(weight(m, 'rnn', 'recurrent_kernel'));
  for (const [i, j] of [
    [0, 0],
    [3, 3],
    [2, 7],
  ] as const) {
    const product = Array.from({ length: 48 }, (_, k) => recurrent[i * 48 + k]! * recurrent[j * 48 + k]!);
    assert.ok(
      Math.abs(product.reduce((a, b) => a + b, 0) - Number(i === j)) < 1e-6,
      `rows ${i} and ${j} are orthonormal`,
    );
  }
});

test('normal first weights are cut at two deviations, and have the variance asked for', () => {
  const kernelInitializer = {
    className: 'VarianceScaling',
    scale: 2,
    mode: 'fan_out',
    distribution: 'truncated_normal',
  };
  const m = sequential([layers.dense({ units: 100, kernelInitializer })], { inputShape: [200] });
  const kernel = values(weight(m, 'dense', 'kernel'));
  const variance = kernel.reduce((sum, v) => sum + v * v, 0) / kernel.length;
  assert.ok(Math.abs(variance - 0.02) < 0.001, `${variance}`);
  assert.ok(Math.max(...kernel.map(Math.abs)) <= (2 * Math.sqrt(0.02)) / 0.8796256610342398 + 1e-6);
});

test('moments are mean and variance of the population', () => {
  const { mean, variance } = moments({ data: [1, 10, 2, 20, 6, 30], shape: [3, 2] });
  assert.equal(mean, [3, 20]);
  assert.ok(Math.abs(variance[0]! - 14 / 3) < 1e-12 && Math.abs(variance[1]! - 200 / 3) < 1e-12);
  assert.throws(() => moments({ data: [1, Number.NaN], shape: [2, 1] }), /row 1, feature 0/);
});

test('a vocabulary has the most frequent words first, equals in reverse order, as adapt of Keras', async () => {
  const texts = ['The cat sat.', 'the dog, the cat', 'a bird'];
  assert.equal(vocabularyOf(texts), ['the', 'cat', 'sat', 'dog', 'bird', 'a']);
  assert.equal(vocabularyOf(texts, { maxTokens: 4 }), ['the', 'cat']);
  const x = input({ shape: [1], dtype: 'string' });
  const ids = layers.textVectorization({ vocabulary: vocabularyOf(texts), outputSequenceLength: 4 })(x);
  const y = layers.globalMaxPooling1d()(layers.embedding({ inputDim: 8, outputDim: 2 })(ids));
  const m = model({ inputs: x, outputs: y });
  assert.equal(values(m.encode([['the bird flew']])[0]!), [2, 6, 1, 0]);
});

test('what does not fit is refused by name', () => {
  const x = input({ shape: [5] });
  const refused: readonly [() => unknown, RegExp][] = [
    [() => layers.dense({ unit: 3 } as never), /Dense: unknown option 'unit'[\s\S]*units/],
    [() => layers.dense({} as never), /'units' must be given/],
    [() => layers.dense({ units: 0 }), /'units'.*whole number from 1/],
    [() => layers.dense({ units: 2, kernelInitializer: 'he_norml' }), /'he_norml'[\s\S]*HeNormal/],
    [() => layers.dense({ units: 2, kernelRegularizer: { className: 'L2', l3: 1 } }), /no argument 'l3'/],
    [() => layers.dropout({ rate: 2 }), /'rate'.*share/],
    [() => layers.conv2d({ filters: 2, kernelSize: [3] }), /kernelSize/],
    [() => layers.dense({ units: 2, name: 'a/b' }), /without \//],
    [() => layers.timeDistributed({ layer: x as never }), /'layer'.*is a layer/],
    [() => layers.dense({ units: 2 })(3 as never), /without a tensor/],
    [() => model({ inputs: [], outputs: x }), /inputs are/],
    [() => model({ inputs: input({ shape: [5] }), outputs: layers.dense({ units: 2 })(x) }), /not among its inputs/],
    [() => model({ inputs: layers.dense({ units: 2 })(x), outputs: x }), /models begin at input/],
    [() => model({ inputs: x, outputs: layers.conv2d({ filters: 2, kernelSize: 3 })(x) }), /conv2d.*4 axes/],
    [() => sequential([]), /list of layers/],
    [() => input({ shape: [0] }), /sizes/],
    [() => modelLayer({} as never), /model\(\) or sequential\(\)/],
  ];
  for (const [make, message] of refused) {
    try {
      make();
    } catch (error) {
      assert.instance(error, PathgradError);
      assert.match((error as Error).message, message);
      continue;
    }
    assert.unreachable(`${message} is refused`);
  }
});

test('a deep chain does not recurse', () => {
  const x = input({ shape: [2] });
  let y = x;
  for (let i = 0; i < 1200; i++) y = layers.identity()(y);
  assert.is(model({ inputs: x, outputs: y }).layers.length, 1201);
});

test.run();
