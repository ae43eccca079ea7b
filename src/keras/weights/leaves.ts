/**
 * Who can own weights: models and TimeDistributed stand for the layers inside them, every other layer for itself.
 */
import type { LayerSpec } from '../config/spec.ts';
import type { StoredEntry } from './store.ts';

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
