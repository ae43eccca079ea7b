/**
 * The weights of one layer under the names that Keras's classes give them: `forward_layer/kernel` here is the kernel of the forward
 * layer's cell there. What only Keras 1 stored apart (one array per gate) is put together.
 * Invariant: the order is that of Keras's `layer.weights`. Source: the constructors and `build` of the layers of Keras 3.15 and tf_keras 2.21.
 */
import type { TypedArray } from '../../tensor/dtype.ts';
import { failure } from '../../tensor/errors.ts';
import { sizeOf } from '../../tensor/shape.ts';
import { field, isBoolean, isRecord } from '../config/json.ts';
import type { Json } from '../config/spec.ts';
import type { ModelLayer } from '../model/layer.ts';
import { snakeCase } from '../weights/paths.ts';
import type { LayerWeight } from '../weights/place.ts';

export interface PartWeight {
  /** `kernel`, `bias`, … */
  readonly name: string;
  /** Attributes that lead from the layer to what owns the weight: `forward_layer/cell`; '' for the layer itself. */
  readonly part: string;
  /** The same in names of variables: `forward_lstm/lstm_cell`. */
  readonly scope: string;
  /** Its number among the weights of that part. */
  readonly index: number;
  readonly shape: readonly number[];
  /** In the layer's float type; `int64` for what counts samples. */
  readonly dtype: 'float32' | 'float64' | 'int64';
  readonly values: () => ArrayLike<number>;
  readonly trainable: boolean;
  /** Keras lists it behind what is trained: statistics, and all of a layer that is frozen by its own config. */
  readonly last: boolean;
  /** In `.weights.h5` alone: a variable that the layer shares with one inside it. */
  readonly shared?: true;
  /** What the layer has of it here; null where that is several arrays, or none. */
  readonly weight: LayerWeight | null;
}

/** Weights that are never trained, of layers that a model around them freezes. */
const statistic = /^(.*\/)?(moving_(mean|variance|stddev)|renorm_(mean|stddev)|mean|variance|count)$/;

type Unnumbered = Omit<PartWeight, 'index'>;

const recurrent = /^(LSTM|GRU|SimpleRNN|ConvLSTM[123]D)$/;
/** Layers that no current Keras has. */
const gone = /^(MaxoutDense|Highway|CuDNNLSTM|CuDNNGRU|Unified(LSTM|GRU))$/;

/** @throws PathgradError for a class that current Kerases do not know */
export function partsOf(layer: ModelLayer): PartWeight[] {
  if (gone.test(layer.className)) {
    const hint = 'such layers ended with Keras 2.3; save the weights as safetensors';
    throw failure(layer.subject, 'no current Keras has this layer', {}, hint);
  }
  if (layer.className === 'SpectralNormalization') return spectral(layer);
  const found = ordered(joined(layer).map((weight) => ({ ...weight, ...placeIn(layer, weight.name) })));
  const used = new Map<string, number>();
  return withCount(layer, found).map((weight) => {
    const index = used.get(weight.part) ?? 0;
    used.set(weight.part, index + 1);
    return { ...weight, index };
  });
}

type Named = Omit<Unnumbered, 'part' | 'scope'>;

/** The layer's weights as it has them, gates of Keras 1 side by side. */
function joined(layer: ModelLayer): Named[] {
  const plain = layer.weights.map(
    (weight): Named => ({
      name: weight.name,
      shape: weight.shape,
      dtype: dtypeOf(weight),
      values: () => weight.tensor.data,
      trainable: weight.trainable,
      last:
        isBoolean(layer.config['trainable'], false) ||
        (layer.trainable ? !weight.trainable : statistic.test(weight.name)),
      weight,
    }),
  );
  const gates = [
    ['i', 'f', 'c', 'o'],
    ['z', 'r', 'h'],
  ].find(([first]) => plain.some(({ name }) => name.endsWith(`kernel_${first}`)));
  if (!gates) return plain;
  const apart = new RegExp(`_[${gates.join('')}]$`);
  const names = [...new Set(plain.map(({ name }) => name.replace(apart, '')))];
  return names.map((name) =>
    sideBySide(
      name,
      gates.map((gate) => plain.find((one) => one.name === `${name}_${gate}`)!),
    ),
  );
}

function sideBySide(name: string, parts: readonly Named[]): Named {
  const [first] = parts;
  const width = first!.shape.at(-1)!;
  const rows = sizeOf(first!.shape) / width;
  const values = (): TypedArray => {
    const out = new (first!.dtype === 'float64' ? Float64Array : Float32Array)(rows * width * parts.length);
    for (const [g, part] of parts.entries()) {
      const data = part.values() as TypedArray;
      for (let row = 0; row < rows; row++)
        out.set(data.subarray(row * width, (row + 1) * width), (row * parts.length + g) * width);
    }
    return out;
  };
  return { ...first!, name, shape: [...first!.shape.slice(0, -1), width * parts.length], values, weight: null };
}

function dtypeOf({ name, tensor }: LayerWeight): PartWeight['dtype'] {
  if (name === 'count') return 'int64';
  return tensor.dtype === 'float64' ? 'float64' : 'float32';
}

/** Cells of a stack in their order, whatever the order of the file was. */
function ordered(weights: readonly Unnumbered[]): Unnumbered[] {
  const cell = ({ weight }: Unnumbered): number => Number(/cells\/(\d+)\//.exec(weight?.name ?? '')?.[1] ?? 0);
  const backward = ({ part }: Unnumbered): number => Number(part.startsWith('backward_layer'));
  return [...weights].sort((a, b) => backward(a) - backward(b) || cell(a) - cell(b));
}

interface Placed {
  readonly name: string;
  readonly part: string;
  readonly scope: string;
}

/** From the name that our layer has for a weight to Keras's. */
function placeIn(layer: ModelLayer, name: string): Placed {
  const { className, config, spec } = layer;
  if (className === 'Bidirectional') {
    const [direction, ...rest] = name.split('/');
    const inner = spec.layer!;
    const { className: wrapped, config: own } = inner;
    const placed = inCell(wrapped, own, rest.join('/'));
    const scope = `${direction!.replace('_layer', '')}_${inner.name.replace(/^forward_/, '')}`;
    return { ...placed, part: `${direction}/${placed.part}`, scope: `${scope}/${placed.scope}` };
  }
  if (recurrent.test(className) || className === 'RNN') return inCell(className, config, name);
  const head = /^(query|key|gate|value|output)_(kernel|bias)$/.exec(name);
  if (head && /Attention$/.test(className)) {
    const scope = head[1] === 'output' ? 'attention_output' : head[1]!;
    return { name: head[2]!, part: `${hidden(layer, head[1]!) ? '_' : ''}${head[1]}_dense`, scope };
  }
  return { name, part: '', scope: '' };
}

/** Whether the attribute begins with an underscore. */
function hidden({ className, dialect }: ModelLayer, name: string): boolean {
  return dialect.major < 3 || className !== 'MultiHeadAttention' || name === 'gate';
}

function inCell(className: string, config: { readonly [key: string]: Json }, name: string): Placed {
  if (className !== 'RNN') return { name, part: 'cell', scope: `${snakeCase(className)}_cell` };
  const cell = config['cell'] ?? null;
  const stack = /^cells\/(\d+)\/(.+)$/.exec(name);
  const list = Array.isArray(cell) ? cell : isRecord(cell) ? field(inner(cell), 'cells') : null;
  if (!stack || !Array.isArray(list)) return { name, part: 'cell', scope: snakeCase(classOf(cell)) };
  const names = list.map((one) => snakeCase(classOf(one as Json)));
  const at = Number(stack[1]);
  const before = names.slice(0, at).filter((one) => one === names[at]).length;
  const own = `${names[at]}${before === 0 ? '' : `_${before}`}`;
  return { name: stack[2]!, part: `cell/cells/${own}`, scope: `stacked_rnn_cells/${own}` };
}

function classOf(cell: Json): string {
  const name = isRecord(cell) ? field(cell, 'class_name') : null;
  return typeof name === 'string' ? name.slice(name.lastIndexOf('>') + 1) : 'cell';
}

function inner(cell: { readonly [key: string]: Json }): { readonly [key: string]: Json } {
  const config = field(cell, 'config');
  return isRecord(config) ? config : {};
}

/** Normalization counts samples; files of fixed statistics lack it, and Keras asks for it. */
function withCount({ className }: ModelLayer, weights: readonly Unnumbered[]): readonly Unnumbered[] {
  if (className !== 'Normalization' || weights.length !== 2) return weights;
  const count = { shape: [], dtype: 'int64', values: () => [0], trainable: false, last: true, weight: null } as const;
  return [...weights, { name: 'count', part: '', scope: '', ...count }];
}

/** The vector of the power iteration, never trained; Keras 3 tracks the kernel of the inner layer once more before it. */
function spectral(layer: ModelLayer): PartWeight[] {
  const vector = joined(layer).at(-1);
  if (!vector) return [];
  const place = { part: '', scope: '', trainable: false, last: true } as const;
  const kernel = [...layer.parts.values()][0]?.weights.find(({ name }) => /kernel|embeddings/.test(name));
  const own = { ...vector, ...place, name: 'vector_u' };
  if (layer.dialect.major < 3 || !kernel) return [{ ...own, index: 0 }];
  const values = (): ArrayLike<number> => kernel.tensor.data;
  const twice = { ...own, name: 'kernel', shape: kernel.shape, values, weight: null, shared: true } as const;
  return [
    { ...twice, index: 0 },
    { ...own, index: 1 },
  ];
}
