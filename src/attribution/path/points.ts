/** Lists of path points as passes make them. */
import { failure } from '../../tensor/errors.ts';
import type { PathPoints } from './pass.ts';

/** Samples `first` to `first + count` at each alpha, one step after another. */
export function stepMajor(first: number, count: number, alphas: Float64Array): PathPoints {
  const rows = count * alphas.length;
  const points = { samples: new Int32Array(rows), alphas: new Float64Array(rows) };
  for (let r = 0; r < rows; r++) {
    points.samples[r] = first + (r % count);
    points.alphas[r] = alphas[Math.floor(r / count)]!;
  }
  return points;
}

/** A graph of one row may look different (a broadcast to itself vanishes), so a single point is taken twice. */
export function atLeastTwo(points: PathPoints): PathPoints {
  if (points.samples.length > 1) return points;
  const { samples, alphas } = points;
  return { samples: Int32Array.of(samples[0]!, samples[0]!), alphas: Float64Array.of(alphas[0]!, alphas[0]!) };
}

/** @throws PathgradError unless `nSteps` is a number of points on a path that somebody could want */
export function checkPoints(nSteps: number, usual: number, least = 1): void {
  if (Number.isInteger(nSteps) && nSteps >= least && nSteps <= 1_000_000) return;
  const problem = `must be a whole number of points on the path, from ${least} to 1000000`;
  throw failure('nSteps', problem, { got: nSteps }, `${usual} is usual`);
}
