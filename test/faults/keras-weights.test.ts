/** Files that Keras and transformers write, and what once went wrong with them: training state, tied decoders, 1 and 0, LoRA, shards, calls with nothing. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { strToU8, zipSync } from 'fflate';
import * as assert from 'uvu/assert';
import { type LoadOptions, loadModel } from '../../src/keras/load/load.ts';
import { reshape } from '../../src/ops/movement.ts';
import { PathgradError } from '../../src/tensor/errors.ts';
import { type Head, loadTransformer } from '../../src/transformers/index.ts';
import { faults } from '../support/faults.ts';
import { counted, type H5Data, type H5Group, legacyTree, nest, writeH5 } from '../support/h5.ts';
import { modelFrom, type NamedWeights } from '../support/keras-models.ts';
import { configOf, randomWeights, small, writeModel } from '../transformers/support.ts';

const fault = faults('keras-weights');

type Entry = Readonly<Record<string, unknown>>;
type Arrays = Record<string, H5Data>;
const layer = (class_name: string, name: string, config: Entry = {}): Entry => ({
  class_name,
  config: { name, ...config },
});
const input = (...shape: number[]): Entry => layer('InputLayer', 'x', { batch_shape: [null, ...shape] });
const sequential = (name: string, ...layers: Entry[]): Entry => ({
  class_name: 'Sequential',
  config: { name, layers },
});
const dense = (name: string, units: number, config: Entry = {}): Entry => layer('Dense', name, { units, ...config });
const text = (keras_version: string, ...layers: Entry[]): string =>
  JSON.stringify({ ...sequential('s', ...layers), keras_version });
/** The architecture of layers on two features. */
const onTwo = (version: string, ...layers: Entry[]): string => text(version, input(2), ...layers);

const weightsAt = (path: string, units = 2): Arrays => ({
  [`${path}/vars/0`]: counted([2, units]),
  [`${path}/vars/1`]: counted([units]),
});
const states = (...paths: string[]): Arrays => Object.fromEntries(paths.map((path) => [path, counted([3])]));
const stored = (...parts: Arrays[]): Promise<Uint8Array> => writeH5({ members: nest(Object.assign({}, ...parts)) });

async function predicted(architecture: string, weights: Uint8Array, x: unknown = [[1, 2]]): Promise<number[]> {
  const loaded = await loadModel(weights, { architecture, name: 'w.h5' });
  return Array.from((await loaded.predictAll(x as never))[0]!.data);
}

async function refusal(made: () => unknown): Promise<string> {
  try {
    await made();
  } catch (error) {
    assert.instance(error, PathgradError);
    return (error as Error).message;
  }
  return 'nothing was thrown';
}

fault('K1', 'metrics and inner optimizers beside the layers were called weights of no layer', async () => {
  const config = onTwo('2.15.0', dense('metrics', 2), dense('optimizer', 2));
  const state = states(
    ...['metrics/mean/vars/0', 'metrics/auc_1/vars/3', 'optimizer/vars/0', 'optimizer/inner_optimizer/vars/0'],
    ...['loss_tracker/vars/0', '_compile_metrics/vars/0', 'd_optimizer/vars/1'],
  );
  const file = await stored(weightsAt('layers/dense'), weightsAt('layers/dense_1'), state);
  assert.equal(await predicted(config, file), [45, 66]);
  const archive = zipSync({
    'config.json': strToU8(config),
    'metadata.json': strToU8('{"keras_version": "2.15.0"}'),
    'model.weights.h5': file,
  });
  const loaded = await loadModel(archive, { name: 'm.keras' });
  assert.equal(Array.from((await loaded.predictAll([[1, 2]]))[0]!.data), [45, 66]);
});

fault('K1', 'a class called Metrics or Optimizer is a layer, and what no layer has is still refused', async () => {
  const config = onTwo('3.5.0', layer('Metrics', 'a'), layer('Optimizer', 'b'), dense('c', 2));
  const seen = new Set<string>();
  const own = (name: string): NonNullable<LoadOptions['layers']>[string] => ({
    forward: ([x], { weights }) => {
      if (Object.keys(weights).length === 1) seen.add(name);
      return x!;
    },
  });
  const extra = ['layers/metrics/vars/0', 'layers/optimizer/vars/0', 'optimizer/vars/0', 'metrics/mean/vars/0'];
  const file = await stored(weightsAt('layers/dense'), states(...extra));
  await loadModel(file, { architecture: config, layers: { Metrics: own('a'), Optimizer: own('b') } });
  assert.equal([...seen], ['a', 'b']);
  const plain = onTwo('2.15.0', dense('c', 2));
  for (const strange of ['layers/dense_1/vars/0', 'layers/gan/optimizer/vars/0', 'vars/0']) {
    const more = await stored(weightsAt('layers/dense'), states(strange));
    assert.match(await refusal(() => predicted(plain, more)), /has weights that belong to no layer of the model/);
  }
  const inside = await stored(weightsAt('layers/dense'), states('layers/dense/optimizer/vars/0'));
  assert.match(await refusal(() => predicted(plain, inside)), /there are more weights than the layer has/);
});

fault(
  'K2',
  'the optimizer and metrics of a compiled model inside another were called weights of no layer',
  async () => {
    for (const version of ['2.14.0', '3.8.0']) {
      const inner = sequential('optimizer', layer('InputLayer', 'i', { batch_shape: [null, 2] }), dense('d', 2));
      const at = 'layers/sequential';
      const state = states(`${at}/optimizer/vars/0`, `${at}/metrics/mean/vars/0`, `${at}/loss_tracker/vars/0`);
      const file = await stored(weightsAt(`${at}/layers/dense`), state, states('optimizer/vars/0'));
      assert.equal(await predicted(onTwo(version, inner), file), [8, 12]);
      const each = text(version, input(1, 2), layer('TimeDistributed', 't', { layer: inner }));
      const steps = 'layers/time_distributed/layer';
      const timed = await stored(
        weightsAt(`${steps}/layers/dense`),
        states(`${steps}/optimizer/inner_optimizer/vars/0`),
      );
      assert.equal(await predicted(each, timed, [[[1, 2]]]), [8, 12]);
    }
  },
);

fault('K2', 'a metric that a nested subclass of Model holds was counted as a weight in .h5', async () => {
  const inner = sequential('gan', layer('InputLayer', 'i', { batch_shape: [null, 2] }), dense('d', 2), dense('e', 2));
  const named = (name: string): Arrays => ({
    [`${name}/kernel:0`]: counted([2, 2]),
    [`${name}/bias:0`]: counted([2]),
  });
  const tree = legacyTree({ gan: { ...named('d'), ...named('e'), 'total:0': counted([1]), 'count:0': counted([1]) } });
  assert.equal(await predicted(onTwo('2.15.0', inner), await writeH5(tree)), [45, 66]);
});

fault('K3', 'a decoder tied to the embeddings lists them a second time', async () => {
  const decoders = { bert: ['mlm___cls', 'mlm___cls/predictions'], distilbert: ['vocab_projector', 'vocab_projector'] };
  for (const kind of ['bert', 'distilbert'] as const) {
    const sizes = { ...small, kind };
    const [group, decoder] = decoders[kind] as [string, string];
    const weights = randomWeights(sizes);
    const head: Head = ({ hidden }) => reshape(hidden, [hidden.shape[0]!, hidden.shape[1]! * hidden.shape[2]!]);
    const config = { ...configOf(sizes), architectures: [] };
    const load = async (bytes: Uint8Array): ReturnType<typeof loadTransformer> =>
      loadTransformer({ config, weights: bytes }, { head });
    const once = await (await load(await writeModel(sizes, weights))).predict([[1, 2, 3]]);
    const [encoder, tied]: [Arrays, Arrays] = [{}, { [`tf_model/${decoder}/bias:0`]: counted([sizes.vocabulary]) }];
    for (const [path, value] of weights) {
      if (!path.startsWith(`${kind}/`)) continue;
      encoder[`tf_model/${path}:0`] = value;
      if (path.includes('/embeddings/')) tied[`tf_model/${path}:0`] = value;
    }
    const twice = await load(await writeH5(legacyTree({ [kind]: encoder, [group]: tied })));
    assert.equal((await twice.predict([[1, 2, 3]])).data, once.data);
    const word = `tf_model/${kind}/embeddings/word_embeddings/weight:0`;
    tied[word] = counted([sizes.vocabulary, sizes.width]);
    const wrong = await writeH5(legacyTree({ [kind]: encoder, [group]: tied }));
    assert.match(await refusal(() => load(wrong)), /has two weights '\w+\/embeddings\/word_embeddings\/weight' that/);
  }
});

/** `shape` of small numbers; variances are positive. */
function array(name: string, ...shape: number[]): NamedWeights[string][number] {
  const size = shape.reduce((a, b) => a * b, 1);
  const data = Array.from({ length: size }, (_, i) => Math.sin(i * 1.7 + name.length) * 0.5);
  return { name, shape, data: name.includes('variance') ? data.map((v) => Math.abs(v) + 0.1) : data };
}

/** A functional model of one layer; `node` is how it is called. */
function one(className: string, config: Entry, node: unknown, version: string, shape: readonly number[]): Entry {
  const x: Entry = { ...input(...shape), name: 'x', inbound_nodes: [] };
  const own: Entry = { ...layer(className, 'l', config), module: 'keras.layers', name: 'l', inbound_nodes: [node] };
  const graph = { name: 'm', layers: [x, own], input_layers: [['x', 0, 0]], output_layers: [['l', 0, 0]] };
  return { class_name: 'Functional', config: graph, keras_version: version };
}
const ref = ['x', 0, 0, {}];

fault('K6', '1 and 0 in place of true and false were refused, or taken for the default', async () => {
  const lstm = [array('kernel', 2, 12), array('recurrent_kernel', 3, 12)];
  const gru = [array('kernel', 2, 9), array('recurrent_kernel', 3, 9)];
  const moving = [array('moving_mean', 2), array('moving_variance', 2)];
  const attention = ['query', 'key', 'value'].map((name) => array(`${name}_kernel`, 2, 1, 2));
  const steps = { return_sequences: true, go_backwards: true, stateful: false, unroll: false };
  const cases: [string, Entry, NamedWeights[string], number[]][] = [
    ['BatchNormalization', { scale: true, center: false }, [array('gamma', 2), ...moving], [4, 2]],
    ['BatchNormalization', { scale: false, center: true }, [array('beta', 2), ...moving], [4, 2]],
    ['LayerNormalization', { scale: false, center: true, axis: -1 }, [array('beta', 2)], [4, 2]],
    ['Dense', { units: 3, use_bias: false, trainable: false }, [array('kernel', 2, 3)], [4, 2]],
    ['LSTM', { units: 3, use_bias: false, ...steps }, lstm, [4, 2]],
    ['GRU', { units: 3, reset_after: false, time_major: false, use_bias: false }, gru, [4, 2]],
    ['GlobalAveragePooling1D', { keepdims: true }, [], [4, 2]],
    ['Conv1D', { filters: 2, kernel_size: 2, use_bias: false }, [array('kernel', 2, 2, 2)], [4, 2]],
    ['CategoryEncoding', { num_tokens: 5, output_mode: 'multi_hot', sparse: false }, [], [4]],
    ['Attention', { use_scale: false, causal: true }, [], [4, 2]],
    [
      'MultiHeadAttention',
      { num_heads: 1, key_dim: 2, use_bias: false },
      [...attention, array('output_kernel', 1, 2, 2)],
      [4, 2],
    ],
  ];
  const numbers = (config: Entry): Entry =>
    Object.fromEntries(Object.entries(config).map(([key, v]) => [key, typeof v === 'boolean' ? Number(v) : v]));
  for (const [className, config, weights, shape] of cases) {
    const made = async (options: Entry, on: unknown): Promise<unknown> => {
      const kwargs = { value: ['x', 0, 0], use_causal_mask: on, training: options === config ? false : 0 };
      const node = className === 'Attention' ? [ref, ref] : [['x', 0, 0, /^Multi/.test(className) ? kwargs : {}]];
      const model = modelFrom(one(className, options, node, '2.15.0', shape), { l: weights });
      const data = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i % 4);
      const [y] = await model.predictAll({ data, shape: [1, ...shape] });
      return [y!.shape, Array.from(y!.data)];
    };
    assert.equal(await made(numbers(config), 1), await made(config, true), className);
  }
  const bad = JSON.parse(onTwo('2.15.0', dense('d', 2, { use_bias: 2 })));
  assert.match(await refusal(() => modelFrom(bad)), /option 'use_bias' has an unusable value/);
});

fault('K6', 'a frozen layer (trainable: 0) inside a model was given the weights of another', async () => {
  const first = layer('InputLayer', 'i', { batch_shape: [null, 2] });
  const inner = sequential('m', first, dense('d', 2, { trainable: 0 }), dense('e', 2));
  // Trainable first: those of e, then those of d. [1, 2] d = [1, 2] [[5, 6], [7, 8]] + [7, 8] = [26, 30]; e: [[1, 2], [3, 4]] + [1, 2].
  const arrays = { a: counted([2, 2]), b: counted([2]), c: counted([2, 2], 5), f: counted([2], 7) };
  assert.equal(await predicted(onTwo('2.15.0', inner), await writeH5(legacyTree({ m: arrays }))), [117, 174]);
});

fault('K8', 'kernels with LoRA were refused: .h5 holds kernel, a and b, archives the sum', async () => {
  const lora = { lora_rank: 1, lora_alpha: 2 };
  const all: Arrays = {
    'd/lora_kernel_a': { data: Float32Array.of(1, 2), shape: [2, 1] },
    'd/lora_kernel_b': { data: Float32Array.of(10, 20), shape: [1, 2] },
    // Keras freezes the kernel, which puts it last.
    'd/kernel': counted([2, 2]),
  };
  const tree = (arrays: Arrays): H5Group => legacyTree({ d: { 'd/bias': counted([2]), ...arrays } });
  // [[1, 2], [3, 4]] + 2 [[10, 20], [20, 40]] = [[21, 42], [43, 84]]; times [1, 2], and the bias.
  assert.equal(await predicted(onTwo('3.12.0', dense('d', 2, lora)), await writeH5(tree(all))), [108, 212]);
  // Before lora_alpha the factor was 1.
  assert.equal(await predicted(onTwo('3.5.0', dense('d', 2, { lora_rank: 1 })), await writeH5(tree(all))), [58, 112]);
  const nested = sequential('m', layer('InputLayer', 'i', { batch_shape: [null, 2] }), dense('d', 2, lora));
  const inside = Object.fromEntries(Object.entries({ 'd/bias': counted([2]), ...all }).map(([k, v]) => [`m/${k}`, v]));
  assert.equal(await predicted(onTwo('3.12.0', nested), await writeH5(legacyTree({ m: inside }))), [108, 212]);
  assert.equal(await predicted(onTwo('3.12.0', dense('d', 2, lora)), await stored(weightsAt('layers/dense'))), [8, 12]);
  const { 'd/lora_kernel_b': _, ...lacking } = all;
  const refused = [
    [lacking, lora, /its LoRA adapter is incomplete/],
    [all, { lora_rank: 2 }, /its LoRA adapter does not fit its kernel/],
    [all, {}, /its LoRA adapter is incomplete/],
  ] as const;
  for (const [arrays, config, said] of refused) {
    const file = await writeH5(tree(arrays));
    assert.match(await refusal(() => predicted(onTwo('3.12.0', dense('d', 2, config)), file)), said);
  }
});

fault('K8', 'tables, convolutions and einsums with LoRA', async () => {
  const lora = { lora_rank: 2, lora_alpha: 1 };
  const version = '3.12.0';
  const file = (name: string, a: number[], b: number[], whole: number[]): Promise<Uint8Array> =>
    writeH5(
      legacyTree({
        l: { [`l/lora_${name}_a`]: counted(a), [`l/lora_${name}_b`]: counted(b), [`l/${name}`]: counted(whole) },
      }),
    );
  // Row 1: [3, 4] + 1/2 [3, 4] [[1, 2], [3, 4]] = [3, 4] + [7.5, 11].
  const words = text(version, input(1), layer('Embedding', 'l', { input_dim: 3, output_dim: 2, ...lora }));
  assert.equal(await predicted(words, await file('embeddings', [3, 2], [2, 2], [3, 2]), [[1]]), [10.5, 15]);
  // [1, 2] + 1/2 [[1, 2], [3, 4]] [1, 2] = [3.5, 7.5].
  const conv = layer('Conv1D', 'l', { filters: 1, kernel_size: 1, use_bias: false, ...lora });
  const line = text(version, input(1, 2), conv);
  assert.equal(await predicted(line, await file('kernel', [1, 2, 2], [2, 1], [1, 2, 1]), [[[1, 2]]]), [18.5]);
  const einsum = layer('EinsumDense', 'l', { equation: 'ab,bc->ac', output_shape: 1, ...lora });
  assert.equal(await predicted(onTwo(version, einsum), await file('kernel', [2, 2], [2, 1], [2, 1])), [18.5]);
});

async function inFolder(check: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'pathgrad-shards-'));
  try {
    await check(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}
const fileOf = (bytes: Uint8Array, name: string): File => new File([bytes as Uint8Array<ArrayBuffer>], name);

fault('K9', 'weights cut into shards: from a path, a URL, and files in a list', async () => {
  await inFolder(async (folder) => {
    const weight_map = {
      '/layers/dense/vars': ['m_00000.weights.h5', 'm_00001.weights.h5'],
      '/layers/dense_1/vars': 'm_00001.weights.h5',
    };
    const files: Record<string, Uint8Array> = {
      'm.weights.json': strToU8(JSON.stringify({ metadata: { total_size: 48 }, weight_map }, null, 4)),
      'm_00000.weights.h5': await stored({ 'layers/dense/vars/0': counted([2, 2]) }),
      'm_00001.weights.h5': await stored({ 'layers/dense/vars/1': counted([2]) }, weightsAt('layers/dense_1')),
    };
    for (const [name, bytes] of Object.entries(files)) await writeFile(join(folder, name), bytes);
    const architecture = strToU8(onTwo('3.10.0', dense('a', 2), dense('b', 2)));
    const path = join(folder, 'm.weights.json');
    const given = Object.entries(files).map(([name, bytes]) => fileOf(bytes, name));
    for (const weights of [path, pathToFileURL(path), String(pathToFileURL(path)), given, given.slice().reverse()]) {
      const loaded = await loadModel(architecture, { weights });
      assert.equal(Array.from((await loaded.predictAll([[1, 2]]))[0]!.data), [45, 66]);
    }
    const lacks = (weights: NonNullable<LoadOptions['weights']>): Promise<string> =>
      refusal(() => loadModel(architecture, { weights }));
    assert.match(await lacks(given.slice(0, 2)), /m\.weights\.json: the shard 'm_00001\.weights\.h5' is missing/);
    assert.match(await lacks(given.slice(0, 1)), /the shard 'm_00000\.weights\.h5' is missing/);
    assert.match(await lacks(given.slice(1)), /there is no index among the files/);
    assert.match(await lacks([]), /no file is given/);
    assert.match(await refusal(() => loadModel(path)), /holds no model, only weights/);
    await rm(join(folder, 'm_00001.weights.h5'));
    assert.match(await lacks(path), /m\.weights\.json: the shard 'm_00001\.weights\.h5' is missing .*no such file/);
    await writeFile(path, JSON.stringify({ weight_map: { a: '../m_00000.weights.h5' } }));
    assert.match(await lacks(path), /lists what is not the name of a .h5 file/);
  });
});

fault('K9', 'a transformer whose tf_model.h5 is cut into shards', async () => {
  await inFolder(async (folder) => {
    const [weights, config] = [randomWeights(small), configOf(small)];
    const whole = await loadTransformer({ config, weights: await writeModel(small, weights) });
    const expected = (await whole.predict([[1, 2, 3]])).data;
    const names = ['tf_model-00001-of-00002.h5', 'tf_model-00002-of-00002.h5'];
    const parts: Arrays[] = [{}, {}];
    const weight_map: Record<string, string> = {};
    [...weights].forEach(([path, value], i) => {
      parts[i % 2]![`${path}:0`] = value;
      weight_map[`tf_distil_bert/${path}:0`] = names[i % 2]!;
    });
    const shards = await Promise.all(
      parts.map((part) => writeH5({ attributes: { layer_names: Object.keys(part) }, members: nest(part) })),
    );
    const index = strToU8(JSON.stringify({ metadata: {}, weight_map }));
    for (const [i, name] of names.entries()) await writeFile(join(folder, name), shards[i]!);
    await writeFile(join(folder, 'tf_model.h5.index.json'), index);
    await writeFile(join(folder, 'config.json'), JSON.stringify(config));
    const dropped = [
      fileOf(shards[1]!, names[1]!),
      fileOf(index, 'tf_model.h5.index.json'),
      fileOf(shards[0]!, names[0]!),
    ];
    for (const source of [folder, { config, weights: dropped }, { config, weights: shards }]) {
      assert.equal((await (await loadTransformer(source)).predict([[1, 2, 3]])).data, expected);
    }
    const lacking = { config, weights: dropped.slice(0, 2) };
    assert.match(await refusal(() => loadTransformer(lacking)), /the shard 'tf_model-00001-of-00002\.h5' is missing/);
    await rm(join(folder, names[1]!));
    assert.match(await refusal(() => loadTransformer(folder)), /the shard 'tf_model-00002-of-00002\.h5' is missing/);
  });
});

fault('K11', 'a layer that the file calls with nothing gave an empty tensor or a TypeError', async () => {
  const tensor = { class_name: '__keras_tensor__', config: { shape: [null, 4, 2], keras_history: ['x', 0, 0] } };
  type Calls = [unknown, string][];
  const modern = (...args: unknown[]): object => ({ args, kwargs: {} });
  const nothing: Calls = [
    ...[[], [[]], [[[]]]].map((node): [unknown, string] => [node, '2.15.0']),
    ...[[], [[]], [[[]]], [null]].map((args): [unknown, string] => [modern(...args), '3.8.0']),
    [{ args: [[]], kwargs: { initial_state: [tensor, tensor] } }, '3.8.0'],
  ];
  const deep: Calls = [
    [modern([[tensor]]), '3.8.0'],
    [modern({ a: tensor }), '3.8.0'],
  ];
  const two: Calls = [
    [[ref, ref], '2.15.0'],
    [modern([tensor, tensor]), '3.8.0'],
  ];
  const merging = {
    Concatenate: {},
    Add: {},
    Subtract: {},
    Dot: { axes: 1 },
    Attention: {},
    HashedCrossing: { num_bins: 3 },
  };
  const recurrent = { LSTM: { units: 2 }, Bidirectional: { layer: layer('LSTM', 'i', { units: 2 }) } };
  const single = {
    ...{
      Flatten: {},
      Dense: { units: 2 },
      Softmax: {},
      Embedding: { input_dim: 3, output_dim: 2 },
      Dropout: { rate: 0.1 },
    },
    ...{ Hashing: { num_bins: 3 }, StringLookup: { vocabulary: ['a'] }, TimeDistributed: { layer: dense('i', 2) } },
    ...{
      Conv1D: { filters: 1, kernel_size: 1 },
      BatchNormalization: {},
      MultiHeadAttention: { num_heads: 1, key_dim: 2 },
    },
  };
  const said =
    /is called without a tensor|the file calls it with|exactly one input is needed|two inputs or more are|initial states are needed|not supported|neither a tensor nor/;
  for (const [className, config] of Object.entries({ ...merging, ...recurrent, ...single })) {
    const structure = /Hash|Lookup|TimeDistributed/.test(className) ? [] : deep;
    const many = className in single && !/TimeDistributed|MultiHead/.test(className) ? two : [];
    for (const [node, version] of [...nothing, ...structure, ...many]) {
      const message = await refusal(() => modelFrom(one(className, config, node, version, [4, 2])));
      assert.match(message, said, `${className} ${JSON.stringify(node)}: ${message}`);
    }
  }
});

fault.run();
