/**
 * One explanation: the model at X, then for each baseline the model at the baseline and the integral between the two, and
 * the average over baselines. f(x) and f(b) are evaluated once and serve predictions, deltas and the stop rule alike.
 */

import type { PlanCache } from '../../graph/plan-cache.ts';
import { dtypeOf, type FloatDType } from '../../tensor/dtype.ts';
import { type Tensor, tensor } from '../../tensor/tensor.ts';
import type { NonFinite, Rule } from '../path/integrate.ts';
import type { Feed } from '../path/pass.ts';
import { inDType } from './arrays.ts';
import { Average, type Averaged } from './average.ts';
import { drawBaselines, drawCount, layerBaselines } from './baselines/baselines.ts';
import type { BaselineSource } from './baselines/kinds.ts';
import { feedOf, type Runner, runModel } from './endpoints.ts';
import type { PathReport } from './explanation/explanation.ts';
import { Pace } from './pace.ts';
import { joinOutcomes, joinRows, partsOf, withTarget } from './parts.ts';
import { type Context, runBaseline } from './run-baseline.ts';
import type { Setup } from './setup.ts';
import { type ResolvedTarget, resolveTarget, targetScores } from './target.ts';
import type { ExplainOptions } from './types.ts';

/** What the runs of one explanation came to; `report.ts` makes an Explanation of it. */
export interface Outcome {
  readonly predictions: Tensor;
  readonly target: ResolvedTarget;
  readonly sources: readonly BaselineSource[];
  /** What the baselines stand for: the inputs, or the layer's tensors. */
  readonly like: readonly Tensor[];
  /** Attributions per path variable, mean and spread over the baselines. */
  readonly attributions: Averaged;
  /** Mean over baselines of the output at the baseline, and of the scores at both ends. */
  readonly baselinePredictions: Averaged;
  readonly end: Float64Array;
  readonly start: Averaged;
  readonly pathStart: Averaged;
  /** Scores at each baseline, in order. */
  readonly baselineScores: readonly Float64Array[];
  readonly nonFinite: NonFinite | null;
  readonly moved: Uint8Array;
  readonly displaced: Uint8Array;
  readonly steps: Int32Array;
  readonly converged: boolean[] | null;
  readonly path: PathReport;
}

/**
 * @param options `onProgress` and `signal`; samples of which a mask hides positions are run in parts (`parts.ts`)
 */
export async function run(
  setup: Setup,
  plans: PlanCache,
  rule: Rule | null,
  options: ExplainOptions,
): Promise<Outcome> {
  const pace = new Pace(options.onProgress, options.signal);
  let parts = partsOf(setup);
  if (!parts) return runWhole(setup, plans, rule, pace);
  const wanted = setup.target;
  if (typeof wanted === 'function' && parts.length > 1) {
    // The function sees the predictions of all samples, as it would without parts.
    const some: Tensor[] = [];
    for (const { setup: part } of parts) some.push(await predict(part, plans, pace));
    const predictions = joinRows(parts, some, setup.inputs.rows);
    const alibi = setup.settings.compat === 'alibi';
    const resolved = resolveTarget(wanted(predictions), predictions.shape, setup.inputs.rows, alibi);
    parts = parts.map((part) => withTarget(part, resolved.tensor!));
  }
  const outcomes: Outcome[] = [];
  for (const part of parts) outcomes.push(await runWhole(part.setup, plans, rule, pace));
  return joinOutcomes(setup, parts, outcomes);
}

async function predict(setup: Setup, plans: PlanCache, pace: Pace): Promise<Tensor> {
  const { inputs, graphs, structure, forward } = setup;
  await forward.model?.checkInputs?.(inputs.tensors);
  const runner: Runner = { graphs, plans, samples: inputs.rows, batch: rowsAtOnce(setup), pace };
  const feeds = [...inputs.tensors, ...Object.values(graphs.options.kwargs)].map(feedOf);
  const { predictions } = await runModel(runner, feeds);
  return tensor(predictions, [inputs.rows, ...structure.output.shape.slice(1)]);
}

/**
 * Intermediate values of one run take no more than this, whatever `internalBatchSize` allows: a long text goes through a
 * transformer in fewer rows at a time, which costs no speed, since every row is hundreds of rows of its products.
 */
const roomForValues = 512 * 2 ** 20;

function rowsAtOnce({ settings, structure }: Setup): number {
  const fitting = Math.floor(roomForValues / Math.max(1, structure.bytesPerRow));
  return Math.max(1, Math.min(settings.internalBatchSize, fitting));
}

async function runWhole(setup: Setup, plans: PlanCache, rule: Rule | null, pace: Pace): Promise<Outcome> {
  const { inputs, graphs, settings, structure } = setup;
  const samples = inputs.rows;
  const runner: Runner = { graphs, plans, samples, batch: rowsAtOnce(setup), pace };
  const kwargs = Object.values(graphs.options.kwargs).map(feedOf);
  await pace.turn();
  await setup.forward.model?.checkInputs?.(inputs.tensors);

  const atX = await runModel(runner, [...inputs.tensors.map(feedOf), ...kwargs]);
  const predictions = tensor(atX.predictions, [samples, ...structure.output.shape.slice(1)]);
  const wanted = typeof setup.target === 'function' ? setup.target(predictions) : setup.target;
  const target = resolveTarget(wanted, predictions.shape, samples, settings.compat === 'alibi');
  const end = targetScores(target, atX.predictions, samples);
  const cotangent = feedOfWeights(target, dtypeOf(atX.predictions) as FloatDType, samples);
  const to = setup.choice ? atX.captured : graphs.moving.map((i) => Float64Array.from(inputs.tensors[i]!.data));

  const context: Context = { setup, runner, kwargs, target, end, cotangent, to, rule };
  const [sources, like] = baselineSources(context);
  const widths = to.map((values) => values.length);
  const outcome = {
    predictions,
    target,
    sources,
    like,
    attributions: new Average(widths),
    baselinePredictions: new Average([predictions.size]),
    end,
    start: new Average([samples]),
    pathStart: new Average([samples]),
    baselineScores: [] as Float64Array[],
    nonFinite: null as NonFinite | null,
    moved: new Uint8Array(samples),
    displaced: new Uint8Array(samples),
    steps: new Int32Array(samples),
    converged: null as boolean[] | null,
    path: { pass: '', flopsRemoved: 0, frontier: [], positionsRemoved: 0 } as PathReport,
  };
  for (let draw = 0; draw < drawCount(sources); draw++) {
    const one = await runBaseline(context, drawBaselines(sources, draw, like));
    const { integral } = one;
    outcome.path = one.path;
    outcome.attributions.add(one.attributions);
    outcome.baselinePredictions.add([one.predictions]);
    outcome.start.add([one.start]);
    outcome.pathStart.add([one.pathStart]);
    outcome.baselineScores.push(one.start);
    outcome.nonFinite ??= integral.nonFinite;
    integral.moved.forEach((flag, i) => {
      outcome.moved[i]! |= flag;
      outcome.displaced[i]! |= one.displaced[i]!;
      outcome.steps[i] = Math.max(outcome.steps[i]!, integral.steps[i]!);
    });
    if (integral.converged)
      outcome.converged = integral.converged.map((ok, i) => ok && (outcome.converged?.[i] ?? true));
  }
  return outcome;
}

function feedOfWeights(target: ResolvedTarget, dtype: FloatDType, samples: number): Feed {
  const data = inDType(target.weights, dtype);
  return { data, width: data.length / samples };
}

function baselineSources({ setup, to }: Context): [readonly BaselineSource[], readonly Tensor[]] {
  if (Array.isArray(setup.baselines)) return [setup.baselines, setup.inputs.tensors];
  const { variables } = setup.structure;
  const like = to.map((values, v) => tensor(inDType(values, variables[v]!.dtype), setup.attributed[v]!.shape));
  return [layerBaselines(setup.baselines, like), like];
}
