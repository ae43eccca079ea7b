/** Losses of how far two masks overlap: Dice (Milletari et al. 2016) and Tversky (Salehi et al. 2017). After Keras 3.15. */
import { add, div, mul, sub } from '../../ops/binary.ts';
import { sum } from '../../ops/reduce.ts';
import { checkOptions } from '../../tensor/options.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { checkNumber } from '../settings.ts';
import type { ConfigValue, Loss } from '../types.ts';
import { epsilon, type LossOptions, loss, lossNames } from './loss.ts';

/** `dice`'s options. */
export interface DiceOptions extends LossOptions {
  /** The axes that an overlap is counted over; all by default, the batch's among them, which makes one number of a batch. */
  readonly axis?: number | readonly number[] | null;
}

/** `sum` over the axes, and how the config has them. */
function over(className: string, axis: DiceOptions['axis']): { total(x: Tensor): Tensor; config: ConfigValue } {
  const axes = axis === null || axis === undefined ? null : typeof axis === 'number' ? [axis] : axis;
  for (const one of axes ?? []) checkNumber(className, 'axis', one, { whole: true });
  const config = axis === undefined || axis === null || typeof axis === 'number' ? (axis ?? null) : [...axis];
  return { total: (x) => sum(x, axes === null ? {} : { axes }), config };
}

/** `1 - 2 |y p| / (|y| + |p|)`. */
export function dice(options: DiceOptions = {}): Loss {
  const className = 'Dice';
  checkOptions<DiceOptions>(className, options, { ...lossNames, axis: 1 });
  const { total, config } = over(className, options.axis);
  return loss(options, {
    className,
    config: { axis: config },
    compute(truth, predicted) {
      const both = mul(total(mul(truth, predicted)), 2);
      return sub(1, div(both, add(add(total(truth), total(predicted)), epsilon)));
    },
  });
}

/** `tversky`'s options. */
export interface TverskyOptions extends DiceOptions {
  /** The weight of what is there and not predicted; 0.5 by default. */
  readonly alpha?: number;
  /** The weight of what is predicted and not there; 0.5 by default. */
  readonly beta?: number;
}

/** `1 - |y p| / (|y p| + alpha |y (1 - p)| + beta |(1 - y) p|)`. */
export function tversky(options: TverskyOptions = {}): Loss {
  const className = 'Tversky';
  checkOptions<TverskyOptions>(className, options, { ...lossNames, axis: 1, alpha: 1, beta: 1 });
  const { alpha = 0.5, beta = 0.5 } = options;
  checkNumber(className, 'alpha', alpha, { from: 0 });
  checkNumber(className, 'beta', beta, { from: 0 });
  const { total, config } = over(className, options.axis);
  return loss(options, {
    className,
    config: { alpha, beta, axis: config },
    compute(truth, predicted) {
      const both = total(mul(truth, predicted));
      const missed = mul(total(mul(sub(1, predicted), truth)), alpha);
      const wrong = mul(total(mul(predicted, sub(1, truth))), beta);
      return sub(1, div(both, add(add(add(both, missed), wrong), epsilon)));
    },
  });
}
