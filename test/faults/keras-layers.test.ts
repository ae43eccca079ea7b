/** Faults of layers and recorded operations (K4, K5, K10), on models made here with results worked out by hand. */
import * as assert from 'uvu/assert';
import { faults } from '../support/faults.ts';
import { modelFrom, type NamedWeights } from '../support/keras-models.ts';

const fault = faults('keras-layers');

const ref = (layer: string): object => ({
  class_name: '__keras_tensor__',
  config: { shape: [null], dtype: 'float32', keras_history: [layer, 0, 0] },
});
const entry = (
  class_name: string,
  name: string,
  config: object,
  args: unknown[] | null,
  module: string | null = 'keras.layers',
): object => ({
  ...(module && { module }),
  class_name,
  name,
  config: { name, ...config },
  inbound_nodes: args ? [{ args, kwargs: {} }] : [],
});

function functional(version: string, layers: readonly object[], output: string): object {
  return {
    class_name: 'Functional',
    keras_version: version,
    config: { name: 'm', layers, input_layers: [['ids', 0, 0]], output_layers: [[output, 0, 0]] },
  };
}

const ids = entry('InputLayer', 'ids', { batch_shape: [null, 4], dtype: 'int32' }, null);
const words = entry('Embedding', 'words', { input_dim: 3, output_dim: 2, mask_zero: true }, [ref('ids')]);
const mean = (of: string): object =>
  entry('GlobalAveragePooling1D', 'mean', { data_format: 'channels_last', keepdims: false }, [ref(of)]);
const array = (name: string, shape: number[], data = new Array<number>(shape.reduce((a, b) => a * b, 1)).fill(0)) => ({
  name,
  shape,
  data,
});
/** The attention gives zeros, so that the sum is the embedding. */
const weights: NamedWeights = {
  words: [array('embeddings', [3, 2], [9, 9, 1, 2, 3, 4])],
  heads: ['query', 'key', 'value']
    .flatMap((part) => [array(`${part}/kernel`, [2, 1, 2]), array(`${part}/bias`, [1, 2])])
    .concat([array('output/kernel', [1, 2, 2]), array('output/bias', [2])]),
};
const heads = entry('MultiHeadAttention', 'heads', { num_heads: 1, key_dim: 2, use_bias: true }, [
  ref('words'),
  ref('words'),
]);
const residual = entry('Add', 'residual', {}, [[ref('words'), ref('heads')]]);

async function predict(model: object): Promise<number[]> {
  const [y] = await modelFrom(model, weights).predictAll([[1, 2, 0, 0]]);
  return [...y!.data];
}

fault('K4', 'the residual behind an attention kept the mask that Keras 3.8 and newer take off', async () => {
  const model = (version: string): object =>
    functional(version, [ids, words, heads, residual, mean('residual')], 'mean');
  assert.equal(await predict(model('3.15.1')), [5.5, 6], 'no mask: the mean of all');
  assert.equal(await predict(model('3.8.0')), [5.5, 6]);
  assert.equal(await predict(model('3.7.0')), [2, 3], 'the mean of the two words');
  assert.equal(await predict(model('3.3.3')), [5.5, 6], 'up to 3.3 a sum has no mask');
});

fault('K4', 'a mean of the embedding is masked or not by the order in which Keras runs the calls', async () => {
  // The mean is as far from the outputs as the attention is, or one call nearer; Keras runs what is farther first.
  const late = entry('Add', 'late', {}, [[ref('mean'), ref('pooled')]]);
  const pooled = entry('GlobalAveragePooling1D', 'pooled', { data_format: 'channels_last', keepdims: false }, [
    ref('heads'),
  ]);
  assert.equal(await predict(functional('3.15.1', [ids, words, mean('words'), heads, pooled, late], 'late')), [5.5, 6]);
  assert.equal(await predict(functional('3.7.0', [ids, words, mean('words'), heads, pooled, late], 'late')), [2, 3]);
});

const operation = async (
  className: string,
  config: object,
  module: string | null = 'keras.ops.numpy',
): Promise<number[]> => {
  const op = entry(className, 'op', config, [ref('ids')], module);
  return predict(functional('3.15.1', [ids, op], 'op'));
};

fault('K5', 'ConvertToTensor was refused, in archives and in legacy files that name no module', async () => {
  assert.equal(await operation('ConvertToTensor', { dtype: null, sparse: null }, 'keras.ops.core'), [1, 2, 0, 0]);
  assert.equal(await operation('ConvertToTensor', {}, null), [1, 2, 0, 0]);
});

fault('K10', 'roll and others of keras.ops were refused', async () => {
  assert.equal(await operation('Roll', { shift: 1, axis: 1 }), [0, 1, 2, 0]);
  assert.equal(await operation('Fliplr', {}), [0, 0, 2, 1]);
  assert.equal(await operation('Cumprod', { axis: 1 }), [1, 2, 0, 0]);
});

fault('K10', 'layers of keras.applications were called custom classes', async () => {
  const scale = entry(
    'LayerScale',
    'scale',
    { init_values: 1, projection_dim: 2 },
    [ref('words')],
    'keras.src.applications.convnext',
  );
  const drop = entry(
    'StochasticDepth',
    'drop',
    { drop_path_rate: 0.1 },
    [ref('scale')],
    'keras.src.applications.convnext',
  );
  const own = { ...weights, scale: [array('gamma', [2], [2, 10])] };
  const [y] = await modelFrom(functional('3.15.1', [ids, words, scale, drop], 'drop'), own).predictAll([[1, 2, 0, 0]]);
  assert.equal([...y!.data], [2, 20, 6, 40, 18, 90, 18, 90]);
});

fault.run();
