/**
 * Path-linear gradients at single points, for adaptive quadrature, which chooses its points as it goes. Loaded on demand: rules that are fixed
 * run as one plan (`one-plan.ts`).
 */
import { grad, partialGrad } from '../../graph/grad.ts';
import type { PlanGraph } from '../../graph/plan-cache.ts';
import { add } from '../../ops/binary.ts';
import type { TypedArray } from '../../tensor/dtype.ts';
import { failure } from '../../tensor/errors.ts';
import { placeholder } from '../../tensor/tensor.ts';
import { inDType } from '../frame/arrays.ts';
import { repeatRow, sameForAll } from '../frame/endpoints.ts';
import { cotangentsOf, gatherRows } from '../frame/rows.ts';
import { displaced, interpolate } from './brute.ts';
import { type Frontier, frontierOf } from './frontier.ts';
import type { PathProblem, PreparedPath } from './pass.ts';
import { atLeastTwo, stepMajor } from './points.ts';

export async function pointByPoint(problem: PathProblem, frontier: Frontier): Promise<PreparedPath> {
  const { region } = frontier;
  const ends = await evaluateEnds(problem, frontier);
  const { from, to } = ends;
  const dtype = problem.dtypes[0]!;
  const { key, plans, samples } = problem;
  return {
    name: 'path-linear',
    from,
    to,
    saving: region.flops > 0 ? region.affineFlops / region.flops : 0,
    frontier: frontier.names,
    gradients: async (given) => {
      const points = atLeastTwo(given);
      const rows = points.samples.length;
      const feeds = [
        ...from.map((start, v) => interpolate(start, to[v]!, samples, points, dtype)),
        ...frontier.heldAfter.map((i) => gatherRows(problem.held[i]!, points.samples)),
        ...problem.scores.map(({ cotangent }) => gatherRows(cotangent, points.samples)),
      ];
      const build = (): PlanGraph => gradientGraph(problem, frontier, rows);
      const gradients = await plans.run(`frontier gradients ${rows} ${key}`, build, feeds);
      return gradients.map((g) => g.subarray(0, (g.length / rows) * given.samples.length));
    },
    finish: (means) => pullBack(problem, frontier, means),
  };
}

/** Frontier values at both ends, as doubles, `samples` rows each. */
async function evaluateEnds(
  problem: PathProblem,
  frontier: Frontier,
): Promise<{ from: Float64Array[]; to: Float64Array[] }> {
  const { samples, plans, key } = problem;
  const { widths } = frontier;
  const [from, to] = [0, 1].map(() => widths.map((width) => new Float64Array(samples * width)));
  const evaluate = async (alpha: number, first: number, count: number): Promise<readonly TypedArray[]> => {
    const points = atLeastTwo(stepMajor(first, count, Float64Array.of(alpha)));
    const rows = points.samples.length;
    const feeds = [
      ...problem.from.map((start, v) => interpolate(start, problem.to[v]!, samples, points, problem.dtypes[v]!)),
      ...frontier.heldBefore.map((i) => gatherRows(problem.held[i]!, points.samples)),
    ];
    const build = (): PlanGraph => {
      const graph = problem.graph(rows);
      const held = frontier.heldBefore.map((i) => graph.held[i]!);
      return { outputs: frontierOf(frontier, graph), inputs: [...graph.variables, ...held] };
    };
    const values = await plans.run(`frontier ${rows} ${key}`, build, feeds);
    return values.map((data) => data.subarray(0, (data.length / rows) * count));
  };
  for (const [alpha, ends, into] of [
    [0, problem.from, from!],
    [1, problem.to, to!],
  ] as const) {
    // One baseline for all samples is evaluated once.
    const shared = [
      ...ends.map((values) => ({ data: values, width: values.length / samples })),
      ...frontier.heldBefore.map((i) => problem.held[i]!),
    ];
    if (sameForAll(shared, samples)) {
      const one = await evaluate(alpha, 0, 1);
      for (const [v, data] of one.entries()) into[v]!.set(repeatRow(data, samples));
      continue;
    }
    for (let first = 0; first < samples; first += problem.batch) {
      const values = await evaluate(alpha, first, Math.min(problem.batch, samples - first));
      for (const [v, data] of values.entries()) into[v]!.set(data, first * widths[v]!);
    }
  }
  return { from: from!, to: to! };
}

/** The gradient of the score with respect to the frontier, the graph cut there: a row per point. */
function gradientGraph(problem: PathProblem, frontier: Frontier, rows: number): PlanGraph {
  const graph = problem.graph(rows);
  const nodes = frontierOf(frontier, graph);
  const [cotangent] = cotangentsOf(problem, graph);
  return {
    outputs: partialGrad(graph.output, nodes, cotangent),
    inputs: [...nodes, ...frontier.heldAfter.map((i) => graph.held[i]!), cotangent!],
  };
}

/** The attributions `(x - b) * J^T G`: the affine region's transposed Jacobian is the same on the whole path. */
async function pullBack(
  problem: PathProblem,
  frontier: Frontier,
  means: readonly Float64Array[],
): Promise<Float64Array[]> {
  const { samples, plans, key, from, to } = problem;
  const out = from.map((start) => new Float64Array(start.length));
  const summed = means.map((mean) => ({ data: inDType(mean, problem.dtypes[0]!), width: mean.length / samples }));
  for (let first = 0; first < samples; first += problem.batch) {
    const count = Math.min(problem.batch, samples - first);
    const points = atLeastTwo(stepMajor(first, count, Float64Array.of(1)));
    const rows = points.samples.length;
    const build = (): PlanGraph => {
      const graph = problem.graph(rows);
      const nodes = frontierOf(frontier, graph);
      const cotangents = nodes.map((node) => placeholder(node.shape, node.dtype));
      const parts = nodes.map((node, v) => grad(node, graph.variables, cotangents[v]!));
      const outputs = graph.variables.map((_, i) => parts.map((part) => part[i]!).reduce((a, b) => add(a, b)));
      const held = frontier.heldBefore.map((i) => graph.held[i]!);
      return { outputs, inputs: [...graph.variables, ...held, ...cotangents] };
    };
    const feeds = [
      ...from.map((start, v) => interpolate(start, to[v]!, samples, points, problem.dtypes[v]!)),
      ...frontier.heldBefore.map((i) => gatherRows(problem.held[i]!, points.samples)),
      ...summed.map((feed) => gatherRows(feed, points.samples)),
    ];
    const pulled = await plans.run(`pull back ${rows} ${key}`, build, feeds);
    out.forEach((values, v) => {
      const width = values.length / samples;
      for (let i = first * width, j = 0; j < count * width; i++, j++) {
        const [b, x, slope] = [from[v]![i]!, to[v]![i]!, pulled[v]![j]!];
        // An infinite slope of a frontier element that stays where it is reaches features that move, as in brute force.
        if (b !== x && !Number.isFinite(slope)) {
          throw failure('adaptive path', 'gradient is not finite', { feature: j % width, value: slope });
        }
        values[i] = displaced(b, x, slope);
      }
    });
  }
  return out;
}
