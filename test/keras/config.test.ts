/** Configs of every dialect become one spec; what does not hang together is refused with the layer's name. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { translateKeras1 } from '../../src/keras/config/keras1.ts';
import { normaliseModel } from '../../src/keras/config/model.ts';
import type { CallValue, Dialect, Json, ModelSpec } from '../../src/keras/config/spec.ts';

const test = suite('keras config');

type Entry = { readonly [key: string]: Json };

const dialect = (major: 1 | 2 | 3): Dialect => ({ major, version: `${major}.0`, backend: null });
const layer = (class_name: string, config: Entry, more: Entry = {}): Entry => ({
  class_name,
  config,
  name: config['name'] ?? null,
  ...more,
});
const model = (layers: readonly Json[], input: Json, output: Json): Entry => ({
  class_name: 'Model',
  config: { name: 'net', layers, input_layers: input, output_layers: output },
});
const input = (name: string, shape: readonly Json[] = [null, 4]): Entry =>
  layer('InputLayer', { name, batch_input_shape: shape, dtype: 'float32' }, { inbound_nodes: [] });
const dense = (name: string, ...nodes: Json[]): Entry =>
  layer('Dense', { name, units: 2, use_bias: true }, { inbound_nodes: nodes });
const read = (config: Json, major: 1 | 2 | 3 = 2): ModelSpec =>
  normaliseModel(config, dialect(major), 'm.h5', major === 1 ? translateKeras1 : null);
const from = (name: string, node = 0, kwargs: Entry = {}): Json => [name, node, 0, kwargs];

/** Calls as short texts: `d0(in:0:0)`. */
function wiring(spec: ModelSpec): string[] {
  const show = (value: CallValue): string => {
    if (value.kind === 'tensor') return `${value.ref.layer}:${value.ref.node}:${value.ref.tensor}`;
    if (value.kind === 'list') return `[${value.items.map(show).join(' ')}]`;
    if (value.kind === 'dict') return `{${[...value.entries].map(([key, item]) => `${key}=${show(item)}`).join(' ')}}`;
    return JSON.stringify(value.value);
  };
  return spec.callOrder.map(({ layer: name, node }) => {
    const call = spec.layers.find((l) => l.name === name)!.calls[node]!;
    const kwargs = [...call.kwargs].map(([key, value]) => `${key}=${show(value)}`);
    return `${name}#${node}(${[...call.args.map(show), ...kwargs].join(', ')})`;
  });
}

test('a Keras 1 Sequential (a list) gets an InputLayer, a chain and Keras 2 words', () => {
  const spec = read(
    {
      class_name: 'Sequential',
      config: [
        layer('Convolution2D', {
          name: 'c',
          trainable: true,
          batch_input_shape: [null, 1, 8, 9],
          nb_filter: 5,
          nb_row: 3,
          nb_col: 2,
          border_mode: 'same',
          subsample: [2, 1],
          dim_ordering: 'th',
          bias: true,
          init: 'glorot_uniform',
          activation: 'relu',
        }),
        layer('MaxPooling1D', { name: 'p', pool_length: 2, stride: 2, border_mode: 'valid' }),
        layer('Dropout', { name: 'drop', p: 0.25 }),
        layer('LSTM', { name: 'l', output_dim: 7, inner_activation: 'hard_sigmoid', inner_init: 'orthogonal' }),
        layer('Embedding', { name: 'e', input_dim: 10, output_dim: 6, init: 'uniform' }),
        layer('TimeDistributedDense', { name: 't', output_dim: 3, activation: 'softmax' }),
        layer('Dense', { name: 'd', output_dim: 4, input_dim: null }),
      ],
    },
    1,
  );
  assert.equal(
    spec.layers.map((l) => `${l.className} ${l.name}`),
    [
      'InputLayer c_input',
      'Conv2D c',
      'MaxPooling1D p',
      'Dropout drop',
      'LSTM l',
      'Embedding e',
      'TimeDistributed t',
      'Dense d',
    ],
  );
  assert.equal(spec.layers[0]!.batchShape, [null, 1, 8, 9]);
  const [, conv, pool, drop, lstm, embedding, timeDistributed, last] = spec.layers.map((l) => l.config);
  assert.equal(
    [
      conv!['filters'],
      conv!['kernel_size'],
      conv!['strides'],
      conv!['padding'],
      conv!['data_format'],
      conv!['use_bias'],
    ],
    [5, [3, 2], [2, 1], 'same', 'channels_first', true],
  );
  assert.equal([pool!['pool_size'], pool!['strides'], pool!['padding']], [2, 2, 'valid']);
  assert.is(drop!['rate'], 0.25);
  assert.equal([lstm!['units'], lstm!['recurrent_activation']], [7, 'hard_sigmoid']);
  assert.equal([embedding!['output_dim'], embedding!['embeddings_initializer']], [6, 'uniform']);
  assert.is(timeDistributed!['name'], 't');
  assert.is(spec.layers[6]!.layer?.config['units'], 3);
  assert.is(last!['units'], 4);
  assert.is(spec.explicitInput, false);
  assert.equal(wiring(spec).slice(0, 2), ['c#0(c_input:0:0)', 'p#0(c:0:0)']);
});

test('Keras 1 Merge modes become layers; a mode that is code is refused', () => {
  const merged = (mode: Json, more: Entry = {}): Entry =>
    model(
      [
        input('a'),
        input('b'),
        layer(
          'Merge',
          { name: 'm', mode, mode_type: 'raw', concat_axis: 1, dot_axes: [2, 2], ...more },
          {
            inbound_nodes: [
              [
                ['a', 0, 0],
                ['b', 0, 0],
              ],
            ],
          },
        ),
      ],
      [
        ['a', 0, 0],
        ['b', 0, 0],
      ],
      [['m', 0, 0]],
    );
  const classOf = (mode: string): string => read(merged(mode), 1).layers[2]!.className;
  assert.equal(['sum', 'mul', 'concat', 'ave', 'max', 'dot'].map(classOf), [
    'Add',
    'Multiply',
    'Concatenate',
    'Average',
    'Maximum',
    'Dot',
  ]);
  assert.is(read(merged('concat'), 1).layers[2]!.config['axis'], 1);
  assert.equal(read(merged('dot'), 1).layers[2]!.config['axes'], [2, 2]);
  assert.equal(wiring(read(merged('sum'), 1)), ['m#0([a:0:0 b:0:0])']);
  assert.throws(
    () => read(merged('4wEAAAA', { mode_type: 'lambda' }), 1),
    /m\.h5\/m: Merge mode '4wEAAAA' is not supported\nhint: .*never run/,
  );
});

test('Keras 2: shared layers, two inputs, tensors and constants in keyword arguments', () => {
  const spec = read(
    model(
      [
        input('x'),
        input('y'),
        dense('shared', [from('x')], [from('y')]),
        layer('Dot', { name: 'dot', axes: 1 }, { inbound_nodes: [[from('shared', 0), from('shared', 1)]] }),
        layer(
          'TFOpLambda',
          { name: 'op' },
          { inbound_nodes: [['_CONSTANT_VALUE', -1, 2.5, { y: ['dot', 0, 0], axis: [1, 2] }]] },
        ),
        layer(
          'GRU',
          { name: 'gru', units: 2 },
          { inbound_nodes: [[from('shared', 1, { initial_state: [['x', 0, 0]] })]] },
        ),
      ],
      [
        ['x', 0, 0],
        ['y', 0, 0],
      ],
      [
        ['gru', 0, 0],
        ['op', 0, 0],
      ],
    ),
  );
  assert.equal(wiring(spec), [
    'shared#0(x:0:0)',
    'shared#1(y:0:0)',
    'dot#0([shared:0:0 shared:1:0])',
    'gru#0(shared:1:0, initial_state=[x:0:0])',
    'op#0(2.5, y=dot:0:0, axis=[1 2])',
  ]);
  assert.equal(spec.outputNames, ['gru', 'op']);
  assert.is(spec.layers[5]!.config['reset_after'], false, 'standalone Keras 2 had no reset_after');
});

test('Keras 3: args and kwargs, dict inputs, a DTypePolicy, one tensor for input_layers', () => {
  const tensor = (name: string): Entry => ({
    class_name: '__keras_tensor__',
    config: { shape: [null], dtype: 'float32', keras_history: [name, 0, 0] },
  });
  const policy = {
    module: 'keras',
    class_name: 'DTypePolicy',
    config: { name: 'mixed_float16' },
    registered_name: null,
  };
  const spec = read(
    {
      class_name: 'Functional',
      config: {
        name: 'net',
        layers: [
          layer('InputLayer', { name: 'b', batch_shape: [null, 4] }, { inbound_nodes: [] }),
          layer('InputLayer', { name: 'a', batch_shape: [2, 4] }, { inbound_nodes: [] }),
          layer(
            'Add',
            { name: 'add', dtype: policy },
            {
              module: 'keras.layers',
              inbound_nodes: [
                { args: [[tensor('b'), tensor('a')]], kwargs: { mask: null, extra: { k: tensor('a') } } },
              ],
            },
          ),
        ],
        input_layers: { second: ['b', 0, 0], first: ['a', 0, 0] },
        output_layers: ['add', 0, 0],
      },
    },
    3,
  );
  assert.equal(spec.inputNames, ['first', 'second'], 'dict inputs are flattened in key order');
  assert.equal(
    spec.inputs.map((ref) => ref.layer),
    ['a', 'b'],
  );
  assert.equal(wiring(spec), ['add#0([b:0:0 a:0:0], mask=null, extra={k=a:0:0})']);
  assert.is(spec.layers[2]!.dtype, 'mixed_float16');
  assert.equal(spec.layers[1]!.batchShape, [2, 4]);
});

test('a nested model: its calls are counted from 1 in Keras 2 files and from 0 here; frozen models freeze what is inside', () => {
  const inner = {
    name: 'inner',
    trainable: false,
    layers: [input('i'), dense('d', [from('i')])],
    input_layers: [['i', 0, 0]],
    output_layers: [['d', 0, 0]],
  };
  const nested = layer('Model', inner, { name: 'inner', inbound_nodes: [[from('x')]] });
  const spec = read(model([input('x'), nested, dense('out', [from('inner', 1)])], [['x', 0, 0]], [['out', 0, 0]]));
  assert.equal(wiring(spec), ['inner#0(x:0:0)', 'out#0(inner:0:0)']);
  assert.is(spec.layers[1]!.model?.layers[1]?.trainable, false);
});

test("a Sequential whose first layer is a model takes that model's input shape", () => {
  const inner = {
    name: 'inner',
    layers: [input('i', [null, 7]), dense('d', [from('i')])],
    input_layers: [['i', 0, 0]],
    output_layers: [['d', 0, 0]],
  };
  const spec = read({
    class_name: 'Sequential',
    config: { name: 's', layers: [layer('Functional', inner), layer('Dense', { name: 'last', units: 1 })] },
  });
  assert.equal(spec.layers[0]!.batchShape, [null, 7]);
  assert.is(spec.layers[0]!.name, 'inner_input');
});

test('spelling differences inside Keras 2 and 3', () => {
  const one = (class_name: string, config: Entry, major: 1 | 2 | 3 = 2): Readonly<Record<string, Json>> =>
    read(
      { class_name: 'Sequential', config: { name: 's', layers: [layer(class_name, { name: 'x', ...config })] } },
      major,
    ).layers[1]!.config;
  assert.is(one('LeakyReLU', { alpha: 0.3 })['negative_slope'], 0.3);
  assert.is(one('BatchNormalization', { axis: [3] })['axis'], 3);
  assert.is(one('GRU', {}, 3)['reset_after'], true);
  assert.is(one('GRU', { reset_after: true }, 2)['reset_after'], true);
});

test('what does not hang together is refused by name', () => {
  const broken =
    (layers: readonly Json[], output = 'd'): (() => ModelSpec) =>
    () =>
      read(model(layers, [['x', 0, 0]], [[output, 0, 0]]));
  assert.throws(
    broken([input('x'), dense('d', [from('xx')])]),
    /m\.h5\/d: refers to a layer 'xx' that is not in the model\nhint: did you mean 'x'/,
  );
  assert.throws(
    broken([input('x'), dense('d', [from('x', 3)])]),
    /m\.h5\/d: refers to call 3 of layer 'x', which is called 1 times/,
  );
  assert.throws(broken([input('x'), dense('d', [from('e')]), dense('e', [from('d')])]), /m\.h5\/d: is part of a cycle/);
  assert.throws(
    broken([input('x'), dense('d', [from('x')]), dense('d', [from('x')])]),
    /m\.h5\/d: two layers of one model have this name/,
  );
  assert.throws(broken([input('x')], 'gone'), /m\.h5 \(net\): refers to a layer 'gone'/);
  assert.throws(() => read({ class_name: 'Sequential', config: [] }), /m\.h5: a Sequential model without layers/);
  assert.throws(
    () => read({ class_name: 'MyModel', config: {} }),
    /m\.h5: is not the config of a Sequential or Functional model \(class MyModel\)/,
  );
  assert.throws(
    () => read({ class_name: 'Sequential', config: { name: 's' } }),
    /m\.h5: 'layers' must be a list \(found nothing\)/,
  );
  assert.throws(
    () => read({ class_name: 'Sequential', config: [{ config: {} }] }),
    /m\.h5: 'class_name' must be a text/,
  );
  assert.throws(() => read(null), /m\.h5: a model config must be an object/);
});

test('hostile nesting is refused, and a __proto__ key stays data', () => {
  let deep: Json = [['x', 0, 0, {}]];
  for (let i = 0; i < 2000; i++) deep = [deep];
  assert.throws(
    () => read(model([input('x'), dense('d', deep)], [['x', 0, 0]], [['d', 0, 0]])),
    /m\.h5\/d: arguments are nested deeper/,
  );
  let tower: Entry = layer('Dense', { name: 'd' });
  for (let i = 0; i < 200; i++) tower = { class_name: 'Sequential', config: { name: `s${i}`, layers: [tower] } };
  assert.throws(() => read(tower), /layers are nested deeper than 24/);
  const config = JSON.parse(
    '{"class_name":"Sequential","config":[{"class_name":"Dense","config":{"name":"d","__proto__":{"units":9}}}]}',
  ) as Json;
  const spec = read(config, 1);
  assert.is(spec.layers[1]!.config['units'], undefined);
});

test('a chain of 20,000 layers is ordered without recursion', () => {
  const layers: Json[] = [input('l0')];
  for (let i = 1; i <= 20000; i++) layers.push(dense(`l${i}`, [from(`l${i - 1}`)]));
  const spec = read(model(layers.reverse(), [['l0', 0, 0]], [['l20000', 0, 0]]));
  assert.is(spec.callOrder.length, 20000);
  assert.is(spec.callOrder[0]!.layer, 'l1');
});

test('a Lambda keeps its function as data', () => {
  const spec = read({
    class_name: 'Sequential',
    config: [layer('Lambda', { name: 'f', function: ['4wEAAAA=', null, null] })],
  });
  assert.equal(spec.layers[1]!.config['function'], ['4wEAAAA=', null, null]);
});

test.run();
