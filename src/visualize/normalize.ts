/**
 * From attributions to numbers in [-1, 1] that a colour map takes. Zero stays zero whatever the scale, so that sign is never
 * invented; all-zero attributions come back as zeros with a flag, never as NaN. The mass threshold is the outlier rule of
 * captum and alibi: the largest values that hold the last few per cent of the total are clipped.
 */

import { failure } from '../tensor/errors.ts';
import { checkOptions, type OptionNames } from '../tensor/options.ts';
import { finiteNumbers } from './arrays.ts';

/** Which attributions count: all with their sign, one sign (its strength, 0 or more), or the absolute values. */
export type AttributionSign = 'all' | 'positive' | 'negative' | 'absolute';

/** How attributions are scaled before they become colours. */
export type NormalizeOptions = {
  /**
   * What becomes 1: nothing is divided (`none`), the largest absolute value (`max`, the default), the given percentile of the absolute
   * values (`percentile`), or the value below which all but `outlierPercent` of the total lies (`mass`).
   */
  readonly scale?: 'none' | 'max' | 'percentile' | 'mass' | undefined;
  /** For `percentile`: 0 to 100, default 99. A percentile of 0 among sparse values maps every other value to 1 or -1. */
  readonly percentile?: number | undefined;
  /** For `mass`: per cent of the total, default 2. */
  readonly outlierPercent?: number | undefined;
  /** A scale common to several pictures or texts, instead of one from these values. */
  readonly shared?: number | undefined;
  readonly sign?: AttributionSign | undefined;
};

export const normalizeNames: OptionNames<NormalizeOptions> = {
  scale: 1,
  percentile: 1,
  outlierPercent: 1,
  shared: 1,
  sign: 1,
};

/** Scaled attributions, and the attribution that stands for full colour. */
export type NormalizedAttributions = {
  /** In [-1, 1]; in [0, 1] for a single sign; unbounded for scale `none`. */
  readonly values: Float64Array;
  /** The attribution that stands for 1. */
  readonly scale: number;
  /** Whether nothing of the chosen sign is there to show. */
  readonly allZero: boolean;
};

/**
 * Scales attributions for a colour map and clips what exceeds the scale.
 * @throws PathgradError for values that are not finite or options out of range
 */
export function normalizeAttributions(
  values: ArrayLike<number>,
  options: NormalizeOptions = {},
): NormalizedAttributions {
  checkOptions('normalizeAttributions', options, normalizeNames);
  return normalized(values, options);
}

/** The same for callers that looked at the options, which may hold more. */
export function normalized(values: ArrayLike<number>, options: NormalizeOptions): NormalizedAttributions {
  const chosen = selectSign(finiteNumbers(values, 'attributions'), options.sign ?? 'all');
  const allZero = chosen.every((v) => v === 0);
  if (options.scale === 'none' && options.shared === undefined) return { values: chosen, scale: 1, allZero };
  const scale = options.shared ?? scaleOf(chosen, options);
  if (!Number.isFinite(scale) || scale < 0)
    throw failure('shared', 'scale must be a number of 0 or more', { got: scale });
  return { values: chosen.map((v) => (v === 0 ? 0 : clip(v / scale))), scale, allZero };
}

/** The scale that shows several attributions alike: the largest of theirs. */
export function sharedScale(list: readonly ArrayLike<number>[], options: NormalizeOptions = {}): number {
  checkOptions('sharedScale', options, normalizeNames);
  return list.reduce((largest, values) => Math.max(largest, normalizeAttributions(values, options).scale), 0);
}

/**
 * The smallest |value| at which the ascending cumulative sum of |values| reaches (100 - outlierPercent) per cent of the total.
 * 0 when there are no values or all are 0.
 */
export function thresholdByMass(values: ArrayLike<number>, outlierPercent = 2): number {
  if (!(outlierPercent >= 0 && outlierPercent <= 100)) {
    throw failure('outlierPercent', 'must lie in 0 to 100', { got: outlierPercent });
  }
  const sorted = Float64Array.from(values, Math.abs).sort();
  const total = sorted.reduce((s, v) => s + v, 0);
  const needed = (total * (100 - outlierPercent)) / 100;
  let sum = 0;
  for (const v of sorted) {
    sum += v;
    if (sum >= needed) return v;
  }
  // Rounding can leave the sum a hair below the total; the largest value is then the answer.
  return sorted.at(-1) ?? 0;
}

function selectSign(values: Float64Array, sign: AttributionSign): Float64Array {
  switch (sign) {
    case 'all':
      return values;
    case 'positive':
      return values.map((v) => Math.max(0, v));
    case 'negative':
      return values.map((v) => Math.max(0, -v));
    case 'absolute':
      return values.map(Math.abs);
  }
}

function scaleOf(values: Float64Array, options: NormalizeOptions): number {
  switch (options.scale) {
    case 'mass':
      return thresholdByMass(values, options.outlierPercent);
    case 'percentile':
      return percentile(values.map(Math.abs).sort(), options.percentile ?? 99);
    default:
      return values.reduce((largest, v) => Math.max(largest, Math.abs(v)), 0);
  }
}

/** Linear interpolation between the sorted values, as numpy.percentile does. */
function percentile(sorted: Float64Array, percent: number): number {
  if (!(percent >= 0 && percent <= 100)) throw failure('percentile', 'must lie in 0 to 100', { got: percent });
  if (sorted.length === 0) return 0;
  const at = ((sorted.length - 1) * percent) / 100;
  const below = sorted[Math.floor(at)]!;
  return below + (sorted[Math.ceil(at)]! - below) * (at - Math.floor(at));
}

function clip(v: number): number {
  return Math.max(-1, Math.min(1, v));
}
