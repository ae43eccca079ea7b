/**
 * The area under a curve of confusion over thresholds, after Keras 3.15: predictions are counted in buckets between evenly spaced
 * thresholds, which one scatter does; what adds up over batches are the buckets, and all the rest is done with their sums.
 */

import { relu } from '../../ops/activations.ts';
import { add, greater, mul, notEqual, sub, where } from '../../ops/binary.ts';
import { scatterAdd } from '../../ops/indexing.ts';
import { broadcastTo, expandDims, reshape } from '../../ops/movement.ts';
import { sum } from '../../ops/reduce.ts';
import { cast, ceil, clip, sigmoid } from '../../ops/unary.ts';
import { failure } from '../../tensor/errors.ts';
import { checkBoolean, checkList, checkOptions } from '../../tensor/options.ts';
import { type Tensor, tensor } from '../../tensor/tensor.ts';
import { epsilon } from '../losses/loss.ts';
import { checkChoice, checkNumber } from '../settings.ts';
import type { Metric } from '../types.ts';
import { paired } from './accuracy.ts';
import { areaOf, type Counts, type Curve, type Summation } from './area.ts';
import { spread } from './confusion.ts';
import { type MetricOptions, metric, metricNames, quotient } from './metric.ts';

/** `auc`'s options. */
export interface AucOptions extends MetricOptions {
  /** 200 by default: how finely the curve is drawn. */
  readonly numThresholds?: number;
  /** `ROC` by default; `PR` is precision over recall, `PRGAIN` their gains (Flach and Kull 2015). */
  readonly curve?: Curve;
  /** How heights between two thresholds are taken; `interpolation` by default. */
  readonly summationMethod?: Summation;
  /** Thresholds of your own, between 0 and 1. */
  readonly thresholds?: readonly number[] | null;
  /** Each column is a label with a curve of its own, and the result is their mean; false by default: all are one. */
  readonly multiLabel?: boolean;
  readonly numLabels?: number | null;
  /** A weight for each column. */
  readonly labelWeights?: readonly number[] | null;
  /** Predictions are logits; false by default. */
  readonly fromLogits?: boolean;
}

const names = /* @__PURE__ */ (() =>
  ({
    ...metricNames,
    numThresholds: 1,
    curve: 1,
    summationMethod: 1,
    thresholds: 1,
    multiLabel: 1,
    numLabels: 1,
    labelWeights: 1,
    fromLogits: 1,
  }) as const)();

function checked(options: AucOptions): void {
  const { numThresholds = 200, curve = 'ROC', summationMethod = 'interpolation', thresholds, multiLabel } = options;
  const { numLabels, labelWeights, fromLogits = false } = options;
  checkOptions<AucOptions>('AUC', options, names);
  checkNumber('AUC', 'numThresholds', numThresholds, { from: 2, to: 1e6, whole: true });
  checkChoice('AUC', 'curve', curve, ['ROC', 'PR', 'PRGAIN']);
  checkChoice('AUC', 'summationMethod', summationMethod, ['interpolation', 'majoring', 'minoring']);
  checkBoolean('AUC: multiLabel', multiLabel ?? false);
  checkBoolean('AUC: fromLogits', fromLogits);
  for (const [name, list] of Object.entries({ thresholds, labelWeights })) {
    if (list === undefined || list === null) continue;
    checkList(`AUC: ${name}`, list, `${name}: [0.25, 0.5]`);
    for (const one of list) checkNumber('AUC', name, one, name === 'thresholds' ? { from: 0, to: 1 } : { from: 0 });
  }
  if (numLabels === undefined || numLabels === null) return;
  checkNumber('AUC', 'numLabels', numLabels, { from: 1, whole: true });
  if (!multiLabel) throw failure('AUC', 'numLabels is for multiLabel', { numLabels });
}

/**
 * The area under the curve.
 * @throws PathgradError for options that there are not or that make no sense
 */
export function auc(options: AucOptions = {}): Metric {
  checked(options);
  const { curve = 'ROC', summationMethod = 'interpolation', multiLabel = false, numLabels = null } = options;
  const { labelWeights = null, fromLogits = false, thresholds: given = null } = options;
  const inner = given ? [...given].sort((a, b) => a - b) : null;
  const count = inner ? inner.length + 2 : (options.numThresholds ?? 200);
  const even = inner === null || evenly([0, ...inner, 1]);
  const sums = (truth: Tensor, raw: Tensor, weights: Tensor): Tensor[] => {
    const [wanted, found] = paired('AUC', truth, fromLogits ? sigmoid(raw) : raw);
    const columns = multiLabel ? columnsOf(found, numLabels) : 1;
    let each = spread(weights, found);
    if (labelWeights !== null && !multiLabel) each = mul(each, tensor([...labelWeights], undefined, found.dtype));
    const flat = (x: Tensor): Tensor => reshape(x, [x.size / columns, columns]);
    const there = notEqual(flat(wanted), 0);
    const [positive, negative] = [where(there, flat(each), 0), where(there, 0, flat(each))];
    const counts = even
      ? [positive, negative].map((x) => buckets(flat(found), x, count))
      : [positive, negative].map((x) => above(flat(found), x, [-epsilon, ...inner!, 1 + epsilon]));
    return [...counts, sum(positive, { axes: 0 }), sum(negative, { axes: 0 })];
  };
  return metric(options, {
    className: 'AUC',
    config: {
      numThresholds: count,
      curve,
      summationMethod,
      multiLabel,
      numLabels,
      labelWeights: labelWeights && [...labelWeights],
      fromLogits,
      ...(inner && { thresholds: inner }),
    },
    sums,
    result([positive, negative, positives, negatives]) {
      const areas = Array.from(positives!, (total, column) => {
        const part = (from: Float64Array): Float64Array => {
          const own = from.slice(column * count, (column + 1) * count);
          return even ? summedFromEnd(own) : own;
        };
        const counts: Counts = {
          truePositives: part(positive!),
          falsePositives: part(negative!),
          total,
          others: negatives![column]!,
        };
        return areaOf(counts, curve, summationMethod);
      });
      if (multiLabel && labelWeights) {
        const total = labelWeights.reduce((a, b) => a + b, 0);
        return quotient(
          areas.reduce((a, area, i) => a + area * labelWeights[i]!, 0),
          total,
        );
      }
      return areas.reduce((a, b) => a + b, 0) / areas.length;
    },
  });
}

function columnsOf(predicted: Tensor, numLabels: number | null): number {
  const columns = predicted.shape[1] ?? 0;
  if (predicted.rank === 2 && (numLabels === null || numLabels === columns)) return columns;
  throw failure('AUC', `multiLabel takes predictions [N, ${numLabels ?? 'labels'}]`, { predictions: predicted.shape });
}

/** NumPy's `allclose` with Keras's epsilon, as Keras asks. */
function evenly(thresholds: readonly number[]): boolean {
  if (thresholds.length < 3) return false;
  return thresholds.every((value, i) => {
    const wanted = Math.fround(i) / (thresholds.length - 1);
    return Math.abs(value - wanted) <= epsilon + 1e-5 * Math.abs(wanted);
  });
}

/** The weight of each column's predictions in each bucket: `[columns * count]`; a threshold belongs to the bucket below. */
function buckets(predicted: Tensor, weights: Tensor, count: number): Tensor {
  const columns = predicted.shape[1]!;
  const bucket = relu(sub(ceil(mul(clip(predicted, 0, 1), count - 1)), 1));
  // NaN has no bucket, and a kernel would look for it far outside: it goes to the first.
  const index = cast(where(greater(bucket, 0), bucket, 0), 'int32');
  const lead = tensor(Int32Array.from({ length: columns }, (_, column) => column * count));
  const place = reshape(add(index, broadcastTo(expandDims(lead, 0), index.shape)), [index.size]);
  return scatterAdd(reshape(weights, [weights.size]), place, { axis: 0, size: columns * count });
}

/** The weight of each column's predictions above each threshold: `[columns * thresholds]`. */
function above(predicted: Tensor, weights: Tensor, thresholds: readonly number[]): Tensor {
  const limits = tensor([...thresholds], [1, 1, thresholds.length], predicted.dtype);
  const over = greater(expandDims(predicted, -1), limits);
  const total = sum(where(over, expandDims(weights, -1), 0), { axes: 0 });
  return reshape(total, [total.size]);
}

function summedFromEnd(values: Float64Array): Float64Array {
  for (let i = values.length - 2; i >= 0; i--) values[i] = values[i]! + values[i + 1]!;
  return values;
}
