/**
 * The definition of integrated gradients taken at its word: every path point goes through the whole model, forward and
 * backward. Points are computed in double and rounded once to the model's dtype. The truth that faster passes meet.
 */
import { grad } from '../../graph/grad.ts';
import type { PlanGraph } from '../../graph/plan-cache.ts';
import { allocate, type DType, type TypedArray } from '../../tensor/dtype.ts';
import type { AttributionPass, Feed, PathPoints, PathProblem } from './pass.ts';

export const brutePass: AttributionPass = {
  name: 'brute',
  async prepare(problem) {
    const { key, plans, from, to, samples, dtypes } = problem;
    return {
      name: 'brute',
      from,
      to,
      gradients: (points) => {
        const rows = points.samples.length;
        const feeds = [
          ...from.map((start, v) => interpolate(start, to[v]!, samples, points, dtypes[v]!)),
          ...problem.held.map((feed) => gatherRows(feed, points)),
          gatherRows(problem.cotangent, points),
        ];
        return plans.run(`gradients ${rows} ${key}`, () => gradientGraph(problem, rows), feeds);
      },
      finish: async (means) => means.map((mean, v) => timesDisplacement(mean, from[v]!, to[v]!)),
    };
  },
};

/** `(to - from) * mean`, by a loop: `map` on a typed array takes seven times as long. */
function timesDisplacement(mean: Float64Array, from: Float64Array, to: Float64Array): Float64Array {
  const out = new Float64Array(mean.length);
  for (let i = 0; i < out.length; i++) out[i] = displaced(from[i]!, to[i]!, mean[i]!);
  return out;
}

/** A feature that does not move contributes nothing, even where its gradient is infinite. */
export function displaced(from: number, to: number, gradient: number): number {
  return from === to ? 0 : (to - from) * gradient;
}

function gradientGraph(problem: PathProblem, rows: number): PlanGraph {
  const { variables, held, cotangent, output } = problem.graph(rows);
  return { outputs: grad(output, variables, cotangent), inputs: [...variables, ...held, cotangent] };
}

/** `b + alpha (x - b)` for each point; at alpha = 1 exactly x. */
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
    if (alpha === 1) into.set(to.subarray(start, start + width));
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

/** The rows of a feed that belong to the points' samples. */
export function gatherRows({ data, width }: Feed, { samples }: PathPoints): TypedArray {
  if (width === 0) return data;
  const out = new (data.constructor as new (length: number) => TypedArray)(samples.length * width);
  for (let row = 0; row < samples.length; row++) {
    out.set(data.subarray(samples[row]! * width, (samples[row]! + 1) * width), row * width);
  }
  return out;
}
