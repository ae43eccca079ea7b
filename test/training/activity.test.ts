/** Activity regularizers of attention layers: losses in training and judging as real Keras 3 and tf_keras have them (test/golden/training/make_activity.py). */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Model } from '../../src/model/model.ts';
import { input, layers, model, Trainer } from '../../src/training/index.ts';
import { modelFrom } from '../support/keras-models.ts';

const test = suite('training: activity regularizers of attention');

const array = (shape: readonly number[], f: (i: number) => number) => ({
  data: Float32Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => f(i)),
  shape,
});
const fed = [array([2, 3, 4], Math.sin), array([2, 5, 4], Math.cos)];
const zeros = array([2, 3, 4], () => 0);

async function losses(given: Model): Promise<number[]> {
  let i = 0;
  const net = await given.withWeights(({ tensor: { size } }) => {
    const at = i++;
    return Float32Array.from({ length: size }, (_, k) => Math.sin(0.7 * k + at) * 0.5);
  });
  const trainer = new Trainer(net, { loss: 'mse', optimizer: 'sgd' });
  const { loss } = await trainer.evaluate(fed, zeros);
  const { history } = await trainer.fit(fed, zeros);
  trainer.dispose();
  return [loss!, history['loss']![0]!];
}

function near(found: readonly number[], wanted: number): void {
  for (const one of found) assert.ok(Math.abs(one - wanted) < 1e-6, `${found} of ${wanted}`);
}

const [query, value] = [input({ shape: [3, 4] }), input({ shape: [5, 4] })];

test('MultiHeadAttention of Keras 3: each of its products', async () => {
  const layer = layers.multiHeadAttention({ numHeads: 2, keyDim: 3, activityRegularizer: 'l2' });
  near(await losses(model({ inputs: [query, value], outputs: layer(query, { value }) })), 0.30109292567651);
});

test('GroupQueryAttention: each of its products, and its output once more', async () => {
  const options = { headDim: 3, numQueryHeads: 2, numKeyValueHeads: 1, activityRegularizer: 'l2' };
  const layer = layers.groupQueryAttention(options);
  near(await losses(model({ inputs: [query, value], outputs: layer(query, { value }) })), 0.22713956804217422);
});

test('MultiHeadAttention of tf_keras: its output alone', async () => {
  const config = {
    ...{ name: 'at', num_heads: 2, key_dim: 3, value_dim: 3, use_bias: true, output_shape: null, dropout: 0 },
    activity_regularizer: { class_name: 'L2', config: { l2: 0.01 } },
  };
  const place = (name: string, shape: readonly (number | null)[]) => {
    const own = { batch_input_shape: shape, dtype: 'float32', name };
    return { class_name: 'InputLayer', config: own, name, inbound_nodes: [] };
  };
  const calls = [[['q', 0, 0, { value: ['v', 0, 0] }]]];
  const attention = { class_name: 'MultiHeadAttention', config, name: 'at', inbound_nodes: calls };
  const architecture = {
    class_name: 'Functional',
    config: {
      name: 'm',
      layers: [place('q', [null, 3, 4]), place('v', [null, 5, 4]), attention],
      ...{ input_layers: [ref('q'), ref('v')], output_layers: [ref('at')] },
    },
    ...{ keras_version: '2.21.0', backend: 'tensorflow' },
  };
  const heads = (name: string) => [weight(`${name}/kernel`, [4, 2, 3]), weight(`${name}/bias`, [2, 3])];
  const own = [
    ...['query', 'key', 'value'].flatMap(heads),
    weight('attention_output/kernel', [2, 3, 4]),
    weight('attention_output/bias', [4]),
  ];
  near(await losses(modelFrom(architecture, { at: own })), 0.15527966771431545);
});

const ref = (name: string) => [name, 0, 0];
const weight = (name: string, shape: readonly number[]) => ({
  ...{ name, shape },
  data: new Array<number>(shape.reduce((a, b) => a * b)).fill(0),
});

test.run();
