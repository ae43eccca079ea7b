/** Which initializer a weight of a layer has, by the names of weight rules and of config entries. Source: `build` of Keras 3.15's layers. */

import type { WeightRule } from '../../keras/layers/layer.ts';
import type { ModelLayer } from '../../keras/model/layer.ts';
import { failure } from '../../tensor/errors.ts';
import { sizeOf } from '../../tensor/shape.ts';
import type { Config } from '../settings.ts';
import type { ConfigValue } from '../types.ts';
import { type Fans, initialValues, seedFor } from './initial.ts';
import { initializerConfig } from './parts.ts';

/** What one weight may hold: 1 GiB in float32. */
const MOST = 2 ** 28;

/** The first values of each of `rules`, in Keras's layout. */
export function firstValues(
  layer: ModelLayer,
  rules: readonly WeightRule[],
  seed: number,
): Float64Array<ArrayBuffer>[] {
  return rules.map((rule) => {
    const { name, config, className } = weightIn(layer, rule.name);
    const subject = `${layer.subject}, weight '${rule.name}'`;
    if (sizeOf(rule.shape) > MOST) throw failure(subject, 'has too many numbers', { shape: rule.shape, at_most: MOST });
    if (name === 'bias' && config['unit_forget_bias'] === true)
      return forgetBias(subject, config, rule, seedOf(layer, rule, seed));
    const initializer = initializerOf(className, name, config, subject);
    return initialValues(
      subject,
      initializer,
      rule.shape,
      seedOf(layer, rule, seed),
      fansOf(className, name, config, rule),
    );
  });
}

const seedOf = (layer: ModelLayer, rule: WeightRule, seed: number): number =>
  seedFor(seed, `${layer.path}/${rule.name}`);

const inside = (value: ConfigValue | undefined): { className: string; config: Config } => {
  const { class_name: className, config } = value as { class_name: string; config: Config };
  return { className, config };
};

/** The layer or cell inside a wrapper that a weight belongs to, and its name there. */
function weightIn(layer: ModelLayer, path: string): { name: string; className: string; config: Config } {
  const parts = path.split('/');
  let at = { className: layer.className, config: layer.config as Config };
  if (parts[0] === 'forward_layer') at = inside(at.config['layer']);
  if (parts[0] === 'backward_layer') at = inside(at.config['backward_layer'] ?? at.config['layer']);
  if (at.className === 'RNN') at = inside(at.config['cell']);
  const cell = parts.indexOf('cells');
  if (cell >= 0) at = inside((at.config['cells'] as readonly ConfigValue[])[Number(parts[cell + 1])]);
  if (at.className === 'SpectralNormalization') at = inside(at.config['layer']);
  return { name: parts.at(-1)!, ...at };
}

/** Weights whose initializer no option gives. */
const fixed: Readonly<Record<string, string>> = {
  'Attention/scale': 'ones',
  'Attention/concat_score_weight': 'ones',
  'AdditiveAttention/scale': 'glorot_uniform',
  'RMSNormalization/scale': 'ones',
  'Normalization/mean': 'zeros',
  'Normalization/variance': 'ones',
  'Normalization/count': 'zeros',
};

function initializerOf(className: string, name: string, config: Config, subject: string): Config {
  const known = fixed[`${className}/${name}`];
  if (known) return initializerConfig(known, subject) as Config;
  const depthwise = className.startsWith('DepthwiseConv') && name === 'kernel';
  const key = depthwise
    ? 'depthwise'
    : (/(?:^|_)(bias)$/.exec(name)?.[1] ?? name.replace(/^(query|key|value|gate|output)_kernel$/, 'kernel'));
  const stem = key.replace(/^(recurrent|depthwise|pointwise)_kernel$/, '$1').replace(/^reverse_/, '');
  const found = config[`${stem}_initializer`];
  if (found !== undefined && found !== null) return found as Config;
  throw failure(subject, 'its first values are not known: the layer has no initializer for it');
}

/** An LSTM's bias: ones for the forget gate, which comes second. */
function forgetBias(subject: string, config: Config, { shape }: WeightRule, seed: number): Float64Array<ArrayBuffer> {
  const units = sizeOf(shape) / 4;
  const values = initialValues(subject, config['bias_initializer'] as Config, shape, seed);
  return values.fill(1, units, 2 * units);
}

/** Kernels of attention and einsum layers have several axes of each kind. */
function fansOf(className: string, name: string, config: Config, { shape }: WeightRule): Fans | undefined {
  const axes = shape.map((_, axis) => axis);
  if (/QueryAttention|MultiHeadAttention/.test(className) && name.endsWith('kernel'))
    return name === 'output_kernel' ? { input: [0, 1], output: axes.slice(2) } : { input: [0], output: axes.slice(1) };
  if (className !== 'EinsumDense' || name !== 'kernel') return undefined;
  const [, kernel = '', result = ''] =
    /,([a-z]+)->(?:\.\.\.)?([a-z]+)/.exec(String(config['equation']).replaceAll(' ', '')) ?? [];
  const output = axes.filter((axis) => result.includes(kernel[axis]!));
  return { input: axes.filter((axis) => !output.includes(axis)), output };
}
