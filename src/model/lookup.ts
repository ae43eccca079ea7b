/** Finding a layer of a model by index, name or path. */
import { didYouMean, failure } from '../tensor/errors.ts';
import type { Layer } from './layer.ts';

/** Whether layers of this class turn ids into vectors, and hold these as their first weight. */
export const isEmbedding = (className: string): boolean => /^(Reversible)?Embedding$/.test(className);

/** All layers, those inside models and wrappers after the one that holds them. */
export function allLayers<L extends Layer>(layers: readonly L[]): L[] {
  // A layer holds layers of its own kind.
  return layers.flatMap((layer) => [layer, ...allLayers(layer.layers as readonly L[])]);
}

/**
 * @param selector index among `layers` (negative from the end), name, or path such as `encoder/dense_1`
 * @throws with the nearest names; also where a name means several layers
 */
export function findLayer<L extends Layer>(model: string, layers: readonly L[], selector: string | number): L {
  if (typeof selector === 'number') {
    const layer = Number.isInteger(selector) ? layers.at(selector) : undefined;
    if (layer) return layer;
    const hint = `indices go from 0 to ${layers.length - 1}, or from -${layers.length} to -1`;
    throw failure(model, `there is no layer ${selector}`, { layers: layers.length }, hint);
  }
  const all = allLayers(layers);
  const top = all.find((layer) => layer.path === selector);
  if (top) return top;
  const named = all.filter((layer) => layer.name === selector);
  if (named.length === 1) return named[0]!;
  if (named.length > 1) {
    const hint = `give the path: ${named.map((layer) => layer.path).join(' or ')}`;
    throw failure(model, `${named.length} layers are called '${selector}'`, {}, hint);
  }
  const names = all.map((layer) => layer.path);
  throw failure(model, `there is no layer '${selector}'`, {}, didYouMean(selector, names));
}
