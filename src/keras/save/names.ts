/**
 * Names that Keras on TensorFlow can take: it makes scopes of them when a model is called, and a scope is ASCII letters, digits and `_ . / > -`. Keras 3
 * asks of a model's name alone how it begins, tf_keras of all. Tried with Keras 3.15.1 and tf_keras 2.21.0 on TensorFlow 2.21, where it is an error
 * of the first call; other backends take any name.
 */
import { allLayers } from '../../model/lookup.ts';
import type { Model } from '../../model/model.ts';
import { failure } from '../../tensor/errors.ts';
import type { ModelSpec } from '../config/spec.ts';
import type { ModelLayer } from '../model/layer.ts';

const inner = /^[A-Za-z0-9_./>-]+$/;
const outer = /^[A-Za-z0-9.][A-Za-z0-9_./>-]*$/;

/** @throws PathgradError naming the layer, or the model, that Keras could read and not call */
export function checkNames(model: Model, { name, dialect }: ModelSpec): void {
  if ((dialect.backend ?? 'tensorflow') !== 'tensorflow') return;
  const hint = 'ASCII letters, digits and _ . > -, a letter first; weights.h5 and safetensors keep the weights';
  if (name && !outer.test(name)) throw failure(model.file, `Keras cannot take the model's name '${name}'`, {}, hint);
  const rule = dialect.major < 3 ? outer : inner;
  for (const layer of allLayers(model.layers as readonly ModelLayer[])) {
    if (layer.className === 'InputLayer' || layer.operation || rule.test(layer.name)) continue;
    throw failure(layer.subject, 'Keras cannot take this name', {}, hint);
  }
}
