/**
 * Opens what Keras saved, whatever the file is called: the content decides. HDF5 (full model or weights only) and architecture JSON;
 * `.keras` archives are opened by keras-archive.ts. Nothing is bound or built here; config and weights are brought together by load/open.ts.
 */
import { openHdf5 } from '../../hdf5/file.ts';
import { findSignature } from '../../hdf5/superblock.ts';
import { failure } from '../../tensor/errors.ts';
import { describe, field, isRecord, parseJson } from '../config/json.ts';
import type { Dialect, Json } from '../config/spec.ts';
import { readWeightStore, type WeightStore } from '../weights/store.ts';

export interface KerasFile {
  readonly name: string;
  readonly format: 'hdf5' | 'keras' | 'json' | 'tfjs';
  /** As stored, or null: `1.2.2`, `2.2.4-tf`, `3.15.1`. */
  readonly kerasVersion: string | null;
  /** `tensorflow`, `theano`, `cntk`, … or null. */
  readonly backend: string | null;
  /** `{class_name, config}`, or null where the file holds weights only. */
  readonly config: Json;
  /** What `compile` was told, or null. */
  readonly trainingConfig: Json;
  readonly weights: WeightStore;
  /** Whether values lie in it that real Keras computed, for `verify`. */
  readonly hasReference?: boolean;
  /** Vocabularies of adapted layers, by path in the archive; only `.keras` has them. */
  readonly vocabularies?: ReadonlyMap<string, string>;
}

/** Whether the bytes are a zip archive, which `openKerasArchive` of keras-archive.ts opens. */
export function isArchive(bytes: Uint8Array): boolean {
  return startsWith(bytes, [0x50, 0x4b, 0x03, 0x04]) || startsWith(bytes, [0x50, 0x4b, 0x05, 0x06]);
}

/** Whether the bytes are HDF5, which `openKeras` opens. */
export function isHdf5(bytes: Uint8Array): boolean {
  return findSignature(bytes) >= 0;
}

/**
 * Opens HDF5.
 * @param bytes the whole file; it must not change while its weights are in use
 * @param name what to call the file in errors
 * @throws PathgradError where it is damaged; what is not HDF5 at all is for foreign.ts to name
 */
export function openKeras(bytes: Uint8Array, name: string): KerasFile {
  const file = openHdf5(bytes, name);
  const { attributes } = file.root;
  const weightsGroup = file.root.group('model_weights');
  const text = (key: string): string | null => attributes.text(key) ?? weightsGroup?.attributes.text(key) ?? null;
  const parsed = (key: string): Json => {
    const json = attributes.text(key);
    return json === undefined ? null : parseJson(json, `${name}@${key}`);
  };
  return {
    name,
    format: 'hdf5',
    kerasVersion: text('keras_version'),
    backend: text('backend'),
    config: parsed('model_config'),
    trainingConfig: parsed('training_config'),
    weights: readWeightStore(file),
    hasReference: file.root.has('pathgrad_reference'),
  };
}

/** Reads `model.to_json()`: an architecture without weights. */
export function parseArchitecture(text: string, name: string): KerasFile {
  const config = parseJson(text, name);
  if (!isRecord(config)) throw failure(name, 'an architecture must be an object', { found: describe(config) });
  if (field(config, 'class_name') === null) {
    const old = typeof field(config, 'name') === 'string' && Array.isArray(field(config, 'layers'));
    const problem = old ? 'is an architecture of Keras 0.x, which is not supported' : `has no 'class_name'`;
    throw failure(name, problem, { keys: Object.keys(config).slice(0, 8) }, 'give the text of model.to_json()');
  }
  return {
    name,
    format: 'json',
    kerasVersion: textOrNull(field(config, 'keras_version')),
    backend: textOrNull(field(config, 'backend')),
    config,
    trainingConfig: compileConfig(config),
    weights: { layout: 'none', label: name },
  };
}

/**
 * Which Keras wrote a config: its version where stated, else the words that only one generation used.
 * @param weights the file of the weights, where the config came separately: it may know version and backend better
 */
export function detectDialect(file: KerasFile, weights: KerasFile = file): Dialect {
  const version = file.kerasVersion ?? weights.kerasVersion;
  const backend = weights.backend ?? file.backend;
  const stated = version === null ? null : Number.parseInt(version, 10);
  if (stated !== null && stated >= 0) return { major: stated >= 3 ? 3 : stated === 2 ? 2 : 1, version, backend };
  const text = JSON.stringify(file.config);
  if (/"(registered_name|keras_history|batch_shape)":/.test(text)) return { major: 3, version, backend };
  const old = /"(border_mode|nb_filter|inner_init|inner_activation|dim_ordering|W_regularizer)":/.test(text);
  return { major: old ? 1 : 2, version, backend };
}

export function compileConfig(config: Json): Json {
  return isRecord(config) ? field(config, 'compile_config') : null;
}

export function textOrNull(value: Json): string | null {
  return typeof value === 'string' ? value : null;
}

function startsWith(bytes: Uint8Array, start: readonly number[]): boolean {
  return bytes.length >= start.length && start.every((byte, i) => bytes[i] === byte);
}
