/** Follow the regularized leader (McMahan et al., "Ad click prediction", 2013), with Keras 3.15's shrinkage and `beta`. */
import { add, div, mul, pow, sub } from '../../ops/binary.ts';
import { clip } from '../../ops/unary.ts';
import { checkOptions } from '../../tensor/options.ts';
import { checkNumber } from '../settings.ts';
import type { Optimizer } from '../types.ts';
import { optimizer } from './optimizer.ts';
import { commonNames, type OptimizerOptions } from './options.ts';

/** `ftrl`'s options, 0 by default but for the first two. */
export interface FtrlOptions extends OptimizerOptions {
  /** -0.5 by default. */
  readonly learningRatePower?: number;
  /** What the sums of squares begin with; 0.1 by default. */
  readonly initialAccumulatorValue?: number;
  readonly l1RegularizationStrength?: number;
  readonly l2RegularizationStrength?: number;
  /** An L2 penalty on the gradient, not on the weights. */
  readonly l2ShrinkageRegularizationStrength?: number;
  readonly beta?: number;
}

/**
 * Keras's Ftrl.
 * @throws PathgradError for options that there are not or that make no sense
 */
export function ftrl(options: FtrlOptions = {}): Optimizer {
  const className = 'Ftrl';
  checkOptions<FtrlOptions>(className, options, {
    ...commonNames,
    learningRatePower: 1,
    initialAccumulatorValue: 1,
    l1RegularizationStrength: 1,
    l2RegularizationStrength: 1,
    l2ShrinkageRegularizationStrength: 1,
    beta: 1,
  });
  const { learningRatePower = -0.5, initialAccumulatorValue = 0.1, beta = 0 } = options;
  const { l1RegularizationStrength: l1 = 0, l2RegularizationStrength: l2 = 0 } = options;
  const { l2ShrinkageRegularizationStrength: shrinkage = 0 } = options;
  checkNumber(className, 'learningRatePower', learningRatePower, { to: 0 });
  checkNumber(className, 'initialAccumulatorValue', initialAccumulatorValue, { from: 0 });
  for (const [name, value] of Object.entries({ l1, l2, shrinkage, beta })) {
    checkNumber(className, `${name} of the regularization`, value, { from: 0 });
  }
  return optimizer(options, {
    className,
    name: 'ftrl',
    config: {
      learningRatePower,
      initialAccumulatorValue,
      l1RegularizationStrength: l1,
      l2RegularizationStrength: l2,
      l2ShrinkageRegularizationStrength: shrinkage,
      beta,
    },
    slots: [
      { name: 'accumulator', initial: initialAccumulatorValue, group: 0 },
      { name: 'linear', initial: 0, group: 0 },
    ],
    numbers: (_, rate) => ({ inverse: 1 / rate, penalty: 2 * (l2 + beta / (2 * rate)) }),
    update(parameter, gradient, slots, { inverse, penalty }, { square }) {
      const past = slots['accumulator']!;
      const shrunk = shrinkage === 0 ? gradient : add(gradient, mul(parameter, 2 * shrinkage));
      const accumulator = add(past, square(gradient));
      const grown = pow(accumulator, -learningRatePower);
      const sigma = mul(sub(grown, pow(past, -learningRatePower)), inverse!);
      const linear = add(slots['linear']!, sub(shrunk, mul(sigma, parameter)));
      const quadratic = add(mul(grown, inverse!), penalty!);
      return { parameter: div(sub(clip(linear, -l1, l1), linear), quadratic), slots: { accumulator, linear } };
    },
  });
}
