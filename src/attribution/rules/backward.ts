/**
 * One backward pass of a method's own making at every sample's input, and at its baseline where the method compares with one: a plan per number
 * of rows, no more than `problem.batch` rows and `scoresAtOnce` targets at a time.
 */
import type { PlanGraph } from '../../graph/plan-cache.ts';
import { placeholder, type Tensor } from '../../tensor/tensor.ts';
import type { PathGraph } from '../frame/graphs.ts';
import { type Problem, withScores } from '../frame/problem.ts';
import { cotangentsOf, gatherRows, inChunks, rowsOf } from '../frame/rows.ts';
import { type LayerOf, recordLayers } from './layers.ts';

/** Targets that one plan goes back from: the forward pass is theirs together. */
const scoresAtOnce = 16;

/**
 * The values that come back to the variables from each cotangent, those of the first cotangent first.
 * @param baselines placeholders for the variables at the baseline; none where the pass does not ask for them
 * @param layerOf for errors
 */
export type Backward = (
  graph: PathGraph,
  cotangents: readonly Tensor[],
  baselines: readonly Tensor[],
  layerOf: LayerOf,
) => Tensor[];

/**
 * @param name tells the pass apart from others of the same explainer
 * @returns per score and variable, in double, `samples` rows each
 */
export async function backwardAt(
  problem: Problem,
  { name, compares }: { readonly name: string; readonly compares: boolean },
  backward: Backward,
): Promise<Float64Array[]> {
  const found: Float64Array[] = [];
  for (let first = 0; first < problem.scores.length; first += scoresAtOnce) {
    const some = withScores(problem, problem.scores.slice(first, first + scoresAtOnce));
    found.push(...(await ofScores(some, name, compares, backward)));
  }
  return found;
}

async function ofScores(
  problem: Problem,
  name: string,
  compares: boolean,
  backward: Backward,
): Promise<Float64Array[]> {
  const { samples, scores, held, from, to, key, plans } = problem;
  const out = scores.flatMap(() => to.map((all) => new Float64Array(all.length)));
  // A row at each end is two rows.
  const batch = compares ? Math.ceil(problem.batch / 2) : problem.batch;
  await inChunks({ ...problem, batch }, samples, async (first, count) => {
    const build = (): PlanGraph => {
      const layers = recordLayers();
      const graph = problem.graph(count, layers.hooks);
      const cotangents = cotangentsOf(problem, graph);
      const baselines = compares ? graph.variables.map(({ shape, dtype }) => placeholder(shape, dtype)) : [];
      const inputs = [...graph.variables, ...baselines, ...graph.held, ...cotangents];
      return { outputs: backward(graph, cotangents, baselines, layers.layerOf), inputs };
    };
    const rows = rowsOf(problem, to, first, count);
    const feeds = [
      ...rows.values,
      ...(compares ? rowsOf(problem, from, first, count).values : []),
      ...[...held, ...scores.map(({ cotangent }) => cotangent)].map((feed) => gatherRows(feed, rows.samples)),
    ];
    const parts = await plans.run(`${name} ${count} of ${scores.length} ${key}`, build, feeds);
    out.forEach((all, i) => {
      all.set(parts[i]!, (first * all.length) / samples);
    });
  });
  return out;
}
