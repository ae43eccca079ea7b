/** What metrics return, and how runs are numbered so that samples do not depend on what is beside them. */
import { drawSeed, randomUniform, shuffle, upTo } from '../../../graph/random.ts';

/** What every metric gives: a number per sample under the metric's name, and how it was computed. */
export interface MetricResult {
  readonly metric: string;
  /** One number per sample; NaN where the metric is not defined for a sample, as each metric says. */
  readonly values: Float64Array;
}

/** Random numbers of draw `draw`: the same for every sample, whatever else is in its batch. */
export function drawRandom(seed: number, draw: number): () => number {
  return randomUniform(drawSeed(seed, draw));
}

/** `size` of `count` things, each subset as likely as any other. */
export function randomSubset(count: number, size: number, next: () => number): Int32Array {
  return shuffle(upTo(count), next, size).subarray(0, size);
}

/** A standard normal number (Box and Muller 1958). */
export function normal(next: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
}
