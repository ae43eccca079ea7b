/**
 * One layer entry of a config, without its place in the graph: class, name, arguments in today's words, wrapped layer, nested model.
 * Nothing in a config is executed: a Lambda keeps its serialised function as plain data, for the layer code to refuse.
 */
import { isEmbedding } from '../../model/lookup.ts';
import { failure } from '../../tensor/errors.ts';
import { describe, field, isBoolean, isRecord, type JsonRecord, textAt } from './json.ts';
import { type Named, translateKeras2 } from './names.ts';
import type { Dialect, Json, LayerSpec, ModelSpec } from './spec.ts';

/** Models inside models, and layers inside wrappers, deeper than any real network has them. */
export const NESTING_LIMIT = 24;
const MODEL_CLASSES = new Set(['Sequential', 'Functional', 'Model']);

/** `translateKeras1` of keras1.ts, which is loaded for files of Keras 1. */
export type TranslateKeras1 = (className: string, config: JsonRecord, subject: string) => Named;

export interface Scope {
  readonly dialect: Dialect;
  /** File, and the models around: the subject of errors. */
  readonly subject: string;
  readonly depth: number;
  readonly trainable: boolean;
  /** Brings Keras 1's words to today's, where the config has them. */
  readonly keras1: TranslateKeras1 | null;
  /** Reads a nested model; handed down because models hold layers and layers hold models. */
  readonly readModel: (entry: JsonRecord, scope: Scope) => ModelSpec;
}

/** A layer whose calls are still to be read. */
export type UnwiredLayer = Omit<LayerSpec, 'calls'>;

export function isModelEntry(entry: JsonRecord): boolean {
  const config = field(entry, 'config');
  const className = field(entry, 'class_name');
  if (typeof className !== 'string' || !MODEL_CLASSES.has(shortName(className))) {
    return isRecord(config) && Array.isArray(field(config, 'layers')) && field(config, 'output_layers') !== null;
  }
  return true;
}

/** Keras 3's Pipeline is a chain of layers as a Sequential is, stored like one, and no model of its own. */
function isPipeline(entry: JsonRecord): boolean {
  const config = field(entry, 'config');
  const own = field(entry, 'class_name') === 'Pipeline' && !String(field(entry, 'registered_name')).includes('>');
  return own && isRecord(config) && Array.isArray(field(config, 'layers'));
}

/** Class name without package prefix (`Custom>Foo`, `keras.layers.Foo`). */
function shortName(className: string): string {
  return className.slice(Math.max(className.lastIndexOf('>'), className.lastIndexOf('.')) + 1);
}

/** @param entry `{class_name, config, name?, module?, registered_name?}` */
export function readLayer(entry: Json, scope: Scope): UnwiredLayer {
  if (!isRecord(entry)) throw failure(scope.subject, 'a layer must be an object', { found: describe(entry) });
  const stored = textAt(entry, 'class_name', scope.subject);
  const raw = field(entry, 'config');
  const ownName = field(entry, 'name') ?? (isRecord(raw) ? field(raw, 'name') : null);
  const name = typeof ownName === 'string' ? ownName : stored.toLowerCase();
  const subject = `${scope.subject}/${name}`;
  if (scope.depth > NESTING_LIMIT) throw failure(subject, `layers are nested deeper than ${NESTING_LIMIT}`);
  const isModel = isModelEntry(entry) || isPipeline(entry);
  if (!isRecord(raw) && !(isModel && Array.isArray(raw))) {
    throw failure(subject, `'config' must be an object`, { class: stored, found: describe(raw) });
  }
  const plain: JsonRecord = isRecord(raw) ? raw : { name };
  const { dialect, keras1 } = scope;
  const modern = keras1?.(shortName(stored), plain, subject) ?? { className: shortName(stored), config: plain };
  const { className, config } = translateKeras2(modern.className, modern.config, dialect.major);
  const trainable = scope.trainable && !isBoolean(field(config, 'trainable'), false);
  const inner: Scope = { ...scope, subject, depth: scope.depth + 1, trainable };
  const batchShape = readBatchShape(config, className, subject);
  const layer = isModel ? undefined : wrappedLayer(config, inner);
  return {
    className,
    storedClass: shortName(stored),
    name,
    config,
    trainable,
    dtype: readDtype(field(config, 'dtype')),
    module: textOrNull(field(entry, 'module')),
    registeredName: textOrNull(field(entry, 'registered_name')) ?? (stored.includes('>') ? stored : null),
    ...(batchShape === undefined ? {} : { batchShape }),
    ...(layer === undefined ? {} : { layer }),
    ...(isModel ? { model: scope.readModel({ ...entry, config: raw }, { ...inner, subject }) } : {}),
  };
}

function wrappedLayer(config: JsonRecord, scope: Scope): LayerSpec | undefined {
  const inner = field(config, 'layer');
  if (!isRecord(inner) || typeof field(inner, 'class_name') !== 'string') return undefined;
  return { ...readLayer(inner, scope), calls: [] };
}

function textOrNull(value: Json): string | null {
  return typeof value === 'string' ? value : null;
}

/** `float32` of `"float32"` or of a DTypePolicy object; null (Keras 1) means float32. */
function readDtype(value: Json): string {
  if (typeof value === 'string') return value;
  const config = isRecord(value) ? field(value, 'config') : null;
  const name = isRecord(config) ? (field(config, 'name') ?? field(config, 'dtype_policy')) : null;
  return typeof name === 'string' ? name : 'float32';
}

/** The shape with batch axis that a config states, under any of the names Keras gave it. */
function readBatchShape(config: JsonRecord, className: string, subject: string): (number | null)[] | undefined {
  const whole = field(config, 'batch_shape') ?? field(config, 'batch_input_shape');
  if (Array.isArray(whole)) return whole.map((size) => dimension(size, subject));
  const withoutBatch = field(config, 'input_shape');
  if (Array.isArray(withoutBatch)) return [null, ...withoutBatch.map((size) => dimension(size, subject))];
  const features = field(config, 'input_dim');
  if (typeof features !== 'number' || isEmbedding(className)) return undefined;
  const recurrent = ['LSTM', 'GRU', 'SimpleRNN', 'Conv1D'].includes(className);
  const length = field(config, 'input_length');
  return recurrent ? [null, dimension(length, subject), features] : [null, features];
}

function dimension(value: Json, subject: string): number | null {
  if (value === null) return null;
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0) return value;
  throw failure(subject, 'a size in the input shape must be a whole number or null', { found: describe(value) });
}
