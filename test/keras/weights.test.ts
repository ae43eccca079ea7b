/** Every layout of weights binds to the right layers in Keras's order; missing and surplus weights are errors. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Json, LayerSpec, ModelSpec } from '../../src/keras/config/spec.ts';
import { openKeras, parseArchitecture } from '../../src/keras/load/container.ts';
import { bindWeights } from '../../src/keras/weights/bind.ts';
import { snakeCase } from '../../src/keras/weights/paths.ts';
import { counted, type H5Group, legacyTree, nest, writeH5 } from '../support/h5.ts';
import { specOf } from '../support/keras-spec.ts';

const test = suite('keras weights');

type Entry = { readonly [key: string]: Json };

const layer = (class_name: string, name: string, config: Entry = {}): Entry => ({
  class_name,
  config: { name, ...config },
});
const sequential = (...layers: Json[]): Entry => ({ class_name: 'Sequential', config: { name: 's', layers } });

/** `layer: part/name first value` for each array bound; the fixtures give each array a first value of its own. */
async function bound(architecture: Entry, tree: H5Group, version = '2.4.0'): Promise<string[]> {
  const weights = openKeras(await writeH5(tree), 'w.h5');
  const file = parseArchitecture(JSON.stringify({ ...architecture, keras_version: version }), 'a.json');
  const spec: ModelSpec = specOf(file, weights);
  const shown: string[] = [];
  for (const [spec_, { arrays }] of await bindWeights(weights, spec)) {
    for (const { part, name, data } of arrays)
      shown.push(`${spec_.name}: ${part === '' ? '' : `${part}/`}${name ?? '?'} ${data[0]}`);
  }
  return shown;
}

/** Arrays of one value each: 1, 2, 3, … in the order of the names. */
const scalars = (names: readonly string[], first = 1): Record<string, ReturnType<typeof counted>> =>
  Object.fromEntries(names.map((name, i) => [name, counted([1], first + i)]));

const conv = layer('Conv2D', 'c', { use_bias: true });
const norm = layer('BatchNormalization', 'b', { scale: true, center: true });

test('legacy: by layer name, in weight_names order', async () => {
  const tree = legacyTree({
    c: scalars(['c/kernel:0', 'c/bias:0']),
    relu: {},
    b: scalars(['b_1/gamma:0', 'b_1/beta:0', 'b_1/moving_mean:0', 'b_1/moving_variance:0'], 3),
  });
  assert.equal(await bound(sequential(conv, layer('Activation', 'relu'), norm), tree), [
    'c: kernel 1',
    'c: bias 2',
    'b: gamma 3',
    'b: beta 4',
    'b: moving_mean 5',
    'b: moving_variance 6',
  ]);
});

test('legacy: other names pair by position, if the numbers of weights agree', async () => {
  const dense = (name: string): Entry => layer('Dense', name, { use_bias: true });
  const tree = legacyTree({ dense_7: scalars(['k', 'b']), flatten_1: {}, dense_8: scalars(['k', 'b'], 3) });
  assert.equal(await bound(sequential(dense('one'), layer('Flatten', 'f'), dense('two')), tree), [
    'one: kernel 1',
    'one: bias 2',
    'two: kernel 3',
    'two: bias 4',
  ]);
  const error = await rejection(bound(sequential(dense('one')), tree));
  assert.match(
    error,
    /w\.h5: has 2 layers with weights, the model 1, and their names differ \(file \[dense_7,dense_8\], model \[one\]\)/,
  );
});

async function rejection(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'was accepted',
    (error: Error) => error.message,
  );
}

test('legacy: weight_names split over several attributes', async () => {
  const tree: H5Group = {
    attributes: { layer_names0: ['c'], layer_names1: ['b'] },
    members: {
      c: {
        attributes: { weight_names0: ['kernel:0'], weight_names1: ['bias:0'] },
        members: scalars(['kernel:0', 'bias:0']),
      },
      b: { attributes: { weight_names: [] } },
    },
  };
  assert.equal(await bound(sequential(conv, layer('Flatten', 'b')), tree), ['c: kernel 1', 'c: bias 2']);
});

const innerModel = (...layers: Json[]): Entry => layer('Sequential', 'inner', { layers });

test('legacy nested model, names without layers: all trainable weights first, then all others', async () => {
  const inner = innerModel(conv, norm, layer('Dense', 'd', { use_bias: false }));
  const names = ['k', 'bi', 'g', 'be', 'kd', 'm', 'v'];
  const tree = legacyTree({ inner: scalars(names) });
  assert.equal(await bound(sequential(inner), tree), [
    'c: kernel 1',
    'c: bias 2',
    'b: gamma 3',
    'b: beta 4',
    'b: moving_mean 6',
    'b: moving_variance 7',
    'd: kernel 5',
  ]);
});

test('legacy nested model with a frozen layer: its weights move behind the trainable ones', async () => {
  const frozen = layer('BatchNormalization', 'b', { scale: true, center: true, trainable: false });
  const tree = legacyTree({ inner: scalars(['k', 'bi', 'kd', 'g', 'be', 'm', 'v']) });
  assert.equal(await bound(sequential(innerModel(conv, frozen, layer('Dense', 'd', { use_bias: false }))), tree), [
    'c: kernel 1',
    'c: bias 2',
    'b: gamma 4',
    'b: beta 5',
    'b: moving_mean 6',
    'b: moving_variance 7',
    'd: kernel 3',
  ]);
});

test('legacy nested model: names decide where each carries an inner layer, even of an unknown class', async () => {
  const inner = innerModel(conv, layer('Mystery', 'q'));
  const tree = legacyTree({ inner: scalars(['inner/q/z:0', 'inner/c/kernel:0', 'inner/c/bias:0']) });
  assert.equal(await bound(sequential(inner), tree), ['c: kernel 2', 'c: bias 3', 'q: z 1']);
  const nameless = legacyTree({ inner: scalars(['z', 'kernel', 'bias']) });
  assert.match(
    await rejection(bound(sequential(inner), nameless)),
    /nested model 'inner': its weights cannot be told apart .*layer q, class Mystery/,
  );
});

test('Keras 1: flat names, one array per gate, old words', async () => {
  const architecture: Entry = {
    class_name: 'Sequential',
    config: [layer('LSTM', 'lstm_1', { output_dim: 2 }), layer('BatchNormalization', 'bn_1')],
  };
  const gates = ['i', 'c', 'f', 'o'].flatMap((gate) => ['W', 'U', 'b'].map((kind) => `lstm_1_${kind}_${gate}:0`));
  const tree = legacyTree({
    lstm_1: scalars(gates),
    bn_1: scalars(['bn_1_gamma', 'bn_1_beta', 'bn_1_running_mean', 'bn_1_running_std'], 13),
  });
  const found = await bound(architecture, tree, '1.2.2');
  assert.equal(found.slice(0, 4), [
    'lstm_1: kernel_i 1',
    'lstm_1: recurrent_kernel_i 2',
    'lstm_1: bias_i 3',
    'lstm_1: kernel_c 4',
  ]);
  assert.equal(found.slice(12), [
    'bn_1: gamma 13',
    'bn_1: beta 14',
    'bn_1: moving_mean 15',
    'bn_1: moving_variance 16',
  ]);
});

test('Keras 0.x: layer_i and param_j by position', async () => {
  const tree: H5Group = {
    attributes: { nb_layers: 2 },
    members: {
      layer_0: { attributes: { nb_params: 0 } },
      layer_1: { attributes: { nb_params: 2 }, members: scalars(['param_0', 'param_1']) },
    },
  };
  assert.equal(await bound(sequential(layer('Flatten', 'f'), layer('Dense', 'd', { use_bias: true })), tree), [
    'd: kernel 1',
    'd: bias 2',
  ]);
});

test('Bidirectional and attention: sub-objects in order of creation, in either layout', async () => {
  const lstm = { class_name: 'LSTM', config: { name: 'l', use_bias: true } };
  const two = sequential(layer('Bidirectional', 'bi', { layer: lstm }));
  const want = [
    'forward_layer/kernel 1',
    'forward_layer/recurrent_kernel 2',
    'forward_layer/bias 3',
    'backward_layer/kernel 4',
    'backward_layer/recurrent_kernel 5',
    'backward_layer/bias 6',
  ];
  const legacy = ['forward_l', 'backward_l'].flatMap((d) =>
    ['kernel:0', 'recurrent_kernel:0', 'bias:0'].map((w) => `bi/${d}/lstm_cell/${w}`),
  );
  const names = ['forward', 'backward'].flatMap((d) =>
    [0, 1, 2].map((i) => `layers/bidirectional/${d}_layer/cell/vars/${i}`),
  );
  assert.equal(
    await bound(two, legacyTree({ bi: scalars(legacy) })),
    want.map((w) => `bi: ${w}`),
  );
  assert.equal(
    await bound(two, { members: nest(scalars(names)) }, '3.15.1'),
    want.map((w) => `bi: ${w}`),
  );
  const attention = sequential(layer('MultiHeadAttention', 'a', { use_bias: false }));
  const paths = ['_query', '_key', '_value', '_output'].map((p) => `layers/multi_head_attention/${p}_dense/vars/0`);
  assert.equal(await bound(attention, { members: nest(scalars(paths)) }, '2.15.0'), [
    'a: query_dense/query_kernel 1',
    'a: key_dense/key_kernel 2',
    'a: value_dense/value_kernel 3',
    'a: output_dense/output_kernel 4',
  ]);
});

const dense = (name: string): Entry => layer('Dense', name, { use_bias: true });
const denseVars = (path: string, first: number): Record<string, ReturnType<typeof counted>> =>
  scalars([`${path}/vars/0`, `${path}/vars/1`], first);

test('paths: counters per container, nested models, TimeDistributed, vars beyond nine', async () => {
  const many = Array.from({ length: 12 }, (_, i) => `layers/mystery/vars/${i}`);
  const architecture = sequential(
    dense('x'),
    innerModel(dense('y'), dense('z')),
    layer('TimeDistributed', 't', { layer: dense('inside') }),
    dense('w'),
    layer('Mystery', 'm'),
  );
  const tree = nest({
    ...denseVars('layers/dense', 1),
    ...denseVars('layers/sequential/layers/dense', 3),
    ...denseVars('layers/sequential/layers/dense_1', 5),
    ...denseVars('layers/time_distributed/layer', 7),
    ...denseVars('layers/dense_1', 9),
    ...scalars(many, 11),
    'layers/dense/seed_generator/vars/0': counted([2], 99),
    'optimizer/vars/0': counted([1], 99),
  });
  const found = await bound(architecture, { members: tree }, '3.15.1');
  assert.equal(found.slice(0, 10), [
    'x: kernel 1',
    'x: bias 2',
    'y: kernel 3',
    'y: bias 4',
    'z: kernel 5',
    'z: bias 6',
    'inside: kernel 7',
    'inside: bias 8',
    'w: kernel 9',
    'w: bias 10',
  ]);
  assert.equal(
    found.slice(10),
    many.map((_, i) => `m: ? ${11 + i}`),
  );
});

test("paths with backslashes (Windows), and Keras 2.13's _layer_checkpoint_dependencies", async () => {
  const tree: H5Group = {
    members: {
      'layers\\dense': { members: { vars: { members: scalars(['0', '1']) } } },
      'layers\\dense_1': { members: { vars: { members: scalars(['0', '1'], 3) } } },
    },
  };
  const want = ['p: kernel 1', 'p: bias 2', 'q: kernel 3', 'q: bias 4'];
  assert.equal(await bound(sequential(dense('p'), dense('q')), tree, '2.15.0'), want);
  for (const second of ['dense_1', 'dense_2']) {
    const root = '_layer_checkpoint_dependencies';
    const members = nest({ ...denseVars(`${root}/dense`, 1), ...denseVars(`${root}/${second}`, 3) });
    assert.equal(await bound(sequential(dense('p'), dense('q')), { members }, '2.13.1'), want, second);
  }
});

test('missing and surplus weights name layer and file', async () => {
  const error = async (tree: H5Group, version?: string): Promise<string> =>
    rejection(bound(sequential(dense('p'), dense('q')), tree, version));
  assert.match(
    await error(legacyTree({ p: scalars(['k', 'b']), q: scalars(['q/kernel:0']) })),
    /Dense 'q': weights are missing \(file w\.h5\/q, needs \[kernel,bias\], found \[q\/kernel:0\]\)/,
  );
  assert.match(
    await error(legacyTree({ p: scalars(['k', 'b']), q: scalars(['k', 'b', 'c']) })),
    /Dense 'q': there are more weights than the layer has/,
  );
  assert.match(
    await error(legacyTree({ p: scalars(['k', 'b']), q: {} })),
    /Dense 'q': weights are missing \(file w\.h5, needs \[kernel,bias\], found \[\]\)/,
  );
  assert.match(
    await error(legacyTree({ p: scalars(['k', 'b']), q: scalars(['k', 'b']), r: scalars(['k']) })),
    /w\.h5\/r: holds 1 weights of a layer 'r' that is not in the model/,
  );
  const surplus = {
    members: nest({
      ...denseVars('layers/dense', 1),
      ...denseVars('layers/dense_1', 3),
      ...denseVars('layers/conv2d', 5),
    }),
  };
  assert.match(
    await error(surplus, '3.0.0'),
    /w\.h5: has weights that belong to no layer of the model \(weights \[layers\/conv2d\/vars\/0,layers\/conv2d\/vars\/1\], count 2/,
  );
  assert.match(
    await error({ members: nest(denseVars('layers/dense', 1)) }, '3.0.0'),
    /Dense 'q': weights are missing \(file w\.h5\/layers\/dense_1/,
  );
  const listed: H5Group = {
    attributes: { layer_names: ['p'] },
    members: { p: { attributes: { weight_names: ['p/kernel:0'] } } },
  };
  assert.match(await error(listed), /w\.h5\/p: the weight 'p\/kernel:0' is listed, but not in the file/);
});

test('every layer is a key, also without weights; an architecture alone has none to bind', async () => {
  const file = parseArchitecture(JSON.stringify(sequential(layer('Flatten', 'f'), dense('d'))), 'a.json');
  const spec = specOf(file, file, 'a.json');
  const refused = await bindWeights(file, spec).then(String, String);
  assert.match(refused, /a\.json: holds an architecture but no weights\nhint: give the weights file as well/);
  const weights = openKeras(await writeH5(legacyTree({ d: scalars(['k', 'b']) })), 'w.h5');
  const map = await bindWeights(weights, spec);
  assert.equal(
    spec.layers.map((l: LayerSpec) => map.get(l)?.arrays.length),
    [0, 0, 2],
  );
  assert.is(map.get(spec.layers[2]!)?.arrays[0]?.path, 'w.h5/d/k');
});

test('class names in snake case, as Keras spells them', () => {
  const names = [
    'PReLU',
    'ReLU',
    'Conv2D',
    'BatchNormalization',
    'GlobalMaxPooling1D',
    'LSTM',
    'ConvLSTM2D',
    'InputLayer',
    'MultiHeadAttention',
    'ELU',
  ];
  assert.equal(names.map(snakeCase), [
    'p_re_lu',
    're_lu',
    'conv2d',
    'batch_normalization',
    'global_max_pooling1d',
    'lstm',
    'conv_lstm2d',
    'input_layer',
    'multi_head_attention',
    'elu',
  ]);
});

test.run();
