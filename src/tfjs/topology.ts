/**
 * Where the config that tfjs itself saves differs from that of Keras 2: an RNN of a cell repeats what its cell's config says.
 * Invariant: nothing that an RNN of Keras understands is left out. Source: `RNN.getConfig` of @tensorflow/tfjs-layers 4.22.
 */
import { field, isRecord, type JsonRecord } from '../keras/config/json.ts';
import type { Json } from '../keras/config/spec.ts';

const OWN = new Set(
  (
    'name trainable dtype batch_input_shape input_dtype cell return_sequences return_state go_backwards stateful unroll time_major ' +
    'num_constants zero_output_for_mask'
  ).split(' '),
);

/** The config as Keras 2 would have written it. JSON is read no deeper than one may recurse. */
export function asKeras2(config: Json): Json {
  if (Array.isArray(config)) return (config as readonly Json[]).map(asKeras2);
  if (!isRecord(config)) return config;
  const entries = Object.entries(config).map(([key, value]): [string, Json] => [key, asKeras2(value)]);
  const record = Object.fromEntries(entries);
  const own = field(record, 'config');
  return field(record, 'class_name') === 'RNN' && isRecord(own) ? { ...record, config: withoutCell(own) } : record;
}

function withoutCell(config: JsonRecord): JsonRecord {
  const cell = field(config, 'cell');
  const inside = isRecord(cell) ? field(cell, 'config') : null;
  if (!isRecord(inside)) return config;
  return Object.fromEntries(Object.entries(config).filter(([key]) => OWN.has(key) || !Object.hasOwn(inside, key)));
}
