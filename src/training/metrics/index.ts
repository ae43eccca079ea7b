/** Metrics. */
export {
  accuracy,
  type BinaryAccuracyOptions,
  binaryAccuracy,
  categoricalAccuracy,
  sparseCategoricalAccuracy,
  sparseTopKCategoricalAccuracy,
  type TopKOptions,
  topKCategoricalAccuracy,
} from './accuracy.ts';
export type { Curve, Summation } from './area.ts';
export { type AucOptions, auc } from './auc.ts';
export { type ConfusionOptions, precision, recall } from './confusion.ts';
export { type FBetaOptions, type FScoreOptions, f1Score, fbetaScore } from './f-score.ts';
export { type MeanIoUOptions, meanIoU } from './iou.ts';
export type { MetricOptions } from './metric.ts';
export { metricOf } from './of.ts';
export {
  type CosineMetricOptions,
  type LossMetricOptions,
  lossMetric,
  meanCosineSimilarity,
  rootMeanSquaredError,
} from './regression.ts';
