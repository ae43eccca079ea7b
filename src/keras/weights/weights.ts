/**
 * The weights of a model file, and which layer each belongs to. Keras has stored them in three layouts (legacy groups with
 * `weight_names`, paths of class-name counters, Keras 0.x `param_j`); `bindWeights` brings them to one map.
 * Invariant: arrays lie in the order of Keras's `layer.weights`, trainable first; every stored array is bound exactly once.
 */
import type { StoredArray } from './store.ts';

export { bindWeights } from './bind.ts';
export type { StoredArray, StoredData, WeightStore } from './store.ts';

/** The arrays of one layer, as stored: nothing is flipped or transposed, and shapes are for the layer to check. */
export interface LayerWeights {
  /**
   * In the order of Keras's `layer.weights`. Sub-objects follow their order of creation: Bidirectional forward then backward,
   * attention query, key, value, output, stacked cells by their number; `part` says which one an array belongs to.
   */
  readonly arrays: readonly StoredArray[];
  /** File and group that were read for this layer, for error messages: `model.h5/model_weights/dense_1`. */
  readonly source: string;
}
