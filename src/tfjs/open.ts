/**
 * Opens layers models of TensorFlow.js as what they are: a Keras config, with weights by name. They come from `model.save` of TensorFlow.js and from
 * Python's converter, which writes the configs of Keras 2 and 3 as they are. Invariant: what is read of weights was listed in the manifest.
 */
import { describe, field, isRecord } from '../keras/config/json.ts';
import type { Json } from '../keras/config/spec.ts';
import type { KerasFile } from '../keras/load/container.ts';
import { type NamedBytes, readGiven, sibling } from '../keras/load/shards.ts';
import { isArchitectureText, type ModelSource, readSource } from '../keras/load/source.ts';
import type { StoredEntry, StoredLayer, WeightStore } from '../keras/weights/store.ts';
import { failure } from '../tensor/errors.ts';
import { readManifest, type TfjsManifest } from './manifest.ts';
import { asKeras2 } from './topology.ts';
import { type PlacedWeight, placeWeights, valuesOf } from './values.ts';

/** A model in several files, given as a list in any order: `model.json` and its files of weights. */
export async function openGiven(
  sources: readonly ModelSource[],
  name: string | undefined,
): Promise<{ bytes: Uint8Array; first: KerasFile }> {
  const files = await readGiven(sources);
  const isIndex = ({ bytes }: NamedBytes): boolean =>
    isArchitectureText(bytes) && /"(modelTopology|weightsManifest)"\s*:/.test(new TextDecoder().decode(bytes));
  const found = files.filter(isIndex);
  const [index] = found;
  if (found.length !== 1 || !index) {
    const problem =
      found.length === 0 ? 'there is no model.json among the files' : 'there are several model.json among the files';
    const hint =
      'one model is loaded at a time; of TensorFlow.js give model.json with its files of weights, else one file';
    throw failure('model', problem, { files: files.slice(0, 12).map((file) => file.name) }, hint);
  }
  const first = await openTfjs({ bytes: index.bytes, name: name ?? index.name }, files, null);
  return { bytes: index.bytes, first };
}

/**
 * @param index `model.json`
 * @param given the files of weights by name, where they were given with it
 * @param place where `index` came from, if they lie beside it
 * @throws PathgradError naming the file or weight at fault
 */
export async function openTfjs(
  index: NamedBytes,
  given: readonly NamedBytes[],
  place: ModelSource | null,
): Promise<KerasFile> {
  const { name } = index;
  const read = readManifest(new TextDecoder().decode(index.bytes), name);
  const manifest = { ...read, config: asKeras2(read.config) };
  const files = new Map(given.map((file) => [file.name, file.bytes]));
  const placed: PlacedWeight[] = [];
  for (const [i, group] of manifest.groups.entries()) {
    const bytes = await Promise.all(group.paths.map((path) => shard(name, path, files, place)));
    const subject = `${name}, group ${i} of weightsManifest (${group.paths.join(', ')})`;
    for (const weight of placeWeights(subject, group, bytes)) placed.push(weight);
  }
  const { config, trainingConfig, kerasVersion, backend } = manifest;
  return {
    name,
    format: 'tfjs',
    kerasVersion,
    backend,
    config,
    trainingConfig,
    weights: storeOf(manifest, placed, name),
  };
}

function storeOf(manifest: TfjsManifest, placed: readonly PlacedWeight[], name: string): WeightStore {
  if (manifest.groups.length === 0) return { layout: 'none', label: name };
  // Of `.keras` archives the converter keeps the names, which are paths of classes and counters.
  if (placed.length > 0 && placed.every((weight) => /^layers\/.*\/vars\/\d+$/.test(weight.name))) {
    const entries = placed
      .filter((weight) => !/\/_?seed_generators?\//.test(weight.name))
      .map((weight) => entryOf(weight, name));
    return { layout: 'paths', label: name, entries, checkpointDependencies: false };
  }
  return { layout: 'legacy', label: name, layers: layersOf(manifest, placed, name) };
}

async function shard(
  index: string,
  path: string,
  files: ReadonlyMap<string, Uint8Array>,
  place: ModelSource | null,
): Promise<Uint8Array> {
  const found = files.get(path);
  if (found) return found;
  const beside = place === null ? null : sibling(place, path);
  const problem = `the file of weights '${path}' is missing`;
  if (beside === null) {
    const hint = 'give model.json and all files beside it as a list, under their own names';
    throw failure(index, problem, { given: [...files.keys()].slice(0, 12) }, hint);
  }
  try {
    return (await readSource(beside)).bytes;
  } catch (cause) {
    const said = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
    throw failure(index, problem, { error: said }, 'the files of weights lie beside model.json', cause);
  }
}

/**
 * Sorts weights to the layers at the top of the config: by the first part of a name that is a layer at the top, else by the name of one inside it.
 * Keras 2 writes `dense/kernel`, Keras 3 `sequential/dense/kernel`, TensorFlow.js leaves out the models around a layer.
 */
function layersOf({ config }: TfjsManifest, weights: readonly PlacedWeight[], name: string): StoredLayer[] {
  const top = topLayers(config, name);
  // What layers of several models are called says nothing.
  const inner = new Map<string, string | null>();
  for (const [layer, names] of top) for (const each of names) inner.set(each, inner.has(each) ? null : layer);
  // Keras 2 names the statistics of Normalization without their layer. Its converter refuses a name it meets twice, so there is one.
  const unnamed = onlyNormalization(config);
  const stored = new Map<string, StoredEntry[]>();
  const strange: string[] = [];
  for (const weight of weights) {
    const parts = weight.name.split('/').slice(0, -1);
    const owner =
      parts.length === 0
        ? unnamed
        : (parts.find((part) => top.has(part)) ?? inner.get(parts.find((part) => inner.has(part)) ?? ''));
    if (owner === undefined || owner === null) {
      strange.push(weight.name);
      continue;
    }
    const list = stored.get(owner) ?? [];
    stored.set(owner, list);
    list.push(entryOf(weight, name));
  }
  if (strange.length > 0) {
    const details = { weights: strange.slice(0, 6), count: strange.length };
    throw failure(name, 'has weights that belong to no layer of the model', details, 'save the model again');
  }
  return [...stored].map(([layer, entries]) => ({ name: layer, source: `${name}/${layer}`, entries }));
}

/** The name of the only Normalization layer at the top. */
function onlyNormalization(config: Json): string | null {
  const own = isRecord(config) ? field(config, 'config') : null;
  const list = Array.isArray(own) ? own : isRecord(own) ? field(own, 'layers') : null;
  const found = (Array.isArray(list) ? (list as readonly Json[]) : []).filter(
    (entry) => isRecord(entry) && field(entry, 'class_name') === 'Normalization',
  );
  const names = new Set<string>();
  for (const entry of found) collect(entry, names);
  return names.size === 1 ? [...names][0]! : null;
}

function entryOf(weight: PlacedWeight, name: string): StoredEntry {
  const { shape, dtype } = weight;
  return {
    key: weight.name,
    dataset: { label: `${name}/${weight.name}`, shape, dtype, read: () => valuesOf(weight) },
  };
}

/** Each layer at the top, with the names of those inside it. */
function topLayers(config: Json, name: string): Map<string, ReadonlySet<string>> {
  const own = isRecord(config) ? field(config, 'config') : null;
  const list = Array.isArray(own) ? own : isRecord(own) ? field(own, 'layers') : null;
  if (!Array.isArray(list)) throw failure(name, 'its modelTopology has no layers', { found: describe(own) });
  const top = new Map<string, ReadonlySet<string>>();
  for (const entry of list as readonly Json[]) {
    const names = new Set<string>();
    collect(entry, names);
    const [first] = names;
    if (first !== undefined) top.set(first, names);
  }
  return top;
}

/** Its own name first. JSON that was read is not deep. */
function collect(entry: Json, names: Set<string>): void {
  if (!isRecord(entry)) return;
  const config = field(entry, 'config');
  const own = isRecord(config) ? (field(config, 'name') ?? field(entry, 'name')) : field(entry, 'name');
  if (typeof own === 'string') names.add(own);
  if (Array.isArray(config)) for (const each of config as readonly Json[]) collect(each, names);
  if (!isRecord(config)) return;
  for (const key of ['layer', 'backward_layer']) collect(field(config, key), names);
  const layers = field(config, 'layers');
  if (Array.isArray(layers)) for (const each of layers as readonly Json[]) collect(each, names);
}
