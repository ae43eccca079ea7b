/** How often predictions are right: as numbers, as yes and no, as the likeliest class, among the k likeliest. After Keras 3.15. */
import { equal, greater, less, logicalAnd, where } from '../../ops/binary.ts';
import { expandDims, reshape } from '../../ops/movement.ts';
import { argmax, sum } from '../../ops/reduce.ts';
import { abs, cast } from '../../ops/unary.ts';
import { failure } from '../../tensor/errors.ts';
import { checkOptions } from '../../tensor/options.ts';
import { sameShape } from '../../tensor/shape.ts';
import { arange, type Tensor } from '../../tensor/tensor.ts';
import { sameRank } from '../losses/reduce.ts';
import { checkNumber } from '../settings.ts';
import type { Metric } from '../types.ts';
import { type MetricOptions, meanMetric, metricNames } from './metric.ts';

const hits = (right: Tensor, predicted: Tensor): Tensor => cast(right, predicted.dtype);

function misfit(className: string, truth: Tensor, predicted: Tensor): Error {
  const shapes = { labels: truth.shape, predictions: predicted.shape };
  return failure(className, 'labels do not fit the predictions', shapes);
}

/** Both of one shape. @throws PathgradError where they cannot be */
export function paired(className: string, truth: Tensor, predicted: Tensor): [Tensor, Tensor] {
  const [wanted, found] = sameRank(cast(truth, predicted.dtype), predicted);
  if (!sameShape(wanted.shape, found.shape)) throw misfit(className, truth, predicted);
  return [wanted, found];
}

/** The share of predictions that equal the labels exactly. */
export function accuracy(options: MetricOptions = {}): Metric {
  const className = 'Accuracy';
  checkOptions<MetricOptions>(className, options, metricNames);
  return meanMetric(options, {
    className,
    values(truth, predicted) {
      const [wanted, found] = paired(className, truth, predicted);
      return hits(equal(wanted, found), predicted);
    },
  });
}

/** `binaryAccuracy`'s options. */
export interface BinaryAccuracyOptions extends MetricOptions {
  /** Above it a prediction is 1; 0.5 by default. */
  readonly threshold?: number;
}

/** The share of predictions that are on the label's side of the threshold. */
export function binaryAccuracy(options: BinaryAccuracyOptions = {}): Metric {
  const className = 'BinaryAccuracy';
  checkOptions<BinaryAccuracyOptions>(className, options, { ...metricNames, threshold: 1 });
  const { threshold = 0.5 } = options;
  checkNumber(className, 'threshold', threshold, { from: 0, to: 1 });
  return meanMetric(options, {
    className,
    config: { threshold },
    values(truth, predicted) {
      const [wanted, found] = paired(className, truth, predicted);
      return hits(equal(wanted, cast(greater(found, threshold), found.dtype)), predicted);
    },
  });
}

/** The share of samples whose likeliest class is the largest label, with labels `[N, classes]`. */
export function categoricalAccuracy(options: MetricOptions = {}): Metric {
  const className = 'CategoricalAccuracy';
  checkOptions<MetricOptions>(className, options, metricNames);
  return meanMetric(options, {
    className,
    values(truth, predicted) {
      if (!sameShape(truth.shape, predicted.shape)) throw misfit(className, truth, predicted);
      return hits(equal(argmax(truth, -1), argmax(predicted, -1)), predicted);
    },
  });
}

/** Class numbers `[N, ...]`, without a last axis of 1, for predictions `[N, ..., classes]`. */
function numbersOf(className: string, truth: Tensor, predicted: Tensor): Tensor {
  const wanted = predicted.shape.slice(0, -1);
  const fits = sameShape(truth.shape, wanted) || sameShape(truth.shape, [...wanted, 1]);
  if (!fits) throw misfit(className, truth, predicted);
  return cast(reshape(truth, wanted), 'int32');
}

/** The share of samples whose likeliest class is the label, with class numbers `[N]` or `[N, 1]`. */
export function sparseCategoricalAccuracy(options: MetricOptions = {}): Metric {
  const className = 'SparseCategoricalAccuracy';
  checkOptions<MetricOptions>(className, options, metricNames);
  return meanMetric(options, {
    className,
    values: (truth, predicted) => hits(equal(numbersOf(className, truth, predicted), argmax(predicted, -1)), predicted),
  });
}

/** Options of the two accuracies among the likeliest. */
export interface TopKOptions extends MetricOptions {
  /** How many classes count as predicted; 5 by default. */
  readonly k?: number;
}

/** Fewer than `k` classes are likelier than the true one; ties with it do not count. */
function amongTop(index: Tensor, predicted: Tensor, k: number): Tensor {
  const classes = arange(predicted.shape[predicted.rank - 1]!, 'int32');
  const isClass = equal(expandDims(index, -1), classes);
  const own = sum(where(isClass, predicted, 0), { axes: -1, keepDims: true });
  const likelier = sum(cast(greater(predicted, own), predicted.dtype), { axes: -1 });
  // NaN is likelier than nothing, and is no hit either.
  const finite = less(abs(reshape(own, likelier.shape)), Number.POSITIVE_INFINITY);
  return hits(logicalAnd(less(likelier, k), finite), predicted);
}

function topK(className: string, options: TopKOptions, index: (truth: Tensor, predicted: Tensor) => Tensor): Metric {
  checkOptions<TopKOptions>(className, options, { ...metricNames, k: 1 });
  const { k = 5 } = options;
  checkNumber(className, 'k', k, { from: 1, whole: true });
  return meanMetric(options, {
    className,
    config: { k },
    values: (truth, predicted) => amongTop(index(truth, predicted), predicted, k),
  });
}

/** The share of samples whose largest label is among the `k` likeliest classes, with labels `[N, classes]`. */
export function topKCategoricalAccuracy(options: TopKOptions = {}): Metric {
  const className = 'TopKCategoricalAccuracy';
  return topK(className, options, (truth, predicted) => {
    if (!sameShape(truth.shape, predicted.shape)) throw misfit(className, truth, predicted);
    return argmax(truth, -1);
  });
}

/** The share of samples whose label is among the `k` likeliest classes, with class numbers. */
export function sparseTopKCategoricalAccuracy(options: TopKOptions = {}): Metric {
  const className = 'SparseTopKCategoricalAccuracy';
  return topK(className, options, (truth, predicted) => numbersOf(className, truth, predicted));
}
