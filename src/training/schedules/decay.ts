/** Schedules that fall by a formula of the step: exponential, inverse in time, polynomial, by steps. After Keras 3.15's. */
import { failure } from '../../tensor/errors.ts';
import { checkBoolean, checkList } from '../../tensor/options.ts';
import { checkNumber } from '../settings.ts';
import type { Schedule } from '../types.ts';
import { checkSchedule, rate, type ScheduleOptions, schedule, span } from './schedule.ts';

/** Rate at first, how many steps one decay takes, and what a decay multiplies with. */
export interface DecayOptions extends ScheduleOptions {
  readonly initialLearningRate: number;
  readonly decaySteps: number;
  readonly decayRate: number;
  /** The rate changes only every `decaySteps`; false by default. */
  readonly staircase?: boolean;
}

const decayNames = { initialLearningRate: 1, decaySteps: 1, decayRate: 1, staircase: 1, name: 1 } as const;

function decayed(className: string, options: DecayOptions, at: (part: number) => number): Schedule {
  const bounds = { initialLearningRate: rate, decaySteps: span, decayRate: { from: 0 } };
  checkSchedule<DecayOptions>(className, options, decayNames, bounds);
  const { initialLearningRate, decaySteps, decayRate, staircase = false, name = className } = options;
  checkBoolean(`${className}: staircase`, staircase);
  return schedule(className, { initialLearningRate, decaySteps, decayRate, staircase, name }, (step) =>
    at(staircase ? Math.floor(step / decaySteps) : step / decaySteps),
  );
}

/** `initialLearningRate * decayRate ** (step / decaySteps)`. */
export function exponentialDecay(options: DecayOptions): Schedule {
  return decayed('ExponentialDecay', options, (part) => options.initialLearningRate * options.decayRate ** part);
}

/** `initialLearningRate / (1 + decayRate * step / decaySteps)`. */
export function inverseTimeDecay(options: DecayOptions): Schedule {
  return decayed('InverseTimeDecay', options, (part) => options.initialLearningRate / (1 + options.decayRate * part));
}

/** From one rate to another in `decaySteps`, by a power of what is left. */
export interface PolynomialDecayOptions extends ScheduleOptions {
  readonly initialLearningRate: number;
  readonly decaySteps: number;
  /** 0.0001 by default. */
  readonly endLearningRate?: number;
  /** 1 by default: a straight line. */
  readonly power?: number;
  /** Past `decaySteps`, fall again from higher and higher multiples; false by default: the rate stays at the end. */
  readonly cycle?: boolean;
}

/** `(initial - end) * (1 - step / decaySteps) ** power + end`. */
export function polynomialDecay(options: PolynomialDecayOptions): Schedule {
  const subject = 'PolynomialDecay';
  const names = { initialLearningRate: 1, decaySteps: 1, endLearningRate: 1, power: 1, cycle: 1, name: 1 } as const;
  checkSchedule<PolynomialDecayOptions>(subject, options, names, { initialLearningRate: rate, decaySteps: span });
  const { initialLearningRate, decaySteps, endLearningRate = 1e-4, power = 1, cycle = false, name = subject } = options;
  checkNumber(subject, 'endLearningRate', endLearningRate, rate);
  checkNumber(subject, 'power', power, { above: 0 });
  checkBoolean(`${subject}: cycle`, cycle);
  const config = { initialLearningRate, decaySteps, endLearningRate, power, cycle, name };
  return schedule(subject, config, (step) => {
    const length = cycle ? decaySteps * (step === 0 ? 1 : Math.ceil(step / decaySteps)) : decaySteps;
    const part = cycle ? step / length : Math.min(step, length) / length;
    return (initialLearningRate - endLearningRate) * (1 - part) ** power + endLearningRate;
  });
}

/** `values[i]` up to and with step `boundaries[i]`, the last value after the last boundary. */
export interface PiecewiseConstantDecayOptions extends ScheduleOptions {
  /** Steps, rising. */
  readonly boundaries: readonly number[];
  /** One more than boundaries. */
  readonly values: readonly number[];
}

/** A rate for each range of steps. */
export function piecewiseConstantDecay(options: PiecewiseConstantDecayOptions): Schedule {
  const subject = 'PiecewiseConstantDecay';
  checkSchedule<PiecewiseConstantDecayOptions>(subject, options, { boundaries: 1, values: 1, name: 1 }, {});
  const { boundaries, values, name = 'PiecewiseConstant' } = options;
  checkList(`${subject}: boundaries`, boundaries, 'boundaries: [1000, 2000]');
  checkList(`${subject}: values`, values, 'values: [0.1, 0.01, 0.001]');
  if (boundaries.length === 0 || values.length !== boundaries.length + 1) {
    const given = { boundaries: boundaries.length, values: values.length };
    throw failure(subject, 'needs boundaries, and one value more than those', given);
  }
  boundaries.forEach((boundary, i) => {
    const above = i === 0 ? -1 : boundaries[i - 1]!;
    checkNumber(subject, `boundaries[${i}]`, boundary, { above, whole: true });
  });
  for (const [i, value] of values.entries()) checkNumber(subject, `values[${i}]`, value, rate);
  const config = { boundaries: [...boundaries], values: [...values], name };
  return schedule(subject, config, (step) => {
    const at = boundaries.findIndex((boundary) => step <= boundary);
    return values[at === -1 ? boundaries.length : at]!;
  });
}
