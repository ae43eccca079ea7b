/** Losses of margins (hinge), of counts and of distributions. After Keras 3.15. */
import { add, div, equal, greater, logicalOr, maximum, mul, sub, where } from '../../ops/binary.ts';
import { max, mean, min, sum } from '../../ops/reduce.ts';
import { cast, clip, log, square } from '../../ops/unary.ts';
import { checkOptions } from '../../tensor/options.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { Loss } from '../types.ts';
import { epsilon, type LossOptions, loss, lossNames } from './loss.ts';

/** Labels of a batch that are all 0 or 1 become -1 and 1. */
function signs(truth: Tensor): Tensor {
  const binary = min(cast(logicalOr(equal(truth, 0), equal(truth, 1)), truth.dtype));
  return where(greater(binary, 0.5), sub(mul(truth, 2), 1), truth);
}

const missed = (truth: Tensor, predicted: Tensor): Tensor => maximum(sub(1, mul(signs(truth), predicted)), 0);

/** `max(1 - y p, 0)`, the mean over the last axis; labels are -1 and 1, or 0 and 1. */
export function hinge(options: LossOptions = {}): Loss {
  checkOptions<LossOptions>('Hinge', options, lossNames);
  return loss(options, {
    className: 'Hinge',
    compute: (truth, predicted) => mean(missed(truth, predicted), { axes: -1 }),
  });
}

/** The square of `hinge`, the mean over the last axis. */
export function squaredHinge(options: LossOptions = {}): Loss {
  checkOptions<LossOptions>('SquaredHinge', options, lossNames);
  return loss(options, {
    className: 'SquaredHinge',
    compute: (truth, predicted) => mean(square(missed(truth, predicted)), { axes: -1 }),
  });
}

/** `max(largest of the others - the true one + 1, 0)`, with labels `[N, classes]`. */
export function categoricalHinge(options: LossOptions = {}): Loss {
  checkOptions<LossOptions>('CategoricalHinge', options, lossNames);
  return loss(options, {
    className: 'CategoricalHinge',
    compute(truth, predicted) {
      const own = sum(mul(truth, predicted), { axes: -1 });
      const other = max(mul(sub(1, truth), predicted), { axes: -1 });
      return maximum(add(sub(other, own), 1), 0);
    },
  });
}

/** `y log(y / p)`, the sum over the last axis; both are held between 1e-7 and 1. */
export function klDivergence(options: LossOptions = {}): Loss {
  checkOptions<LossOptions>('KLDivergence', options, lossNames);
  return loss(options, {
    className: 'KLDivergence',
    name: 'kl_divergence',
    compute(given, predicted) {
      const truth = clip(given, epsilon, 1);
      return sum(mul(truth, log(div(truth, clip(predicted, epsilon, 1)))), { axes: -1 });
    },
  });
}

/** `p - y log p`, the mean over the last axis: for counts. */
export function poisson(options: LossOptions = {}): Loss {
  checkOptions<LossOptions>('Poisson', options, lossNames);
  return loss(options, {
    className: 'Poisson',
    compute: (truth, predicted) => mean(sub(predicted, mul(truth, log(add(predicted, epsilon)))), { axes: -1 }),
  });
}
