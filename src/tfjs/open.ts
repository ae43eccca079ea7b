/**
 * Layers models of TensorFlow.js: a `model.json` (topology and a manifest of weights) with its shards beside it, as `tensorflowjs_converter`
 * writes them from Keras 2 and 3, and tfjs itself with `model.save`. The topology is a config of Keras, which the importer of Keras reads.
 * Invariant: the shards are as long as the manifest says, and nothing but plain file names beside the model is read.
 * Source: the formats of tensorflowjs 4.22 (`write_weights`, `keras_h5_conversion`) and `ModelJSON` of @tensorflow/tfjs-core 4.22.
 */
import { Guard } from '../guard/guard.ts';
import { CONFIG_BYTES } from '../guard/json.ts';
import { describe, field, isRecord, type JsonRecord, parseJson } from '../keras/config/json.ts';
import type { Json } from '../keras/config/spec.ts';
import { type KerasFile, textOrNull } from '../keras/load/container.ts';
import { type NamedBytes, readShards } from '../keras/load/shards.ts';
import type { ModelSource } from '../keras/load/source.ts';
import type { StoredEntry, WeightStore } from '../keras/weights/store.ts';
import { failure } from '../tensor/errors.ts';
import { type Group, readManifest } from './manifest.ts';
import { asKeras2 } from './topology.ts';
import { entriesOf } from './values.ts';

/**
 * Opens a model.
 * @param index the `model.json`
 * @param files what was given with it
 * @param place where it came from, if its shards lie beside it
 * @throws PathgradError for a graph model, and where manifest and shards do not fit
 */
export async function openTfjs(
  { bytes, name }: NamedBytes,
  files: readonly NamedBytes[],
  place: ModelSource | null,
): Promise<KerasFile> {
  if (bytes.length > CONFIG_BYTES)
    throw failure(name, 'is larger than a config is read', { bytes: bytes.length, limit: CONFIG_BYTES });
  const model = parseJson(new TextDecoder().decode(bytes), name);
  if (!isRecord(model)) throw failure(name, 'must be an object', { found: describe(model) });
  const topology = topologyOf(model, name);
  const guard = new Guard(name, bytes.length);
  const groups = readManifest(field(model, 'weightsManifest'), name, guard);
  const paths = groups.flatMap((group) => group.paths);
  const shards = await readShards(paths, name, files, place);
  const parts = new Map(paths.map((path, i) => [path, shards[i]!.bytes]));
  // The config of older converters is a text in the JSON.
  const config = field(topology, 'model_config') ?? topology;
  const version = textOrNull(field(topology, 'keras_version'));
  const parsed = typeof config === 'string' ? parseJson(config, `${name}/modelTopology/model_config`) : config;
  const training = field(topology, 'training_config') ?? field(model, 'trainingConfig');
  return {
    name,
    format: 'tfjs',
    // tfjs itself says `tfjs-layers 4.22.0`: it writes as Keras 2 does.
    kerasVersion: version,
    backend: textOrNull(field(topology, 'backend')),
    config: version?.startsWith('tfjs') ? asKeras2(parsed) : parsed,
    trainingConfig: training,
    weights: storeOf(groups, parts, name),
  };
}

function topologyOf(model: JsonRecord, name: string): JsonRecord {
  const format = field(model, 'format');
  const topology = field(model, 'modelTopology');
  const isGraph = format === 'graph-model' || (isRecord(topology) && Array.isArray(field(topology, 'node')));
  if (isGraph) {
    const hint =
      'from the Keras model in Python: tensorflowjs_converter --input_format keras --output_format tfjs_layers_model, or model.save("model.keras"); from a SavedModel: python -m tf2onnx.convert --saved-model folder --output model.onnx';
    throw failure(name, 'is a graph model of tfjs, which holds operations of TensorFlow and no layers', {}, hint);
  }
  if (format !== null && format !== 'layers-model')
    throw failure(name, 'has an unknown format', { format: describe(format) }, 'layers models of tfjs are read');
  if (isRecord(topology)) return topology;
  const hint = 'a model.json of tfjs holds modelTopology beside weightsManifest; weights alone are no model';
  throw failure(name, 'has no modelTopology that is an object', { found: describe(topology as Json) }, hint);
}

function storeOf(groups: readonly Group[], parts: ReadonlyMap<string, Uint8Array>, name: string): WeightStore {
  const entries: StoredEntry[] = groups.flatMap((group) => entriesOf(group, parts, name));
  if (entries.length === 0) return { layout: 'none', label: name };
  // The converter keeps the paths of a `.keras` archive, which say places where the names of `.h5` say layers.
  const inArchive = (key: string): boolean =>
    /^(layers|_layer_checkpoint_dependencies|optimizer)\/.*vars\/\d+$/.test(key);
  if (entries.every(({ key }) => inArchive(key)))
    return { layout: 'paths', label: name, entries, checkpointDependencies: false };
  return { layout: 'named', label: name, entries };
}
