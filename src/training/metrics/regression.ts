/** Means of errors: of any loss, their root, and the cosine of the angle. After Keras 3.15. */

import { sub } from '../../ops/binary.ts';
import { square } from '../../ops/unary.ts';
import { failure } from '../../tensor/errors.ts';
import { checkOptions } from '../../tensor/options.ts';
import { cosine } from '../losses/regression.ts';
import { type Config, checkNumber } from '../settings.ts';
import type { Loss, Metric } from '../types.ts';
import { paired } from './accuracy.ts';
import { type MetricOptions, meanMetric, metricNames } from './metric.ts';

/** `lossMetric`'s options. */
export interface LossMetricOptions extends MetricOptions {
  /** The metric's class in Keras, where it is not the loss's: `LogCoshError`. */
  readonly className?: string;
}

/** The mean of a loss over samples, as a metric: `lossMetric(meanAbsoluteError())` is Keras's `mae`. */
export function lossMetric(loss: Loss, options: LossMetricOptions = {}): Metric {
  checkOptions<LossMetricOptions>('lossMetric', options, { ...metricNames, className: 1 });
  if (typeof loss?.compute !== 'function') throw failure('lossMetric', 'needs a loss', { got: typeof loss });
  const { reduction: _, name, ...all } = loss.config;
  const config = metricConfig(loss.name, all);
  const { className = loss.name } = options;
  const given = { name: options.name ?? String(name) };
  return meanMetric(given, { className, config, values: (truth, predicted) => loss.compute(truth, predicted) });
}

/** What Keras's metric of the name takes: not all that the loss of the same name does. */
function metricConfig(className: string, config: Config): Config {
  if (className === 'BinaryCrossentropy') {
    const { axis: _, ...rest } = config;
    return rest;
  }
  return className === 'SparseCategoricalCrossentropy' ? { ...config, axis: -1 } : config;
}

/** The root of the mean squared error. */
export function rootMeanSquaredError(options: MetricOptions = {}): Metric {
  const className = 'RootMeanSquaredError';
  checkOptions<MetricOptions>(className, options, metricNames);
  return meanMetric(options, {
    className,
    values(truth, predicted) {
      const [wanted, found] = paired(className, truth, predicted);
      return square(sub(found, wanted));
    },
    after: Math.sqrt,
  });
}

/** `meanCosineSimilarity`'s options. */
export interface CosineMetricOptions extends MetricOptions {
  /** The axis of the vectors; the last by default. */
  readonly axis?: number;
}

/** The mean cosine of the angle between labels and predictions: 1 for one direction (Keras's metric `CosineSimilarity`; the loss has the other sign). */
export function meanCosineSimilarity(options: CosineMetricOptions = {}): Metric {
  const className = 'CosineSimilarity';
  checkOptions<CosineMetricOptions>(className, options, { ...metricNames, axis: 1 });
  const { axis = -1 } = options;
  checkNumber(className, 'axis', axis, { whole: true });
  return meanMetric(options, {
    className,
    ...(axis !== -1 && { config: { axis } }),
    values(truth, predicted) {
      const [wanted, found] = paired(className, truth, predicted);
      return cosine(wanted, found, axis);
    },
  });
}
