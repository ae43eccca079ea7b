/**
 * A copy of a model with other weights: every layer is made anew, and shares with the original its options, its code and the arrays that
 * stay. Invariant: the original, its layers and its arrays are never written to. This module is loaded on demand and imports no class of the
 * import: bundlers would put what both need into a chunk that everybody fetches.
 */
import type { WeightChange } from '../../graph/callable.ts';
import { allocate } from '../../tensor/dtype.ts';
import { failure } from '../../tensor/errors.ts';
import { sizeOf } from '../../tensor/shape.ts';
import type { LayerWeight } from '../weights/place.ts';
import type { StoredArray } from '../weights/store.ts';
import type { ModelSettings } from './definition.ts';
import type { LayerTree, ModelLayer } from './layer.ts';

/**
 * @param graph what the model runs @param listed its `layers` @param frozen whether training must leave the layer of a path alone
 * @throws PathgradError as `Model.withWeights` does
 */
export function copyModel(
  graph: LayerTree,
  listed: readonly ModelLayer[],
  settings: ModelSettings,
  change: WeightChange,
  frozen: (path: string) => boolean = () => false,
): { readonly graph: LayerTree; readonly settings: ModelSettings } {
  const copies = new Map<ModelLayer, ModelLayer>();
  const copyTree = ({ spec, layers, byName }: LayerTree): LayerTree => ({
    spec,
    layers: layers.map(copyOf),
    byName: new Map([...byName].map(([name, layer]) => [name, copyOf(layer)])),
  });
  const copyOf = (layer: ModelLayer): ModelLayer => {
    const found = copies.get(layer);
    if (found) return found;
    // Nothing else of the settings is read once a layer is built.
    const build = { file: settings.file, dtype: settings.dtype } as ConstructorParameters<typeof ModelLayer>[3];
    const spec = frozen(layer.path) ? { ...layer.spec, trainable: false } : layer.spec;
    const copy = new (layer.constructor as typeof ModelLayer)(spec, layer.path, layer.dialect, build);
    copies.set(layer, copy);
    copy.operation = layer.operation;
    copy.host = layer.host;
    copy.custom = layer.custom;
    copy.customCode = layer.customCode;
    copy.graph = layer.graph && copyTree(layer.graph);
    copy.inner = layer.inner && copyOf(layer.inner);
    copy.parts = new Map([...layer.parts].map(([name, part]) => [name, copyOf(part)]));
    giveWeights(layer, copy, change);
    return copy;
  };
  const copied = copyTree({ ...graph, layers: listed });
  const { reference: _, host, ...same } = settings;
  return { graph: copied, settings: { ...same, ...(host ? { host: { ...host, graph: copied } } : {}) } };
}

/** The copy finds its arrays where a file's would lie, in the layout that the layer runs on. */
function giveWeights(layer: ModelLayer, copy: ModelLayer, change: WeightChange): void {
  const { run, weights, stored } = layer;
  copy.run = run;
  copy.stored = stored;
  if (weights.length === 0) {
    // Layers in front of the graph, texts and their inputs, are never called in it.
    const none = (layer.first === null || !run?.weights) && (!stored || stored.arrays.length === 0);
    if (none || layer.outputShapes.length > 0) return;
    const hint = 'predict once, so that the model knows the shape of its input';
    throw failure(layer.subject, 'its weights are not loaded yet', {}, hint);
  }
  const rules = weights.map(({ name, shape, trainable }) => ({
    name,
    shape,
    ...(trainable ? {} : { trainable: false as const }),
  }));
  copy.run = { ...run!, weights: () => rules };
  copy.stored = {
    source: stored?.source ?? layer.subject,
    arrays: weights.map((weight) => changed(layer, weight, change)),
  };
}

function changed({ path, subject }: ModelLayer, weight: LayerWeight, change: WeightChange): StoredArray {
  const { name, tensor, trainable, shape } = weight;
  const values = change({ layer: path, name, tensor, trainable });
  const place = { path: `withWeights/${path}/${name}`, name, part: '', shape, dtype: tensor.dtype };
  if (values === null) return { ...place, data: tensor.data as StoredArray['data'] };
  if (values.length !== sizeOf(shape)) {
    const details = { shape, given: values.length };
    throw failure(subject, `weight '${name}' is given another number of values`, details);
  }
  const data = allocate(tensor.dtype, values.length);
  data.set(values);
  return { ...place, data: data as StoredArray['data'] };
}
