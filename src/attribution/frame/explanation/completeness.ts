/**
 * Completeness: the attributions of a sample add up to the change of its score from baseline to input (Sundararajan et al.
 * 2017, proposition 1). What is missing is the error of quadrature; alibi and captum call it delta.
 */
import type { ResolvedTarget } from '../target.ts';

/** How well the attributions of a sample add up to the change of its score from baseline to input. */
export interface Completeness {
  /** All attributions of the sample, over inputs and features. */
  readonly attributionSum: number;
  /**
   * Change of the explained score along the path. In layer space, where part of the prediction may bypass the layer, the
   * path starts with the layer at its baseline and everything else at the real input.
   */
  readonly scoreChange: number;
  readonly delta: number;
  /** `delta / scoreChange`; where the score hardly changes, relative to 1e-4 of the larger score. */
  readonly relative: number;
  readonly ok: boolean;
  /** Path points used. */
  readonly steps: number;
  /** Whether `nSteps: 'auto'` met its tolerance; null for a fixed rule. */
  readonly converged: boolean | null;
}

/** Changes of score below this share of the score are too close to rounding to divide by. */
const SMALLEST_SHARE = 1e-4;

export function judge(
  attributionSum: number,
  scores: { readonly end: number; readonly start: number },
  relTol: number,
  path: { readonly steps: number; readonly converged: boolean | null },
): Completeness {
  const scoreChange = scores.end - scores.start;
  const delta = attributionSum - scoreChange;
  const relative = relativeDelta(delta, scores);
  return { attributionSum, scoreChange, delta, relative, ok: Math.abs(relative) <= relTol, ...path };
}

/** The change of score below which deltas are judged against the score itself. */
export function smallestChange({ end, start }: { readonly end: number; readonly start: number }): number {
  return SMALLEST_SHARE * Math.max(Math.abs(end), Math.abs(start));
}

export function relativeDelta(delta: number, scores: { readonly end: number; readonly start: number }): number {
  if (delta === 0) return 0;
  const change = scores.end - scores.start;
  const floor = smallestChange(scores);
  return Math.abs(change) >= floor && change !== 0 ? delta / change : delta / floor;
}

/** Sum of each sample's attributions over all tensors, in double. */
export function attributionSums(attributions: readonly Float64Array[], samples: number): Float64Array {
  const sums = new Float64Array(samples);
  for (const values of attributions) {
    const width = values.length / samples;
    for (let sample = 0; sample < samples; sample++) {
      let sum = sums[sample]!;
      for (let at = sample * width; at < (sample + 1) * width; at++) sum += values[at]!;
      sums[sample] = sum;
    }
  }
  return sums;
}

/** `sum(attributions) - (f(x) - f(b))` per sample, with the scores' signs as the target sets them. */
export function deltasOf(sums: Float64Array, end: Float64Array, start: Float64Array): Float64Array {
  return sums.map((sum, i) => sum - (end[i]! - start[i]!));
}

/**
 * Deltas as alibi reports them for scalar outputs with labels: the sign on the scores is the opposite of that on the
 * gradients (ledger Q2), and for outputs `[N]` every sample gets the sum of all samples' changes (Q3).
 */
export function alibiDeltas(
  sums: Float64Array,
  end: Float64Array,
  start: Float64Array,
  target: ResolvedTarget,
  outputRank: number,
): Float64Array {
  const { sign } = target;
  if (!sign) return deltasOf(sums, end, start);
  if (outputRank > 1) return sums.map((sum, i) => sum + (end[i]! - start[i]!));
  const total = end.reduce((all, score, j) => all + sign[j]! * (score - start[j]!), 0);
  return sums.map((sum, i) => sum + sign[i]! * total);
}
