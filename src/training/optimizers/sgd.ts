/** Gradient descent, with momentum or Nesterov's (Sutskever et al., "On the importance of initialization and momentum", 2013). */
import { add, mul, sub } from '../../ops/binary.ts';
import { checkBoolean, checkOptions } from '../../tensor/options.ts';
import { checkNumber } from '../settings.ts';
import type { Optimizer } from '../types.ts';
import { optimizer } from './optimizer.ts';
import { commonNames, type OptimizerOptions } from './options.ts';

/** `sgd`'s options. */
export interface SgdOptions extends OptimizerOptions {
  /** 0 by default: none. */
  readonly momentum?: number;
  /** Looks ahead along the momentum; false by default. */
  readonly nesterov?: boolean;
}

/**
 * Keras's SGD: `m = momentum * m - rate * g; w += m`, with Nesterov `w += momentum * m - rate * g`.
 * @throws PathgradError for options that there are not or that make no sense
 */
export function sgd(options: SgdOptions = {}): Optimizer {
  const className = 'SGD';
  checkOptions<SgdOptions>(className, options, { ...commonNames, momentum: 1, nesterov: 1 });
  const { momentum = 0, nesterov = false } = options;
  checkNumber(className, 'momentum', momentum, { from: 0, to: 1 });
  checkBoolean(`${className}: nesterov`, nesterov);
  return optimizer(options, {
    className,
    name: 'sgd',
    learningRate: 0.01,
    config: { momentum, nesterov },
    slots: momentum === 0 ? [] : [{ name: 'momentum', initial: 0, group: 0 }],
    update(parameter, gradient, slots, { learningRate }) {
      const step = mul(gradient, learningRate!);
      if (momentum === 0) return { parameter: sub(parameter, step), slots: {} };
      const moved = sub(mul(slots['momentum']!, momentum), step);
      const ahead = nesterov ? sub(mul(moved, momentum), step) : moved;
      return { parameter: add(parameter, ahead), slots: { momentum: moved } };
    },
  });
}
