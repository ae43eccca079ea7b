/**
 * The number that a step makes smaller: a loss per output, weighed and averaged over the batch as Keras does it, what layers and
 * regularizers add, and the sums of the metrics. Source: `reduce_weighted_values` and `apply_mask` of Keras 3.15, losses/loss.py.
 */
import { add, mul } from '../ops/binary.ts';
import { broadcastTo, reshape } from '../ops/movement.ts';
import { cast } from '../ops/unary.ts';
import type { FloatDType } from '../tensor/dtype.ts';
import { failure } from '../tensor/errors.ts';
import { ones, type Tensor } from '../tensor/tensor.ts';
import { lossValue } from './losses/reduce.ts';
import type { Applied } from './trainable.ts';
import type { Loss, Metric } from './types.ts';

/** What is asked of one output. */
export interface OutputTask {
  readonly name: string;
  /** Null: the output is not trained. */
  readonly loss: Loss | null;
  readonly lossWeight: number;
  readonly metrics: readonly Metric[];
  readonly weightedMetrics: readonly Metric[];
}

/** What a batch says of one output. */
export interface Target {
  readonly truth: Tensor;
  /** `[N]`, or more axes of the losses; null where all count the same. */
  readonly weights: Tensor | null;
}

/** Scalars, and 1-D sums. */
export interface Objective {
  readonly total: Tensor;
  /** One per output with a loss, not yet multiplied by its weight. */
  readonly losses: readonly Tensor[];
  /** Per output, per metric and then per weighted metric, the metric's sums. */
  readonly sums: readonly (readonly (readonly Tensor[])[])[];
}

/** @param extra what is added as it is: regularizers, activity */
export function objectiveOf(
  { outputs, masks }: Applied,
  targets: readonly (Target | null)[],
  tasks: readonly OutputTask[],
  extra: readonly Tensor[],
): Objective {
  const losses: Tensor[] = [];
  const terms: Tensor[] = [];
  const sums = tasks.map(({ loss, lossWeight, metrics, weightedMetrics }, i) => {
    const predicted = outputs[i]!;
    const target = targets[i];
    if (!target) return [];
    const { truth, weights } = target;
    const mask = masks[i] ?? null;
    if (loss) {
      const value = lossValue(loss, truth, predicted, weights && spread(weights, loss.compute(truth, predicted)), mask);
      losses.push(value);
      terms.push(lossWeight === 1 ? value : mul(value, lossWeight));
    }
    const dtype = predicted.dtype as FloatDType;
    const plain = mask ? cast(mask, dtype) : ones([predicted.shape[0]!], dtype);
    const weighted = weights ? (mask ? mul(cast(mask, dtype), spread(weights, mask)) : weights) : plain;
    return [
      ...metrics.map((metric) => metric.sums(truth, predicted, plain)),
      ...weightedMetrics.map((metric) => metric.sums(truth, predicted, weighted)),
    ];
  });
  const all = [...terms, ...extra];
  if (all.length === 0)
    throw failure('Trainer', 'there is no loss to make smaller', {}, "give loss: 'mse', or another");
  return { total: all.reduce((a, b) => add(a, b)), losses, sums };
}

/** A weight per sample counts for all elements of the sample. */
function spread(weights: Tensor, values: Tensor): Tensor {
  if (weights.rank >= values.rank || weights.shape[0] !== values.shape[0]) return weights;
  const ones = new Array<number>(values.rank - weights.rank).fill(1);
  return broadcastTo(reshape(weights, [...weights.shape, ...ones]), values.shape);
}
