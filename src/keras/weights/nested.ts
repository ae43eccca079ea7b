/**
 * Splits the weights of one legacy group among the layers inside it. A nested model has one flat list there: all trainable
 * weights in layer order, then all others, where the weights of a frozen inner layer count as others.
 * Source: `Model.weights` in Keras 2.15 and 3.15 (`trainable_weights + non_trainable_weights`).
 */
import { failure } from '../../tensor/errors.ts';
import { isBoolean } from '../config/json.ts';
import type { LayerSpec } from '../config/spec.ts';
import { expectedWeights } from './expected.ts';
import { type Binding, bindingOf, leavesOf } from './leaves.ts';
import type { StoredEntry, StoredLayer } from './store.ts';

/** The bindings of all layers inside `layer`. */
export function splitNested(layer: LayerSpec, stored: StoredLayer, major: 1 | 2 | 3): Binding[] {
  const leaves = leavesOf(layer);
  if (layer.model && !leaves.some((leaf) => leaf.custom)) stored = withoutState(stored);
  if (leaves.length === 1) return [bindingOf(leaves[0]!, stored, stored.entries)];
  // The names inside a custom layer are those of its Python; ours are its attributes.
  const named = leaves.some((leaf) => leaf.custom) ? undefined : splitByName(leaves, stored.entries);
  if (named !== undefined) return leaves.map((leaf) => bindingOf(leaf, stored, named.get(leaf) ?? []));
  const counted = splitByCount(leaves, stored, major);
  return leaves.map((leaf) => bindingOf(leaf, stored, counted.get(leaf) ?? []));
}

/** Keras 2 lists the metrics that a subclass of Model holds (`total:0`) among its weights; those of layers have their layer's name in front. */
function withoutState(stored: StoredLayer): StoredLayer {
  const entries = stored.entries.filter(({ key }) => key.includes('/'));
  return entries.length === 0 ? stored : { ...stored, entries };
}

/** Where every weight name carries the name of exactly one inner layer, the names decide. */
function splitByName(
  leaves: readonly LayerSpec[],
  entries: readonly StoredEntry[],
): Map<LayerSpec, StoredEntry[]> | undefined {
  const split = new Map<LayerSpec, StoredEntry[]>();
  const byName = new Map<string, LayerSpec | null>();
  for (const leaf of leaves) byName.set(leaf.name, byName.has(leaf.name) ? null : leaf);
  for (const entry of entries) {
    const owners = new Set(
      entry.key
        .split('/')
        .slice(0, -1)
        .map((part) => byName.get(part))
        .filter((leaf) => leaf !== undefined),
    );
    const [owner] = owners;
    if (owners.size !== 1 || owner === undefined || owner === null) return undefined;
    const list = split.get(owner) ?? [];
    split.set(owner, list);
    list.push(entry);
  }
  return split;
}

function splitByCount(
  leaves: readonly LayerSpec[],
  stored: StoredLayer,
  major: 1 | 2 | 3,
): Map<LayerSpec, StoredEntry[]> {
  const split = new Map<LayerSpec, StoredEntry[]>(leaves.map((leaf) => [leaf, []]));
  const own = ownWeights(leaves, stored, major);
  let next = 0;
  const done = new Set<LayerSpec>();
  for (const wanted of ['trainable', 'state'] as const) {
    for (const leaf of leaves) {
      // The power iteration's vector of SpectralNormalization is never trained; what users add with add_weight mostly is.
      const kind = leaf.className === 'SpectralNormalization' ? 'state' : 'trainable';
      const ownTake = wanted === kind ? (own.get(leaf) ?? 0) : 0;
      const take = leaf.custom ? ownTake : share(leaf, wanted, stored, major);
      const taken = stored.entries.slice(next, next + take);
      next += take;
      // The kernel is the wrapper's, too: of a frozen one it comes first, then the vector, then the rest.
      const frozen = kind === 'state' && take > 0 && isBoolean(leaf.config['trainable'], false);
      const first = frozen ? stored.entries[next - take] : undefined;
      const inner = first && [...(leaf.parts?.values() ?? [])][0];
      if (first && inner) {
        split.get(leaf)!.push(...stored.entries.slice(next - take + 1, next + 1));
        const left = share(inner, 'state', stored, major) - 1;
        split.get(inner)!.push(first, ...stored.entries.slice(next + 1, next + 1 + left));
        next += 1 + left;
        done.add(inner);
      } else if (wanted === 'trainable' || !done.has(leaf)) split.get(leaf)!.push(...taken);
      else next -= take;
    }
  }
  if (next !== stored.entries.length) {
    const details = { file: stored.source, needs: next, found: stored.entries.length };
    throw failure(`nested model '${stored.name}'`, 'the file has another number of weights than its layers', details);
  }
  return split;
}

/** What is left for a custom layer itself when its inner layers have theirs. */
function ownWeights(leaves: readonly LayerSpec[], stored: StoredLayer, major: 1 | 2 | 3): Map<LayerSpec, number> {
  const custom = leaves.filter((leaf) => leaf.custom);
  if (custom.length === 0) return new Map();
  const others = leaves.filter((leaf) => !leaf.custom);
  const known = others.reduce(
    (n, leaf) => n + share(leaf, 'trainable', stored, major) + share(leaf, 'state', stored, major),
    0,
  );
  const left = stored.entries.length - known;
  if (left > 0 && custom.length > 1) {
    const details = { layers: custom.map((leaf) => leaf.name), weights: left, file: stored.source };
    throw failure(
      `custom layer '${stored.name}'`,
      'weights of custom layers in each other cannot be told apart',
      details,
      'save the model as .keras',
    );
  }
  return new Map([[custom[0]!, Math.max(0, left)]]);
}

function share(leaf: LayerSpec, wanted: 'trainable' | 'state', stored: StoredLayer, major: 1 | 2 | 3): number {
  const expected = expectedWeights(leaf, major);
  if (expected === undefined) {
    const details = { layer: leaf.name, class: leaf.className, file: stored.source };
    const hint = 'save the model as .keras, which keeps the weights of each inner layer apart';
    throw failure(
      `nested model '${stored.name}'`,
      'its weights cannot be told apart by name or by count',
      details,
      hint,
    );
  }
  const frozen = isBoolean(leaf.config['trainable'], false);
  if (wanted === 'trainable') return frozen ? 0 : expected.trainable.length;
  return expected.state.length + (frozen ? expected.trainable.length : 0);
}
