/**
 * Shapley values by sampled permutations (Castro, Gomez, Tejada 2009; Strumbelj and Kononenko, "An efficient explanation of individual
 * classifications using game theory", 2010): features join in a random order, each is given the change of the score that it makes, and
 * the changes are averaged over the orders. In every order the changes telescope, so that they add up to `f(x) - f(b)` exactly, for
 * any number of orders; the error of sampling is in how the sum is divided. Needs no gradient.
 */
import { failure } from '../../tensor/errors.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { type Explainable, Explainer } from '../frame/explainer.ts';
import type { Findings, Method } from '../frame/method.ts';
import type { Problem } from '../frame/problem.ts';
import { checkSettings } from '../frame/settings.ts';
import { checkSeed, permutation } from '../perturb/draws.ts';
import { emptyScores, evaluate, mix, toFeatures } from '../perturb/evaluate.ts';
import { type FeatureGroups, groupsOf } from '../perturb/groups.ts';
import {
  checkBudget,
  checkGroupValue,
  type GroupedExplainOptions,
  type GroupedOptions,
  groupedExplain,
} from '../perturb/options.ts';

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
    const { permutations = null } = options;
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
      nSamples: checkBudget(name, 'nSamples', permutations?.length ?? options.nSamples ?? 25, 25),
      seed: checkSeed(name, options.seed ?? 0),
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
  const values = scores.map(() => new Float64Array(samples * count));
  // The empty and the full coalition are known; with one group there is nothing between.
  const between = count - 1;
  const orderOf = orders(count, settings);
  // The order that is written, and the one that is taken, which lags behind.
  const latest = [remember(orderOf), remember(orderOf)] as const;
  const present = new Uint8Array(count);
  const before = scores.map(() => 0);
  const placeOf = (row: number): { draw: number; sample: number; joined: number } => ({
    draw: Math.floor(row / (samples * between)),
    sample: Math.floor(row / between) % samples,
    joined: (row % between) + 1,
  });

  await evaluate(
    problem,
    nSamples * samples * between,
    (row, into) => {
      const { draw, sample, joined } = placeOf(row);
      const order = latest[0](draw);
      if (joined === 1) present.fill(0);
      present[order[joined - 1]!] = 1;
      mix(problem, groups, sample, present, into);
      return sample;
    },
    (row, found, at) => {
      const { draw, sample, joined } = placeOf(row);
      const order = latest[1](draw);
      scores.forEach(({ end }, target) => {
        const score = found[target]![at]!;
        const into = values[target]!.subarray(sample * count, (sample + 1) * count);
        into[order[joined - 1]!]! += score - (joined === 1 ? empty[target]![sample]! : before[target]!);
        before[target] = score;
        if (joined === between) into[order[between]!]! += end[sample]! - score;
      });
    },
  );
  values.forEach((of, target) => {
    for (let i = 0; i < of.length; i++) {
      of[i] = between === 0 ? scores[target]!.end[i]! - empty[target]![i]! : of[i]! / nSamples;
    }
  });
  return {
    scores: values.map((of) => ({ attributions: toFeatures(problem, groups, of, groupValue) })),
    steps: new Int32Array(samples).fill(nSamples * between),
  };
}

function orders(count: number, { seed, permutations }: Settings): (draw: number) => ArrayLike<number> {
  if (!permutations) return (draw) => permutation(count, seed, draw);
  for (const [draw, order] of permutations.entries()) {
    const every = new Set(order);
    if (
      order.length === count &&
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

function remember<T>(make: (index: number) => T): (index: number) => T {
  let [at, value] = [-1, undefined as T];
  return (index) => {
    if (index !== at) [at, value] = [index, make(index)];
    return value;
  };
}
