/** The weights of a model as training sees them: which are trained, by what names, and what the layers' configs ask of them. */

import type { ModelLayer } from '../keras/model/layer.ts';
import { type Penalty, type Projection, penaltyOf, projectionOf, weightOption } from '../keras/training/penalties.ts';
import type { Layer } from '../model/layer.ts';
import { allLayers } from '../model/lookup.ts';
import type { Model } from '../model/model.ts';
import { failure } from '../tensor/errors.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** A weight of a model. */
export interface TrainableWeight {
  /** Path of the layer and name of the weight: `dense_1/kernel`. */
  readonly path: string;
  /** The constant that the layer's graph reads: where a step's plan is cut. */
  readonly tensor: Tensor;
  /** Whether gradients train it: false for statistics, and for all weights of a layer that is frozen, or lies in a frozen model. */
  readonly trainable: boolean;
  /** Given the weight, a scalar that is added to the loss; null for none, and for what is not trained. */
  readonly regularizer: Penalty | null;
  /** Given the weight after an update, what it becomes; null where it is free. */
  readonly constraint: Projection | null;
}

/**
 * Every weight of a model in the order of its layers, each once, however often its layer is used.
 * @throws PathgradError where the model's input shape, and so its weights, are not known yet, and naming a regularizer or constraint that
 * is not supported
 */
export function trainableWeights(model: Model): TrainableWeight[] {
  const seen = new Set<Tensor>();
  const layers = allLayers<Layer>(model.layers);
  if (!model.hasInputShape && layers.every(({ outputShapes }) => outputShapes.length === 0)) {
    throw failure(
      model.file,
      'the shape of its input, and so its weights, are not known yet',
      {},
      'predict once first',
    );
  }
  return layers.flatMap((layer) =>
    layer.weights.flatMap((weight) => {
      const { name, tensor, trainable } = weight;
      if (seen.has(tensor)) return [];
      seen.add(tensor);
      return [{ path: `${layer.path}/${name}`, tensor, trainable, ...asked(layer, name, trainable) }];
    }),
  );
}

function asked(layer: Layer, name: string, trainable: boolean): Pick<TrainableWeight, 'regularizer' | 'constraint'> {
  const { className, config, spec, dialect } = layer as ModelLayer;
  if (!config) return { regularizer: null, constraint: null };
  const option = (kind: 'regularizer' | 'constraint') => weightOption({ className, config }, spec?.layer, name, kind);
  // Keras 3 leaves the penalties of frozen weights out of the loss, Keras 2 counts them.
  const counts = trainable || dialect.major < 3;
  return {
    regularizer: counts ? penaltyOf(layer.subject, option('regularizer')) : null,
    constraint: trainable ? projectionOf(layer.subject, option('constraint')) : null,
  };
}
