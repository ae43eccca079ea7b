/** Layers of Keras 1 and 2 that today's Keras lacks, in training: CuDNN's recurrent layers, and the penalties of a Keras 1 SeparableConvolution2D. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { sgd, Trainer } from '../../src/training/index.ts';
import { modelFrom, type NamedWeights } from '../support/keras-models.ts';

const test = suite('training: layers of older Kerases');

/** Numbers that follow from `k`. */
const numbers = (shape: readonly number[], k: number) => ({
  shape,
  data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(k * (i + 1)) / 2),
});
const named = (name: string, shape: readonly number[], k: number) => ({
  ...{ name, shape },
  data: Array.from(numbers(shape, k).data),
});
const trainerOf = (model: ConstructorParameters<typeof Trainer>[0]): Trainer =>
  new Trainer(model, { loss: 'mse', optimizer: sgd({ learningRate: 0.1 }), seed: 1 });

function recurrent(className: string, more: object, weights: NamedWeights[string]) {
  const penalty = { class_name: 'L1L2', config: { l1: 0, l2: 0.01 } };
  const own = { name: 'l', units: 3, batch_input_shape: [null, 5, 2], recurrent_regularizer: penalty, ...more };
  const config = { name: 's', layers: [{ class_name: className, config: own }] };
  return modelFrom(
    { ...{ class_name: 'Sequential', keras_version: '2.2.4', backend: 'tensorflow' }, config },
    { l: weights },
  );
}

for (const [name, gates, more] of [
  ['LSTM', 4, { recurrent_activation: 'sigmoid' }],
  ['GRU', 3, { recurrent_activation: 'sigmoid', reset_after: true }],
] as const)
  test(`CuDNN${name} is trained as the ${name} that has its weights`, async () => {
    const flat = recurrent(`CuDNN${name}`, {}, [
      named('kernel', [2, 3 * gates], 0.7),
      named('recurrent_kernel', [3, 3 * gates], 0.9),
      named('bias', [6 * gates], 1.1),
    ]);
    const same = flat.layers[0]!.weights.map(({ name: own, tensor: { shape, data } }) => ({
      ...{ name: own, shape, data: Array.from(data, Number) },
    }));
    const plain = recurrent(name, more, same);
    const [x, y] = [numbers([4, 5, 2], 1.3), numbers([4, 3], 2.1)];
    const [found, wanted] = [trainerOf(flat), trainerOf(plain)];
    const options = { epochs: 4, batchSize: 4 };
    const losses = (await found.fit(x, y, options)).history['loss']!;
    assert.equal(losses, (await wanted.fit(x, y, options)).history['loss']);
    assert.ok(losses[3]! < losses[0]! - 0.005, `${losses}`);
    assert.equal((await found.predict(x))[0]!.data, (await wanted.predict(x))[0]!.data);
  });

test('depthwise and pointwise regularizers of a Keras 1 SeparableConvolution2D are in the loss and in the step', async () => {
  const own = {
    ...{ name: 'l', nb_filter: 2, nb_row: 2, nb_col: 2, dim_ordering: 'tf', depth_multiplier: 1, bias: true },
    ...{ border_mode: 'valid', subsample: [1, 1], activation: 'linear', batch_input_shape: [null, 4, 4, 2] },
    depthwise_regularizer: { name: 'WeightRegularizer', l1: 0, l2: 0.5 },
    pointwise_regularizer: { name: 'WeightRegularizer', l1: 0.1, l2: 0 },
  };
  const config = [{ class_name: 'SeparableConvolution2D', config: own }];
  const first = [named('depthwise', [2, 2, 2, 1], 0.7), named('pointwise', [1, 1, 2, 2], 0.9), named('b', [2], 1.1)];
  const model = modelFrom(
    { ...{ class_name: 'Sequential', keras_version: '1.2.2', backend: 'tensorflow' }, config },
    { l: first },
  );
  // Pictures of zeros: the output is the bias, and kernels move by their penalties alone.
  const [x, y] = [
    { shape: [2, 4, 4, 2], data: new Float32Array(64) },
    { shape: [2, 3, 3, 2], data: new Float32Array(36) },
  ];
  const trainer = trainerOf(model);
  const { loss } = await trainer.evaluate(x, y);
  const [depthwise, pointwise, bias] = first.map(({ data }) => data) as [number[], number[], number[]];
  const squares = (list: readonly number[]): number => list.reduce((total, v) => total + v * v, 0);
  const penalty = 0.5 * squares(depthwise) + 0.1 * pointwise.reduce((total, v) => total + Math.abs(v), 0);
  assert.ok(Math.abs(loss! - penalty - squares(bias) / 2) < 1e-6, `${loss} for ${penalty + squares(bias) / 2}`);
  await trainer.fit(x, y, { epochs: 1, batchSize: 2 });
  const trained = await trainer.model();
  const [d, p] = trained.layers.at(-1)!.weights.map(({ tensor }) => Array.from(tensor.data, Number));
  for (const [i, v] of depthwise.entries()) assert.ok(Math.abs(d![i]! - 0.9 * v) < 1e-6, `depthwise ${d}`);
  for (const [i, v] of pointwise.entries())
    assert.ok(Math.abs(p![i]! - (v - 0.01 * Math.sign(v))) < 1e-6, `pointwise ${p}`);
});

test.run();
