/** Optimizers with Adam's moments: Adamax (Kingma and Ba 2015, section 7.1), Nadam (Dozat 2016), Lamb (You et al. 2020). After Keras 3.15. */
import { add, div, greater, maximum, mul, sub, where } from '../../ops/binary.ts';
import { sum } from '../../ops/reduce.ts';
import { sqrt, square as squared } from '../../ops/unary.ts';
import { checkOptions } from '../../tensor/options.ts';
import { checkNumber } from '../settings.ts';
import type { Optimizer } from '../types.ts';
import { type MomentOptions, momentNames, momentSlots, moments, towards } from './adam.ts';
import { optimizer } from './optimizer.ts';

/**
 * Adam with the largest gradient, decayed, in the place of the root of squares.
 * @throws PathgradError for options that there are not or that make no sense
 */
export function adamax(options: MomentOptions = {}): Optimizer {
  const className = 'Adamax';
  checkOptions<MomentOptions>(className, options, momentNames);
  const { beta1, beta2, epsilon } = moments(className, options);
  return optimizer(options, {
    className,
    name: 'adamax',
    config: { beta1, beta2, epsilon },
    slots: [
      { name: 'momentum', initial: 0, group: 0 },
      { name: 'norm', initial: 0, group: 0 },
    ],
    numbers: (t, rate) => ({ alpha: rate / (1 - beta1 ** t) }),
    update(parameter, gradient, slots, { alpha }, { abs }) {
      const momentum = towards(slots['momentum']!, gradient, beta1);
      const norm = maximum(mul(slots['norm']!, beta2), abs(gradient));
      return {
        parameter: sub(parameter, div(mul(momentum, alpha!), add(norm, epsilon))),
        slots: { momentum, norm },
      };
    },
  });
}

/** `nadam`'s options. */
export interface NadamOptions extends MomentOptions {
  /** How fast the weight of the momentum rises; 1 by default. tf.keras up to 2.10 has 0.004, and saves it as `decay`. */
  readonly scheduleDecay?: number;
}

/**
 * Adam with Nesterov's momentum, whose weight rises over the steps: `u_t = beta1 * (1 - 0.5 * 0.96^t)`.
 * @throws PathgradError for options that there are not or that make no sense
 */
export function nadam(options: NadamOptions = {}): Optimizer {
  const className = 'Nadam';
  checkOptions<NadamOptions>(className, options, { ...momentNames, scheduleDecay: 1 });
  const { beta1, beta2, epsilon } = moments(className, options);
  const { scheduleDecay = 1 } = options;
  checkNumber(className, 'scheduleDecay', scheduleDecay, { from: 0 });
  const weight = (t: number): number => beta1 * (1 - 0.5 * 0.96 ** (scheduleDecay * t));
  // Products of the weights so far; a run asks for one more each step.
  const products = [1];
  const product = (t: number): number => {
    // Beyond, it is 0: 0.999^740000 is the last number above it.
    const last = Math.min(t, 2 ** 20);
    while (products.length <= last) products.push(products[products.length - 1]! * weight(products.length));
    return products[last]!;
  };
  return optimizer(options, {
    className,
    name: 'nadam',
    config: { beta1, beta2, epsilon },
    slots: momentSlots,
    variables: (updates) => [{ name: 'u_product', value: product(updates) }],
    numbers: (t, rate) => ({
      ofMomentum: (rate * weight(t + 1)) / (1 - product(t) * weight(t + 1)),
      ofGradient: (rate * (1 - weight(t))) / (1 - product(t)),
      ofVelocity: 1 / (1 - beta2 ** t),
    }),
    update(parameter, gradient, slots, { ofMomentum, ofGradient, ofVelocity }, { square }) {
      const momentum = towards(slots['momentum']!, gradient, beta1);
      const velocity = towards(slots['velocity']!, square(gradient), beta2);
      const ahead = add(mul(momentum, ofMomentum!), mul(gradient, ofGradient!));
      return {
        parameter: sub(parameter, div(ahead, add(sqrt(mul(velocity, ofVelocity!)), epsilon))),
        slots: { momentum, velocity },
      };
    },
  });
}

/**
 * Adam's update, made as long for each weight tensor as the tensor is, times the rate: for large batches.
 * @throws PathgradError for options that there are not or that make no sense
 */
export function lamb(options: MomentOptions = {}): Optimizer {
  const className = 'Lamb';
  checkOptions<MomentOptions>(className, options, momentNames);
  const { beta1, beta2, epsilon } = moments(className, options);
  return optimizer(options, {
    className,
    name: 'lamb',
    config: { beta1, beta2, epsilon },
    slots: momentSlots,
    numbers: (t) => ({ ofMomentum: 1 / (1 - beta1 ** t), ofVelocity: 1 / (1 - beta2 ** t) }),
    update(parameter, gradient, slots, { learningRate, ofMomentum, ofVelocity }, { square }) {
      const momentum = towards(slots['momentum']!, gradient, beta1);
      const velocity = towards(slots['velocity']!, square(gradient), beta2);
      const step = div(mul(momentum, ofMomentum!), add(sqrt(mul(velocity, ofVelocity!)), epsilon));
      const [weights, steps] = [sqrt(sum(squared(parameter))), sqrt(sum(squared(step)))];
      const safe = where(greater(steps, 0), steps, 1);
      const ratio = where(greater(weights, 0), where(greater(steps, 0), div(weights, safe), 1), 1);
      return { parameter: sub(parameter, mul(step, mul(ratio, learningRate!))), slots: { momentum, velocity } };
    },
  });
}
