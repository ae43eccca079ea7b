/** Schedules by Keras's names and saved configs. */
import { failure } from '../../tensor/errors.ts';
import { type Identifier, identified, known, optionsOf } from '../settings.ts';
import type { Schedule } from '../types.ts';
import { cosineDecay, cosineDecayRestarts } from './cosine.ts';
import { exponentialDecay, inverseTimeDecay, piecewiseConstantDecay, polynomialDecay } from './decay.ts';
import { isSchedule } from './schedule.ts';
import { warmUp } from './warm-up.ts';

const byClass: Readonly<Record<string, (options: never) => Schedule>> = {
  ExponentialDecay: exponentialDecay,
  InverseTimeDecay: inverseTimeDecay,
  PolynomialDecay: polynomialDecay,
  PiecewiseConstantDecay: piecewiseConstantDecay,
  CosineDecay: cosineDecay,
  CosineDecayRestarts: cosineDecayRestarts,
  WarmUp: warmUp,
};

/**
 * The schedule of a config that Keras saved.
 * @param identifier `{ class_name, config }`; a schedule is given back as it is
 * @throws PathgradError for a class that there is not, and options that make no sense
 */
export function scheduleOf(identifier: Schedule | Exclude<Identifier, string>): Schedule {
  return read(identifier, 0);
}

function read(identifier: Schedule | Exclude<Identifier, string>, depth: number): Schedule {
  if (isSchedule(identifier)) return identifier;
  const { name, config } = identified('schedule', identifier);
  if (config === undefined) throw failure('schedule', 'is a class with its config', { got: name });
  const make = known('schedule', name, byClass);
  const { decayScheduleFn, ...options } = optionsOf(config);
  if (make !== (warmUp as unknown)) return make(optionsOf(config) as never);
  // A file may nest them without end.
  if (depth > 8) throw failure('schedule', 'WarmUp in WarmUp, more than eight deep');
  return make({ ...options, decay: read(decayScheduleFn as Exclude<Identifier, string>, depth + 1) } as never);
}
