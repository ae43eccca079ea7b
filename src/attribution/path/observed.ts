/**
 * Sums along the straight path over the tensors of an observed layer, while the variables move: the gradients with respect to the layer
 * (influence), or those times how fast the layer changes (conductance). Chunks of rows are added and dropped, as in integrate.ts.
 */

import { grad, jvp } from '../../graph/grad.ts';
import type { PlanGraph } from '../../graph/plan-cache.ts';
import { substitute } from '../../graph/substitute.ts';
import { mul, sub } from '../../ops/binary.ts';
import { failure } from '../../tensor/errors.ts';
import { placeholder, type Tensor } from '../../tensor/tensor.ts';
import { inDType } from '../frame/arrays.ts';
import type { Problem } from '../frame/problem.ts';
import { cotangentsOf, gatherRows, inChunks } from '../frame/rows.ts';
import type { LayerOptions } from '../frame/settings.ts';
import { displaced, interpolate } from './brute.ts';

/**
 * `influence`: `sum_k w_k df/dh(a_k)`; `conductance`: `sum_k w_k df/dh(a_k) dh/da(a_k)`; `differences`: `sum_k df/dh(a_k) (h(a_k+1) - h(a_k))`
 * over all points but the last, whose weights do not count.
 */
export type Along = 'influence' | 'conductance' | 'differences';

/** Per score and observed tensor, in double, `samples` rows each. */
export async function alongPath(
  problem: Problem,
  alphas: Float64Array,
  weights: Float64Array,
  what: Along,
): Promise<Float64Array[]> {
  const { samples, from, to, dtypes, held, scores, plans, key } = problem;
  const neighbours = what === 'differences';
  const points = neighbours ? alphas.length - 1 : alphas.length;
  const displacements = from.map((start, v) => start.map((b, i) => displaced(b, to[v]![i]!, 1)));
  const sums: Float64Array[] = [];
  // Row k N + i is sample i at point k.
  await inChunks(problem, samples * points, async (first, count) => {
    const owners = Int32Array.from({ length: count }, (_, r) => (first + r) % samples);
    const at = (shift: number): Float64Array =>
      Float64Array.from({ length: count }, (_, r) => alphas[Math.floor((first + r) / samples) + shift]!);
    const valuesAt = (shift: number) =>
      from.map((start, v) => interpolate(start, to[v]!, samples, { samples: owners, alphas: at(shift) }, dtypes[v]!));
    const second = {
      influence: () => [],
      conductance: () =>
        displacements.map((d, v) => gatherRows({ data: inDType(d, dtypes[v]!), width: d.length / samples }, owners)),
      differences: () => valuesAt(1),
    }[what]();
    const feeds = [
      ...valuesAt(0),
      ...second,
      ...[...held, ...scores.map(({ cotangent }) => cotangent)].map((feed) => gatherRows(feed, owners)),
    ];
    const kind = `${what} ${count} of ${scores.length}`;
    const parts = await plans.run(`${kind} ${key}`, () => graphOf(problem, count, what), feeds);
    parts.forEach((part, i) => {
      const width = part.length / count;
      sums[i] ??= new Float64Array(samples * width);
      for (let row = 0; row < count; row++) {
        const weight = neighbours ? 1 : weights[Math.floor((first + row) / samples)]!;
        for (let j = 0; j < width; j++) sums[i][owners[row]! * width + j]! += weight * part[row * width + j]!;
      }
    });
  });
  return sums;
}

function graphOf(problem: Problem, rows: number, what: Along): PlanGraph {
  const graph = problem.graph(rows);
  const cotangents = cotangentsOf(problem, graph);
  const { variables, observed, held } = graph;
  const gradients = cotangents.map((cotangent) => grad(graph.output, observed, cotangent));
  const end = [...held, ...cotangents];
  if (what === 'influence') return { outputs: gradients.flat(), inputs: [...variables, ...end] };
  if (what === 'conductance') {
    const tangents = variables.map(({ shape, dtype }) => placeholder(shape, dtype));
    const speeds = observed.map((h) => jvp(h, variables, tangents));
    return { outputs: times(gradients, speeds), inputs: [...variables, ...tangents, ...end] };
  }
  // The held inputs are the same at both points.
  const next = problem.graph(rows);
  const steps = observed.map((h, i) => sub(next.observed[i]!, h));
  const same = next.held.map((input, i) => [input, held[i]!] as const);
  return {
    outputs: substitute(times(gradients, steps), new Map(same)),
    inputs: [...variables, ...next.variables, ...end],
  };
}

const times = (gradients: readonly Tensor[][], factors: readonly Tensor[]): Tensor[] =>
  gradients.flatMap((list) => list.map((g, i) => mul(g, factors[i]!)));

/** @throws PathgradError where an explainer of this kind is made without a layer */
export function needLayer(subject: string, { layer }: LayerOptions<never>): void {
  if (layer !== undefined && layer !== null) return;
  throw failure(subject, 'needs a layer', {}, 'set the option layer: what it attributes to are its tensors');
}
