/**
 * Feature ablation: how much the score falls when a feature, or a group of them, is put to its baseline while all else stays,
 * `A_g = f(x) - f(x with g at b)`. Needs no gradient, so that inputs of integers (token ids) are explained too. Attributions do not add up to
 * anything: what two features do together is counted for each of them, or for none.
 */
import { type Explainable, Explainer } from '../frame/explainer.ts';
import type { Findings, Method } from '../frame/method.ts';
import type { Problem } from '../frame/problem.ts';
import { checkSettings } from '../frame/settings.ts';
import { evaluate, type GroupValue, mix, toFeatures, varyingGroups } from '../perturb/evaluate.ts';
import { type FeatureGroups, groupsOf } from '../perturb/groups.ts';
import {
  checkGroupValue,
  type GroupedExplainOptions,
  type GroupedOptions,
  groupedExplain,
} from '../perturb/options.ts';

/** What the constructor of `FeatureAblation` takes, beside layer, output, backend and batch size. */
export type FeatureAblationOptions<M> = GroupedOptions<M>;

/** Units are those of the explained score; positive: the score would be lower without the feature. */
export class FeatureAblation<M extends Explainable = Explainable> extends Explainer<M, null, GroupedExplainOptions> {
  /**
   * @param model a Keras model of `loadModel`, any other `CallableModel`, or a function on graph tensors
   * @param options `groupValue` says where the value of a group stands; which features are groups is an option of `explain`
   * @throws PathgradError for unknown options and a layer that there is not
   */
  constructor(model: M, options: FeatureAblationOptions<M> = {}) {
    const settings = checkSettings('FeatureAblation', options, { groupValue: 1 });
    const groupValue = checkGroupValue('FeatureAblation', options.groupValue);
    const method: Method<GroupedExplainOptions> = {
      name: 'FeatureAblation',
      params: { groupValue },
      baselines: 'used',
      completeness: null,
      needs: 'values',
      attribute: (problem, { features = null }) => ablate(problem, features, groupValue),
    };
    super(model, options, settings, method, groupedExplain);
  }
}

async function ablate(problem: Problem, features: FeatureGroups | null, groupValue: GroupValue): Promise<Findings> {
  const groups = groupsOf(problem, features);
  const count = groups.names.length;
  const varying = varyingGroups(problem, groups);
  const present = new Uint8Array(count).fill(1);
  const values = problem.scores.map(() => new Float64Array(problem.samples * count));
  const steps = Int32Array.from(varying, ({ length }) => length);
  await evaluate(
    problem,
    pointsOf(varying),
    steps.reduce((sum, rows) => sum + rows, 0),
    ({ sample, group }, into) => {
      present[group] = 0;
      mix(problem, groups, sample, present, into);
      present[group] = 1;
    },
    ({ sample, group }, scores, at) => {
      problem.scores.forEach(({ end }, target) => {
        values[target]![sample * count + group] = end[sample]! - scores[target]![at]!;
      });
    },
  );
  return {
    scores: values.map((of) => ({ attributions: toFeatures(problem, groups, of, groupValue) })),
    steps,
  };
}

function* pointsOf(varying: readonly Int32Array[]): Generator<{ readonly sample: number; readonly group: number }> {
  for (const [sample, own] of varying.entries()) for (const group of own) yield { sample, group };
}
