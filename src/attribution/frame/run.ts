/**
 * One explanation: the model at X, then for each baseline the model at the baseline and what the method makes of the two, and
 * the average over baselines. f(x) and f(b) are evaluated once, for all targets; predictions, deltas and stop rules use the same.
 */
import type { PlanCache } from '../../graph/plan-cache.ts';
import { dtypeOf, type FloatDType } from '../../tensor/dtype.ts';
import type { Shape } from '../../tensor/shape.ts';
import { type Tensor, tensor } from '../../tensor/tensor.ts';
import { inDType } from './arrays.ts';
import { Average, type Averaged } from './average.ts';
import { drawBaselines, drawCount, layerBaselines } from './baselines/baselines.ts';
import type { BaselineSource } from './baselines/kinds.ts';
import { feedOf, type Runner, runModel } from './endpoints.ts';
import type { NonFinite } from './explanation/diagnostics.ts';
import type { PathReport } from './explanation/explanation.ts';
import { Pace } from './pace.ts';
import { joinOutcomes, joinRows, partsOf, withTarget } from './parts.ts';
import type { Feed } from './problem.ts';
import { type BaselineRun, type Context, runBaseline } from './run-baseline.ts';
import { givesNumber, type Setup, variableShapes } from './setup.ts';
import { checkLabels, type ResolvedTarget, resolveTarget, targetScores } from './target.ts';
import { isTargetSet, resolveSet } from './target-set.ts';
import type { ExplainOptions } from './types.ts';

/** What the runs of one explanation came to for one target; `report.ts` makes an Explanation of it. */
export interface Outcome {
  readonly predictions: Tensor;
  readonly target: ResolvedTarget;
  /** None for methods that take no baseline. */
  readonly sources: readonly BaselineSource[];
  /** What the baselines stand for: the inputs, or the layer's tensors. */
  readonly like: readonly Tensor[];
  /** Attributions per variable, mean and spread over the baselines. */
  readonly attributions: Averaged;
  /** Their shapes where they are not those of the variables. */
  readonly shapes: readonly Shape[] | null;
  readonly names: readonly string[] | null;
  /** Mean over baselines of the output at the baseline (null without), and of the scores at both ends. */
  readonly baselinePredictions: Averaged | null;
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
  readonly path: PathReport | null;
}

/**
 * @param options `onProgress` and `signal`; samples of which a mask hides positions are run in parts (`parts.ts`)
 * @returns an outcome per target
 */
export async function run(setup: Setup, plans: PlanCache, options: ExplainOptions): Promise<Outcome[]> {
  const pace = new Pace(options.onProgress, options.signal);
  let parts = setup.method.prunes ? partsOf(setup) : null;
  if (!parts) return runWhole(setup, plans, options, pace);
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
  const outcomes: Outcome[][] = [];
  for (const part of parts) outcomes.push(await runWhole(part.setup, plans, options, pace));
  return outcomes[0]!.map((_, target) =>
    joinOutcomes(
      setup,
      parts,
      outcomes.map((of) => of[target]!),
    ),
  );
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

async function runWhole(setup: Setup, plans: PlanCache, options: ExplainOptions, pace: Pace): Promise<Outcome[]> {
  const { inputs, graphs, structure } = setup;
  const samples = inputs.rows;
  const alone: Runner = { graphs, plans, samples, batch: rowsAtOnce(setup), pace };
  const runner: Runner = { ...alone, kept: (await setup.method.keep?.(alone)) ?? null };
  const kwargs = Object.values(graphs.options.kwargs).map(feedOf);
  await pace.turn();
  await setup.forward.model?.checkInputs?.(inputs.tensors);

  const atX = await runModel(runner, [...inputs.tensors.map(feedOf), ...kwargs], 'input');
  const predictions = tensor(atX.predictions, [samples, ...structure.output.shape.slice(1)]);
  const targets = targetsOf(setup, predictions);
  const dtype = dtypeOf(atX.predictions) as FloatDType;
  const context: Context = {
    setup,
    runner,
    kwargs,
    targets,
    ends: targets.map((target) => targetScores(target, atX.predictions, samples)),
    cotangents: targets.map((target) => feedOfWeights(target, dtype, samples)),
    to: setup.choice ? atX.captured : graphs.moving.map((i) => new Float64Array(inputs.tensors[i]!.data)),
    options,
  };
  const [sources, like] = setup.method.baselines === 'none' ? [[], []] : baselineSources(context);
  const collected = targets.map((target, i) => new Collected(context.ends[i]!, target));
  const draws = sources.length === 0 ? 1 : drawCount(sources);
  for (let draw = 0; draw < draws; draw++) {
    const drawn = sources.length === 0 ? null : drawBaselines(sources, draw, like);
    const one = await runBaseline(context, drawn, { draw, draws });
    for (const [i, each] of collected.entries()) each.add(one, i);
  }
  const outcomes = collected.map((each) => each.outcome(predictions, sources, like));
  const { conclude } = setup.method;
  if (!conclude) return outcomes;
  const averages = outcomes.map(({ attributions }) => attributions.means);
  const { scores, shapes } = await conclude(averages, { to: context.to, shapes: variableShapes(setup), samples, pace });
  // The spread over baselines was that of what went in.
  return outcomes.map((outcome, i) => ({ ...outcome, attributions: { count: 1, means: scores[i]!, std: [] }, shapes }));
}

function targetsOf(setup: Setup, predictions: Tensor): ResolvedTarget[] {
  const { target, settings, inputs } = setup;
  const wanted = typeof target === 'function' ? target(predictions) : target;
  if (isTargetSet(wanted)) return resolveSet(wanted, predictions.shape, inputs.rows, predictions);
  const resolved = resolveTarget(wanted, predictions.shape, inputs.rows, settings.compat === 'alibi');
  if (givesNumber(setup)) checkLabels(resolved);
  return [resolved];
}

/** What the baselines of one target come to, added up as they come. */
class Collected {
  private readonly end: Float64Array;
  private readonly target: ResolvedTarget;
  private readonly start = new Average();
  private readonly pathStart = new Average();
  private readonly baselineScores: Float64Array[] = [];
  private readonly moved: Uint8Array;
  private readonly displaced: Uint8Array;
  private readonly steps: Int32Array;
  private readonly attributions = new Average();
  private readonly baselinePredictions = new Average();
  private nonFinite: NonFinite | null = null;
  private converged: boolean[] | null = null;
  private shapes: readonly Shape[] | null = null;
  private names: readonly string[] | null = null;
  private path: PathReport | null = null;

  constructor(end: Float64Array, target: ResolvedTarget) {
    const samples = end.length;
    this.end = end;
    this.target = target;
    this.moved = new Uint8Array(samples);
    this.displaced = new Uint8Array(samples);
    this.steps = new Int32Array(samples);
  }

  add({ predictions, starts, pathStarts, findings, displaced }: BaselineRun, i: number): void {
    const { attributions, moved, nonFinite } = findings.scores[i]!;
    if (this.attributions.count === 0) this.attributions.adopt(attributions);
    else this.attributions.add(attributions);
    if (predictions) this.baselinePredictions.add([predictions]);
    this.start.add([starts[i]!]);
    this.pathStart.add([pathStarts[i]!]);
    this.baselineScores.push(starts[i]!);
    this.nonFinite ??= nonFinite ?? null;
    this.path = findings.path ?? null;
    this.shapes = findings.shapes ?? null;
    this.names = findings.names ?? null;
    for (let sample = 0; sample < this.end.length; sample++) {
      this.moved[sample]! |= moved ? moved[sample]! : 1;
      this.displaced[sample]! |= displaced[sample]!;
      this.steps[sample] = Math.max(this.steps[sample]!, findings.steps?.[sample] ?? 1);
    }
    const before = this.converged;
    if (findings.converged) this.converged = findings.converged.map((ok, sample) => ok && (before?.[sample] ?? true));
  }

  outcome(predictions: Tensor, sources: readonly BaselineSource[], like: readonly Tensor[]): Outcome {
    const { target, end, start, pathStart, baselineScores, moved, displaced, steps } = this;
    const { attributions, baselinePredictions, nonFinite, converged, shapes, names, path } = this;
    return {
      predictions,
      target,
      sources,
      like,
      attributions,
      shapes,
      names,
      baselinePredictions: baselinePredictions.count > 0 ? baselinePredictions : null,
      end,
      start,
      pathStart,
      baselineScores,
      nonFinite,
      moved,
      displaced,
      steps,
      converged,
      path,
    };
  }
}

function feedOfWeights(target: ResolvedTarget, dtype: FloatDType, samples: number): Feed {
  const data = inDType(target.weights, dtype);
  return { data, width: data.length / samples };
}

function baselineSources({ setup, to }: Context): [readonly BaselineSource[], readonly Tensor[]] {
  if (Array.isArray(setup.baselines)) return [setup.baselines, setup.inputs.tensors];
  const { variables } = setup.structure;
  const shapes = variableShapes(setup);
  const like = to.map((values, v) => tensor(inDType(values, variables[v]!.dtype), shapes[v]!));
  return [layerBaselines(setup.baselines, like), like];
}
