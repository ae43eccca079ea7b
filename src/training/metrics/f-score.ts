/** The harmonic mean of precision and recall, and their weighted ones. After Keras 3.15's `FBetaScore`. */
import { greater, greaterEqual, logicalAnd, mul, sub } from '../../ops/binary.ts';
import { reshape } from '../../ops/movement.ts';
import { max, sum } from '../../ops/reduce.ts';
import { abs, cast } from '../../ops/unary.ts';
import { failure } from '../../tensor/errors.ts';
import { checkOptions } from '../../tensor/options.ts';
import { sameShape } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { epsilon } from '../losses/loss.ts';
import { checkChoice, checkNumber } from '../settings.ts';
import type { Metric } from '../types.ts';
import { spread } from './confusion.ts';
import { type MetricOptions, metric, metricNames } from './metric.ts';

/** `f1Score`'s options. */
export interface FScoreOptions extends MetricOptions {
  /**
   * How the scores of classes come to one number: `micro` counts all classes together, `macro` is their mean, `weighted` that by labels.
   * Without it there is one score a class, which only a single class may have: a history has one number for a metric.
   */
  readonly average?: 'micro' | 'macro' | 'weighted' | null;
  /** Above it a prediction is positive; without it the largest of a row is. */
  readonly threshold?: number | null;
}

/** `fbetaScore`'s options. */
export interface FBetaOptions extends FScoreOptions {
  /** How much more recall counts than precision; 1 by default. */
  readonly beta?: number;
}

const scoreNames = /* @__PURE__ */ (() => ({ ...metricNames, average: 1, threshold: 1 }) as const)();

function fScore(className: string, name: string, options: FBetaOptions): Metric {
  const { average = null, threshold = null, beta = 1 } = options;
  if (average !== null) checkChoice(className, 'average', average, ['micro', 'macro', 'weighted']);
  if (threshold !== null) checkNumber(className, 'threshold', threshold, { above: 0, to: 1 });
  checkNumber(className, 'beta', beta, { above: 0 });
  return metric(options, {
    className,
    name,
    config: { average, threshold, ...(className === 'FBetaScore' && { beta }) },
    sums(truth, predicted, weights) {
      if (predicted.rank !== 2 || !sameShape(truth.shape, predicted.shape)) {
        const shapes = { labels: truth.shape, predictions: predicted.shape };
        throw failure(className, 'takes labels and predictions [N, classes]', shapes);
      }
      if (average === null && predicted.shape[1] !== 1) {
        const hint = "average: 'macro' is their mean";
        throw failure(className, `without average there are ${predicted.shape[1]} scores, one a class`, {}, hint);
      }
      const there = cast(truth, predicted.dtype);
      const positive = cast(positives(predicted, threshold), predicted.dtype);
      const each = spread(weights, predicted);
      const total = (x: Tensor): Tensor => {
        const weighted = mul(x, each);
        return average === 'micro' ? reshape(sum(weighted), [1]) : sum(weighted, { axes: 0 });
      };
      return [mul(positive, there), mul(positive, sub(1, there)), mul(sub(1, positive), there), there].map(total);
    },
    result([right, wrong, missed, there]) {
      const scores = Array.from(right!, (tp, i) => {
        const [precision, recall] = [tp / (tp + wrong![i]! + epsilon), tp / (tp + missed![i]! + epsilon)];
        return ((precision * recall) / (beta * beta * precision + recall + epsilon)) * (1 + beta * beta);
      });
      if (average !== 'weighted') return scores.reduce((a, b) => a + b, 0) / scores.length;
      const total = there!.reduce((a, b) => a + b, 0) + epsilon;
      return scores.reduce((sum, score, i) => sum + (score * there![i]!) / total, 0);
    },
  });
}

/** Above the threshold, or the largest of a row unless it is 0. */
function positives(predicted: Tensor, threshold: number | null): Tensor {
  if (threshold !== null) return greater(predicted, threshold);
  const largest = greaterEqual(predicted, max(predicted, { axes: -1, keepDims: true }));
  return logicalAnd(largest, greater(abs(predicted), 1e-9));
}

/** The harmonic mean of precision and recall, with labels `[N, classes]`. */
export function f1Score(options: FScoreOptions = {}): Metric {
  checkOptions<FScoreOptions>('F1Score', options, scoreNames);
  return fScore('F1Score', 'f1_score', options);
}

/** Precision and recall together, recall `beta` times as important. */
export function fbetaScore(options: FBetaOptions = {}): Metric {
  checkOptions<FBetaOptions>('FBetaScore', options, { ...scoreNames, beta: 1 });
  return fScore('FBetaScore', 'fbeta_score', options);
}
