/** Crossentropies of yes and no: with logits exact at both ends, with probabilities kept 1e-7 away from them. After Keras 3.15 on TensorFlow. */
import { add, mul, neg, pow, sub } from '../../ops/binary.ts';
import { mean } from '../../ops/reduce.ts';
import { clip, log, sigmoid, softplus } from '../../ops/unary.ts';
import { checkBoolean, checkOptions } from '../../tensor/options.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { checkNumber } from '../settings.ts';
import type { Loss } from '../types.ts';
import { epsilon, type LossOptions, logitsBehind, loss, lossNames } from './loss.ts';

/** What crossentropies take. */
export interface CrossentropyOptions extends LossOptions {
  /** Predictions are logits, not probabilities; false by default. */
  readonly fromLogits?: boolean;
  /** How far labels are drawn to the middle, from 0 (by default) to 1. */
  readonly labelSmoothing?: number;
  /** The axis of the classes; the last by default. */
  readonly axis?: number;
}

export const crossentropyNames = /* @__PURE__ */ (() =>
  ({ ...lossNames, fromLogits: 1, labelSmoothing: 1, axis: 1 }) as const)();

/** With defaults. @throws PathgradError where they make no sense */
export function crossentropy(
  className: string,
  options: CrossentropyOptions,
): { readonly fromLogits: boolean; readonly labelSmoothing: number; readonly axis: number } {
  const { fromLogits = false, labelSmoothing = 0, axis = -1 } = options;
  checkBoolean(`${className}: fromLogits`, fromLogits);
  checkNumber(className, 'labelSmoothing', labelSmoothing, { from: 0, to: 1 });
  checkNumber(className, 'axis', axis, { whole: true });
  return { fromLogits, labelSmoothing, axis };
}

/** Per element, of one shape. */
function terms(truth: Tensor, predicted: Tensor, fromLogits: boolean): Tensor {
  const logits = logitsBehind(predicted) ?? (fromLogits ? predicted : null);
  // y * softplus(-x) + (1 - y) * softplus(x): no term cancels another, at either end.
  if (logits) return add(mul(truth, softplus(neg(logits))), mul(sub(1, truth), softplus(logits)));
  const kept = clip(predicted, epsilon, 1 - epsilon);
  return neg(add(mul(truth, log(kept)), mul(sub(1, truth), log(sub(1, kept)))));
}

const smoothed = (truth: Tensor, by: number): Tensor => (by === 0 ? truth : add(mul(truth, 1 - by), 0.5 * by));

/**
 * `-(y log p + (1 - y) log(1 - p))`, the mean over the last axis.
 * @throws PathgradError for options that there are not or that make no sense
 */
export function binaryCrossentropy(options: CrossentropyOptions = {}): Loss {
  const className = 'BinaryCrossentropy';
  checkOptions<CrossentropyOptions>(className, options, crossentropyNames);
  const config = crossentropy(className, options);
  const { fromLogits, labelSmoothing, axis } = config;
  return loss(options, {
    className,
    config,
    labels: 'unit',
    compute: (truth, predicted) => mean(terms(smoothed(truth, labelSmoothing), predicted, fromLogits), { axes: axis }),
  });
}

/** `binaryFocalCrossentropy`'s options. */
export interface BinaryFocalOptions extends CrossentropyOptions {
  /** Weighs class 1 by `alpha` and class 0 by `1 - alpha`; false by default. */
  readonly applyClassBalancing?: boolean;
  /** 0.25 by default. */
  readonly alpha?: number;
  /** How much what is right already is weighed down; 2 by default. */
  readonly gamma?: number;
}

/**
 * Crossentropy times `(1 - p of the truth) ** gamma` (Lin et al., "Focal loss for dense object detection", 2017).
 * @throws PathgradError for options that there are not or that make no sense
 */
export function binaryFocalCrossentropy(options: BinaryFocalOptions = {}): Loss {
  const className = 'BinaryFocalCrossentropy';
  const names = { ...crossentropyNames, applyClassBalancing: 1, alpha: 1, gamma: 1 } as const;
  checkOptions<BinaryFocalOptions>(className, options, names);
  const { fromLogits, labelSmoothing, axis } = crossentropy(className, options);
  const { applyClassBalancing = false, alpha = 0.25, gamma = 2 } = options;
  checkBoolean(`${className}: applyClassBalancing`, applyClassBalancing);
  checkNumber(className, 'alpha', alpha, { from: 0, to: 1 });
  checkNumber(className, 'gamma', gamma, { from: 0 });
  return loss(options, {
    className,
    config: { fromLogits, labelSmoothing, axis, applyClassBalancing, alpha, gamma },
    labels: 'unit',
    compute(given, predicted) {
      const truth = smoothed(given, labelSmoothing);
      const p = fromLogits ? sigmoid(predicted) : predicted;
      const others = sub(1, truth);
      const right = add(mul(truth, p), mul(others, sub(1, p)));
      const focal = mul(pow(sub(1, right), gamma), terms(truth, p, false));
      const balance = add(mul(truth, alpha), mul(others, 1 - alpha));
      return mean(applyClassBalancing ? mul(balance, focal) : focal, { axes: axis });
    },
  });
}
