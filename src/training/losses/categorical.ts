/** Crossentropies of one class among several. After Keras 3.15 on TensorFlow, whose gradient takes for granted that labels sum to 1. */
import { add, div, equal, mul, neg, notEqual, pow, sub, where } from '../../ops/binary.ts';
import { expandDims, reshape, stopGradient } from '../../ops/movement.ts';
import { max, sum } from '../../ops/reduce.ts';
import { logSoftmax, softmax } from '../../ops/softmax.ts';
import { cast, clip, exp, log } from '../../ops/unary.ts';
import { failure } from '../../tensor/errors.ts';
import { checkBoolean, checkOptions } from '../../tensor/options.ts';
import { sameShape } from '../../tensor/shape.ts';
import { arange, type Tensor, tensor } from '../../tensor/tensor.ts';
import { checkNumber } from '../settings.ts';
import type { Loss } from '../types.ts';
import { type CrossentropyOptions, crossentropy, crossentropyNames } from './binary.ts';
import { epsilon, type LossOptions, logitsBehind, loss, lossNames } from './loss.ts';

const smoothed = (truth: Tensor, by: number): Tensor =>
  by === 0 ? truth : add(mul(truth, 1 - by), by / truth.shape[truth.rank - 1]!);

/** `-sum(y * log softmax(z))`, with TensorFlow's gradient `softmax(z) - y` whatever the labels sum to. */
function fromLogitsOf(truth: Tensor, logits: Tensor, axis: number): Tensor {
  const shifted = sub(logits, stopGradient(max(logits, { axes: axis, keepDims: true })));
  const total = log(sum(exp(shifted), { axes: axis }));
  const beyond = sub(sum(truth, { axes: axis }), 1);
  return add(sub(total, sum(mul(truth, shifted), { axes: axis })), stopGradient(mul(beyond, total)));
}

const normalized = (p: Tensor, axis: number): Tensor =>
  clip(div(p, sum(p, { axes: axis, keepDims: true })), epsilon, 1 - epsilon);

/**
 * `-sum(y log p)` over the classes, with labels `[N, classes]`, one for the true class (or shares of classes).
 * @throws PathgradError for options that there are not or that make no sense
 */
export function categoricalCrossentropy(options: CrossentropyOptions = {}): Loss {
  const className = 'CategoricalCrossentropy';
  checkOptions<CrossentropyOptions>(className, options, crossentropyNames);
  const config = crossentropy(className, options);
  const { fromLogits, labelSmoothing, axis } = config;
  return loss(options, {
    className,
    config,
    labels: 'unit',
    compute(given, predicted) {
      const truth = smoothed(given, labelSmoothing);
      const logits = logitsBehind(predicted) ?? (fromLogits ? predicted : null);
      if (logits) return fromLogitsOf(truth, logits, axis);
      return neg(sum(mul(truth, log(normalized(predicted, axis))), { axes: axis }));
    },
  });
}

/** `categoricalFocalCrossentropy`'s options. */
export interface CategoricalFocalOptions extends CrossentropyOptions {
  /** The weight of all classes, or of each; 0.25 by default. */
  readonly alpha?: number | readonly number[];
  /** How much what is right already is weighed down; 2 by default. */
  readonly gamma?: number;
}

/**
 * Each class's crossentropy times `alpha * (1 - p) ** gamma` (Lin et al., "Focal loss for dense object detection", 2017).
 * @throws PathgradError for options that there are not or that make no sense
 */
export function categoricalFocalCrossentropy(options: CategoricalFocalOptions = {}): Loss {
  const className = 'CategoricalFocalCrossentropy';
  checkOptions<CategoricalFocalOptions>(className, options, { ...crossentropyNames, alpha: 1, gamma: 1 });
  const { fromLogits, labelSmoothing, axis } = crossentropy(className, options);
  const { alpha = 0.25, gamma = 2 } = options;
  for (const one of Array.isArray(alpha) ? alpha : [alpha]) checkNumber(className, 'alpha', one, { from: 0 });
  checkNumber(className, 'gamma', gamma, { from: 0 });
  return loss(options, {
    className,
    config: { fromLogits, labelSmoothing, axis, alpha: Array.isArray(alpha) ? [...alpha] : (alpha as number), gamma },
    labels: 'unit',
    compute(given, predicted) {
      const truth = smoothed(given, labelSmoothing);
      const p = normalized(fromLogits ? softmax(predicted, axis) : predicted, axis);
      const factor = typeof alpha === 'number' ? alpha : tensor([...alpha], [alpha.length], p.dtype);
      const weight = mul(pow(sub(1, p), gamma), factor);
      return sum(mul(weight, mul(neg(truth), log(p))), { axes: axis });
    },
  });
}

/** `sparseCategoricalCrossentropy`'s options. */
export interface SparseCrossentropyOptions extends LossOptions {
  /** Predictions are logits, not probabilities; false by default. */
  readonly fromLogits?: boolean;
  /** A label whose rows (positions) do not count: 255 in many pictures, -100 in transformers. */
  readonly ignoreClass?: number | null;
}

/**
 * `-log p` of the true class, with class numbers `[N]` (`[N, 1]`, `[N, ...]`).
 * @throws PathgradError for options that there are not or that make no sense
 */
export function sparseCategoricalCrossentropy(options: SparseCrossentropyOptions = {}): Loss {
  const className = 'SparseCategoricalCrossentropy';
  checkOptions<SparseCrossentropyOptions>(className, options, { ...lossNames, fromLogits: 1, ignoreClass: 1 });
  const { fromLogits = false, ignoreClass = null } = options;
  checkBoolean(`${className}: fromLogits`, fromLogits);
  if (ignoreClass !== null) checkNumber(className, 'ignoreClass', ignoreClass, { whole: true });
  const counted = (truth: Tensor, predicted: Tensor): Tensor =>
    notEqual(classes(className, truth, predicted), ignoreClass!);
  return loss(options, {
    className,
    config: { fromLogits, ignoreClass },
    labels: 'class',
    ignored: ignoreClass,
    raw: true,
    ...(ignoreClass !== null && { mask: counted }),
    compute(truth, given) {
      const index = classes(className, truth, given);
      if (ignoreClass === null) return ofClass(index, given, fromLogits);
      // The prediction of what is ignored becomes 0, so that it is no longer the result of a softmax.
      const valid = notEqual(index, ignoreClass);
      const kept = where(expandDims(valid, -1), given, 0);
      return where(valid, ofClass(where(valid, index, 0), kept, fromLogits), 0);
    },
  });
}

/** Class numbers as int32, without an axis of 1. */
function classes(className: string, truth: Tensor, predicted: Tensor): Tensor {
  const wanted = predicted.shape.slice(0, -1);
  const fits = sameShape(truth.shape, wanted) || sameShape(truth.shape, [...wanted, 1]);
  if (!fits) {
    const shapes = { labels: truth.shape, predictions: predicted.shape };
    throw failure(className, 'labels are class numbers, one a prediction', shapes);
  }
  return cast(reshape(truth, wanted), 'int32');
}

function ofClass(index: Tensor, predicted: Tensor, fromLogits: boolean): Tensor {
  const logits = logitsBehind(predicted) ?? (fromLogits ? predicted : null);
  // The softmax of logarithms of probabilities makes them sum to 1.
  const scores = logSoftmax(logits ?? log(clip(predicted, epsilon, 1 - epsilon)));
  const isClass = equal(expandDims(index, -1), arange(predicted.shape[predicted.rank - 1]!, 'int32'));
  return neg(sum(where(isClass, scores, 0), { axes: -1 }));
}
