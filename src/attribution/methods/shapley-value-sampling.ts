/**
 * Shapley values by sampled permutations (Castro, Gomez, Tejada 2009; Strumbelj and Kononenko, "An efficient explanation of individual
 * classifications using game theory", 2010): features join in a random order, each is given the change of the score that it makes, and
 * the changes are averaged over the orders. In every order the changes telescope, so that they add up to `f(x) - f(b)` exactly, for
 * any number of orders; the error of sampling is in how the sum is divided. Needs no gradient.
 */
import { failure } from '../../tensor/errors.ts';
import { checkList, checkSeed } from '../../tensor/options.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { type Explainable, Explainer } from '../frame/explainer.ts';
import type { Findings, Method } from '../frame/method.ts';
import type { Problem } from '../frame/problem.ts';
import { checkSettings } from '../frame/settings.ts';
import { permutation } from '../perturb/draws.ts';
import { emptyScores, evaluate, mix, toFeatures, varyingGroups } from '../perturb/evaluate.ts';
import { type FeatureGroups, groupsOf } from '../perturb/groups.ts';
import {
  checkBudget,
  checkGroupValue,
  type GroupedExplainOptions,
  type GroupedOptions,
  groupedExplain,
} from '../perturb/options.ts';

/** What the constructor of `ShapleyValueSampling` takes, beside layer, output, backend and batch size. */
export interface ShapleyValueSamplingOptions<M> extends GroupedOptions<M> {
  /** Orders in which the features join; each costs one row per group. 25 by default. */
  readonly nSamples?: number;
  /** Of the orders; 0 by default. */
  readonly seed?: number;
  /** The orders themselves instead of `nSamples` and `seed`: each holds the number of every group once. */
  readonly permutations?: readonly (readonly number[])[];
}

type Settings = Required<Pick<ShapleyValueSamplingOptions<never>, 'nSamples' | 'seed' | 'groupValue'>> & {
  readonly permutations: readonly (readonly number[])[] | null;
};

/** Attributions add up to `f(x) - f(b)` exactly; units are those of the explained score. */
export class ShapleyValueSampling<M extends Explainable = Explainable> extends Explainer<
  M,
  Tensor,
  GroupedExplainOptions
> {
  /**
   * @param model a Keras model of `loadModel`, any other `CallableModel`, or a function on graph tensors
   * @throws PathgradError for unknown options, a layer that there is not, and budgets or seeds that make no sense
   */
  constructor(model: M, options: ShapleyValueSamplingOptions<M> = {}) {
    const name = 'ShapleyValueSampling';
    const own = { nSamples: 1, seed: 1, permutations: 1, groupValue: 1 } as const;
    const shared = checkSettings(name, options, own);
    const { permutations = null, nSamples: wanted = 25, seed: given = 0 } = options;
    if (permutations !== null)
      checkList('permutations', permutations, 'orders of the groups by number, e.g. [[0, 2, 1], [1, 0, 2]]');
    if (permutations && (options.nSamples !== undefined || options.seed !== undefined)) {
      throw failure(
        name,
        'permutations are given, so nSamples and seed say nothing',
        {},
        'leave nSamples and seed out',
      );
    }
    if (permutations) checkBudget(name, 'the number of permutations', permutations.length, 25);
    const settings: Settings = {
      nSamples: checkBudget(name, 'nSamples', permutations?.length ?? wanted, 25),
      seed: checkSeed(name, given),
      groupValue: checkGroupValue(name, options.groupValue),
      permutations,
    };
    const { nSamples, seed, groupValue } = settings;
    const method: Method<GroupedExplainOptions> = {
      name,
      params: { nSamples, seed: permutations ? null : seed, groupValue },
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
  const { nSamples, groupValue } = settings;
  const groups = groupsOf(problem, features);
  const count = groups.names.length;
  const empty = await emptyScores(problem, groups);
  const varying = varyingGroups(problem, groups);
  const values = scores.map(() => new Float64Array(samples * count));
  const add = (target: number, sample: number, group: number, change: number): void => {
    values[target]![sample * count + group]! += change / nSamples;
  };
  const present = new Uint8Array(count);
  const before = scores.map(() => 0);
  // The empty and the full coalition are known, and of one group that changes there is nothing between.
  const steps = Int32Array.from(varying, ({ length }) => nSamples * Math.max(0, length - 1));

  await evaluate(
    problem,
    pointsOf(varying, nSamples, orders(count, settings)),
    steps.reduce((sum, rows) => sum + rows, 0),
    ({ sample, order, joined }, into) => {
      if (joined === 1) present.fill(0);
      present[order[joined - 1]!] = 1;
      mix(problem, groups, sample, present, into);
    },
    ({ sample, order, joined }, found, at) => {
      scores.forEach(({ end }, target) => {
        const score = found[target]![at]!;
        add(target, sample, order[joined - 1]!, score - (joined === 1 ? empty[target]![sample]! : before[target]!));
        before[target] = score;
        if (joined === order.length - 1) add(target, sample, order[joined]!, end[sample]! - score);
      });
    },
  );
  for (const [sample, [only, ...more]] of varying.entries()) {
    if (only === undefined || more.length > 0) continue;
    for (const [target, { end }] of scores.entries()) {
      values[target]![sample * count + only] = end[sample]! - empty[target]![sample]!;
    }
  }
  return { scores: values.map((of) => ({ attributions: toFeatures(problem, groups, of, groupValue) })), steps };
}

interface Joined {
  readonly sample: number;
  /** The groups that change, in the order in which they join. */
  readonly order: readonly number[];
  /** How many have joined. */
  readonly joined: number;
}

function* pointsOf(
  varying: readonly Int32Array[],
  draws: number,
  orderOf: (draw: number) => ArrayLike<number>,
): Generator<Joined> {
  const own = varying.map((groups) => new Set(groups));
  for (let draw = 0; draw < draws; draw++) {
    const all = Array.from(orderOf(draw));
    for (const [sample, groups] of own.entries()) {
      const order = all.filter((group) => groups.has(group));
      for (let joined = 1; joined < order.length; joined++) yield { sample, order, joined };
    }
  }
}

function orders(count: number, { seed, permutations }: Settings): (draw: number) => ArrayLike<number> {
  if (!permutations) return (draw) => permutation(count, seed, draw);
  for (const [draw, order] of permutations.entries()) {
    const every = new Set(Array.isArray(order) ? order : []);
    if (
      order?.length === count &&
      every.size === count &&
      order.every((g) => Number.isInteger(g) && g >= 0 && g < count)
    ) {
      continue;
    }
    const hint = `each holds the numbers 0 to ${count - 1} once, in the order in which groups join`;
    throw failure('ShapleyValueSampling', `permutation ${draw} is none of ${count} groups`, { got: order }, hint);
  }
  return (draw) => permutations[draw]!;
}
