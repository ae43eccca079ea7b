/** What a Keras model keeps of the file it was read from, to be written as a file of that Keras again. Nothing of it is copied. */
import type { Model } from '../../model/model.ts';
import { failure } from '../../tensor/errors.ts';
import type { Json, LayerSpec, ModelSpec } from '../config/spec.ts';
import type { HostFiles } from '../host/index.ts';
import { ModelLayer } from '../model/layer.ts';

export interface KerasOrigin {
  readonly spec: ModelSpec;
  /** `{class_name, config}`, as the file has it. */
  readonly config: Json;
  /** What `compile` was told, or null. */
  readonly trainingConfig: Json;
  /** What the file keeps for layers that look up texts and ids; left out where there are none. */
  readonly filesOf?: (layer: LayerSpec) => HostFiles;
}

/** @throws PathgradError for a model of another format */
export function originOf(model: Model): KerasOrigin {
  const origin = model.origin as KerasOrigin | null;
  if (origin && model.layers.every((layer) => layer instanceof ModelLayer)) return origin;
  const hint = 'saveModel writes models of Keras and TensorFlow.js; of transformers its own functions write';
  throw failure(model.file, 'is no model that Keras knows', {}, hint);
}
