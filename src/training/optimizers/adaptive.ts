/**
 * A rate per weight from its squared gradients: RMSprop (Hinton 2012), Adagrad (Duchi et al. 2011), Adadelta (Zeiler 2012). In Keras 3
 * epsilon lies under the root; in tf.keras up to 2.10 (`semantics: 'legacy'`) behind it, for RMSprop without momentum and Adagrad.
 */
import { add, div, mul, neg, sub } from '../../ops/binary.ts';
import { sqrt, square as squared } from '../../ops/unary.ts';
import { checkBoolean, checkOptions } from '../../tensor/options.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { checkNumber } from '../settings.ts';
import type { Optimizer } from '../types.ts';
import { optimizer } from './optimizer.ts';
import { commonNames, type OptimizerOptions } from './options.ts';

/** `rmsprop`'s options. */
export interface RmspropOptions extends OptimizerOptions {
  /** Decay of the mean of squares; 0.9 by default. */
  readonly rho?: number;
  /** 0 by default: none. */
  readonly momentum?: number;
  /** 1e-7 by default. */
  readonly epsilon?: number;
  /** Divides by the variance of gradients in the place of their mean square; false by default. */
  readonly centered?: boolean;
}

/** `beta * slot + (1 - beta) * value`. */
const mixed = (slot: Tensor, value: Tensor, beta: number): Tensor => add(mul(slot, beta), mul(value, 1 - beta));

/**
 * Keras's RMSprop: `v = rho * v + (1 - rho) * g^2; w -= rate * g / sqrt(v + epsilon)`.
 * @throws PathgradError for options that there are not or that make no sense
 */
export function rmsprop(options: RmspropOptions = {}): Optimizer {
  const className = 'RMSprop';
  checkOptions<RmspropOptions>(className, options, { ...commonNames, rho: 1, momentum: 1, epsilon: 1, centered: 1 });
  const { rho = 0.9, momentum = 0, epsilon = 1e-7, centered = false, semantics } = options;
  checkNumber(className, 'rho', rho, { from: 0, below: 1 });
  checkNumber(className, 'momentum', momentum, { from: 0, to: 1 });
  checkNumber(className, 'epsilon', epsilon, { from: 0 });
  checkBoolean(`${className}: centered`, centered);
  const behind = semantics === 'legacy' && momentum === 0;
  return optimizer(options, {
    className,
    name: 'rm_sprop',
    config: { rho, momentum, epsilon, centered },
    slots: [
      { name: 'velocity', initial: 0, group: 0 },
      ...(momentum > 0 ? [{ name: 'momentum', initial: 0, group: 1 }] : []),
      ...(centered ? [{ name: 'average_gradient', initial: 0, group: momentum > 0 ? 2 : 1 }] : []),
    ],
    update(parameter, gradient, slots, { learningRate }, { square }) {
      const velocity = mixed(slots['velocity']!, square(gradient), rho);
      const average = centered ? mixed(slots['average_gradient']!, gradient, rho) : null;
      const spread = average ? sub(velocity, squared(average)) : velocity;
      const root = behind ? add(sqrt(spread), epsilon) : sqrt(add(spread, epsilon));
      const step = div(mul(gradient, learningRate!), root);
      const moved = momentum > 0 ? add(mul(slots['momentum']!, momentum), step) : null;
      return {
        parameter: sub(parameter, moved ?? step),
        slots: { velocity, ...(moved && { momentum: moved }), ...(average && { average_gradient: average }) },
      };
    },
  });
}

/** `adagrad`'s options. */
export interface AdagradOptions extends OptimizerOptions {
  /** What the sums of squares begin with; 0.1 by default. */
  readonly initialAccumulatorValue?: number;
  /** 1e-7 by default. */
  readonly epsilon?: number;
}

/**
 * Keras's Adagrad: `a += g^2; w -= rate * g / sqrt(a + epsilon)`.
 * @throws PathgradError for options that there are not or that make no sense
 */
export function adagrad(options: AdagradOptions = {}): Optimizer {
  const className = 'Adagrad';
  checkOptions<AdagradOptions>(className, options, { ...commonNames, initialAccumulatorValue: 1, epsilon: 1 });
  const { initialAccumulatorValue = 0.1, epsilon = 1e-7, semantics } = options;
  checkNumber(className, 'initialAccumulatorValue', initialAccumulatorValue, { from: 0 });
  checkNumber(className, 'epsilon', epsilon, { from: 0 });
  return optimizer(options, {
    className,
    name: 'adagrad',
    config: { initialAccumulatorValue, epsilon },
    slots: [{ name: 'accumulator', initial: initialAccumulatorValue, group: 0 }],
    update(parameter, gradient, slots, { learningRate }, { square }) {
      const accumulator = add(slots['accumulator']!, square(gradient));
      const root = semantics === 'legacy' ? add(sqrt(accumulator), epsilon) : sqrt(add(accumulator, epsilon));
      return { parameter: sub(parameter, div(mul(gradient, learningRate!), root)), slots: { accumulator } };
    },
  });
}

/** `adadelta`'s options. */
export interface AdadeltaOptions extends OptimizerOptions {
  /** Decay of both means; 0.95 by default. */
  readonly rho?: number;
  /** 1e-7 by default. */
  readonly epsilon?: number;
}

/**
 * Keras's Adadelta: steps as long as past steps were, against past gradients; `learningRate` is 0.001 by default (1 in the paper).
 * @throws PathgradError for options that there are not or that make no sense
 */
export function adadelta(options: AdadeltaOptions = {}): Optimizer {
  const className = 'Adadelta';
  checkOptions<AdadeltaOptions>(className, options, { ...commonNames, rho: 1, epsilon: 1 });
  const { rho = 0.95, epsilon = 1e-7 } = options;
  checkNumber(className, 'rho', rho, { from: 0, below: 1 });
  checkNumber(className, 'epsilon', epsilon, { above: 0 });
  const rms = (x: Tensor): Tensor => sqrt(add(x, epsilon));
  return optimizer(options, {
    className,
    name: 'adadelta',
    config: { rho, epsilon },
    slots: [
      { name: 'accumulated_grad', initial: 0, group: 0 },
      { name: 'accumulated_delta_var', initial: 0, group: 0 },
    ],
    update(parameter, gradient, slots, { learningRate }, { square }) {
      const past = slots['accumulated_delta_var']!;
      const accumulatedGrad = mixed(slots['accumulated_grad']!, square(gradient), rho);
      const delta = neg(div(mul(rms(past), gradient), rms(accumulatedGrad)));
      // The square of delta, from that of the gradient, which is not always one of a sum.
      const squaredDelta = mul(div(add(past, epsilon), add(accumulatedGrad, epsilon)), square(gradient));
      return {
        parameter: add(parameter, mul(delta, learningRate!)),
        slots: { accumulated_grad: accumulatedGrad, accumulated_delta_var: mixed(past, squaredDelta, rho) },
      };
    },
  });
}
