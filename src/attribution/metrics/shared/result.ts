/** What metrics return, and how runs are numbered so that samples do not depend on what is beside them. */
import { randomUniform } from '../../../graph/random.ts';

export interface MetricResult {
  readonly metric: string;
  /** One number per sample; NaN where the metric is not defined for a sample, as each metric says. */
  readonly values: Float64Array;
}

/** Random numbers of draw `draw`: the same for every sample, whatever else is in its batch. */
export function drawRandom(seed: number, draw: number): () => number {
  // Seeds of successive draws must not be neighbours: their sequences would be each other's, shifted.
  return randomUniform(Math.imul(seed ^ Math.imul(draw + 1, 0x9e3779b1), 0x85ebca6b) >>> 0);
}

/** `size` of `count` things, each subset as likely as any other (Fisher and Yates). */
export function randomSubset(count: number, size: number, next: () => number): Int32Array {
  const all = Int32Array.from({ length: count }, (_, i) => i);
  for (let i = 0; i < size; i++) {
    const j = i + Math.floor(next() * (count - i));
    [all[i], all[j]] = [all[j]!, all[i]!];
  }
  return all.subarray(0, size);
}

/** A standard normal number (Box and Muller 1958). */
export function normal(next: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
}
