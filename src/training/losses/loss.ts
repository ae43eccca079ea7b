/** What a loss is made from. Each is a function of truth and prediction per element or row; the mean over rows is `reduceLoss`'s. */

import { cast } from '../../ops/unary.ts';
import { failure } from '../../tensor/errors.ts';
import type { OptionNames } from '../../tensor/options.ts';
import type { Shape } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { checkChoice, configOf, instanceName } from '../settings.ts';
import type { ConfigValue, Loss } from '../types.ts';
import { checkLabels, type Labels } from './check.ts';
import { type LossReduction, reductions, sameRank } from './reduce.ts';

/** What every loss takes. */
export interface LossOptions {
  /** How rows come to one number; `sum_over_batch_size` by default. */
  readonly reduction?: LossReduction;
  /** Of the config. */
  readonly name?: string;
}

export const lossNames: OptionNames<LossOptions> = { reduction: 1, name: 1 };

/** Keras's `backend.epsilon()`: what keeps probabilities from 0 and 1. */
export const epsilon = 1e-7;

interface Definition {
  readonly className: string;
  readonly name?: string;
  readonly config?: Readonly<Record<string, ConfigValue>>;
  /** `finite` unless told. */
  readonly labels?: Labels;
  /** Class that labels may have beside those that there are. */
  readonly ignored?: number | null;
  /** Truth in the dtype of the prediction, both of one rank. */
  compute(truth: Tensor, predicted: Tensor): Tensor;
  /** With truth as it is given. */
  readonly raw?: boolean;
  mask?(truth: Tensor, predicted: Tensor): Tensor;
}

/** The loss of a definition. @throws PathgradError for a reduction that there is not */
export function loss(options: LossOptions, definition: Definition): Loss {
  const { className, labels = 'finite', ignored = null, mask, raw = false } = definition;
  const { reduction = 'sum_over_batch_size', name = definition.name ?? instanceName(className) } = options;
  checkChoice(className, 'reduction', reduction, reductions);
  return {
    name: className,
    config: configOf({ name, reduction, ...definition.config }),
    compute(truth, predicted) {
      if (predicted.dtype !== 'float32' && predicted.dtype !== 'float64') {
        throw failure(className, 'predictions are floats', { got: predicted.dtype });
      }
      if (raw) return definition.compute(truth, predicted);
      const [wanted, found] = sameRank(cast(truth, predicted.dtype), predicted);
      if (wanted.shape.join() !== found.shape.join()) {
        throw failure(className, 'labels do not fit the predictions', {
          labels: truth.shape,
          predictions: predicted.shape,
        });
      }
      return definition.compute(wanted, found);
    },
    ...(mask && { mask: (truth: Tensor, predicted: Tensor) => mask(truth, predicted) }),
    check(truth, predicted: Shape) {
      checkLabels(className, labels, truth, predicted, ignored);
    },
  };
}

/**
 * What a sigmoid or softmax made `predicted` of, or null. Keras on TensorFlow computes crossentropies from there, so that they stay exact
 * where probabilities are 0 or 1; it does not ask which of the two it was.
 */
export function logitsBehind(predicted: Tensor): Tensor | null {
  const name = predicted.op?.name;
  return name === 'sigmoid' || name === 'softmax' ? predicted.inputs[0]! : null;
}
