/**
 * What adaptive quadrature decides with and what it checks: its options, the intervals, and which of them to halve next. The
 * error of an interval is in score units, summed over features, so that errors of opposite sign cannot hide each other.
 */

import { failure } from '../tensor/errors.ts';
import { largest } from '../tensor/largest.ts';
import { KRONROD_POINTS } from './gauss-kronrod.ts';

/** What adaptive refinement is told of the path: its displacement, the change that attributions must add up to, and when to stop. */
export type AdaptiveOptions = {
  /** x - b, flattened (all inputs one after the other). */
  readonly displacement: ArrayLike<number>;
  /** f(x) - f(b), what the attributions have to add up to. */
  readonly scoreChange: number;
  /** Tolerance relative to |f(x) - f(b)| (completeness) and to the sum of |attributions| (estimate). Default 0.05. */
  readonly relTol?: number | undefined;
  /** Tolerance in score units, which counts where f(x) - f(b) is almost 0. Default 1e-6. */
  readonly absTol?: number | undefined;
  /** Most gradients that may be asked for, at least 15. Default 1000. */
  readonly maxSteps?: number | undefined;
  /** Most interval vectors kept for later halving. Default 8. */
  readonly maxHeld?: number | undefined;
};

/** The options with their defaults filled in. */
export type AdaptiveSettings = { readonly [K in keyof AdaptiveOptions]-?: Exclude<AdaptiveOptions[K], undefined> };

/** An interval that is part of the current sum. `vector` is its share of the integral while it is held. */
export type Interval = { readonly lo: number; readonly hi: number; error: number; vector: Float64Array | undefined };

/** Below this width the fifteen points of an interval no longer differ by much more than rounding. */
export const NARROWEST = 2 ** -40;

/** Errors below this share of the sum of |attributions| are rounding; halving does not lower them. */
export const ROUNDING = 1e-15;

/** The intervals of largest error, until `excess` of the estimate is covered or errors sink to `floor`. They come sorted. */
export function worst(intervals: readonly Interval[], excess: number, floor: number): Interval[] {
  const chosen: Interval[] = [];
  let covered = 0;
  for (const interval of intervals) {
    if (covered >= excess || interval.error <= floor) break;
    chosen.push(interval);
    covered += interval.error;
  }
  return chosen;
}

/** Every estimate is small but completeness fails: something lies between the points, so look where they are farthest apart. */
export function widest(intervals: readonly Interval[]): Interval[] {
  const width = largest(intervals.map(({ lo, hi }) => hi - lo));
  return intervals.filter(({ lo, hi }) => hi - lo === width);
}

export function addTo(into: Float64Array, values: Float64Array): void {
  for (let i = 0; i < into.length; i++) into[i] = into[i]! + values[i]!;
}

export function absoluteSum(displacement: ArrayLike<number>, values: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) if (displacement[i] !== 0) sum += Math.abs(displacement[i]! * values[i]!);
  return sum;
}

/** Fills in the defaults. @throws PathgradError naming the option that makes no sense */
export function adaptiveSettings(options: AdaptiveOptions): AdaptiveSettings {
  const { displacement, scoreChange, relTol = 0.05, absTol = 1e-6, maxSteps = 1000, maxHeld = 8 } = options;
  if (!Number.isFinite(scoreChange)) {
    throw failure('scoreChange', 'the scores of input and baseline must be finite', { got: scoreChange });
  }
  for (const [name, value] of Object.entries({ relTol, absTol })) {
    if (!(value > 0 && Number.isFinite(value))) throw failure(name, 'must be a positive number', { got: value });
  }
  if (!Number.isInteger(maxSteps) || maxSteps < KRONROD_POINTS) {
    const problem = `must be a whole number, at least ${KRONROD_POINTS} (one round of Gauss-Kronrod)`;
    throw failure('maxSteps', problem, { got: maxSteps }, 'try 1000');
  }
  if (!Number.isInteger(maxHeld) || maxHeld < 1) {
    throw failure('maxHeld', 'must be a whole number, at least 1', { got: maxHeld });
  }
  return { displacement, scoreChange, relTol, absTol, maxSteps, maxHeld };
}
