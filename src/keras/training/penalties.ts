/**
 * Regularizers and constraints as layers' configs have them: a penalty that is added to the loss, and what a weight becomes after each update.
 * Source: `keras/src/regularizers/regularizers.py` and `constraints/constraints.py` of Keras 3.15, the same in tf_keras 2.21.
 */
import { add, div, maximum, minimum, mul } from '../../ops/binary.ts';
import { matmul } from '../../ops/matmul.ts';
import { transpose } from '../../ops/movement.ts';
import { sum } from '../../ops/reduce.ts';
import { abs, clip, rsqrt, sqrt, square } from '../../ops/unary.ts';
import { failure } from '../../tensor/errors.ts';
import { normalizeAxis } from '../../tensor/shape.ts';
import { type Tensor, tensor } from '../../tensor/tensor.ts';
import type { Json } from '../config/spec.ts';

/** A scalar of a weight's values. */
export type Penalty = (weight: Tensor) => Tensor;
/** A weight's values after an update, brought to where they may be. */
export type Projection = (weight: Tensor) => Tensor;

/** What Keras adds to norms that it divides by. */
const epsilon = 1e-7;

interface Stored {
  readonly name: string;
  number(key: string, fallback: number): number;
  axes(fallback: number): number[];
  text(key: string, fallback: string): string;
}

/** An entry of a config in its forms: a name, `{class_name, config}` or, of Keras 1, `{name, ...options}`. */
function read(subject: string, kind: string, value: Json): Stored {
  const record = typeof value === 'object' && value !== null && !Array.isArray(value);
  const entry = (record ? value : {}) as { readonly [key: string]: Json };
  const named = typeof value === 'string' ? value : (entry['class_name'] ?? entry['name']);
  if (typeof named !== 'string') throw failure(subject, `its ${kind} cannot be read`, { got: JSON.stringify(value) });
  const given = entry['config'];
  const config = (typeof given === 'object' && given !== null ? given : entry) as { readonly [key: string]: Json };
  const wrong = (key: string): never => {
    throw failure(subject, `option '${key}' of its ${kind} is unusable`, { value: JSON.stringify(config[key]) });
  };
  return {
    name: named
      .replace(/^.*[>.]/, '')
      .replaceAll('_', '')
      .toLowerCase(),
    number(key, fallback) {
      const found = config[key] ?? fallback;
      return typeof found === 'number' && Number.isFinite(found) ? found : wrong(key);
    },
    axes(fallback) {
      const found = config['axis'] ?? fallback;
      const list = Array.isArray(found) ? found : [found];
      return list.every(Number.isInteger) ? (list as number[]) : wrong('axis');
    },
    text(key, fallback) {
      const found = config[key] ?? fallback;
      return typeof found === 'string' ? found : wrong(key);
    },
  };
}

const unknown = (subject: string, kind: string, name: string, known: string): never => {
  throw failure(subject, `its ${kind} '${name}' is not supported in training`, {}, `supported are ${known}`);
};

/**
 * The penalty that a config's entry stands for; null for none.
 * @throws PathgradError naming a regularizer that is none of Keras's
 */
export function penaltyOf(subject: string, value: Json | undefined, kind = 'regularizer'): Penalty | null {
  if (value === undefined || value === null) return null;
  const stored = read(subject, kind, value);
  const absolutes = (w: Tensor, by: number): Tensor => mul(sum(abs(w)), by);
  const squares = (w: Tensor, by: number): Tensor => mul(sum(square(w)), by);
  switch (stored.name) {
    case 'l1': {
      const l1 = stored.number('l1', 0.01);
      return (w) => absolutes(w, l1);
    }
    case 'l2': {
      const l2 = stored.number('l2', 0.01);
      return (w) => squares(w, l2);
    }
    // Keras 1 had one class for both, under two names.
    case 'l1l2':
    case 'l1l2regularizer':
    case 'weightregularizer':
    case 'activityregularizer': {
      const fallback = typeof value === 'string' ? 0.01 : 0;
      const [l1, l2] = [stored.number('l1', fallback), stored.number('l2', fallback)];
      if (l1 === 0 && l2 === 0) return null;
      if (l1 === 0) return (w) => squares(w, l2);
      return l2 === 0 ? (w) => absolutes(w, l1) : (w) => add(absolutes(w, l1), squares(w, l2));
    }
    case 'orthogonalregularizer': {
      const [factor, mode] = [stored.number('factor', 0.01), stored.text('mode', 'rows')];
      if (mode !== 'rows' && mode !== 'columns') return unknown(subject, kind, `mode ${mode}`, 'rows and columns');
      return (w) => orthogonal(subject, w, factor, mode);
    }
    default:
      return unknown(subject, kind, stored.name, 'L1, L2, L1L2 and OrthogonalRegularizer');
  }
}

/** How far rows (or columns), brought to length 1, are from being at right angles: the mean over pairs of the products' sizes. */
function orthogonal(subject: string, given: Tensor, factor: number, mode: 'rows' | 'columns'): Tensor {
  if (given.rank !== 2) throw failure(subject, 'OrthogonalRegularizer takes matrices', { weight: given.shape });
  const w = mode === 'rows' ? given : transpose(given, [1, 0]);
  const inverse = minimum(rsqrt(sum(square(w), { axes: 1, keepDims: true })), 1 / epsilon);
  const unit = mul(w, inverse);
  const size = w.shape[0]!;
  const others = Float32Array.from({ length: size * size }, (_, i) => Number(i % (size + 1) !== 0));
  const off = mul(matmul(unit, unit, { transposeB: true }), tensor(others, [size, size], w.dtype as 'float32'));
  return mul(sum(abs(off)), (factor * 0.5) / ((size * (size - 1)) / 2));
}

/**
 * The projection that a config's entry stands for; null for none.
 * @throws PathgradError naming a constraint that is none of Keras's
 */
export function projectionOf(subject: string, value: Json | undefined): Projection | null {
  if (value === undefined || value === null) return null;
  const stored = read(subject, 'constraint', value);
  const scaled = (desired: (norms: Tensor) => Tensor): Projection => {
    const axes = stored.axes(0);
    return (w) => {
      const kept = axes.map((axis) => normalizeAxis(subject, axis, w.rank));
      const norms = sqrt(sum(square(w), { axes: kept, keepDims: true }));
      return mul(w, div(desired(norms), add(norms, epsilon)));
    };
  };
  switch (stored.name) {
    case 'maxnorm': {
      const most = stored.number('max_value', stored.number('m', 2));
      return scaled((norms) => clip(norms, 0, most));
    }
    case 'nonneg':
      return (w) => maximum(w, 0);
    case 'unitnorm': {
      const axes = stored.axes(0);
      return (w) => {
        const kept = axes.map((axis) => normalizeAxis(subject, axis, w.rank));
        return div(w, add(sqrt(sum(square(w), { axes: kept, keepDims: true })), epsilon));
      };
    }
    case 'minmaxnorm': {
      const [low, high] = [stored.number('min_value', 0), stored.number('max_value', 1)];
      const rate = stored.number('rate', 1);
      return scaled((norms) => add(mul(clip(norms, low, high), rate), mul(norms, 1 - rate)));
    }
    default:
      return unknown(subject, 'constraint', stored.name, 'MaxNorm, NonNeg, UnitNorm and MinMaxNorm');
  }
}

type Config = Readonly<Record<string, Json>>;

/** What an option of a weight is called in the config of its layer: `kernel` of `recurrent_kernel` is `recurrent`. */
function prefixOf(className: string, weight: string): string | null {
  if (/^DepthwiseConv/.test(className) && weight === 'kernel') return 'depthwise';
  const ends = [
    /^(depthwise|pointwise|recurrent)_kernel/,
    /(?:^|_)(kernel|bias)(?:_|$)/,
    /(embeddings)$/,
    /^(alpha|gamma|beta)$/,
  ];
  for (const pattern of ends) {
    const found = weight.match(pattern)?.[1];
    if (found) return found;
  }
  return null;
}

const inner = (value: Json | undefined): { className: string; config: Config } | null => {
  const entry = value as { readonly [key: string]: Json } | null | undefined;
  const config = entry?.['config'];
  if (typeof config !== 'object' || config === null || Array.isArray(config)) return null;
  return { className: String(entry?.['class_name'] ?? ''), config: config as Config };
};

/**
 * The entry of a layer's config for one of its weights: of the cell, or of the direction, that the weight belongs to.
 * @param weight its name, such as `kernel` or `forward_layer/recurrent_kernel`
 * @param wrapped the layer that a wrapper holds
 */
export function weightOption(
  layer: { readonly className: string; readonly config: Config },
  wrapped: { readonly className: string; readonly config: Config } | undefined,
  weight: string,
  kind: 'regularizer' | 'constraint',
): Json | undefined {
  const [head, ...rest] = weight.split('/');
  if (rest.length > 0 && (head === 'forward_layer' || head === 'backward_layer')) {
    const own =
      (head === 'backward_layer' ? inner(layer.config['backward_layer']) : null) ??
      wrapped ??
      inner(layer.config['layer']);
    return own ? weightOption(own, undefined, rest.join('/'), kind) : undefined;
  }
  const cell = layer.config['cell'];
  if (rest.length > 1 && head === 'cells') {
    const cells = Array.isArray(cell) ? cell : (inner(cell)?.config['cells'] as readonly Json[] | undefined);
    const own = inner(cells?.[Number(rest[0])]);
    return own ? weightOption(own, undefined, rest.slice(1).join('/'), kind) : undefined;
  }
  const single = inner(cell);
  if (single) return weightOption(single, undefined, weight, kind);
  const prefix = prefixOf(layer.className, weight);
  return prefix === null ? undefined : layer.config[`${prefix}_${kind}`];
}
