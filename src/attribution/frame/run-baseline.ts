/**
 * The part of an explanation that belongs to one baseline: the model at the baseline, the problem between the two ends, and what the method
 * makes of it. A method that takes no baseline gets the problem with both ends at the input.
 */
import type { TypedArray } from '../../tensor/dtype.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { inDType } from './arrays.ts';
import { feedOf, type Runner, runModel, runPathEnd } from './endpoints.ts';
import type { Findings } from './method.ts';
import type { Feed, Problem } from './problem.ts';
import { type Setup, variableNames, variableShapes } from './setup.ts';
import { type ResolvedTarget, targetScores } from './target.ts';
import type { ExplainOptions } from './types.ts';

/** What all baselines of one explanation share. */
export interface Context {
  readonly setup: Setup;
  readonly runner: Runner;
  readonly kwargs: readonly Feed[];
  readonly targets: readonly ResolvedTarget[];
  /** Scores at X, and the cotangent of each: per target. */
  readonly ends: readonly Float64Array[];
  readonly cotangents: readonly Feed[];
  /** The variables at X. */
  readonly to: readonly Float64Array[];
  readonly options: ExplainOptions;
}

export interface BaselineRun {
  /** Null for methods that take no baseline. */
  readonly predictions: TypedArray | null;
  /** Scores at the baseline, and with the variables there and all else at the input: per target. */
  readonly starts: readonly Float64Array[];
  readonly pathStarts: readonly Float64Array[];
  readonly findings: Findings;
  /** Samples that differ from this baseline. */
  readonly displaced: Uint8Array;
}

/** Which baseline of how many. */
type Draw = Pick<Problem, 'draw' | 'draws'>;

/** @param drawn the baseline of every input (or layer tensor); null for methods that take none */
export async function runBaseline(context: Context, drawn: readonly Tensor[] | null, draw: Draw): Promise<BaselineRun> {
  const { setup, to, ends, targets, options, runner } = context;
  const { samples } = runner;
  const held = heldFeeds(context);
  if (!drawn) {
    const findings = await setup.method.attribute(problemOf(context, to, held, ends, draw), options);
    return { predictions: null, starts: ends, pathStarts: ends, findings, displaced: new Uint8Array(samples).fill(1) };
  }
  const { from, predictions, atStart } = await evaluateBaseline(context, drawn, held);
  const starts = targets.map((target) => targetScores(target, predictions, samples));
  const pathStarts = atStart ? targets.map((target) => targetScores(target, atStart, samples)) : starts;
  const findings = await setup.method.attribute(problemOf(context, from, held, pathStarts, draw), options);
  return { predictions, starts, pathStarts, findings, displaced: displacedSamples(from, to, samples) };
}

/** The variables at the baseline, the output there, and the output with the variables there and all else at the input where that differs. */
async function evaluateBaseline(
  { setup, runner, kwargs }: Context,
  drawn: readonly Tensor[],
  held: readonly Feed[],
): Promise<{ from: readonly Float64Array[]; predictions: TypedArray; atStart: TypedArray | null }> {
  const { settings, choice, structure } = setup;
  const { graphs, samples } = runner;
  const inLayer = !Array.isArray(setup.baselines);
  const alibi = settings.compat === 'alibi';
  if (!inLayer) await setup.forward.model?.checkInputs?.(drawn);
  const atBaseline = inLayer ? null : await runModel(runner, [...drawn.map(feedOf), ...kwargs], 'baseline');
  const from = choice
    ? (atBaseline?.captured ?? drawn.map((t) => new Float64Array(t.data)))
    : graphs.moving.map((i) => new Float64Array(drawn[i]!.data));
  // Where part of the model bypasses the layer, the path starts at the layer's baseline with the rest at the real input.
  const bypass = choice !== null && (inLayer || (structure.bypassed && !alibi));
  const variables = (): Feed[] =>
    from.map((values, v) => {
      return { data: inDType(values, structure.variables[v]!.dtype), width: values.length / samples };
    });
  const atStart = bypass ? await runPathEnd(runner, variables(), held) : null;
  return { from, predictions: (atBaseline?.predictions ?? atStart)!, atStart };
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

function problemOf(
  { setup, runner, cotangents, to, ends }: Context,
  from: readonly Float64Array[],
  held: readonly Feed[],
  starts: readonly Float64Array[],
  draw: Draw,
): Problem {
  const { graphs, plans, samples, batch, pace, kept } = runner;
  return {
    key: graphs.key,
    plans,
    samples,
    batch,
    from,
    to,
    names: variableNames(setup),
    shapes: variableShapes(setup),
    dtypes: setup.structure.variables.map(({ dtype }) => dtype),
    held,
    scores: cotangents.map((cotangent, i) => ({ cotangent, end: ends[i]!, start: starts[i]! })),
    ...draw,
    inputs: setup.inputs.tensors.map(({ shape }) => shape),
    pace,
    kept: kept ? { ...kept, from, to, held, key: graphs.key } : null,
    graph: (rows, look) => graphs.path(rows, look),
  };
}

function displacedSamples(from: readonly Float64Array[], to: readonly Float64Array[], samples: number): Uint8Array {
  const flags = new Uint8Array(samples);
  for (const [v, start] of from.entries()) {
    const width = start.length / samples;
    for (let sample = 0; sample < samples; sample++) {
      if (differ(start, to[v]!, sample * width, (sample + 1) * width)) flags[sample] = 1;
    }
  }
  return flags;
}

function differ(a: Float64Array, b: Float64Array, begin: number, end: number): boolean {
  for (let i = begin; i < end; i++) if (a[i] !== b[i]) return true;
  return false;
}
