/** How far predicted and true regions of each class overlap. After Keras 3.15's `MeanIoU`. */
import { add, greaterEqual, less, logicalAnd, mul, notEqual, where } from '../../ops/binary.ts';
import { scatterAdd } from '../../ops/indexing.ts';
import { reshape } from '../../ops/movement.ts';
import { argmax } from '../../ops/reduce.ts';
import { cast } from '../../ops/unary.ts';
import { failure } from '../../tensor/errors.ts';
import { checkBoolean, checkOptions } from '../../tensor/options.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { epsilon } from '../losses/loss.ts';
import { checkNumber } from '../settings.ts';
import type { Metric } from '../types.ts';
import { spread } from './confusion.ts';
import { type MetricOptions, metric, metricNames } from './metric.ts';

/** `meanIoU`'s options. */
export interface MeanIoUOptions extends MetricOptions {
  readonly numClasses: number;
  /** A label that does not count. */
  readonly ignoreClass?: number | null;
  /** Labels are class numbers (by default), or one number a class in the last axis. */
  readonly sparseYTrue?: boolean;
  /** Predictions are class numbers (by default), or one number a class in the last axis. */
  readonly sparseYPred?: boolean;
}

/** The mean over classes that occur of (right) / (labels or predictions). Weights lose their fraction, as in Keras. */
export function meanIoU(options: MeanIoUOptions): Metric {
  const className = 'MeanIoU';
  const names = { ...metricNames, numClasses: 1, ignoreClass: 1, sparseYTrue: 1, sparseYPred: 1 } as const;
  checkOptions<MeanIoUOptions>(className, options ?? {}, names);
  const { numClasses, ignoreClass = null, sparseYTrue = true, sparseYPred = true } = options ?? {};
  // The matrix of confusions has the square of it.
  checkNumber(className, 'numClasses', numClasses, { from: 1, to: 4096, whole: true });
  if (ignoreClass !== null) checkNumber(className, 'ignoreClass', ignoreClass, { whole: true });
  checkBoolean(`${className}: sparseYTrue`, sparseYTrue);
  checkBoolean(`${className}: sparseYPred`, sparseYPred);
  const inside = (x: Tensor): Tensor => logicalAnd(greaterEqual(x, 0), less(x, numClasses));
  return metric(options, {
    className,
    name: 'mean_io_u',
    config: { dtype: 'int64', numClasses, ignoreClass, sparseYTrue, sparseYPred, axis: -1 },
    sums(truth, predicted, weights) {
      const wanted = cast(sparseYTrue ? truth : argmax(truth, -1), 'int32');
      const found = cast(sparseYPred ? predicted : argmax(predicted, -1), 'int32');
      if (wanted.size !== found.size) {
        const shapes = { labels: truth.shape, predictions: predicted.shape };
        throw failure(
          className,
          'labels do not fit the predictions',
          shapes,
          'sparseYPred: false takes one number a class',
        );
      }
      const whole = cast(cast(weights, 'int32'), predicted.dtype);
      const like = cast(found, predicted.dtype);
      const each = reshape(spread(whole, like), [like.size]);
      const [y, p] = [reshape(wanted, [wanted.size]), reshape(found, [found.size])];
      const within = logicalAnd(inside(y), inside(p));
      const counts = ignoreClass === null ? within : logicalAnd(within, notEqual(y, ignoreClass));
      const place = where(counts, add(mul(y, numClasses), p), 0);
      return [scatterAdd(where(counts, each, 0), place, { axis: 0, size: numClasses * numClasses })];
    },
    result([matrix]) {
      let [total, classes] = [0, 0];
      for (let c = 0; c < numClasses; c++) {
        let union = -matrix![c * numClasses + c]!;
        for (let k = 0; k < numClasses; k++) union += matrix![c * numClasses + k]! + matrix![k * numClasses + c]!;
        if (!(union > 1e-9)) continue;
        classes++;
        total += matrix![c * numClasses + c]! / (union + epsilon);
      }
      return total / (classes + epsilon);
    },
  });
}
