/**
 * Which weights a layer of a known class has, in Keras's order: it names arrays that were stored without names, splits the flat list
 * of a nested model, and shows a missing or surplus array. Classes that are not listed are unknown, and nothing is claimed of them.
 * Source: `build` of the layers in Keras 1.2, 2.15 and 3.15.
 */

import { field, isBoolean, isRecord, type JsonRecord } from '../config/json.ts';
import type { Json, LayerSpec } from '../config/spec.ts';

export interface ExpectedWeights {
  readonly trainable: readonly string[];
  /** Never trained: moving statistics. */
  readonly state: readonly string[];
}

const WEIGHTLESS = new Set(
  (
    'InputLayer Activation Dropout SpatialDropout1D SpatialDropout2D SpatialDropout3D GaussianNoise GaussianDropout AlphaDropout ' +
    'ActivityRegularization Flatten Reshape Permute RepeatVector Masking Lambda Add Subtract Multiply Average Maximum Minimum ' +
    'Concatenate Dot MaxPooling1D MaxPooling2D MaxPooling3D AveragePooling1D AveragePooling2D AveragePooling3D ' +
    'GlobalMaxPooling1D GlobalMaxPooling2D GlobalMaxPooling3D GlobalAveragePooling1D GlobalAveragePooling2D ' +
    'GlobalAveragePooling3D ZeroPadding1D ZeroPadding2D ZeroPadding3D Cropping1D Cropping2D Cropping3D UpSampling1D UpSampling2D ' +
    'UpSampling3D ReLU LeakyReLU ELU ThresholdedReLU Softmax Rescaling UnitNormalization'
  ).split(' '),
);
const KERNEL_AND_BIAS = new Set(
  (
    'Dense Conv1D Conv2D Conv3D Conv1DTranspose Conv2DTranspose Conv3DTranspose DepthwiseConv1D DepthwiseConv2D ' +
    'LocallyConnected1D LocallyConnected2D MaxoutDense'
  ).split(' '),
);
const RECURRENT = new Set(
  'LSTM GRU SimpleRNN CuDNNLSTM CuDNNGRU UnifiedLSTM UnifiedGRU ConvLSTM1D ConvLSTM2D ConvLSTM3D'.split(' '),
);
/** Gates of the layers for which Keras 1 stored one W, U and b per gate, unless `consume_less` was `gpu`. */
const GATES: ReadonlyMap<string, readonly string[]> = new Map([
  ['LSTM', ['i', 'c', 'f', 'o']],
  ['GRU', ['z', 'r', 'h']],
]);

/** The weights of `spec`, or undefined where its class (or its dialect) is not one we can speak for. */
export function expectedWeights(spec: LayerSpec, major: 1 | 2 | 3): ExpectedWeights | undefined {
  const { className, config } = spec;
  const on = (key: string): boolean => !(Object.hasOwn(config, key) && isBoolean(config[key], false));
  const when = (key: string, name: string): string[] => (on(key) ? [name] : []);
  const trained = (...trainable: string[]): ExpectedWeights => ({ trainable, state: [] });
  if (/int8|int4|float8/.test(spec.dtype)) return undefined; // quantised layers add scales
  if (WEIGHTLESS.has(className)) return trained();
  if (KERNEL_AND_BIAS.has(className)) return trained('kernel', ...when('use_bias', 'bias'));
  if (className === 'SeparableConv1D' || className === 'SeparableConv2D') {
    return trained('depthwise_kernel', 'pointwise_kernel', ...when('use_bias', 'bias'));
  }
  if (className === 'Embedding') return trained('embeddings');
  if (className === 'PReLU') return trained('alpha');
  if (className === 'BatchNormalization') {
    if (isBoolean(config['renorm'], true)) return undefined;
    const trainable = [...when('scale', 'gamma'), ...when('center', 'beta')];
    return { trainable, state: ['moving_mean', 'moving_variance'] };
  }
  if (className === 'LayerNormalization' && !isBoolean(config['rms_scaling'], true)) {
    return trained(...when('scale', 'gamma'), ...when('center', 'beta'));
  }
  // Dropout layers inside store the state of their generators.
  if (className === 'RMSNormalization') return trained('scale');
  if (className === 'EinsumDense') return trained('kernel', ...(config['bias_axes'] == null ? [] : ['bias']));
  if (/^(MultiHead|Group(ed)?Query)Attention$/.test(className) && !(Number(config['dropout'] ?? 0) > 0)) {
    const names = ['query', 'key', ...(isBoolean(config['use_gate'], true) ? ['gate'] : []), 'value', 'output'];
    return trained(...names.flatMap((name) => [`${name}_kernel`, ...when('use_bias', `${name}_bias`)]));
  }
  if (RECURRENT.has(className)) {
    const gates = major === 1 && config['consume_less'] !== 'gpu' ? GATES.get(className) : undefined;
    if (gates)
      return trained(...gates.flatMap((gate) => [`kernel_${gate}`, `recurrent_kernel_${gate}`, `bias_${gate}`]));
    return trained('kernel', 'recurrent_kernel', ...when('use_bias', 'bias'));
  }
  if (className === 'RNN') return weightsOfCell(config['cell'] ?? null, spec, major);
  if (className === 'Bidirectional') return twoDirections(spec, major);
  if (className === 'MultiHeadAttention' && major > 1) {
    return trained(...['query', 'key', 'value', 'output'].flatMap(() => ['kernel', ...when('use_bias', 'bias')]));
  }
  return undefined;
}

/** The weights of a cell of Keras's, or of each of a stack in turn. */
function weightsOfCell(cell: Json, spec: LayerSpec, major: 1 | 2 | 3): ExpectedWeights | undefined {
  if (Array.isArray(cell)) {
    const all = (cell as readonly Json[]).map((each) => weightsOfCell(each, spec, major));
    if (all.some((each) => each === undefined)) return undefined;
    return { trainable: all.flatMap((each) => each!.trainable), state: [] };
  }
  const config = isRecord(cell) ? field(cell, 'config') : null;
  const className = isRecord(cell) ? field(cell, 'class_name') : null;
  if (!isRecord(config) || typeof className !== 'string') return undefined;
  if (className === 'StackedRNNCells') return weightsOfCell(field(config, 'cells'), spec, major);
  const layer = className.replace(/Cell$/, '');
  return RECURRENT.has(layer) ? expectedWeights({ ...spec, className: layer, config }, major) : undefined;
}

/** The forward layer's weights, then the backward layer's; where a config gives the latter, it must have the same weights. */
function twoDirections(spec: LayerSpec, major: 1 | 2 | 3): ExpectedWeights | undefined {
  const one = spec.layer === undefined ? undefined : expectedWeights(spec.layer, major);
  const backward = field(spec.config, 'backward_layer');
  const config = isRecord(backward) ? field(backward, 'config') : null;
  const bias = (record: JsonRecord): boolean => !isBoolean(field(record, 'use_bias'), false);
  if (one === undefined || (isRecord(config) && bias(config) !== bias(spec.layer!.config))) return undefined;
  return { trainable: [...one.trainable, ...one.trainable], state: [...one.state, ...one.state] };
}

const LEGACY_NAMES: ReadonlyMap<string, string> = new Map([
  ['W', 'kernel'],
  ['U', 'recurrent_kernel'],
  ['b', 'bias'],
  ['alphas', 'alpha'],
  ['running_mean', 'moving_mean'],
  ['running_std', 'moving_variance'],
]);

/** Names by position of a class whose number of weights varied: `count` of Normalization is not in every version. */
const POSITIONS: ReadonlyMap<string, readonly string[]> = new Map([['Normalization', ['mean', 'variance', 'count']]]);

export function nameByPosition(spec: LayerSpec, index: number): string | undefined {
  return POSITIONS.get(spec.className)?.[index];
}

/**
 * The plain name in a stored weight name: `dense_1/kernel:0` and `kernel` give `kernel`, Keras 1's `lstm_1_W_i:0` gives `kernel_i`.
 * A number (`vars/0`, `param_0`) is no name.
 */
export function plainName(key: string, major: 1 | 2 | 3): string | undefined {
  const last = key.slice(key.lastIndexOf('/') + 1).replace(/:\d+$/, '');
  if (/^(param_)?\d+$/.test(last)) return undefined;
  if (major !== 1) return last;
  const match = /^(?:.*_)?(W|U|b|gamma|beta|alphas|running_mean|running_std)(_[a-z])?$/.exec(last);
  if (match === null) return last;
  return (LEGACY_NAMES.get(match[1]!) ?? match[1]!) + (match[2] ?? '');
}
