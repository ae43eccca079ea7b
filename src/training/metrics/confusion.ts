/** Precision and recall, counted by weight of what is predicted and what is there. After Keras 3.15's `update_confusion_matrix_variables`. */
import { add, greater, logicalAnd, mul, notEqual, sub, where } from '../../ops/binary.ts';
import { oneHot } from '../../ops/indexing.ts';
import { broadcastTo, reshape } from '../../ops/movement.ts';
import { argmax, sum } from '../../ops/reduce.ts';
import { slice } from '../../ops/slicing.ts';
import { cast, logicalNot } from '../../ops/unary.ts';
import { failure } from '../../tensor/errors.ts';
import { checkOptions } from '../../tensor/options.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { checkNumber } from '../settings.ts';
import type { Metric } from '../types.ts';
import { paired } from './accuracy.ts';
import { type MetricOptions, metric, metricNames, quotient } from './metric.ts';

/** Options of precision and recall. */
export interface ConfusionOptions extends MetricOptions {
  /** Above it a prediction is positive; 0.5 by default, or any with `topK`. Keras takes a list as well and gives a list: here make a metric for each. */
  readonly thresholds?: number | readonly number[] | null;
  /** Only the `topK` largest predictions of a row can be positive. */
  readonly topK?: number | null;
  /** Only this class counts. */
  readonly classId?: number | null;
}

/** What Keras puts in the place of predictions that are not among the top. */
const least = -1e10;

/** `weights` `[N, ...]` in the shape of `like`, whose first axes they have. */
export function spread(weights: Tensor, like: Tensor): Tensor {
  const shape = [...weights.shape, ...new Array(Math.max(0, like.rank - weights.rank)).fill(1)];
  const cut = shape.slice(0, like.rank);
  return broadcastTo(cast(reshape(weights, cut), like.dtype), like.shape);
}

/** `x` where it is among the `k` largest of its row (the first of equals), a very small number elsewhere. */
function onlyTop(className: string, x: Tensor, k: number): Tensor {
  const classes = x.shape[x.rank - 1]!;
  if (k > classes) throw failure(className, `topK is ${k}, of ${classes} predictions a row`, { predictions: x.shape });
  let rest = x;
  let top: Tensor | null = null;
  for (let i = 0; i < k; i++) {
    const hit = oneHot(argmax(rest, -1), classes, x.dtype as 'float32' | 'float64');
    top = top ? add(top, hit) : hit;
    rest = where(greater(hit, 0.5), Number.NEGATIVE_INFINITY, rest);
  }
  return add(mul(x, top!), mul(sub(1, top!), least));
}

function confusion(
  className: string,
  options: ConfusionOptions,
  other: (there: Tensor, positive: Tensor) => Tensor,
): Metric {
  checkOptions<ConfusionOptions>(className, options, { ...metricNames, thresholds: 1, topK: 1, classId: 1 });
  const { thresholds = null, topK = null, classId = null } = options;
  if (Array.isArray(thresholds) && thresholds.length !== 1) {
    const hint = 'make one for each threshold: a history has one number for a metric';
    throw failure(className, `${thresholds.length} thresholds`, {}, hint);
  }
  const given = Array.isArray(thresholds) ? (thresholds[0] as number) : (thresholds as number | null);
  if (given !== null) checkNumber(className, 'thresholds', given, { from: 0, to: 1 });
  if (topK !== null) checkNumber(className, 'topK', topK, { from: 1, to: 1000, whole: true });
  if (classId !== null) checkNumber(className, 'classId', classId, { from: 0, whole: true });
  const threshold = given ?? (topK === null ? 0.5 : least);
  const ofClass = (x: Tensor): Tensor => {
    if (classId === null) return x;
    if (x.rank < 2 || classId >= x.shape[x.rank - 1]!) {
      throw failure(className, `there is no class ${classId}`, { predictions: x.shape });
    }
    return slice(x, { [x.rank - 1]: [classId, classId + 1] });
  };
  return metric(options, {
    className,
    config: { thresholds: Array.isArray(thresholds) ? [...thresholds] : (thresholds as number | null), topK, classId },
    sums(truth, predicted, weights) {
      const [wanted, found] = paired(className, truth, predicted);
      const scores = ofClass(topK === null ? found : onlyTop(className, found, topK));
      const positive = greater(scores, threshold);
      const there = notEqual(ofClass(wanted), 0);
      const each = spread(weights, scores);
      const count = (which: Tensor): Tensor => reshape(sum(where(which, each, 0)), [1]);
      return [count(logicalAnd(there, positive)), count(other(there, positive))];
    },
    result: ([right, wrong]) => quotient(right![0]!, right![0]! + wrong![0]!),
  });
}

/** The share of positive predictions that are right. */
export function precision(options: ConfusionOptions = {}): Metric {
  return confusion('Precision', options, (there, positive) => logicalAnd(logicalNot(there), positive));
}

/** The share of positive labels that are predicted. */
export function recall(options: ConfusionOptions = {}): Metric {
  return confusion('Recall', options, (there, positive) => logicalAnd(there, logicalNot(positive)));
}
