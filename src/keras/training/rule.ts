/**
 * What a layer class does in training where that is not what it does at inference: a function from a call to its outputs. The table of them
 * comes with the training context (`src/training/context.ts`), so that applications that only explain carry none of it.
 */
import type { TrainingContext } from '../../graph/callable.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { CallArguments, Mask, Weights } from '../layers/layer.ts';
import type { Options } from '../layers/options.ts';
import type { ModelLayer } from '../model/layer.ts';

/** A call of a layer in training. */
export interface TrainedCall {
  readonly layer: ModelLayer;
  /** The layer's config, to be read anew. */
  readonly options: Options;
  readonly inputs: readonly Tensor[];
  readonly weights: Weights;
  readonly masks: readonly Mask[];
  readonly args: CallArguments;
  readonly context: TrainingContext;
}

/** The outputs of a call; null where it is made as at inference. */
export type TrainingRule = (call: TrainedCall) => Tensor | readonly Tensor[] | null;
