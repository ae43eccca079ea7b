/** From the outcome of the runs to an Explanation: completeness, deltas, warnings, and everything as tensors. */
import { sizeOf } from '../../../tensor/shape.ts';
import { adopt, type Tensor, tensor } from '../../../tensor/tensor.ts';
import { recordBaselines } from '../baselines/baselines.ts';
import type { Outcome } from '../run.ts';
import type { Setup } from '../setup.ts';
import { alibiDeltas, attributionSums, type Completeness, deltasOf, judge } from './completeness.ts';
import { diagnose } from './diagnostics.ts';
import { type BaselineSpread, Explanation, type Meta } from './explanation.ts';

export function makeExplanation(meta: Meta, setup: Setup, outcome: Outcome): Explanation<Tensor | null> {
  const { inputs, settings, structure, graphs, attributed, method } = setup;
  const { target, predictions, end, sources, like, displaced } = outcome;
  const samples = inputs.rows;
  const { means } = outcome.attributions;
  const judged = method.completeness !== null;
  const sums = attributionSums(means, samples);
  const start = outcome.start.means[0]!;
  const completeness = judged ? judgeAll(outcome, sums, settings.relTol) : [];
  const alibi = settings.compat === 'alibi';
  const deltas = alibi ? alibiDeltas(sums, end, start, target, predictions.rank) : deltasOf(sums, end, start);
  const atBaseline = outcome.baselinePredictions?.means[0] ?? null;
  const baselinePredictions = atBaseline && tensor(atBaseline, predictions.shape, predictions.dtype);
  const { diagnostics, warnings } = diagnose({
    outputs: structure.kind,
    weights: target.weights,
    predictions,
    baselinePredictions,
    completeness,
    relTol: settings.relTol,
    raise: structure.around ? 'layer' : method.completeness,
    notFinite: Array.from(sums).flatMap((sum, i) => (Number.isFinite(sum) || judged ? [] : [i])),
    endless:
      sources.length > 0
        ? Array.from(outcome.pathStart.means[0]!).flatMap((score, i) => (Number.isFinite(score) ? [] : [i]))
        : [],
    moved: outcome.moved,
    unmoved: Array.from(displaced).flatMap((flag, i) => (flag ? [] : [i])),
    firstNonFinite: outcome.nonFinite,
    disconnected: attributed.flatMap(({ name, variable }) =>
      variable !== null && structure.connected[variable] === false && !method.observes ? [name] : [],
    ),
    held: attributed.flatMap(({ name, variable }) => (variable === null ? [name] : [])),
    targetGiven: target.tensor !== null,
    usedTargetFn: typeof setup.target === 'function',
    bypassGap: start.reduce((gap, score, i) => Math.max(gap, Math.abs(score - outcome.pathStart.means[0]![i]!)), 0),
  });
  const data = {
    attributions: asAttributions(setup, outcome, means),
    X: inputs.tensors,
    forwardKwargs: graphs.options.kwargs,
    baselines: sources.length > 0 ? recordBaselines(sources, like) : [],
    predictions,
    deltas: judged ? tensor(deltas) : null,
    target: target.tensor,
  };
  return new Explanation<Tensor | null>({ ...meta, path: outcome.path }, data, {
    names: outcome.names ?? namesOf(attributed, outcome.shapes !== null),
    relativeDeltas: judged ? tensor(Float64Array.from(completeness, ({ relative }) => relative)) : null,
    completeness,
    baselinePredictions,
    nSteps: outcome.steps.reduce((most, steps) => Math.max(most, steps), 0),
    baselineSpread: spreadOf(setup, outcome),
    warnings,
    diagnostics,
  });
}

/** Where attributions have shapes of their own there are none for inputs that stayed at X. */
function namesOf(attributed: Setup['attributed'], own: boolean): string[] {
  const listed = own ? attributed.filter(({ variable }) => variable !== null) : attributed;
  return listed.map(({ name }) => name);
}

function judgeAll({ end, pathStart, steps, converged }: Outcome, sums: Float64Array, relTol: number): Completeness[] {
  return Array.from(sums, (sum, i) =>
    judge(sum, { end: end[i]!, start: pathStart.means[0]![i]! }, relTol, {
      steps: steps[i]!,
      converged: converged ? converged[i]! : null,
    }),
  );
}

/** Values per variable as one float64 tensor per attributed input; inputs that stayed at X get zeros. */
function asAttributions({ attributed }: Setup, { shapes }: Outcome, values: readonly Float64Array[]): Tensor[] {
  if (shapes) return values.map((data, i) => adopt(data, shapes[i]!));
  return attributed.map(({ shape, variable }) =>
    adopt(variable === null ? new Float64Array(sizeOf(shape)) : values[variable]!, shape),
  );
}

function spreadOf(setup: Setup, outcome: Outcome): BaselineSpread | null {
  const { attributions, baselineScores } = outcome;
  const { count } = attributions;
  if (count === 1) return null;
  const scores = new Float64Array(count * setup.inputs.rows);
  baselineScores.forEach((row, i) => {
    scores.set(row, i * row.length);
  });
  return {
    count,
    std: asAttributions(setup, outcome, attributions.std),
    scores: tensor(scores, [count, setup.inputs.rows]),
  };
}
