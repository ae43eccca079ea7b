/**
 * The path of guided integrated gradients (Kapishnikov et al., "Guided integrated gradients", 2021): from the baseline to the input in `nSteps`
 * steps of equal L1 length, each of which moves the features whose gradients are smallest. No feature leaves the straight line by more than
 * `maxDistance` of the whole way. Steps follow PAIR's saliency package to the last decision, so that both walk the same path.
 * Invariant: after step `k` of `n` the L1 distance to the input is `1 - k/n` of what it was.
 */

import type { Problem } from '../frame/problem.ts';
import { gradientsAt } from '../frame/rows.ts';

export interface GuidedSettings {
  readonly nSteps: number;
  /** Share of the features that move at a time. */
  readonly fraction: number;
  /** Share of the way that a feature may be ahead of or behind the straight line. */
  readonly maxDistance: number;
}

/** One step of all samples: per variable, `samples` rows each. */
export interface GuidedStep {
  readonly here: readonly Float64Array[];
  readonly next: readonly Float64Array[];
  /** At `here`. */
  readonly gradients: readonly Float64Array[];
}

/**
 * @param problem of one score: the path depends on its gradients
 * @param still whether features that are at the baseline's value anyway count among those of which a share moves: for inputs they do, as
 * in PAIR's package; in a layer of a text they are padding, of which it must not depend how the words move
 */
export async function* guidedPath(
  problem: Problem,
  settings: GuidedSettings,
  still: boolean,
): AsyncGenerator<GuidedStep> {
  const { samples, from, to } = problem;
  let here: readonly Float64Array[] = from.map((values) => values.slice());
  for (let step = 0; step < settings.nSteps; step++) {
    const gradients = await gradientsAt(problem, here);
    const next = here.map((values) => values.slice());
    for (let sample = 0; sample < samples; sample++) {
      const row = (values: readonly Float64Array[]): Float64Array => sideBySide(values, sample, samples);
      const moved = move(row(here), row(from), row(to), row(gradients), step, { ...settings, still });
      putBack(moved, next, sample, samples);
    }
    yield { here, next, gradients };
    here = next;
  }
}

/** A sample's features of all variables, one after another. */
function sideBySide(values: readonly Float64Array[], sample: number, samples: number): Float64Array {
  const parts = values.map((all) => {
    const width = all.length / samples;
    return all.subarray(sample * width, (sample + 1) * width);
  });
  const out = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0));
  parts.reduce((at, part) => {
    out.set(part, at);
    return at + part.length;
  }, 0);
  return out;
}

function putBack(row: Float64Array, values: readonly Float64Array[], sample: number, samples: number): void {
  values.reduce((at, all) => {
    const width = all.length / samples;
    all.set(row.subarray(at, at + width), sample * width);
    return at + width;
  }, 0);
}

/** Distances are equal within this, relative and absolute. */
const CLOSE = 1e-9;

/** Where a sample is after the step, from `x`, which it overwrites. */
function move(
  x: Float64Array,
  from: Float64Array,
  to: Float64Array,
  gradients: Float64Array,
  step: number,
  { nSteps, fraction, maxDistance, still }: GuidedSettings & { readonly still: boolean },
): Float64Array {
  const alpha = (step + 1) / nSteps;
  const [least, most] = [Math.max(alpha - maxDistance, 0), Math.min(alpha + maxDistance, 1)];
  // At both ends exactly what is there.
  const on = (share: number): Float64Array =>
    share === 1 ? to : share === 0 ? from : from.map((b, i) => b + (to[i]! - b) * share);
  const [behind, ahead] = [on(least), on(most)];
  const wanted = distance(from, to) * (1 - alpha);
  // Features that are as far as they may be have no place among those that move; NaN has none in an order.
  const slopes = gradients.map((g) => (Number.isNaN(g) ? Number.MAX_VALUE : Math.min(Math.abs(g), Number.MAX_VALUE)));
  const counts = (i: number): boolean => still || from[i] !== to[i];
  const counted = from.reduce((count, _, i) => count + Number(counts(i)), 0);
  if (counted === 0) return x;
  for (;;) {
    for (let i = 0; i < x.length; i++) {
      if (from[i] !== to[i] && (x[i]! - from[i]!) / (to[i]! - from[i]!) < least) x[i] = behind[i]!;
    }
    const left = distance(x, to);
    if (Math.abs(left - wanted) <= Math.max(CLOSE * Math.max(left, wanted), CLOSE)) return x;
    for (let i = 0; i < x.length; i++) if (x[i] === ahead[i]) slopes[i] = Number.POSITIVE_INFINITY;
    const threshold = slopes.filter((_, i) => counts(i)).sort()[Math.floor((counted - 1) * fraction)]!;
    const moves = (i: number): boolean => slopes[i]! <= threshold && slopes[i] !== Number.POSITIVE_INFINITY;
    let room = 0;
    for (let i = 0; i < x.length; i++) if (moves(i)) room += Math.abs(x[i]! - ahead[i]!);
    // Rounding can leave a rest of the way when all features are as far as they may be.
    if (room === 0 && threshold === Number.POSITIVE_INFINITY) return x;
    const share = room > 0 ? (left - wanted) / room : Number.POSITIVE_INFINITY;
    for (let i = 0; i < x.length; i++) {
      if (moves(i)) x[i] = share >= 1 ? ahead[i]! : x[i]! + (ahead[i]! - x[i]!) * share;
    }
    if (share <= 1) return x;
  }
}

function distance(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += Math.abs(a[i]! - b[i]!);
  return sum;
}
