/**
 * `model.json` of TensorFlow.js: a Keras config and a manifest of weights, which lie one behind the other in the files of their group. Invariant:
 * every name, shape and size is checked before a byte of a weight is read; a path is the name of a file beside the manifest.
 * Source: the formats of `tfjs-core/src/io/types.ts` and of `tensorflowjs/write_weights.py`.
 */
import { Guard } from '../guard/guard.ts';
import { describe, field, isRecord, type JsonRecord, parseJson } from '../keras/config/json.ts';
import type { Json } from '../keras/config/spec.ts';
import { failure } from '../tensor/errors.ts';

export type StoredType = 'float32' | 'float16' | 'int32' | 'bool' | 'uint8' | 'uint16';

export interface TfjsWeight {
  readonly name: string;
  readonly shape: readonly number[];
  /** What it is for the model, and what its bytes are. */
  readonly dtype: 'float32' | 'float16' | 'int32' | 'bool';
  readonly stored: StoredType;
  /** Value = stored * scale + min; null where the bytes are the values. */
  readonly affine: { readonly scale: number; readonly min: number } | null;
  readonly count: number;
}

export interface TfjsGroup {
  readonly paths: readonly string[];
  readonly weights: readonly TfjsWeight[];
}

export interface TfjsManifest {
  readonly config: Json;
  readonly trainingConfig: Json;
  readonly kerasVersion: string | null;
  readonly backend: string | null;
  readonly groups: readonly TfjsGroup[];
}

export const bytesOf: Readonly<Record<StoredType, number>> = {
  float32: 4,
  float16: 2,
  int32: 4,
  bool: 1,
  uint8: 1,
  uint16: 2,
};

/** @throws PathgradError for what is no layers model, and for a manifest that makes no sense */
export function readManifest(text: string, name: string): TfjsManifest {
  const json = parseJson(text, name);
  if (!isRecord(json)) throw failure(name, 'must be an object', { found: describe(json) });
  const topology = field(json, 'modelTopology');
  const format = field(json, 'format');
  if (
    format === 'graph-model' ||
    (isRecord(topology) && (field(topology, 'node') !== null || field(topology, 'library') !== null))
  ) {
    const hint =
      'convert the Keras file it was made from with --output_format=tfjs_layers_model, or give that file; a SavedModel goes through python -m tf2onnx.convert';
    throw failure(name, 'is a graph model of TensorFlow.js, which has operations and no layers', {}, hint);
  }
  if (format !== null && format !== 'layers-model') {
    throw failure(name, 'is of a format of TensorFlow.js that is not known', { format }, 'layers models can be read');
  }
  if (!isRecord(topology)) {
    throw failure(
      name,
      `has no 'modelTopology'`,
      { found: describe(topology) },
      'give the model.json of a layers model',
    );
  }
  const nested = field(topology, 'model_config');
  const version = field(topology, 'keras_version');
  const backend = field(topology, 'backend');
  return {
    config: isRecord(nested) ? nested : topology,
    trainingConfig: field(topology, 'training_config') ?? field(json, 'trainingConfig'),
    kerasVersion: typeof version === 'string' ? version : null,
    backend: typeof backend === 'string' ? backend : null,
    groups: readGroups(field(json, 'weightsManifest'), name),
  };
}

function readGroups(manifest: Json, name: string): TfjsGroup[] {
  const hint = 'model.json and its .bin files belong together: save the model again';
  if (!Array.isArray(manifest)) {
    throw failure(name, `'weightsManifest' must be a list`, { found: describe(manifest) }, hint);
  }
  const guard = new Guard(name, 0);
  const [names, files] = [new Set<string>(), new Set<string>()];
  return (manifest as readonly Json[]).map((group, i) => {
    const where = `${name}, group ${i} of weightsManifest`;
    const paths = isRecord(group) ? field(group, 'paths') : null;
    const weights = isRecord(group) ? field(group, 'weights') : null;
    if (!Array.isArray(paths) || !Array.isArray(weights)) throw failure(where, `needs lists 'paths' and 'weights'`);
    guard.take('objects', paths.length + weights.length, where);
    const plain = (paths as readonly Json[]).map((path) => {
      const file = typeof path === 'string' ? path.replace(/^\.\//, '') : '';
      if (!/^[^/\\:]+$/.test(file) || /^\.+$/.test(file)) {
        throw failure(where, 'lists what is not the name of a file', { path }, 'weights lie beside model.json');
      }
      if (files.has(file)) throw failure(where, 'lists a file twice', { path: file });
      files.add(file);
      return file;
    });
    return { paths: plain, weights: (weights as readonly Json[]).map((weight) => readWeight(weight, where, names)) };
  });
}

function readWeight(entry: Json, where: string, names: Set<string>): TfjsWeight {
  const name = isRecord(entry) ? field(entry, 'name') : null;
  if (!isRecord(entry) || typeof name !== 'string' || name === '') throw failure(where, 'has a weight without a name');
  const subject = `${where}, weight '${name}'`;
  if (names.has(name)) throw failure(subject, 'is there twice');
  names.add(name);
  const shape = field(entry, 'shape');
  const sizes = Array.isArray(shape) ? (shape as readonly Json[]) : null;
  if (!sizes || sizes.length > 8 || !sizes.every((dim) => Number.isSafeInteger(dim) && (dim as number) >= 0)) {
    throw failure(subject, `'shape' must be a list of at most 8 sizes`, {
      shape: sizes?.slice(0, 9) ?? describe(shape),
    });
  }
  const count = (sizes as readonly number[]).reduce((product, dim) => product * dim, 1);
  if (!(count <= 2 ** 31)) throw failure(subject, 'is too big to read', { shape: sizes, limit: 2 ** 31 });
  const dtype = field(entry, 'dtype');
  if (dtype !== 'float32' && dtype !== 'float16' && dtype !== 'int32' && dtype !== 'bool') {
    throw failure(subject, 'has a dtype that is not supported', {
      dtype,
      supported: ['float32', 'float16', 'int32', 'bool'],
    });
  }
  return {
    name,
    shape: sizes as readonly number[],
    dtype,
    count,
    ...readQuantization(field(entry, 'quantization'), dtype, subject),
  };
}

function readQuantization(
  quantization: Json,
  dtype: TfjsWeight['dtype'],
  subject: string,
): Pick<TfjsWeight, 'stored' | 'affine'> {
  if (quantization === null) return { stored: dtype, affine: null };
  const found: JsonRecord = isRecord(quantization) ? quantization : {};
  const stored = field(found, 'dtype');
  if (stored === 'float16' && dtype === 'float32') return { stored, affine: null };
  if ((stored !== 'uint8' && stored !== 'uint16') || dtype === 'bool') {
    throw failure(subject, `is quantized in a way that is not known`, {
      from: dtype,
      to: stored ?? describe(quantization),
    });
  }
  const [scale, min] = [field(found, 'scale'), field(found, 'min')];
  const top = stored === 'uint8' ? 255 : 65535;
  const makesSense =
    typeof scale === 'number' &&
    typeof min === 'number' &&
    scale > 0 &&
    Math.abs(min) <= 3.4e38 &&
    scale * top + Math.abs(min) <= 3.4e38;
  if (!makesSense) throw failure(subject, 'is quantized with numbers that make no sense', { scale, min });
  return { stored, affine: { scale, min } };
}
