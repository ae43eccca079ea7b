/**
 * The layout of `.weights.h5` and `.keras`: groups are named after classes, `snake_case(class)` and a counter per container, in
 * config order; inside a layer, attribute names lead to `vars/0`, `vars/1`, … Counters number layers with and without weights.
 * Source: `saving_lib._save_container_state` and `_walk_saveable` of Keras 2.13 to 3.15.
 */
import { failure } from '../../tensor/errors.ts';
import type { LayerSpec, ModelSpec } from '../config/spec.ts';
import { expectedWeights } from './expected.ts';
import type { Binding } from './leaves.ts';
import type { StoredEntry, WeightStore } from './store.ts';

type PathStore = Extract<WeightStore, { layout: 'paths' }>;

/** Keras's `to_snake_case`: PReLU gives p_re_lu, Conv2D conv2d, TimeDistributed time_distributed. */
export function snakeCase(className: string): string {
  // The class is known to configs by another name than its own.
  const own = className === 'GroupQueryAttention' ? 'GroupedQueryAttention' : className;
  return own
    .replace(/\W+/g, '')
    .replace(/(.)([A-Z][a-z]+)/g, '$1_$2')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase();
}

/** Binds every entry, or names the ones that no layer claims. */
export function pathBindings(store: PathStore, spec: ModelSpec): Binding[] {
  const groups = groupByParent(store.entries);
  const walk: Walk = { store, groups, parents: [...groups.keys()], major: spec.dialect.major, models: new Set(['']) };
  const bound = bindContainer(spec, 'layers', walk);
  const claimed = new Set(bound.flatMap((binding) => binding.entries));
  const left = store.entries.filter((entry) => !claimed.has(entry) && !isTrainingState(entry.key, walk.models));
  if (left.length > 0) {
    const details = { weights: left.slice(0, 6).map((entry) => entry.key), count: left.length, model: spec.name };
    throw failure(
      store.label,
      'has weights that belong to no layer of the model',
      details,
      'the weights are of another architecture',
    );
  }
  return bound;
}

interface Walk {
  readonly store: PathStore;
  /** Entries by the group that holds their `vars`. */
  readonly groups: ReadonlyMap<string, readonly StoredEntry[]>;
  /** The keys of `groups`: every layer looks through them. */
  readonly parents: readonly string[];
  readonly major: 1 | 2 | 3;
  /** Paths of the models that were met; the outermost is ''. */
  readonly models: Set<string>;
}

/**
 * What a model keeps beside its `layers` belongs to its training: optimizer (with an inner one where losses are scaled), metrics, the
 * trackers of a subclass. Layers may have those names: they lie in `layers`. A model's own `vars` are refused, since code would use them.
 */
function isTrainingState(key: string, models: ReadonlySet<string>): boolean {
  const parts = key.split('/');
  return parts.some((part, i) => part !== 'layers' && part !== 'vars' && models.has(parts.slice(0, i).join('/')));
}

function groupByParent(entries: readonly StoredEntry[]): Map<string, StoredEntry[]> {
  const groups = new Map<string, StoredEntry[]>();
  for (const entry of entries) {
    const cut = entry.key.lastIndexOf('/vars/');
    const parent = cut < 0 ? '' : entry.key.slice(0, cut);
    const list = groups.get(parent) ?? [];
    list.push(entry);
    groups.set(parent, list);
  }
  return groups;
}

function bindContainer(model: ModelSpec, path: string, walk: Walk): Binding[] {
  const counted =
    model.kind === 'sequential' ? model.layers.filter((layer) => layer.className !== 'InputLayer') : model.layers;
  const keys = walk.store.checkpointDependencies ? dependencyKeys(counted, path, walk) : counterKeys(counted);
  return counted.flatMap((layer) => bindLayer(layer, `${path}/${keys.get(layer)}`, walk));
}

/**
 * Where a `.keras` archive keeps what belongs to each layer of a model, without those inside its layers.
 * @param classOf what names the groups: the class as the file spells it, or as today's Keras does
 */
export function childPaths(
  model: ModelSpec,
  path: string,
  classOf: 'storedClass' | 'className' = 'storedClass',
): [LayerSpec, string][] {
  const counted =
    model.kind === 'sequential' ? model.layers.filter((layer) => layer.className !== 'InputLayer') : model.layers;
  return [...counterKeys(counted, classOf)].map(([layer, key]) => [layer, `${path}/${key}`]);
}

/** Where a `.keras` archive keeps what belongs to each layer. */
export function layerPaths(model: ModelSpec, path = 'layers'): Map<LayerSpec, string> {
  const paths = new Map<LayerSpec, string>();
  for (const [layer, at] of childPaths(model, path)) {
    paths.set(layer, at);
    if (layer.model) for (const [inner, deeper] of layerPaths(layer.model, `${at}/layers`)) paths.set(inner, deeper);
  }
  return paths;
}

function counterKeys(
  layers: readonly LayerSpec[],
  classOf: 'storedClass' | 'className' = 'storedClass',
): Map<LayerSpec, string> {
  const used = new Map<string, number>();
  return new Map(
    layers.map((layer) => {
      const name = snakeCase(layer[classOf]);
      const count = used.get(name) ?? 0;
      used.set(name, count + 1);
      return [layer, count === 0 ? name : `${name}_${count}`];
    }),
  );
}

/**
 * Keras 2.13 listed a layer with weights twice in `_layer_checkpoint_dependencies`, which may leave gaps in the counters: where
 * they do not fit, the groups of a class are taken in counter order by its layers with weights.
 */
function dependencyKeys(layers: readonly LayerSpec[], path: string, walk: Walk): Map<LayerSpec, string> {
  const keys = counterKeys(layers);
  for (const name of new Set(layers.map((layer) => snakeCase(layer.storedClass)))) {
    const same = layers.filter((layer) => snakeCase(layer.storedClass) === name && hasWeights(layer, walk.major));
    const stored = new Set<string>();
    for (const parent of walk.groups.keys()) {
      const head = parent.startsWith(`${path}/`) ? parent.slice(path.length + 1).split('/')[0]! : '';
      if (head === name || (head.startsWith(`${name}_`) && /^\d+$/.test(head.slice(name.length + 1)))) stored.add(head);
    }
    if (stored.size !== same.length) continue;
    const sorted = [...stored].sort((a, b) => a.length - b.length || (a < b ? -1 : 1));
    for (const [i, layer] of same.entries()) keys.set(layer, sorted[i]!);
  }
  return keys;
}

function hasWeights(layer: LayerSpec, major: 1 | 2 | 3): boolean {
  if (layer.model !== undefined) return layer.model.layers.some((inner) => hasWeights(inner, major));
  const expected = expectedWeights(layer, major);
  return expected === undefined || expected.trainable.length + expected.state.length > 0;
}

function bindLayer(layer: LayerSpec, path: string, walk: Walk): Binding[] {
  if (layer.model !== undefined) {
    walk.models.add(path);
    return bindContainer(layer.model, `${path}/layers`, walk);
  }
  if (layer.className === 'TimeDistributed' && layer.layer !== undefined)
    return bindLayer(layer.layer, `${path}/layer`, walk);
  if (layer.parts !== undefined) return bindParts(layer, layer.parts, path, walk);
  const inner = `${path}/`;
  const found = walk.parents
    .filter((parent) => parent === path || parent.startsWith(inner))
    .map((parent) => ({ part: partName(parent.slice(path.length + 1)), entries: walk.groups.get(parent)! }))
    .sort((a, b) => comparePart(a.part, b.part));
  const entries = found.flatMap((group) => [...group.entries].sort((a, b) => indexOf(a) - indexOf(b)));
  const parts = found.flatMap((group) => group.entries.map(() => group.part));
  return [{ layer, source: `${walk.store.label}/${path}`, entries, parts }];
}

/** Where the inner layers of a custom layer are kept; a list is a container of its own, with counters by class. */
export function partPaths(inner: ReadonlyMap<string, LayerSpec>, path: string): [LayerSpec, string][] {
  const listOf = (key: string): string => key.slice(0, Math.max(0, key.lastIndexOf('/')));
  const lists = new Map<string, LayerSpec[]>();
  for (const [key, part] of inner) {
    const list = listOf(key);
    if (list !== '') lists.set(list, [...(lists.get(list) ?? []), part]);
  }
  const counters = new Map([...lists].map(([list, layers]) => [list, counterKeys(layers)]));
  return [...inner].map(([key, part]) => {
    const list = listOf(key);
    return [part, `${path}/${list === '' ? key : `${list}/${counters.get(list)!.get(part)}`}`];
  });
}

/** A custom layer and its inner ones. */
function bindParts(layer: LayerSpec, inner: ReadonlyMap<string, LayerSpec>, path: string, walk: Walk): Binding[] {
  const bound = partPaths(inner, path).flatMap(([part, at]) => bindLayer(part, at, walk));
  const own = [...(walk.groups.get(path) ?? [])].sort((a, b) => indexOf(a) - indexOf(b));
  return [{ layer, source: `${walk.store.label}/${path}`, entries: own, parts: own.map(() => '') }, ...bound];
}

function indexOf(entry: StoredEntry): number {
  return Number(entry.key.slice(entry.key.lastIndexOf('/') + 1));
}

/** `cell` and `…/cell` mean the layer's single cell; Keras 2.13 to 2.15 wrote `_query_dense` for `query_dense`. */
function partName(path: string): string {
  return path.replace(/(^|\/)cell$/, '').replace(/(^|\/)_/g, '$1');
}

/** Order of creation in Keras for the sub-objects that we know, then by name with numbers compared as numbers. */
const CREATED = [
  '',
  'forward_layer',
  'backward_layer',
  'query_dense',
  'key_dense',
  'gate_dense',
  'value_dense',
  'output_dense',
];

function comparePart(a: string, b: string): number {
  const rank = (part: string): number => {
    const known = CREATED.indexOf(part.split('/')[0]!);
    return known < 0 ? CREATED.length : known;
  };
  return rank(a) - rank(b) || a.localeCompare(b, 'en', { numeric: true });
}
