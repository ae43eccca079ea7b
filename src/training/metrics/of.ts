/** Metrics by Keras's names and saved configs; `accuracy` is chosen by shapes, as Keras does. */
import {
  binaryCrossentropy,
  categoricalCrossentropy,
  categoricalHinge,
  hinge,
  klDivergence,
  logCosh,
  meanAbsoluteError,
  meanAbsolutePercentageError,
  meanSquaredError,
  meanSquaredLogarithmicError,
  poisson,
  sparseCategoricalCrossentropy,
  squaredHinge,
} from '../losses/index.ts';
import { kindOf, type LabelShapes, shapesFor } from '../losses/of.ts';
import { type Identifier, identified, instanceName, known, optionsOf } from '../settings.ts';
import type { Loss, Metric } from '../types.ts';
import {
  accuracy,
  binaryAccuracy,
  categoricalAccuracy,
  sparseCategoricalAccuracy,
  sparseTopKCategoricalAccuracy,
  topKCategoricalAccuracy,
} from './accuracy.ts';
import { auc } from './auc.ts';
import { precision, recall } from './confusion.ts';
import { f1Score, fbetaScore } from './f-score.ts';
import { meanIoU } from './iou.ts';
import { lossMetric, meanCosineSimilarity, rootMeanSquaredError } from './regression.ts';

type Options = { readonly name?: string };
type Make = (options: never) => Metric;

function ofLoss(make: (options?: never) => Loss, className?: string, usual?: string): Make {
  return (({ name, ...options }: Options) => {
    const loss = make(options as never);
    const given = { name: name ?? usual ?? instanceName(loss.name), ...(className && { className }) };
    return lossMetric(loss, given);
  }) as Make;
}

const byName: Readonly<Record<string, Make>> = {
  Accuracy: accuracy as Make,
  BinaryAccuracy: binaryAccuracy as Make,
  CategoricalAccuracy: categoricalAccuracy as Make,
  SparseCategoricalAccuracy: sparseCategoricalAccuracy as Make,
  TopKCategoricalAccuracy: topKCategoricalAccuracy as Make,
  SparseTopKCategoricalAccuracy: sparseTopKCategoricalAccuracy as Make,
  AUC: auc as Make,
  Precision: precision as Make,
  Recall: recall as Make,
  F1Score: f1Score as Make,
  FBetaScore: fbetaScore as Make,
  RootMeanSquaredError: rootMeanSquaredError as Make,
  CosineSimilarity: meanCosineSimilarity as Make,
  MeanIoU: meanIoU as Make,
  MeanSquaredError: /* @__PURE__ */ ofLoss(meanSquaredError),
  MeanAbsoluteError: /* @__PURE__ */ ofLoss(meanAbsoluteError),
  MeanAbsolutePercentageError: /* @__PURE__ */ ofLoss(meanAbsolutePercentageError),
  MeanSquaredLogarithmicError: /* @__PURE__ */ ofLoss(meanSquaredLogarithmicError),
  LogCoshError: /* @__PURE__ */ ofLoss(logCosh, 'LogCoshError', 'logcosh'),
  BinaryCrossentropy: /* @__PURE__ */ ofLoss(binaryCrossentropy),
  CategoricalCrossentropy: /* @__PURE__ */ ofLoss(categoricalCrossentropy),
  SparseCategoricalCrossentropy: /* @__PURE__ */ ofLoss(sparseCategoricalCrossentropy),
  KLDivergence: /* @__PURE__ */ ofLoss(klDivergence),
  Poisson: /* @__PURE__ */ ofLoss(poisson),
  Hinge: /* @__PURE__ */ ofLoss(hinge),
  SquaredHinge: /* @__PURE__ */ ofLoss(squaredHinge),
  CategoricalHinge: /* @__PURE__ */ ofLoss(categoricalHinge),
  mse: /* @__PURE__ */ ofLoss(meanSquaredError),
  mae: /* @__PURE__ */ ofLoss(meanAbsoluteError),
  mape: /* @__PURE__ */ ofLoss(meanAbsolutePercentageError),
  msle: /* @__PURE__ */ ofLoss(meanSquaredLogarithmicError),
  bce: /* @__PURE__ */ ofLoss(binaryCrossentropy),
};

/**
 * The metric of a name or of a config that Keras saved.
 * @param identifier `'accuracy'`, or `{ class_name, config }`; a metric is given back as it is. A name is the metric's name, as in Keras.
 * @param shapes needed for `'accuracy'` and `'acc'`, which are one of three by the shapes
 * @throws PathgradError for a name that there is not, with the nearest ones, and for options that make no sense
 */
export function metricOf(identifier: Metric | Identifier, shapes?: LabelShapes): Metric {
  if (typeof (identifier as Metric)?.sums === 'function') return identifier as Metric;
  const { name, config } = identified('metric', identifier);
  if (config === undefined && ['accuracy', 'acc'].includes(name.toLowerCase())) {
    const kind = kindOf(shapesFor('metric', 'accuracy', shapes));
    if (kind === 'binary') return binaryAccuracy({ name });
    return kind === 'sparse' ? sparseCategoricalAccuracy({ name }) : categoricalAccuracy({ name });
  }
  const { fn, ...given } = config ?? { name };
  // tf_keras saves accuracy as a function in a wrapper that takes the mean.
  const own = name === 'MeanMetricWrapper' && fn !== undefined ? identified('metric', fn).name : name;
  const options = optionsOf(given, ['dtype']);
  if (options['fromSortedIds'] === false) delete options['fromSortedIds'];
  // Only the last axis is the classes', here.
  if (/iou$|^sparse_?categorical_?crossentropy$/i.test(own) && options['axis'] === -1) delete options['axis'];
  return known('metric', own, byName)(options as never);
}

/** Whether Keras has a class of metrics of this name. */
export const isMetricClass = (name: string): boolean => Object.hasOwn(byName, name);
