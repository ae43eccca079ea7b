/** Steps of one size in the direction of the sign: Lion (Chen et al., "Symbolic discovery of optimization algorithms", 2023). After Keras 3.15. */
import { add, mul, sub } from '../../ops/binary.ts';
import { sign } from '../../ops/unary.ts';
import { checkOptions } from '../../tensor/options.ts';
import { checkNumber } from '../settings.ts';
import type { Optimizer } from '../types.ts';
import { optimizer } from './optimizer.ts';
import { commonNames, type OptimizerOptions } from './options.ts';

/** `lion`'s options. */
export interface LionOptions extends OptimizerOptions {
  /** The weight of the momentum in a step; 0.9 by default. */
  readonly beta1?: number;
  /** Decay of the momentum; 0.99 by default. */
  readonly beta2?: number;
}

/**
 * Keras's Lion: `w -= rate * sign(beta1 * m + (1 - beta1) * g); m = beta2 * m + (1 - beta2) * g`.
 * @throws PathgradError for options that there are not or that make no sense
 */
export function lion(options: LionOptions = {}): Optimizer {
  const className = 'Lion';
  checkOptions<LionOptions>(className, options, { ...commonNames, beta1: 1, beta2: 1 });
  const { beta1 = 0.9, beta2 = 0.99 } = options;
  checkNumber(className, 'beta1', beta1, { above: 0, to: 1 });
  checkNumber(className, 'beta2', beta2, { from: 0, to: 1 });
  return optimizer(options, {
    className,
    name: 'lion',
    config: { beta1, beta2 },
    slots: [{ name: 'momentum', initial: 0, group: 0 }],
    update(parameter, gradient, slots, { learningRate }) {
      const past = slots['momentum']!;
      const direction = sign(add(mul(past, beta1), mul(gradient, 1 - beta1)));
      const momentum = add(mul(past, beta2), mul(gradient, 1 - beta2));
      return { parameter: sub(parameter, mul(direction, learningRate!)), slots: { momentum } };
    },
  });
}
