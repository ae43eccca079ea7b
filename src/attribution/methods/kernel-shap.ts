/**
 * Kernel SHAP (Lundberg and Lee, "A unified approach to interpreting model predictions", 2017): Shapley values as the weighted least squares fit
 * of the scores of coalitions, features at X inside and at the baseline outside, by a sum over members that meets `f(x) - f(b)` exactly.
 * With all coalitions in the budget the values are exact. Needs no gradient. With several baselines (a background) it is the average
 * over them, which is the fit to their average.
 */
import { failure } from '../../tensor/errors.ts';
import { checkList, checkSeed } from '../../tensor/options.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { type Explainable, Explainer } from '../frame/explainer.ts';
import type { Findings, Method } from '../frame/method.ts';
import { RepeatedPace } from '../frame/pace.ts';
import type { Problem } from '../frame/problem.ts';
import { checkSettings } from '../frame/settings.ts';
import { type Coalition, coalitions } from '../perturb/coalitions.ts';
import { emptyScores, evaluate, type GroupValue, mix, toFeatures, varyingGroups } from '../perturb/evaluate.ts';
import { type FeatureGroups, type Groups, groupsOf } from '../perturb/groups.ts';
import { ConstrainedFit } from '../perturb/least-squares.ts';
import {
  checkBudget,
  checkGroupValue,
  type GroupedExplainOptions,
  type GroupedOptions,
  groupedExplain,
} from '../perturb/options.ts';

/** What the constructor of `KernelShap` takes, beside layer, output, backend and batch size. */
export interface KernelShapOptions<M> extends GroupedOptions<M> {
  /**
   * Coalitions that are evaluated, each one row; all where that many suffice, which makes the values exact. Twice the groups and 2048 by
   * default, as in shap. Groups that are the same in X and the baseline do not count: their value is 0.
   */
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
    const { coalitions: given = null, nSamples, seed: wanted = 0 } = options;
    if (given !== null) checkList('coalitions', given, 'e.g. [{ members: [0, 2], weight: 1 }]');
    if (given && (nSamples !== undefined || options.seed !== undefined)) {
      throw failure(name, 'coalitions are given, so nSamples and seed say nothing', {}, 'leave nSamples and seed out');
    }
    const settings: Settings = {
      nSamples: nSamples === undefined ? null : checkBudget(name, 'nSamples', nSamples, 2048),
      seed: checkSeed(name, wanted),
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
  const count = groups.names.length;
  const empty = await emptyScores(problem, groups);
  const values = scores.map(() => new Float64Array(samples * count));
  const steps = new Int32Array(samples);
  const parts = alike(varyingGroups(problem, groups)).map((part) => sourceOf(part, count, settings));
  // All rows are announced at once, and no part of them again.
  problem.pace.expect(parts.reduce((rows, part) => rows + part.count * part.members.length, 0));
  const quiet = { ...problem, pace: new RepeatedPace(problem.pace) };
  for (const part of parts) {
    const { members, players } = part;
    const phi = await fit(quiet, groups, empty, part);
    for (const sample of members) steps[sample] = part.count;
    scores.forEach((_, target) => {
      members.forEach((sample, m) => {
        players.forEach((group, p) => {
          values[target]![sample * count + group] = phi[(target * members.length + m) * players.length + p]!;
        });
      });
    });
  }
  return {
    scores: values.map((of) => ({ attributions: toFeatures(problem, groups, of, settings.groupValue) })),
    steps,
  };
}

/** Samples in which the same groups change: they share their coalitions. */
interface Alike {
  readonly members: readonly number[];
  readonly players: Int32Array;
}

function alike(varying: readonly Int32Array[]): Alike[] {
  const found = new Map<string, { members: number[]; players: Int32Array }>();
  for (const [sample, players] of varying.entries()) {
    const key = players.join();
    const same = found.get(key) ?? { members: [], players };
    same.members.push(sample);
    found.set(key, same);
  }
  return [...found.values()];
}

interface Part extends Alike {
  readonly count: number;
  source(): Iterable<Coalition>;
}

function sourceOf({ members, players }: Alike, groups: number, { nSamples, seed, given }: Settings): Part {
  const size = players.length;
  if (size > mostGroups) {
    const hint = 'put features into groups: features: { axes: 1 } or { mask } (superpixels, words)';
    throw failure(name, `${size} groups of features are too many`, { most: mostGroups }, hint);
  }
  const budget = nSamples ?? 2 * size + 2048;
  const source = (): Iterable<Coalition> => (given ? among(given, groups, players) : coalitions(size, budget, seed));
  // Drawing them twice costs less than to keep them.
  let count = 0;
  for (const _ of source()) count++;
  return { members, players, count, source };
}

/** Per target and member, a value per player. */
async function fit(
  problem: Problem,
  groups: Groups,
  empty: readonly Float64Array[],
  { members, players, count, source }: Part,
): Promise<Float64Array> {
  const size = players.length;
  const sum = new ConstrainedFit(size, problem.scores.length * members.length);
  const present = new Uint8Array(groups.names.length);
  await evaluate(
    problem,
    pointsOf(source(), members),
    count * members.length,
    ({ sample, member, coalition }, into) => {
      if (member === 0) {
        present.fill(0);
        for (const player of coalition.members) present[players[player]!] = 1;
        sum.addRow(coalition.members, coalition.weight);
      }
      mix(problem, groups, sample, present, into);
    },
    ({ sample, member, coalition }, found, at) => {
      for (const [target, score] of found.entries()) {
        const value = score[at]! - empty[target]![sample]!;
        sum.addValue(coalition.members, coalition.weight, target * members.length + member, value);
      }
    },
  );
  const totals = problem.scores.flatMap(({ end }, target) =>
    members.map((sample) => end[sample]! - empty[target]![sample]!),
  );
  const phi = sum.solve(Float64Array.from(totals));
  if (phi) return phi;
  const hint = `raise nSamples (${2 * size} and more), or put features into groups`;
  throw failure(name, 'the coalitions do not determine the attributions', { coalitions: count, groups: size }, hint);
}

function* pointsOf(
  source: Iterable<Coalition>,
  members: readonly number[],
): Generator<{ readonly sample: number; readonly member: number; readonly coalition: Coalition }> {
  for (const coalition of source) for (const [member, sample] of members.entries()) yield { sample, member, coalition };
}

/** Coalitions of all groups as those of the players, without the empty and the full one. */
function among(given: KernelShapOptions<never>['coalitions'] & {}, count: number, players: Int32Array): Coalition[] {
  const place = new Map(Array.from(players, (group, player) => [group, player]));
  return checkGiven(given, count)
    .map(({ members, weight }) => ({
      members: members.filter((group) => place.has(group)).map((g) => place.get(g)!),
      weight,
    }))
    .filter(({ members }) => members.length > 0 && members.length < players.length);
}

function checkGiven(given: KernelShapOptions<never>['coalitions'] & {}, players: number): Coalition[] {
  return given.map((one, at) => {
    const { members, weight } = (one ?? {}) as Partial<(typeof given)[number]>;
    const list = Array.isArray(members) ? (members as readonly number[]) : [];
    const rising = list.every((player, i) => Number.isInteger(player) && player > (list[i - 1] ?? -1));
    const inside = list.length > 0 && list.length < players && list.at(-1)! < players;
    if (rising && inside && typeof weight === 'number' && weight > 0 && Number.isFinite(weight))
      return { members: Int32Array.from(list), weight };
    const hint = `some but not all of the groups 0 to ${players - 1}, rising, and a positive weight`;
    throw failure(name, `coalition ${at} is none`, { members, weight, groups: players }, hint);
  });
}
