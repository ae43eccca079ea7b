/** Losses of numbers: errors, their logarithms, and the angle between vectors. After Keras 3.15. */
import { add, div, lessEqual, maximum, minimum, mul, neg, sub, where } from '../../ops/binary.ts';
import { mean, sum } from '../../ops/reduce.ts';
import { abs, log, rsqrt, softplus, square } from '../../ops/unary.ts';
import { checkOptions } from '../../tensor/options.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { checkNumber } from '../settings.ts';
import type { Loss } from '../types.ts';
import { epsilon, type LossOptions, loss, lossNames } from './loss.ts';

/** The mean of `f` over the last axis. */
function simple(className: string, options: LossOptions, f: (truth: Tensor, predicted: Tensor) => Tensor): Loss {
  checkOptions<LossOptions>(className, options, lossNames);
  return loss(options, { className, compute: (truth, predicted) => mean(f(truth, predicted), { axes: -1 }) });
}

/** `(y - p)^2`, the mean over the last axis. */
export function meanSquaredError(options: LossOptions = {}): Loss {
  return simple('MeanSquaredError', options, (truth, predicted) => square(sub(truth, predicted)));
}

/** `|y - p|`, the mean over the last axis. */
export function meanAbsoluteError(options: LossOptions = {}): Loss {
  return simple('MeanAbsoluteError', options, (truth, predicted) => abs(sub(truth, predicted)));
}

/** `100 |y - p| / |y|`, the mean over the last axis; `|y|` counts 1e-7 at least. */
export function meanAbsolutePercentageError(options: LossOptions = {}): Loss {
  return simple('MeanAbsolutePercentageError', options, (truth, predicted) =>
    mul(abs(div(sub(truth, predicted), maximum(abs(truth), epsilon))), 100),
  );
}

/** `(log(1 + y) - log(1 + p))^2`, the mean over the last axis; both count 1e-7 at least. */
export function meanSquaredLogarithmicError(options: LossOptions = {}): Loss {
  const raised = (x: Tensor): Tensor => log(add(maximum(x, epsilon), 1));
  return simple('MeanSquaredLogarithmicError', options, (truth, predicted) =>
    square(sub(raised(predicted), raised(truth))),
  );
}

/** `log(cosh(p - y))`, the mean over the last axis. */
export function logCosh(options: LossOptions = {}): Loss {
  return simple('LogCosh', options, (truth, predicted) => {
    const error = sub(predicted, truth);
    return sub(add(error, softplus(mul(error, -2))), Math.LN2);
  });
}

/** `huber`'s options. */
export interface HuberOptions extends LossOptions {
  /** Where the square ends and the straight line begins; 1 by default. */
  readonly delta?: number;
}

/** Half the square of small errors, `delta` times large ones, the mean over the last axis. */
export function huber(options: HuberOptions = {}): Loss {
  const className = 'Huber';
  checkOptions<HuberOptions>(className, options, { ...lossNames, delta: 1 });
  const { delta = 1 } = options;
  checkNumber(className, 'delta', delta, { above: 0 });
  return loss(options, {
    className,
    name: 'huber_loss',
    // Keras forgets it, but reads it.
    ...(delta !== 1 && { config: { delta } }),
    compute(truth, predicted) {
      const error = sub(predicted, truth);
      const size = abs(error);
      const line = sub(mul(size, delta), 0.5 * delta * delta);
      return mean(where(lessEqual(size, delta), mul(square(error), 0.5), line), { axes: -1 });
    },
  });
}

/** `cosineSimilarity`'s options. */
export interface CosineOptions extends LossOptions {
  /** The axis of the vectors; the last by default. */
  readonly axis?: number;
}

/** The cosine of the angle between the vectors of two tensors; vectors of zeros have none, and count 0. */
export function cosine(truth: Tensor, predicted: Tensor, axis: number): Tensor {
  const unit = (x: Tensor): Tensor =>
    mul(x, minimum(rsqrt(sum(square(x), { axes: axis, keepDims: true })), 1 / epsilon));
  return sum(mul(unit(truth), unit(predicted)), { axes: axis });
}

/** Minus the cosine of the angle: -1 for vectors of one direction. */
export function cosineSimilarity(options: CosineOptions = {}): Loss {
  const className = 'CosineSimilarity';
  checkOptions<CosineOptions>(className, options, { ...lossNames, axis: 1 });
  const { axis = -1 } = options;
  checkNumber(className, 'axis', axis, { whole: true });
  return loss(options, {
    className,
    ...(axis !== -1 && { config: { axis } }),
    compute: (truth, predicted) => neg(cosine(truth, predicted, axis)),
  });
}
