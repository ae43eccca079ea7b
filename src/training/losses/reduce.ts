/**
 * One number of many: Keras's reduction with sample weights and masks, in one place for the trainer and for metrics. The mean counts all
 * elements, whatever their weights; a mask leaves what it hides out of the count. Source: `keras/losses/loss.py` of Keras 3.15.
 */
import { div, greater, mul, where } from '../../ops/binary.ts';
import { expandDims, reshape } from '../../ops/movement.ts';
import { sum } from '../../ops/reduce.ts';
import { cast } from '../../ops/unary.ts';
import { failure } from '../../tensor/errors.ts';
import { checkOptions } from '../../tensor/options.ts';
import { sameShape } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { checkChoice } from '../settings.ts';
import type { Loss } from '../types.ts';

/** How a loss comes to one number: the sum over the number of elements (by default; `mean` is the same), the sum, or the sum over that of the weights. */
export type LossReduction = 'sum_over_batch_size' | 'mean' | 'sum' | 'mean_with_sample_weight';

export const reductions: readonly LossReduction[] = ['sum_over_batch_size', 'mean', 'sum', 'mean_with_sample_weight'];

/** What counts, and how. */
export interface ReduceLossOptions {
  /** Booleans in the shape of the loss; all counts without it. */
  readonly mask?: Tensor | null;
  /** `sum_over_batch_size` by default. */
  readonly reduction?: LossReduction;
}

/** `a` and `b` of one rank, where a last axis of 1 is the difference: Keras adds it to a vector and takes it from all else. */
export function sameRank(a: Tensor, b: Tensor, expand = true): [Tensor, Tensor] {
  const squeezed = (x: Tensor): Tensor => reshape(x, x.shape.slice(0, -1));
  if (a.rank === b.rank + 1 && a.shape[a.rank - 1] === 1) {
    return b.rank === 1 && expand ? [a, expandDims(b, -1)] : [squeezed(a), b];
  }
  if (b.rank === a.rank + 1 && b.shape[b.rank - 1] === 1) {
    return a.rank === 1 && expand ? [expandDims(a, -1), b] : [a, squeezed(b)];
  }
  return [a, b];
}

/** `a / b`, 0 where `b` is. */
export function divideNoNan(a: Tensor, b: Tensor): Tensor {
  const some = greater(b, 0);
  return where(some, div(a, where(some, b, 1)), 0);
}

/**
 * The scalar that a step minimizes.
 * @param perSample `[N]` or `[N, ...]`, what `Loss.compute` gives
 * @param sampleWeight `[N]`, or as many as the loss has; ones without it
 * @throws PathgradError for weights or a mask of another shape
 */
export function reduceLoss(perSample: Tensor, sampleWeight?: Tensor | null, options: ReduceLossOptions = {}): Tensor {
  checkOptions<ReduceLossOptions>('reduceLoss', options, { mask: 1, reduction: 1 });
  const { mask = null, reduction = 'sum_over_batch_size' } = options;
  checkChoice('reduceLoss', 'reduction', reduction, reductions);
  let weights = sampleWeight ? cast(sampleWeight, perSample.dtype) : null;
  if (mask) {
    const counted = masked(cast(mask, perSample.dtype), reduction);
    if (weights) {
      const [left, right] = sameRank(counted, weights);
      checkShapes('sample weights', right, left);
      weights = mul(right, left);
    } else weights = counted;
  }
  if (!weights) return reduced(perSample, null, reduction);
  const [values, factors] = sameRank(perSample, weights);
  if (values.rank > 0) checkShapes(mask ? 'the mask' : 'sample weights', factors, values);
  return reduced(mul(values, factors), weights, reduction);
}

/** Weights that make the sum over all elements one over those that count. */
function masked(mask: Tensor, reduction: LossReduction): Tensor {
  if (reduction !== 'sum_over_batch_size' && reduction !== 'mean') return mask;
  const total = mask.size;
  const valid = sum(mask);
  const some = greater(valid, 0);
  return mul(mask, where(some, div(total, where(some, valid, 1)), 0));
}

function reduced(values: Tensor, weights: Tensor | null, reduction: LossReduction): Tensor {
  if (values.rank === 0) return values;
  const total = sum(values);
  if (reduction === 'sum') return total;
  if (reduction === 'mean_with_sample_weight' && weights) return divideNoNan(total, sum(weights));
  if (values.size === 0) throw failure('loss', 'there is no sample to take the mean of', { shape: values.shape });
  return mul(total, 1 / values.size);
}

function checkShapes(what: string, given: Tensor, wanted: Tensor): void {
  if (sameShape(given.shape, wanted.shape)) return;
  throw failure('loss', `${what} differ in shape from the loss`, { given: given.shape, loss: wanted.shape });
}

/**
 * The scalar of a loss, as Keras's `Loss.__call__`: computed, weighed, masked and reduced.
 * @param mask what the model's output says of its own positions; it is joined with the loss's (`ignore_class`)
 */
export function lossValue(
  loss: Loss,
  truth: Tensor,
  predicted: Tensor,
  sampleWeight?: Tensor | null,
  mask?: Tensor | null,
): Tensor {
  const own = loss.mask?.(truth, predicted) ?? null;
  const both = own && mask ? mul(cast(own, 'float32'), cast(mask, 'float32')) : (own ?? mask ?? null);
  const reduction = (loss.config['reduction'] ?? 'sum_over_batch_size') as LossReduction;
  return reduceLoss(loss.compute(truth, predicted), sampleWeight, { mask: both && cast(both, 'bool'), reduction });
}
