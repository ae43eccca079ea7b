/** Lists of path points as passes make them. */
import type { PathPoints } from './pass.ts';

/** Samples `first` to `first + count` at each alpha, one step after another. */
export function stepMajor(first: number, count: number, alphas: Float64Array): PathPoints {
  const rows = count * alphas.length;
  return {
    samples: Int32Array.from({ length: rows }, (_, r) => first + (r % count)),
    alphas: Float64Array.from({ length: rows }, (_, r) => alphas[Math.floor(r / count)]!),
  };
}

/** A graph of one row may look different (a broadcast to itself vanishes), so a single point is taken twice. */
export function atLeastTwo(points: PathPoints): PathPoints {
  if (points.samples.length > 1) return points;
  const { samples, alphas } = points;
  return { samples: Int32Array.of(samples[0]!, samples[0]!), alphas: Float64Array.of(alphas[0]!, alphas[0]!) };
}
