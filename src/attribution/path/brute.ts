/**
 * The definition of integrated gradients taken at its word: every path point goes through the whole model, forward and
 * backward. Points are computed in double and rounded once to the model's dtype. The truth that faster passes meet.
 */
import { allocate, type DType, type TypedArray } from '../../tensor/dtype.ts';
import { gradientsOf } from '../frame/rows.ts';
import type { AttributionPass, PathPoints } from './pass.ts';

/** Gradients at every point of the path through the whole model: the definition, which the faster pass must agree with. */
export const brutePass: AttributionPass = {
  name: 'brute',
  shares: true,
  async prepare(problem) {
    const { samples, dtypes, scores } = problem;
    const from = scores.flatMap(() => problem.from);
    const to = scores.flatMap(() => problem.to);
    return {
      name: 'brute',
      from,
      to,
      gradients: (points) => {
        const values = problem.from.map((start, v) => interpolate(start, to[v]!, samples, points, dtypes[v]!));
        return gradientsOf(problem, { samples: points.samples, values });
      },
      finish: async (means) => means.map((mean, v) => timesDisplacement(mean, from[v]!, to[v]!)),
    };
  },
};

/** `(to - from) * mean` in the place of `mean`, by a loop: `map` on a typed array takes seven times as long. */
function timesDisplacement(mean: Float64Array, from: Float64Array, to: Float64Array): Float64Array {
  for (let i = 0; i < mean.length; i++) mean[i] = displaced(from[i]!, to[i]!, mean[i]!);
  return mean;
}

/** A feature that does not move contributes nothing, even where its gradient is infinite. */
export function displaced(from: number, to: number, gradient: number): number {
  return from === to ? 0 : (to - from) * gradient;
}

/** `b + alpha (x - b)` for each point; at both ends exactly what is there. */
export function interpolate(
  from: Float64Array,
  to: Float64Array,
  samples: number,
  points: PathPoints,
  dtype: DType,
): TypedArray {
  const width = from.length / samples;
  const out = allocate(dtype, points.samples.length * width);
  for (let row = 0; row < points.samples.length; row++) {
    const [start, alpha] = [points.samples[row]! * width, points.alphas[row]!];
    const into = out.subarray(row * width, (row + 1) * width);
    if (alpha === 0 || alpha === 1) into.set((alpha === 1 ? to : from).subarray(start, start + width));
    else between(into, from.subarray(start, start + width), to.subarray(start, start + width), alpha);
  }
  return out;
}

function between(out: TypedArray, from: Float64Array, to: Float64Array, alpha: number): void {
  for (let i = 0; i < out.length; i++) {
    const [b, x] = [from[i]!, to[i]!];
    // What does not move stays, an infinity too.
    out[i] = x === b ? b : b + alpha * (x - b);
  }
}
