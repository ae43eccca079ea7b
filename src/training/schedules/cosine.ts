/** Half a cosine from the first rate down (Loshchilov and Hutter, "SGDR", 2017), once or with restarts. After Keras 3.15's. */
import { checkNumber } from '../settings.ts';
import type { Schedule } from '../types.ts';
import { checkSchedule, rate, type ScheduleOptions, schedule, span } from './schedule.ts';

/** A half cosine, after a rise in a straight line where `warmupTarget` is given. */
export interface CosineDecayOptions extends ScheduleOptions {
  /** Where the decay begins, or the warm-up where there is one. */
  readonly initialLearningRate: number;
  /** Steps of the decay, after the warm-up. */
  readonly decaySteps: number;
  /** The share of the rate that is left in the end; 0 by default. */
  readonly alpha?: number;
  /** The rate that the warm-up ends at and the decay begins at; no warm-up without it. */
  readonly warmupTarget?: number | null;
  readonly warmupSteps?: number;
}

const fraction = { from: 0, to: 1 } as const;

/** `rate * ((1 - alpha) * (1 + cos(pi * step / decaySteps)) / 2 + alpha)`. */
export function cosineDecay(options: CosineDecayOptions): Schedule {
  const subject = 'CosineDecay';
  const names = { initialLearningRate: 1, decaySteps: 1, alpha: 1, warmupTarget: 1, warmupSteps: 1, name: 1 } as const;
  checkSchedule<CosineDecayOptions>(subject, options, names, { initialLearningRate: rate, decaySteps: span });
  const { initialLearningRate, decaySteps, alpha = 0, warmupTarget = null, warmupSteps = 0, name = subject } = options;
  checkNumber(subject, 'alpha', alpha, fraction);
  if (warmupTarget !== null) checkNumber(subject, 'warmupTarget', warmupTarget, rate);
  checkNumber(subject, 'warmupSteps', warmupSteps, { from: 0 });
  const decay = (step: number, from: number): number =>
    from * ((1 - alpha) * 0.5 * (1 + Math.cos((Math.PI * step) / decaySteps)) + alpha);
  const config = { initialLearningRate, decaySteps, alpha, name, warmupTarget, warmupSteps };
  return schedule(subject, config, (step) => {
    if (warmupTarget === null) return decay(Math.min(step, decaySteps), initialLearningRate);
    if (step < warmupSteps) return (warmupTarget - initialLearningRate) * (step / warmupSteps) + initialLearningRate;
    return decay(Math.min(step - warmupSteps, decaySteps), warmupTarget);
  });
}

/** Half cosines, each `tMul` times as long as the one before and from `mMul` times as high. */
export interface CosineDecayRestartsOptions extends ScheduleOptions {
  readonly initialLearningRate: number;
  readonly firstDecaySteps: number;
  /** 2 by default. */
  readonly tMul?: number;
  /** 1 by default. */
  readonly mMul?: number;
  /** The share of the rate that is left at the end of each; 0 by default. */
  readonly alpha?: number;
}

/** `cosineDecay` again and again. */
export function cosineDecayRestarts(options: CosineDecayRestartsOptions): Schedule {
  const subject = 'CosineDecayRestarts';
  const names = { initialLearningRate: 1, firstDecaySteps: 1, tMul: 1, mMul: 1, alpha: 1, name: 1 } as const;
  checkSchedule<CosineDecayRestartsOptions>(subject, options, names, {
    initialLearningRate: rate,
    firstDecaySteps: span,
  });
  const { initialLearningRate, firstDecaySteps, tMul = 2, mMul = 1, alpha = 0, name = 'SGDRDecay' } = options;
  // Shorter and shorter halves would be done before the training is.
  checkNumber(subject, 'tMul', tMul, { from: 1 });
  checkNumber(subject, 'mMul', mMul, { above: 0 });
  checkNumber(subject, 'alpha', alpha, fraction);
  const config = { initialLearningRate, firstDecaySteps, tMul, mMul, alpha, name };
  return schedule(subject, config, (step) => {
    const whole = step / firstDecaySteps;
    const restart = tMul === 1 ? Math.floor(whole) : Math.floor(Math.log(1 - whole * (1 - tMul)) / Math.log(tMul));
    const part = tMul === 1 ? whole - restart : (whole - (1 - tMul ** restart) / (1 - tMul)) / tMul ** restart;
    const cosine = 0.5 * mMul ** restart * (1 + Math.cos(Math.PI * part));
    return initialLearningRate * ((1 - alpha) * cosine + alpha);
  });
}
