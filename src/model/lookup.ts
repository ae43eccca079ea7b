/** Finding a layer of a model by index, name or path. */
import { didYouMean, failure } from '../tensor/errors.ts';
import type { ModelLayer } from './definition.ts';

/** All layers, those inside models and wrappers after the one that holds them. */
export function allLayers<L extends { readonly layers: readonly L[] }>(layers: readonly L[]): L[] {
  return layers.flatMap((layer) => [layer, ...allLayers(layer.layers)]);
}

/**
 * @param selector index among `layers` (negative from the end), name, or path such as `encoder/dense_1`
 * @throws with the nearest names; also where a name means several layers
 */
export function findLayer(model: string, layers: readonly ModelLayer[], selector: string | number): ModelLayer {
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
