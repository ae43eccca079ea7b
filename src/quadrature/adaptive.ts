/**
 * Adaptive quadrature of one sample's path gradient: intervals of [0, 1] are halved where Gauss and Kronrod disagree, until both that
 * estimate and completeness (the attributions add up to f(x) - f(b)) are within tolerance. Either alone can be fooled: the estimate by a
 * spike between the points, completeness by errors that cancel. It evaluates no gradient itself: the caller asks `next` for path
 * positions and `report`s a gradient for each, so that many samples can share one batch.
 *
 * Memory: a halved interval's share must leave the sum, so its vector has to be known. Only the `maxHeld` intervals with the largest
 * error keep theirs; the others are added to one settled sum. A settled interval that must be halved after all is evaluated once more
 * with a minus sign. So a path holds maxHeld + 2 vectors, plus two per interval in flight, whatever the number of steps.
 */

import { failure } from '../tensor/errors.ts';
import {
  type AdaptiveOptions,
  type AdaptiveSettings,
  absoluteSum,
  adaptiveSettings,
  addTo,
  type Interval,
  NARROWEST,
  ROUNDING,
  widest,
  worst,
} from './adaptive-intervals.ts';
import { gaussWeights, KRONROD_POINTS, kronrodNodes, kronrodWeights } from './gauss-kronrod.ts';

/** What an adaptive path came to: its integral, and how far off it may be. */
export type AdaptiveResult = {
  /** Integral of the gradient over the path, one number per feature; attribution = displacement * meanGradient. */
  readonly meanGradient: Float64Array;
  /** Gradients evaluated. */
  readonly steps: number;
  /** Sum of attributions - (f(x) - f(b)). */
  readonly delta: number;
  /** Estimated error, summed over the features' absolute errors, in score units. */
  readonly estimate: number;
  readonly converged: boolean;
  /** `tolerance` when converged; else what stopped it: the budget, or intervals too short for floating point. */
  readonly reason: 'tolerance' | 'maxSteps' | 'precision';
};

/** One pass over the fifteen points of an interval: into it, or out of the settled sum again. */
type Pass = { readonly interval: Interval; readonly remove: boolean; readonly difference: Float64Array | undefined };

/**
 * The adaptive quadrature of one sample's path, as a conversation: it says where gradients are wanted, takes them, and says when it
 * has enough.
 */
export class AdaptivePath {
  readonly #options: AdaptiveSettings;
  readonly #settled: Float64Array;
  #intervals: Interval[] = [];
  #passes: Pass[] = [];
  #reported: Uint8Array = new Uint8Array(0);
  #steps = 0;
  #result: AdaptiveResult | undefined;

  /** @throws PathgradError when a tolerance is not positive, the budget is below 15, or scoreChange is not finite */
  constructor(options: AdaptiveOptions) {
    this.#options = adaptiveSettings(options);
    this.#settled = new Float64Array(this.#options.displacement.length);
  }

  /**
   * Positions in [0, 1] whose gradients are wanted now, or undefined when the path is finished and `result` is there.
   * A round is at least 15 and at most 45 * maxHeld positions.
   * @throws PathgradError when a gradient of the round before is missing
   */
  next(): Float64Array | undefined {
    if (this.#result !== undefined) return undefined;
    if (this.#steps === 0) this.#start([{ lo: 0, hi: 1, error: 0, vector: undefined }], []);
    else {
      this.#closeRound();
      this.#plan();
      if (this.#result !== undefined) return undefined;
    }
    const alphas = new Float64Array(this.#passes.length * KRONROD_POINTS);
    this.#passes.forEach(({ interval: { lo, hi } }, p) => {
      kronrodNodes.forEach((t, k) => {
        alphas[p * KRONROD_POINTS + k] = lo + (hi - lo) * t;
      });
    });
    this.#reported = new Uint8Array(alphas.length);
    this.#steps += alphas.length;
    return alphas;
  }

  /**
   * Gradient of the score at position `index` of the round. It is read at once and not kept.
   * @param offset where this piece starts among all features; with several inputs, report one piece per input. The piece that ends
   *   at the last feature completes the position.
   * @throws PathgradError when the position is not part of the round, was completed before, or a value is not finite
   */
  report(index: number, gradient: ArrayLike<number>, offset = 0): void {
    const pass = this.#passes[Math.floor(index / KRONROD_POINTS)];
    const size = this.#options.displacement.length;
    if (pass === undefined || this.#reported[index] !== 0) {
      throw failure('adaptive path', 'gradient for a position that was not asked for', { index });
    }
    if (offset + gradient.length > size) {
      throw failure('adaptive path', 'gradient is longer than the displacement', {
        gradient: gradient.length,
        offset,
        displacement: size,
      });
    }
    const { interval, remove, difference } = pass;
    const k = index % KRONROD_POINTS;
    const width = interval.hi - interval.lo;
    const kronrod = width * kronrodWeights[k]!;
    const excess = kronrod - width * gaussWeights[k]!;
    const into = remove ? this.#settled : interval.vector!;
    const factor = remove ? -kronrod : kronrod;
    for (let i = 0; i < gradient.length; i++) {
      const g = gradient[i]!;
      // Along a feature that does not move any gradient counts as nothing.
      if (!Number.isFinite(g) && this.#options.displacement[offset + i] !== 0) {
        const alpha = interval.lo + width * kronrodNodes[k]!;
        throw failure('adaptive path', 'gradient is not finite', { alpha, feature: offset + i, value: g });
      }
      into[offset + i] = into[offset + i]! + factor * g;
      if (difference !== undefined) difference[offset + i] = difference[offset + i]! + excess * g;
    }
    if (offset + gradient.length === size) this.#reported[index] = 1;
  }

  /** What the path came to. @throws PathgradError before `next` has returned undefined */
  get result(): AdaptiveResult {
    if (this.#result === undefined)
      throw failure('adaptive path', 'is not finished', {}, 'call next() until it is undefined');
    return this.#result;
  }

  #start(added: readonly Interval[], removed: readonly Interval[]): void {
    const size = this.#options.displacement.length;
    for (const interval of added) interval.vector = new Float64Array(size);
    this.#passes = [
      ...removed.map((interval) => ({ interval, remove: true, difference: undefined })),
      ...added.map((interval) => ({ interval, remove: false, difference: new Float64Array(size) })),
    ];
    for (const interval of added) this.#intervals.push(interval);
  }

  /** Turns the differences of the round into errors and settles all but the worst intervals. */
  #closeRound(): void {
    const missing = this.#reported.indexOf(0);
    if (missing >= 0) throw failure('adaptive path', 'a gradient of this round is missing', { index: missing });
    for (const { interval, difference } of this.#passes) {
      if (difference !== undefined) interval.error = absoluteSum(this.#options.displacement, difference);
    }
    this.#passes = [];
    this.#intervals.sort((a, b) => b.error - a.error);
    for (const interval of this.#intervals.slice(this.#options.maxHeld)) {
      if (interval.vector === undefined) continue;
      addTo(this.#settled, interval.vector);
      interval.vector = undefined;
    }
  }

  /** Decides: finished, or which intervals to halve. */
  #plan(): void {
    const { displacement, scoreChange, relTol, absTol } = this.#options;
    const total = this.#settled.slice();
    for (const { vector } of this.#intervals) if (vector !== undefined) addTo(total, vector);
    let sum = 0;
    for (let i = 0; i < total.length; i++) if (displacement[i] !== 0) sum += displacement[i]! * total[i]!;
    const delta = sum - scoreChange;
    const estimate = this.#intervals.reduce((s, { error }) => s + error, 0);
    const mass = absoluteSum(displacement, total);
    const excess = estimate - Math.max(absTol, relTol * mass);
    const complete = Math.abs(delta) <= Math.max(absTol, relTol * Math.abs(scoreChange));
    const wide = this.#intervals.filter(({ lo, hi }) => hi - lo > NARROWEST);
    const wished = excess > 0 ? worst(wide, excess + (estimate - excess) / 2, ROUNDING * mass) : widest(wide);
    const chosen = this.#affordable(wished);
    let reason: AdaptiveResult['reason'] | undefined;
    if (excess <= 0 && complete) reason = 'tolerance';
    else if (wished.length === 0) reason = 'precision';
    else if (chosen.length === 0) reason = 'maxSteps';
    if (reason === undefined) this.#halve(chosen);
    else {
      const converged = reason === 'tolerance';
      this.#result = { meanGradient: total, steps: this.#steps, delta, estimate, converged, reason };
      this.#intervals = [];
    }
  }

  /** As many of the wished intervals as the budget and one round's memory allow. */
  #affordable(wished: readonly Interval[]): Interval[] {
    let left = this.#options.maxSteps - this.#steps;
    const chosen: Interval[] = [];
    for (const interval of wished) {
      const cost = (interval.vector === undefined ? 3 : 2) * KRONROD_POINTS;
      if (cost > left || chosen.length === this.#options.maxHeld) break;
      left -= cost;
      chosen.push(interval);
    }
    return chosen;
  }

  #halve(chosen: readonly Interval[]): void {
    const gone = new Set(chosen);
    this.#intervals = this.#intervals.filter((interval) => !gone.has(interval));
    const halves = chosen.flatMap(({ lo, hi }) => {
      const middle = lo + (hi - lo) / 2;
      return [
        { lo, hi: middle, error: 0, vector: undefined },
        { lo: middle, hi, error: 0, vector: undefined },
      ];
    });
    this.#start(
      halves,
      chosen.filter(({ vector }) => vector === undefined),
    );
  }
}
