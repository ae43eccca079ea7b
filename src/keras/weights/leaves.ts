/**
 * Who can own weights: models and TimeDistributed stand for the layers inside them, every other layer for itself.
 */
import type { LayerSpec } from '../config/spec.ts';
import type { StoredEntry, StoredLayer } from './store.ts';

/** The entries of one layer, in Keras's order, not yet read. */
export interface Binding {
  readonly layer: LayerSpec;
  readonly source: string;
  readonly entries: readonly StoredEntry[];
  /** Sub-object of each entry, aligned with `entries`. */
  readonly parts: readonly string[];
}

/** Every layer that can hold weights, inner ones included: models and TimeDistributed stand for what is inside them, a custom layer comes before it. */
export function leavesOf(layer: LayerSpec): LayerSpec[] {
  if (layer.model !== undefined) return layer.model.layers.flatMap(leavesOf);
  if (layer.custom) return [layer, ...[...(layer.parts?.values() ?? [])].flatMap(leavesOf)];
  return layer.className === 'TimeDistributed' && layer.layer !== undefined ? leavesOf(layer.layer) : [layer];
}

/** Entries of a legacy group as those of one layer in it. */
export function bindingOf(layer: LayerSpec, { source }: StoredLayer, entries: readonly StoredEntry[]): Binding {
  return { layer, source, entries, parts: partsOf(layer, entries) };
}

/**
 * Sub-objects in a legacy group. Bidirectional stores the forward layer's weights, then the backward layer's, as many;
 * elsewhere it is what stands between the layer's name and the weight's (`query`, `attention_output`).
 */
function partsOf(leaf: LayerSpec, entries: readonly StoredEntry[]): string[] {
  if (leaf.className === 'Bidirectional') {
    return entries.map((_, i) => (i < entries.length / 2 ? 'forward_layer' : 'backward_layer'));
  }
  return entries.map(({ key }) => {
    const between = key.split('/').slice(0, -1);
    const own = between.lastIndexOf(leaf.name);
    const part = between.slice(own + 1).join('/');
    if (own < 0 || /^[a-z0-9_]+_cell(_\d+)?$/.test(part)) return '';
    return part === 'attention_output' ? 'output_dense' : /^(query|key|value)$/.test(part) ? `${part}_dense` : part;
  });
}
