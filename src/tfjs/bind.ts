/**
 * Weights whose names begin with their layer's (`dense_1/kernel`, `bidirectional/forward_lstm/lstm_cell/kernel`), in one list for the whole
 * model: tfjs keeps no groups. Keras 3 puts the names of the models around a layer before it (`sequential/dense/kernel`).
 * Invariant: every weight goes to exactly one layer.
 */
import type { LayerSpec, ModelSpec } from '../keras/config/spec.ts';
import type { Binding } from '../keras/weights/leaves.ts';
import { splitNested } from '../keras/weights/nested.ts';
import type { StoredEntry, WeightStore } from '../keras/weights/store.ts';
import { failure } from '../tensor/errors.ts';

type NamedStore = Extract<WeightStore, { layout: 'named' }>;

/** @throws PathgradError naming weights that belong to no layer */
export function namedBindings({ label, entries }: NamedStore, spec: ModelSpec): Binding[] {
  const owners = ownersIn(spec);
  const anywhere = namesOf(owners);
  const claimed = new Map<LayerSpec, StoredEntry[]>(owners.map((layer) => [layer, []]));
  const left: StoredEntry[] = [];
  for (const entry of entries) {
    const owner = ownerOf(entry.key.split('/').slice(0, -1), spec, anywhere);
    (owner === null ? left : claimed.get(owner)!).push(entry);
  }
  const isBare = left.length > 0 && left.every(({ key }) => !key.includes('/'));
  // Keras 2 names the statistics of Normalization without their layer. Its converter refuses a name it meets twice, so there is one.
  const unnamed = owners.filter((layer) => layer.className === 'Normalization' && claimed.get(layer)!.length === 0);
  if (isBare && unnamed.length === 1) claimed.get(unnamed[0]!)!.push(...left);
  else if (left.length > 0) {
    const details = { weights: left.slice(0, 6).map(({ key }) => key), count: left.length, model: spec.name };
    throw failure(
      label,
      'has weights that belong to no layer of the model',
      details,
      'the topology is of another model',
    );
  }
  return owners.flatMap((layer) =>
    splitNested(
      layer,
      { name: layer.name, source: `${label}/${layer.name}`, entries: claimed.get(layer)! },
      spec.dialect.major,
    ),
  );
}

/** All layers that are no models, in the order of the config. */
function ownersIn(spec: ModelSpec): LayerSpec[] {
  return spec.layers.flatMap((layer) => (layer.model ? ownersIn(layer.model) : [layer]));
}

/** By name; what several layers are called says nothing. */
function namesOf(layers: readonly LayerSpec[]): Map<string, LayerSpec | null> {
  const names = new Map<string, LayerSpec | null>();
  for (const layer of layers) names.set(layer.name, names.has(layer.name) ? null : layer);
  return names;
}

/** From the outside in: models lead to the layers inside them, the first name of another layer decides. */
function ownerOf(path: readonly string[], spec: ModelSpec, anywhere: ReadonlyMap<string, LayerSpec | null>) {
  let inside = spec;
  for (const name of path) {
    const found = inside.layers.find((layer) => layer.name === name);
    if (found?.model) inside = found.model;
    else if (found) return found;
    // Keras 2 and tfjs name a layer inside a model by itself alone.
    else if (inside === spec && anywhere.get(name)) return anywhere.get(name)!;
  }
  return null;
}
