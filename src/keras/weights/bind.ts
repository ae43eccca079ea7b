/**
 * Gives each layer of a model its arrays, for all layouts of weights.
 * Invariant: every weight of the file is bound exactly once; what is missing or left over is an error that names layer and file.
 */
import { didYouMean, failure } from '../../tensor/errors.ts';
import type { LayerSpec, ModelSpec } from '../config/spec.ts';
import { expectedWeights, nameByPosition, plainName } from './expected.ts';
import { type Binding, bindingOf, leavesOf } from './leaves.ts';
import type { LayerWeights, StoredArray, StoredLayer, WeightStore } from './store.ts';

/**
 * Binds the weights of a file to a model; the model may come from the same file or from an architecture given separately.
 * Nested models are not keys of the result, but the layers inside them are; the weights of a TimeDistributed belong to the layer
 * it wraps (`spec.layer`), those of every other wrapper to the wrapper.
 * @throws PathgradError where a weight is missing, left over, or its values cannot be read
 */
export async function bindWeights(
  file: { readonly weights: WeightStore },
  spec: ModelSpec,
): Promise<Map<LayerSpec, LayerWeights>> {
  const store = file.weights;
  const bound = new Map<LayerSpec, LayerWeights>();
  for (const found of await bindings(store, spec)) {
    const adapted = found.entries.some(({ key }) => key.includes('lora_')) && !found.layer.custom;
    const binding = adapted ? (await import('../load/on-demand.ts')).withoutLora(found) : found;
    bound.set(binding.layer, { arrays: readArrays(binding, spec.dialect.major), source: binding.source });
  }
  for (const layer of allLayers(spec)) if (!bound.has(layer)) bound.set(layer, { arrays: [], source: store.label });
  return bound;
}

async function bindings(store: WeightStore, spec: ModelSpec): Promise<Binding[]> {
  switch (store.layout) {
    case 'none':
      throw failure(store.label, 'holds an architecture but no weights', {}, 'give the weights file as well');
    case 'paths':
      return (await import('../load/on-demand.ts')).pathBindings(store, spec);
    case 'sequence':
      return pairByOrder(
        store.layers,
        spec.layers.filter((layer) => layer.className !== 'InputLayer'),
        store,
        spec,
      );
    case 'legacy':
      return legacyBindings(store, store.layers, spec);
  }
}

function allLayers(spec: ModelSpec): LayerSpec[] {
  return spec.layers.flatMap((layer) => [layer, ...leavesOf(layer)]);
}

/** By name where the file knows every weighted layer by the model's name for it, else by position, as Keras loads. */
async function legacyBindings(store: WeightStore, stored: readonly StoredLayer[], spec: ModelSpec): Promise<Binding[]> {
  const byName = new Map(spec.layers.map((layer) => [layer.name, layer]));
  const weighted = stored.filter((layer) => layer.entries.length > 0);
  const strange = weighted.find((layer) => !byName.has(layer.name));
  if (strange === undefined) {
    const found = new Map(weighted.map((layer) => [layer.name, layer]));
    return bindAll(
      spec.layers.map((layer) => [layer, found.get(layer.name)]),
      store,
      spec,
    );
  }
  const shared = weighted.filter((layer) => byName.has(layer.name));
  if (shared.length > weighted.length / 2) {
    throw failure(
      strange.source,
      `holds ${strange.entries.length} weights of a layer '${strange.name}' that is not in the model`,
      { model: spec.name },
      didYouMean(strange.name, [...byName.keys()]),
    );
  }
  return pairByOrder(weighted, spec.layers, store, spec);
}

/** Each layer with the group of its weights, if it has any. */
async function bindAll(
  pairs: readonly (readonly [LayerSpec, StoredLayer | undefined])[],
  store: WeightStore,
  spec: ModelSpec,
): Promise<Binding[]> {
  const bound: Binding[] = [];
  for (const [layer, found] of pairs) {
    const stored = found ?? { name: layer.name, source: store.label, entries: [] };
    const leaves = leavesOf(layer);
    if (leaves.length === 1 && !layer.model) bound.push(bindingOf(leaves[0]!, stored, stored.entries));
    else bound.push(...(await import('../load/on-demand.ts')).splitNested(layer, stored, spec.dialect.major));
  }
  return bound;
}

/** Pairs the layers that have weights, first with first; only where each pair agrees on the number of weights. */
async function pairByOrder(
  stored: readonly StoredLayer[],
  layers: readonly LayerSpec[],
  store: WeightStore,
  spec: ModelSpec,
): Promise<Binding[]> {
  const { major } = spec.dialect;
  const withWeights = stored.filter((layer) => layer.entries.length > 0);
  const takers = layers.filter((layer) => leavesOf(layer).some((leaf) => countOf(leaf, major) !== 0));
  if (withWeights.length !== takers.length) {
    const details = {
      file: withWeights.map((layer) => layer.name).slice(0, 12),
      model: takers.map((layer) => layer.name).slice(0, 12),
    };
    const problem = `has ${withWeights.length} layers with weights, the model ${takers.length}, and their names differ`;
    throw failure(store.label, problem, details, 'the weights are of another architecture');
  }
  return bindAll(
    takers.map((layer, i) => [layer, withWeights[i]]),
    store,
    spec,
  );
}

function countOf(layer: LayerSpec, major: 1 | 2 | 3): number | undefined {
  const expected = expectedWeights(layer, major);
  return expected === undefined ? undefined : expected.trainable.length + expected.state.length;
}

function readArrays(binding: Binding, major: 1 | 2 | 3): StoredArray[] {
  const { layer, entries, parts, source } = binding;
  const expected = expectedWeights(layer, major);
  const names = expected === undefined ? undefined : [...expected.trainable, ...expected.state];
  if (names !== undefined && names.length !== entries.length) {
    const found = entries.map((entry) => entry.key);
    const what = entries.length < names.length ? 'weights are missing' : 'there are more weights than the layer has';
    throw failure(`${layer.className} '${layer.name}'`, what, { file: source, needs: names, found });
  }
  return entries.map(({ key, dataset }, i) => ({
    path: dataset.label,
    name: names?.[i] ?? plainName(key, major) ?? nameByPosition(layer, i),
    part: parts[i] ?? '',
    shape: dataset.shape,
    dtype: dataset.dtype,
    data: dataset.read(),
  }));
}
