/**
 * Where each weight of a model belongs: its layer's place in both layouts of files, and its own name and number in the layer.
 * Invariant: every weight of the model stands in the list once, in Keras's order (`model.weights` before it is sorted by what is trained);
 * values are in the layout of Keras 2 and 3, whatever the file had. Source: as for weights/paths.ts and weights/leaves.ts.
 */
import type { Model } from '../../model/model.ts';
import { failure } from '../../tensor/errors.ts';
import type { LayerSpec, ModelSpec } from '../config/spec.ts';
import type { ModelLayer } from '../model/layer.ts';
import { childPaths, partPaths } from '../weights/paths.ts';
import type { KerasOrigin } from './origin.ts';
import { type PartWeight, partsOf } from './parts.ts';

/** One array of the file to be. */
export interface WeightPlace extends PartWeight {
  readonly layer: ModelLayer;
  /** The layer of the outermost model that it lies in: a group of a legacy file. */
  readonly top: LayerSpec;
  /** Names of the layers from there down to the layer itself. */
  readonly names: readonly string[];
  /** The group of the layer in `.weights.h5`; `part` goes on from there. */
  readonly path: string;
}

/** A group of `.weights.h5` that belongs to a layer or model. */
export interface GroupPlace {
  readonly path: string;
  readonly name: string;
}

export interface Places {
  readonly weights: readonly WeightPlace[];
  readonly groups: readonly GroupPlace[];
}

/** @throws PathgradError where weights are not known yet, or a layer is one that no current Keras has */
export function placesOf(model: Model, { spec }: KerasOrigin): Places {
  if (model.outputs[0]?.shape === null) {
    const hint = 'predict once, so that the model knows the shape of its input';
    throw failure(model.file, 'its weights are not loaded yet', {}, hint);
  }
  const layers = new Map<LayerSpec, ModelLayer>();
  const collect = (list: readonly ModelLayer[]): void => {
    for (const layer of list) {
      layers.set(layer.spec, layer);
      collect(layer.layers);
    }
  };
  collect(model.layers as readonly ModelLayer[]);
  // A config of Keras 1 is written in the words of Keras 2.
  const named = spec.dialect.major === 1 ? 'className' : 'storedClass';
  const weights: WeightPlace[] = [];
  const groups: GroupPlace[] = [{ path: '', name: spec.name }];
  const inModel = (inner: ModelSpec, path: string, top: LayerSpec | null, names: readonly string[]): void => {
    for (const [layer, at] of childPaths(inner, path, named)) inLayer(layer, at, top ?? layer, [...names, layer.name]);
  };
  const inLayer = (layer: LayerSpec, path: string, top: LayerSpec, names: readonly string[]): void => {
    groups.push({ path, name: layer.name });
    if (layer.model) {
      inModel(layer.model, `${path}/layers`, top, names);
      return;
    }
    if (layer.className === 'TimeDistributed' && layer.layer) {
      inLayer(layer.layer, `${path}/layer`, top, [...names, layer.layer.name]);
      return;
    }
    const found = layers.get(layer);
    if (found) for (const weight of partsOf(found)) weights.push({ ...weight, layer: found, top, names, path });
    for (const [part, at] of partPaths(layer.parts ?? new Map(), path)) inLayer(part, at, top, [...names, part.name]);
  };
  inModel(spec, 'layers', null, []);
  return { weights, groups };
}
