/**
 * Adam (Kingma and Ba 2015), with amsgrad (Reddi et al. 2018), and AdamW, which differs in that weights decay by default. In Keras the
 * correction of the bias is part of the rate, and epsilon is added to the root of what is not corrected.
 */
import { add, div, maximum, mul, sub } from '../../ops/binary.ts';
import { sqrt } from '../../ops/unary.ts';
import { failure } from '../../tensor/errors.ts';
import { checkBoolean, checkOptions } from '../../tensor/options.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { checkNumber } from '../settings.ts';
import type { Optimizer, OptimizerSlot } from '../types.ts';
import { optimizer } from './optimizer.ts';
import { commonNames, type OptimizerOptions } from './options.ts';

/** Decays of the two moments, and what keeps a quotient finite. */
export interface MomentOptions extends OptimizerOptions {
  /** Of the mean of gradients; 0.9 by default. */
  readonly beta1?: number;
  /** Of the mean of their squares; 0.999 by default. */
  readonly beta2?: number;
  /** 1e-7 by default, as Keras; other libraries have 1e-8. */
  readonly epsilon?: number;
}

/** `adam`'s options. */
export interface AdamOptions extends MomentOptions {
  /** Divides by the largest mean of squares so far; false by default. */
  readonly amsgrad?: boolean;
}

export const momentNames = /* @__PURE__ */ (() => ({ ...commonNames, beta1: 1, beta2: 1, epsilon: 1 }) as const)();

/** The three with defaults. @throws PathgradError where they make no sense */
export function moments(className: string, options: MomentOptions): { beta1: number; beta2: number; epsilon: number } {
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-7 } = options;
  checkNumber(className, 'beta1', beta1, { from: 0, below: 1 });
  checkNumber(className, 'beta2', beta2, { from: 0, below: 1 });
  checkNumber(className, 'epsilon', epsilon, { from: 0 });
  return { beta1, beta2, epsilon };
}

/** `slot` moved towards `target` by a share of `1 - beta`. */
export function towards(slot: Tensor, target: Tensor, beta: number): Tensor {
  return add(slot, mul(sub(target, slot), 1 - beta));
}

export const momentSlots: readonly OptimizerSlot[] = [
  { name: 'momentum', initial: 0, group: 0 },
  { name: 'velocity', initial: 0, group: 0 },
];

function adamLike(className: string, name: string, options: AdamOptions): Optimizer {
  checkOptions<AdamOptions>(className, options, { ...momentNames, amsgrad: 1 });
  const { amsgrad = false } = options;
  const { beta1, beta2, epsilon } = moments(className, options);
  checkBoolean(`${className}: amsgrad`, amsgrad);
  return optimizer(options, {
    className,
    name,
    config: { beta1, beta2, epsilon, amsgrad },
    slots: amsgrad ? [...momentSlots, { name: 'velocity_hat', initial: 0, group: 1 }] : momentSlots,
    numbers: (t, rate) => ({ alpha: (rate * Math.sqrt(1 - beta2 ** t)) / (1 - beta1 ** t) }),
    update(parameter, gradient, slots, { alpha }, { square }) {
      const momentum = towards(slots['momentum']!, gradient, beta1);
      const velocity = towards(slots['velocity']!, square(gradient), beta2);
      const largest = amsgrad ? maximum(slots['velocity_hat']!, velocity) : velocity;
      return {
        parameter: sub(parameter, div(mul(momentum, alpha!), add(sqrt(largest), epsilon))),
        slots: { momentum, velocity, ...(amsgrad && { velocity_hat: largest }) },
      };
    },
  });
}

/**
 * Keras's Adam: `w -= rate * sqrt(1 - beta2^t) / (1 - beta1^t) * m / (sqrt(v) + epsilon)`.
 * @throws PathgradError for options that there are not or that make no sense
 */
export function adam(options: AdamOptions = {}): Optimizer {
  return adamLike('Adam', 'adam', options);
}

/**
 * Adam whose weights decay (Loshchilov and Hutter 2019); `weightDecay` is 0.004 by default, as Keras's.
 * @throws PathgradError for options that there are not or that make no sense
 */
export function adamw(options: AdamOptions = {}): Optimizer {
  if (options?.weightDecay === null) throw failure('AdamW', 'weightDecay is a number', { got: null });
  return adamLike('AdamW', 'adam_w', { ...options, weightDecay: options?.weightDecay ?? 0.004 });
}
