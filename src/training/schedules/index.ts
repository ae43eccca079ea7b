/** Learning-rate schedules. */
export {
  type CosineDecayOptions,
  type CosineDecayRestartsOptions,
  cosineDecay,
  cosineDecayRestarts,
} from './cosine.ts';
export {
  type DecayOptions,
  exponentialDecay,
  inverseTimeDecay,
  type PiecewiseConstantDecayOptions,
  type PolynomialDecayOptions,
  piecewiseConstantDecay,
  polynomialDecay,
} from './decay.ts';
export { scheduleOf } from './of.ts';
export type { ScheduleOptions } from './schedule.ts';
export { type LinearWarmupOptions, linearWarmup, type WarmUpOptions, warmUp } from './warm-up.ts';
