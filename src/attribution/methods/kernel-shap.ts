/**
 * Kernel SHAP (Lundberg and Lee, "A unified approach to interpreting model predictions", 2017): Shapley values as the weighted least squares fit
 * of the scores of coalitions, features at X inside and at the baseline outside, by a sum over members that meets `f(x) - f(b)` exactly.
 * With all coalitions in the budget the values are exact. Needs no gradient. With several baselines (a background) it is the average
 * over them, which is the fit to their average.
 */
import { failure } from '../../tensor/errors.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { type Explainable, Explainer } from '../frame/explainer.ts';
import type { Findings, Method } from '../frame/method.ts';
import type { Problem } from '../frame/problem.ts';
import { checkSettings } from '../frame/settings.ts';
import { type Coalition, coalitions } from '../perturb/coalitions.ts';
import { checkSeed } from '../perturb/draws.ts';
import { emptyScores, evaluate, type GroupValue, mix, toFeatures } from '../perturb/evaluate.ts';
import { type FeatureGroups, groupsOf } from '../perturb/groups.ts';
import { ConstrainedFit } from '../perturb/least-squares.ts';
import {
  checkBudget,
  checkGroupValue,
  type GroupedExplainOptions,
  type GroupedOptions,
  groupedExplain,
} from '../perturb/options.ts';

export interface KernelShapOptions<M> extends GroupedOptions<M> {
  /** Coalitions that are evaluated, each one row; all where that many suffice. Twice the groups and 2048 by default, as in shap. */
  readonly nSamples?: number;
  /** Of the coalitions that are drawn; 0 by default. */
  readonly seed?: number;
  /** The coalitions themselves instead of `nSamples` and `seed`: the groups at X and a positive weight in the fit. */
  readonly coalitions?: readonly { readonly members: readonly number[]; readonly weight: number }[];
}

/** The fit keeps half a matrix of this width, and solves it. */
const mostGroups = 2048;
const name = 'KernelShap';

interface Settings {
  readonly nSamples: number | null;
  readonly seed: number;
  readonly groupValue: GroupValue;
  readonly given: KernelShapOptions<never>['coalitions'] | null;
}

/** Attributions add up to `f(x) - f(b)` exactly; units are those of the explained score. */
export class KernelShap<M extends Explainable = Explainable> extends Explainer<M, Tensor, GroupedExplainOptions> {
  /**
   * @param model a Keras model of `loadModel`, any other `CallableModel`, or a function on graph tensors
   * @throws PathgradError for unknown options, a layer that there is not, and budgets or seeds that make no sense
   */
  constructor(model: M, options: KernelShapOptions<M> = {}) {
    const shared = checkSettings(name, options, { nSamples: 1, seed: 1, coalitions: 1, groupValue: 1 });
    const { coalitions: given = null, nSamples } = options;
    if (given && (nSamples !== undefined || options.seed !== undefined)) {
      throw failure(name, 'coalitions are given, so nSamples and seed say nothing', {}, 'leave nSamples and seed out');
    }
    const settings: Settings = {
      nSamples: nSamples === undefined ? null : checkBudget(name, 'nSamples', nSamples, 2048),
      seed: checkSeed(name, options.seed ?? 0),
      groupValue: checkGroupValue(name, options.groupValue),
      given,
    };
    const { seed, groupValue } = settings;
    const method: Method<GroupedExplainOptions> = {
      name,
      params: { nSamples: given?.length ?? settings.nSamples ?? 'auto', seed: given ? null : seed, groupValue },
      baselines: 'used',
      completeness: groupValue === 'shared' ? 'none' : null,
      needs: 'values',
      attribute: (problem, { features = null }) => attribute(problem, features, settings),
    };
    super(model, options, shared, method, groupedExplain);
  }
}

async function attribute(problem: Problem, features: FeatureGroups | null, settings: Settings): Promise<Findings> {
  const { samples, scores } = problem;
  const groups = groupsOf(problem, features);
  const players = groups.names.length;
  if (players > mostGroups) {
    const hint = 'put features into groups: features: { axes: 1 } or { mask } (superpixels, words)';
    throw failure(name, `${players} groups of features are too many`, { most: mostGroups }, hint);
  }
  const empty = await emptyScores(problem, groups);
  const budget = settings.nSamples ?? 2 * players + 2048;
  const source = (): Iterable<Coalition> =>
    settings.given ? checkGiven(settings.given, players) : coalitions(players, budget, settings.seed);
  // Drawing them twice costs less than to keep them.
  let count = 0;
  for (const _ of source()) count++;
  const fit = new ConstrainedFit(players, scores.length * samples);
  await addCoalitions(problem, { empty, groups }, source(), count, fit);

  const totals = new Float64Array(scores.length * samples);
  scores.forEach(({ end }, target) => {
    for (let sample = 0; sample < samples; sample++) {
      totals[target * samples + sample] = end[sample]! - empty[target]![sample]!;
    }
  });
  const solution = fit.solve(totals);
  if (!solution) {
    const hint = `raise nSamples (${2 * players} and more), or put features into groups`;
    throw failure(
      name,
      'the coalitions do not determine the attributions',
      { coalitions: count, groups: players },
      hint,
    );
  }
  const size = samples * players;
  return {
    scores: scores.map((_, target) => ({
      attributions: toFeatures(
        problem,
        groups,
        solution.subarray(target * size, (target + 1) * size),
        settings.groupValue,
      ),
    })),
    steps: new Int32Array(samples).fill(count),
  };
}

/** Every coalition for all samples; those of a chunk wait in a queue for their scores. */
async function addCoalitions(
  problem: Problem,
  { empty, groups }: { empty: readonly Float64Array[]; groups: ReturnType<typeof groupsOf> },
  source: Iterable<Coalition>,
  count: number,
  fit: ConstrainedFit,
): Promise<void> {
  const { samples } = problem;
  const drawn = source[Symbol.iterator]();
  const waiting: Coalition[] = [];
  const present = new Uint8Array(groups.names.length);
  await evaluate(
    problem,
    count * samples,
    (row, into) => {
      const sample = row % samples;
      if (sample === 0) {
        const next = drawn.next().value as Coalition;
        waiting.push(next);
        present.fill(0);
        for (const player of next.members) present[player] = 1;
        fit.addRow(next.members, next.weight);
      }
      mix(problem, groups, sample, present, into);
      return sample;
    },
    (row, found, at) => {
      const sample = row % samples;
      const { members, weight } = waiting[0]!;
      found.forEach((score, target) => {
        fit.addValue(members, weight, target * samples + sample, score[at]! - empty[target]![sample]!);
      });
      if (sample === samples - 1) waiting.shift();
    },
  );
}

function checkGiven(given: KernelShapOptions<never>['coalitions'] & {}, players: number): Coalition[] {
  return given.map(({ members, weight }, at) => {
    const rising = members.every((player, i) => Number.isInteger(player) && player > (members[i - 1] ?? -1));
    const inside = members.length > 0 && members.length < players && members.at(-1)! < players;
    if (rising && inside && weight > 0 && Number.isFinite(weight)) return { members: Int32Array.from(members), weight };
    const hint = `some but not all of the groups 0 to ${players - 1}, rising, and a positive weight`;
    throw failure(name, `coalition ${at} is none`, { members, weight, groups: players }, hint);
  });
}
