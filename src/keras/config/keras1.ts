/**
 * Keras 1 words to Keras 2/3 words: class names, constructor arguments and their values. Loaded for files of Keras 1 alone.
 * Source: the `legacy` interfaces that Keras 2.0 shipped for Keras 1 code.
 */
import { failure } from '../../tensor/errors.ts';
import { field, type JsonRecord } from './json.ts';
import { CLASSES, type Named } from './names.ts';
import type { Json } from './spec.ts';

/** Old class names with today's, for the generated docs; Merge became one class per mode. */
export const keras1Classes = (): (readonly [string, string])[] => [
  ...CLASSES,
  ['TimeDistributedDense', 'TimeDistributed(Dense)'],
  ['Merge', 'Add, Multiply, Concatenate, Average, Dot, Maximum'],
];

const MERGE_MODES: ReadonlyMap<string, string> = new Map([
  ['sum', 'Add'],
  ['mul', 'Multiply'],
  ['concat', 'Concatenate'],
  ['ave', 'Average'],
  ['max', 'Maximum'],
  ['dot', 'Dot'],
  ['cos', 'Dot'],
]);

/** Keras 1 arguments that only change their name. */
const KEYS: ReadonlyMap<string, string> = new Map([
  ['nb_filter', 'filters'],
  ['border_mode', 'padding'],
  ['subsample', 'strides'],
  ['subsample_length', 'strides'],
  ['stride', 'strides'],
  ['filter_length', 'kernel_size'],
  ['atrous_rate', 'dilation_rate'],
  ['pool_length', 'pool_size'],
  ['length', 'size'],
  ['dim_ordering', 'data_format'],
  ['bias', 'use_bias'],
  ['init', 'kernel_initializer'],
  ['inner_init', 'recurrent_initializer'],
  ['inner_activation', 'recurrent_activation'],
  ['W_regularizer', 'kernel_regularizer'],
  ['U_regularizer', 'recurrent_regularizer'],
  ['b_regularizer', 'bias_regularizer'],
  ['W_constraint', 'kernel_constraint'],
  ['b_constraint', 'bias_constraint'],
  ['dropout_W', 'dropout'],
  ['dropout_U', 'recurrent_dropout'],
  ['p', 'rate'],
  ['sigma', 'stddev'],
  ['input_dtype', 'dtype'],
  ['beta_init', 'beta_initializer'],
  ['gamma_init', 'gamma_initializer'],
]);

const OUTPUT_DIM_IS_UNITS = new Set([
  'Dense',
  'LSTM',
  'GRU',
  'SimpleRNN',
  'MaxoutDense',
  'TimeDistributedDense',
  'CuDNNLSTM',
]);
const DATA_FORMATS: ReadonlyMap<Json, string> = new Map([
  ['th', 'channels_first'],
  ['tf', 'channels_last'],
]);

/** The Keras 2/3 class and arguments of a Keras 1 layer. */
export function translateKeras1(className: string, config: JsonRecord, subject: string): Named {
  if (className === 'Merge') return translateMerge(config, subject);
  const sizes = ['nb_row', 'nb_col', 'kernel_dim1', 'kernel_dim2', 'kernel_dim3'].filter(
    (key) => field(config, key) !== null,
  );
  const entries: [string, Json][] = [];
  for (const [key, value] of Object.entries(config)) {
    if (sizes.includes(key) || (key === 'dropout' && className === 'Embedding')) continue;
    const renamed =
      key === 'output_dim' && OUTPUT_DIM_IS_UNITS.has(className)
        ? 'units'
        : key === 'init' && className === 'Embedding'
          ? 'embeddings_initializer'
          : (KEYS.get(key) ?? key);
    entries.push([renamed, renamed === 'data_format' ? (DATA_FORMATS.get(value) ?? value) : value]);
  }
  if (sizes.length > 0) entries.push(['kernel_size', sizes.map((key) => field(config, key))]);
  const modern = Object.fromEntries(entries);
  if (className === 'TimeDistributedDense') return timeDistributed(modern);
  return { className: CLASSES.get(className) ?? className, config: modern };
}

/** A Dense layer on each step became a wrapper and what it wraps. */
function timeDistributed(config: JsonRecord): Named {
  const kept = ['name', 'trainable', 'batch_input_shape', 'dtype'].filter((key) => field(config, key) !== null);
  const outer = Object.fromEntries(kept.map((key) => [key, field(config, key)]));
  return { className: 'TimeDistributed', config: { ...outer, layer: { class_name: 'Dense', config } } };
}

/** `Merge(mode=…)` became one class per mode; a mode that is Python code is refused, never run. */
function translateMerge(config: JsonRecord, subject: string): Named {
  const mode = field(config, 'mode');
  const className = typeof mode === 'string' ? MERGE_MODES.get(mode) : undefined;
  if (className === undefined || (field(config, 'mode_type') ?? 'raw') !== 'raw') {
    const hint = `supported modes: ${[...MERGE_MODES.keys()].join(', ')}; Python code in a file is never run`;
    throw failure(subject, `Merge mode '${String(mode)}' is not supported`, {}, hint);
  }
  const kept = Object.entries(config).filter(
    ([key]) => !['mode', 'mode_type', 'concat_axis', 'dot_axes'].includes(key),
  );
  if (className === 'Concatenate') kept.push(['axis', field(config, 'concat_axis') ?? -1]);
  if (className === 'Dot') kept.push(['axes', field(config, 'dot_axes') ?? -1], ['normalize', mode === 'cos']);
  return { className, config: Object.fromEntries(kept) };
}
