/** From the outcome of the runs to an Explanation: completeness, deltas, warnings, and everything as tensors. */
import { adopt, tensor } from '../../../tensor/tensor.ts';
import { recordBaselines } from '../baselines/baselines.ts';
import type { Outcome } from '../run.ts';
import type { Setup } from '../setup.ts';
import { alibiDeltas, attributionSums, type Completeness, deltasOf, judge } from './completeness.ts';
import { diagnose } from './diagnostics.ts';
import { type BaselineSpread, Explanation, type Meta } from './explanation.ts';

export function makeExplanation(meta: Meta, setup: Setup, outcome: Outcome): Explanation {
  const { inputs, settings, structure, graphs, attributed } = setup;
  const { target, attributions, predictions, end, sources, like } = outcome;
  const samples = inputs.rows;
  const sums = attributionSums(attributions.means, samples);
  const start = outcome.start.means[0]!;
  const completeness = judgeAll(outcome, sums, settings.relTol);
  const deltas =
    settings.compat === 'alibi' ? alibiDeltas(sums, end, start, target, predictions.rank) : deltasOf(sums, end, start);
  const baselinePredictions = tensor(outcome.baselinePredictions.means[0]!, predictions.shape, predictions.dtype);
  const { diagnostics, warnings } = diagnose({
    outputs: structure.kind,
    weights: target.weights,
    predictions,
    baselinePredictions,
    completeness,
    relTol: settings.relTol,
    auto: settings.nSteps === 'auto',
    moved: outcome.moved,
    unmoved: Array.from(outcome.displaced).flatMap((flag, i) => (flag ? [] : [i])),
    firstNonFinite: outcome.nonFinite,
    disconnected: attributed.flatMap(({ name, variable }) =>
      variable !== null && !structure.connected[variable] ? [name] : [],
    ),
    held: attributed.flatMap(({ name, variable }) => (variable === null ? [name] : [])),
    targetGiven: target.tensor !== null,
    usedTargetFn: typeof setup.target === 'function',
    bypassGap: start.reduce((gap, score, i) => Math.max(gap, Math.abs(score - outcome.pathStart.means[0]![i]!)), 0),
  });
  const data = {
    attributions: asAttributions(setup, attributions.means),
    X: inputs.tensors,
    forwardKwargs: graphs.options.kwargs,
    baselines: recordBaselines(sources, like),
    predictions,
    deltas: tensor(deltas),
    target: target.tensor,
  };
  return new Explanation({ ...meta, path: outcome.path }, data, {
    names: attributed.map(({ name }) => name),
    relativeDeltas: tensor(Float64Array.from(completeness, ({ relative }) => relative)),
    completeness,
    baselinePredictions,
    nSteps: outcome.steps.reduce((most, steps) => Math.max(most, steps), 0),
    baselineSpread: spreadOf(setup, outcome),
    warnings,
    diagnostics,
  });
}

function judgeAll({ end, pathStart, steps, converged }: Outcome, sums: Float64Array, relTol: number): Completeness[] {
  return Array.from(sums, (sum, i) =>
    judge(sum, { end: end[i]!, start: pathStart.means[0]![i]! }, relTol, {
      steps: steps[i]!,
      converged: converged ? converged[i]! : null,
    }),
  );
}

/** Values per path variable as one float64 tensor per attributed input; inputs that stayed at X get zeros. */
function asAttributions({ attributed }: Setup, values: readonly Float64Array[]): ReturnType<typeof tensor>[] {
  return attributed.map(({ shape, variable }) => {
    const size = shape.reduce((product, dim) => product * dim, 1);
    return adopt(variable === null ? new Float64Array(size) : values[variable]!, shape);
  });
}

function spreadOf(setup: Setup, { attributions, baselineScores }: Outcome): BaselineSpread | null {
  const { count } = attributions;
  if (count === 1) return null;
  const scores = new Float64Array(count * setup.inputs.rows);
  baselineScores.forEach((row, i) => {
    scores.set(row, i * row.length);
  });
  return { count, std: asAttributions(setup, attributions.std), scores: tensor(scores, [count, setup.inputs.rows]) };
}
