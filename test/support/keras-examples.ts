/** Small models with round weights, in the words of Keras 2 and 3, for tests of Model. */
import type { ModelLayer } from '../../src/keras/model/layer.ts';
import type { Model } from '../../src/model/model.ts';
import { modelFrom, type NamedWeights } from './keras-models.ts';

type Entry = Readonly<Record<string, unknown>>;

const layer = (className: string, name: string, config: Entry = {}, inbound?: unknown): Entry => ({
  class_name: className,
  name,
  config: { name, trainable: true, ...config },
  ...(inbound === undefined ? {} : { inbound_nodes: inbound }),
});
const input = (name: string, shape: readonly (number | null)[], dtype = 'float32'): Entry =>
  layer('InputLayer', name, { batch_input_shape: shape, dtype }, []);
const from = (...names: readonly string[]): unknown => [names.map((name) => [name, 0, 0, {}])];
const functional = (
  name: string,
  layers: readonly Entry[],
  inputs: readonly string[],
  outputs: readonly string[],
): Entry => ({
  class_name: 'Functional',
  keras_version: '2.15.0',
  config: {
    name,
    layers,
    input_layers: inputs.map((each) => [each, 0, 0]),
    output_layers: outputs.map((each) => [each, 0, 0]),
  },
});
const sequential = (name: string, layers: readonly Entry[]): Entry => ({
  class_name: 'Sequential',
  keras_version: '2.15.0',
  config: { name, layers },
});

const sumWeights = [
  { name: 'kernel', shape: [2, 1], data: [1, 1] },
  { name: 'bias', shape: [1], data: [0] },
];

/** `[batch, 2] -> [batch, 1]`, the sum of the two. */
export function classifier({
  batch = null,
  weights = sumWeights,
}: {
  batch?: number | null;
  weights?: NamedWeights[string];
} = {}): Model<ModelLayer> {
  const dense = layer('Dense', 'dense', { units: 1, batch_input_shape: [batch, 2] });
  return modelFrom(sequential('sum', [dense]), { dense: weights });
}

/** The same, saved before its input shape was known. */
export function unbuilt(): Model<ModelLayer> {
  return modelFrom(sequential('sum', [layer('Dense', 'dense', { units: 1 })]), { dense: sumWeights });
}

/** `left [batch, 2] + right [batch, 1]`. */
export function twoInputs(): Model<ModelLayer> {
  const layers = [input('left', [null, 2]), input('right', [null, 1]), layer('Add', 'add', {}, from('left', 'right'))];
  return modelFrom(functional('two', layers, ['left', 'right'], ['add']));
}

/** `x -> (x + x, x * x)`. */
export function branched(): Model<ModelLayer> {
  const layers = [
    input('x', [null, 2]),
    layer('Add', 'add', {}, from('x', 'x')),
    layer('Multiply', 'multiply', {}, from('x', 'x')),
  ];
  return modelFrom(functional('branched', layers, ['x'], ['add', 'multiply']));
}

/** Ids 0 to 2 to 0, 10, 20. */
export function embedder(): Model<ModelLayer> {
  const layers = [
    layer('Embedding', 'embedding', { input_dim: 3, output_dim: 1, batch_input_shape: [null, 2], input_length: 2 }),
    layer('Flatten', 'flatten'),
  ];
  return modelFrom(sequential('embedder', layers), {
    embedding: [{ name: 'embeddings', shape: [3, 1], data: [0, 10, 20] }],
  });
}

/** `x + inner(inner(x))`, where `inner` swaps the two features: a shared nested model. */
export function nested(): Model<ModelLayer> {
  const dense = layer('Dense', 'first', { units: 2, batch_input_shape: [null, 2] });
  const inner = { ...sequential('inner', [dense]), name: 'inner' };
  const calls = [[['x', 0, 0, {}]], [['inner', 0, 0, {}]]];
  const last = layer('Add', 'last', {}, [
    [
      ['x', 0, 0, {}],
      ['inner', 1, 0, {}],
    ],
  ]);
  const layers = [input('x', [null, 2]), { ...inner, inbound_nodes: calls }, last];
  return modelFrom(functional('outer', layers, ['x'], ['last']), {
    first: [
      { name: 'kernel', shape: [2, 2], data: [0, 1, 1, 0] },
      { name: 'bias', shape: [2], data: [0, 0] },
    ],
  });
}

/** The mean over time of `[batch, 3, 1]`. */
export function averager(): Model<ModelLayer> {
  const layers = [layer('GlobalAveragePooling1D', 'average', { batch_input_shape: [null, 3, 1] })];
  return modelFrom(sequential('averager', layers));
}

/** A dropout that the model calls with `training=True`, as for Monte Carlo dropout. */
export function dropping(version: string): Model<ModelLayer> {
  const dropout = layer('Dropout', 'dropout', { rate: 0.5 }, [[['x', 0, 0, { training: true }]]]);
  const model = functional('dropping', [input('x', [null, 2]), dropout], ['x'], ['dropout']);
  return modelFrom({ ...model, keras_version: version });
}
