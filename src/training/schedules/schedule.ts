/**
 * What a learning-rate schedule is made from. A schedule is a number per step, computed in double on the host; Keras computes the same
 * formula in the dtype of the first rate (float32), which differs by rounding only. Source: Keras 3.15, `LearningRateSchedule`.
 */
import { failure } from '../../tensor/errors.ts';
import { checkOptions, type OptionNames } from '../../tensor/options.ts';
import { type Bounds, type Config, checkNumber, configOf } from '../settings.ts';
import type { ConfigValue, Schedule } from '../types.ts';

/** What every schedule takes: a name for its config. */
export interface ScheduleOptions {
  readonly name?: string;
}

/** @throws PathgradError for unknown options and numbers out of their bounds, of an object that need not be one */
export function checkSchedule<T extends object>(
  subject: string,
  options: T,
  names: OptionNames<T>,
  bounds: Partial<Record<keyof T, Bounds>>,
): void {
  if (options === undefined) throw failure(subject, 'options are needed', {}, Object.keys(names).join(', '));
  checkOptions<T>(subject, options, names);
  for (const [name, bound] of Object.entries(bounds) as [keyof T & string, Bounds][]) {
    checkNumber(subject, name, options[name], bound);
  }
}

/** A schedule of Keras's class `name` whose config is `options` by Keras's names. */
export function schedule(
  name: string,
  options: Readonly<Record<string, ConfigValue>>,
  at: (step: number) => number,
): Schedule {
  const config: Config = configOf(options);
  return {
    name,
    config,
    at(step) {
      checkNumber(name, 'the step', step, { from: 0, whole: true });
      return at(step);
    },
  };
}

/** Rates: not negative. */
export const rate: Bounds = { from: 0 };
/** Steps that something lasts: above 0. */
export const span: Bounds = { above: 0 };

/** Whether it is a schedule: texts and lists have an `at` as well. */
export function isSchedule(value: unknown): value is Schedule {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || ArrayBuffer.isView(value)) return false;
  return typeof (value as Schedule).at === 'function';
}
