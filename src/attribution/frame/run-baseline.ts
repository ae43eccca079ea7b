/**
 * The integral for one baseline: the model at the baseline, the path problem between the two ends, quadrature by the rule or
 * adaptively, and the pass's way back to the attributed tensors.
 */

import type { TypedArray } from '../../tensor/dtype.ts';
import { largest } from '../../tensor/largest.ts';
import { placeholder, type Tensor } from '../../tensor/tensor.ts';
import { type AutoOptions, integrateAdaptively } from '../path/auto-steps.ts';
import { integrate, type PathIntegral, type Rule } from '../path/integrate.ts';
import type { Feed, PathProblem } from '../path/pass.ts';
import { inDType } from './arrays.ts';
import { feedOf, type Runner, runModel, runPathEnd } from './endpoints.ts';
import { smallestChange } from './explanation/completeness.ts';
import type { PathReport } from './explanation/explanation.ts';
import { type Setup, variableWidth } from './setup.ts';
import { type ResolvedTarget, targetScores } from './target.ts';

/** What all baselines of one explanation share. */
export interface Context {
  readonly setup: Setup;
  readonly runner: Runner;
  readonly kwargs: readonly Feed[];
  readonly target: ResolvedTarget;
  /** Scores at X. */
  readonly end: Float64Array;
  readonly cotangent: Feed;
  /** End of the path, per variable. */
  readonly to: readonly Float64Array[];
  /** Null: adaptive. */
  readonly rule: Rule | null;
}

export interface BaselineRun {
  readonly predictions: TypedArray;
  readonly start: Float64Array;
  readonly pathStart: Float64Array;
  readonly integral: PathIntegral;
  readonly attributions: readonly Float64Array[];
  /** Samples that differ from this baseline. */
  readonly displaced: Uint8Array;
  readonly path: PathReport;
}

export async function runBaseline(context: Context, drawn: readonly Tensor[]): Promise<BaselineRun> {
  const { setup, runner, kwargs, target, to, rule } = context;
  const { graphs, samples, batch, pace } = runner;
  const { settings, choice, structure } = setup;
  const inLayer = !Array.isArray(setup.baselines);
  const alibi = settings.compat === 'alibi';
  if (!inLayer) await setup.forward.model?.checkInputs?.(drawn);
  const atBaseline = inLayer ? null : await runModel(runner, [...drawn.map(feedOf), ...kwargs]);
  const from = choice
    ? (atBaseline?.captured ?? drawn.map((t) => Float64Array.from(t.data)))
    : graphs.moving.map((i) => Float64Array.from(drawn[i]!.data));
  const held = heldFeeds(context);

  // Where part of the model bypasses the layer, the path starts at the layer's baseline with the rest at the real input.
  const bypass = choice !== null && (inLayer || (structure.bypassed && !alibi));
  const variables = from.map((values, v) => {
    return { data: inDType(values, structure.variables[v]!.dtype), width: variableWidth(setup, v, samples) };
  });
  const atStart = bypass ? await runPathEnd(runner, variables, held) : null;
  const predictions = (atBaseline?.predictions ?? atStart)!;
  const start = targetScores(target, predictions, samples);
  const pathStart = atStart ? targetScores(target, atStart, samples) : start;

  const path = await settings.strategy.prepare(pathProblem(context, from, held));
  const integral = rule
    ? await integrate(path, samples, rule, batch, pace)
    : await integrateAdaptively(path, samples, autoOptions(context, pathStart), pace);
  const attributions = await path.finish(integral.means);
  // Brute: forward and backward at every point. Path-linear: the affine part forward twice and backward once.
  const points = largest(integral.steps, 2);
  const flopsRemoved = (path.saving ?? 0) * (1 - 3 / (2 * points));
  return {
    predictions,
    start,
    pathStart,
    integral,
    attributions,
    displaced: displacedSamples(from, to, samples),
    path: { pass: path.name, flopsRemoved, frontier: path.frontier ?? [], positionsRemoved: 0 },
  };
}

/** Inputs that the path does not move, and kwargs. alibi runs them as zeros under a layer (ledger Q4). */
function heldFeeds({ setup, kwargs }: Context): Feed[] {
  const { choice, inputs, graphs, settings } = setup;
  if (!choice) {
    const moving = new Set(graphs.moving);
    return [...inputs.tensors.filter((_, i) => !moving.has(i)).map(feedOf), ...kwargs];
  }
  const zeroed = (feed: Feed): Feed => ({ ...feed, data: feed.data.slice().fill(0) });
  const feeds = inputs.tensors.map(feedOf);
  return [...(settings.compat === 'alibi' ? feeds.map(zeroed) : feeds), ...kwargs];
}

function pathProblem(
  { setup, runner, cotangent, to, rule }: Context,
  from: readonly Float64Array[],
  held: readonly Feed[],
): PathProblem {
  const { graphs, plans, samples, batch } = runner;
  return {
    key: graphs.key,
    plans,
    samples,
    batch,
    from,
    to,
    dtypes: setup.structure.variables.map(({ dtype }) => dtype),
    held,
    cotangent,
    adaptive: rule === null,
    graph: (rows) => {
      const graph = graphs.path(rows);
      return { ...graph, cotangent: placeholder(graph.output.shape, setup.structure.output.dtype) };
    },
  };
}

function autoOptions({ setup, runner, end }: Context, start: Float64Array): AutoOptions {
  const { relTol, maxSteps } = setup.settings;
  const tolerance = (score: number, i: number): number => relTol * smallestChange({ end: score, start: start[i]! });
  return {
    relTol,
    maxSteps,
    batch: runner.batch,
    scoreChanges: end.map((score, i) => score - start[i]!),
    // A score of 0 at both ends leaves no scale: then only exact zeros will do.
    absTols: end.map((score, i) => Math.max(tolerance(score, i), 1e-300)),
  };
}

function displacedSamples(from: readonly Float64Array[], to: readonly Float64Array[], samples: number): Uint8Array {
  const flags = new Uint8Array(samples);
  from.forEach((start, v) => {
    const width = start.length / samples;
    for (let at = 0; at < start.length; at++) if (start[at] !== to[v]![at]) flags[Math.floor(at / width)] = 1;
  });
  return flags;
}
