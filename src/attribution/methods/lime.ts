/**
 * LIME (Ribeiro, Singh, Guestrin: "Why should I trust you?", 2016): the slopes of a linear model of the score around the input, fitted by
 * weighted ridge regression to the scores of sets of features that stay at X while the others are at the baseline. A set of `m` of `d`
 * features weighs `exp(-D^2 / (2 kernelWidth^2))`, where `D = 1 - sqrt(m / d)` is its cosine distance to all of them, as in the
 * authors' package. Needs no gradient. Attributions need not add up to anything: the linear model has an intercept and an error.
 */
import { randomUniform } from '../../graph/random.ts';
import { failure } from '../../tensor/errors.ts';
import { checkSeed } from '../../tensor/options.ts';
import { type Explainable, Explainer } from '../frame/explainer.ts';
import type { Findings, Method } from '../frame/method.ts';
import type { Problem } from '../frame/problem.ts';
import { checkSettings } from '../frame/settings.ts';
import { seedOf } from '../perturb/draws.ts';
import { evaluate, type GroupValue, mix, toFeatures } from '../perturb/evaluate.ts';
import { type FeatureGroups, groupsOf } from '../perturb/groups.ts';
import { cholesky, solveBoth } from '../perturb/least-squares.ts';
import {
  checkBudget,
  checkGroupValue,
  type GroupedExplainOptions,
  type GroupedOptions,
  groupedExplain,
} from '../perturb/options.ts';

/** What the constructor of `Lime` takes, beside layer, output, backend and batch size. */
export interface LimeOptions<M> extends GroupedOptions<M> {
  /** Sets of features that are evaluated, each one row; 1000 by default. */
  readonly nSamples?: number;
  /** How fast the weight of a set falls with its distance; 0.25 by default. */
  readonly kernelWidth?: number;
  /** The penalty on squared slopes; 1 by default, 0 for plain least squares. */
  readonly alpha?: number;
  /** Of the sets; 0 by default. */
  readonly seed?: number;
}

interface Settings {
  readonly nSamples: number;
  readonly kernelWidth: number;
  readonly alpha: number;
  readonly seed: number;
}

/** The fit keeps half a matrix of this width, and solves it. */
const mostGroups = 2048;
const name = 'Lime';

/** Units are those of the explained score: what the linear model says the feature adds. */
export class Lime<M extends Explainable = Explainable> extends Explainer<M, null, GroupedExplainOptions> {
  /**
   * @param model a Keras model of `loadModel`, any other `CallableModel`, or a function on graph tensors
   * @throws PathgradError for unknown options, a layer that there is not, and budgets, widths, penalties or seeds that make no sense
   */
  constructor(model: M, options: LimeOptions<M> = {}) {
    const shared = checkSettings(name, options, { nSamples: 1, kernelWidth: 1, alpha: 1, seed: 1, groupValue: 1 });
    const { nSamples = 1000, kernelWidth = 0.25, alpha = 1, seed = 0 } = options;
    if (!(kernelWidth > 0 && Number.isFinite(kernelWidth)))
      throw failure(name, 'kernelWidth must be a positive number', { got: kernelWidth }, '0.25 is usual');
    if (!(alpha >= 0 && Number.isFinite(alpha)))
      throw failure(name, 'alpha must be a number from 0 up', { got: alpha }, '1 is usual');
    const settings = {
      nSamples: checkBudget(name, 'nSamples', nSamples, 1000),
      kernelWidth,
      alpha,
      seed: checkSeed(name, seed),
    };
    const groupValue = checkGroupValue(name, options.groupValue);
    const method: Method<GroupedExplainOptions> = {
      name,
      params: { ...settings, groupValue },
      baselines: 'used',
      completeness: null,
      needs: 'values',
      attribute: (problem, { features = null }) => attribute(problem, features, settings, groupValue),
    };
    super(model, options, shared, method, groupedExplain);
  }
}

async function attribute(
  problem: Problem,
  features: FeatureGroups | null,
  settings: Settings,
  groupValue: GroupValue,
): Promise<Findings> {
  const { samples, scores } = problem;
  const { nSamples, alpha } = settings;
  const groups = groupsOf(problem, features);
  const size = groups.names.length;
  if (size > mostGroups) {
    const hint = 'put features into groups: features: { axes: 1 } or { mask } (superpixels, words)';
    throw failure(name, `${size} groups of features are too many`, { most: mostGroups }, hint);
  }
  // Unknowns: the slopes, then the intercept, which is not penalized. The matrix is the same for all samples and targets.
  const place = (row: number): number => (row * (row + 1)) / 2;
  const matrix = new Float64Array(place(size + 1));
  for (let i = 0; i < size; i++) matrix[place(i) + i] = alpha;
  const right = scores.map(() => Array.from({ length: samples }, () => new Float64Array(size + 1)));
  await evaluate(
    problem,
    pointsOf(size, samples, settings),
    nSamples * samples,
    ({ sample, present, weight }, into) => {
      if (sample === 0) {
        for (let i = 0; i <= size; i++) {
          if (i < size && !present[i]) continue;
          for (let j = 0; j < i; j++) if (present[j]) matrix[place(i) + j]! += weight;
          matrix[place(i) + i]! += weight;
        }
      }
      mix(problem, groups, sample, present, into);
    },
    ({ sample, present, weight }, found, at) => {
      for (const [target, score] of found.entries()) {
        const side = right[target]![sample]!;
        for (let i = 0; i < size; i++) if (present[i]) side[i]! += weight * score[at]!;
        side[size]! += weight * score[at]!;
      }
    },
  );
  const factor = cholesky(matrix, size + 1);
  if (!factor) {
    const hint = `raise nSamples (${2 * size} and more) or alpha, or put features into groups`;
    throw failure(name, 'the sets do not determine the linear model', { sets: nSamples, groups: size }, hint);
  }
  const values = right.map((sides) => {
    const of = new Float64Array(samples * size);
    for (const [sample, side] of sides.entries()) {
      solveBoth(factor, side);
      of.set(side.subarray(0, size), sample * size);
    }
    return of;
  });
  return {
    scores: values.map((of) => ({ attributions: toFeatures(problem, groups, of, groupValue) })),
    steps: new Int32Array(samples).fill(nSamples),
  };
}

interface Draw {
  readonly sample: number;
  readonly present: Uint8Array;
  readonly weight: number;
}

/** All features, then sets in which each feature is by chance: the same sets for all samples. */
function* pointsOf(size: number, samples: number, { nSamples, kernelWidth, seed }: Settings): Generator<Draw> {
  for (let draw = 0; draw < nSamples; draw++) {
    const next = randomUniform(seedOf(seed, draw));
    const present = Uint8Array.from({ length: size }, () => (draw === 0 || next() < 0.5 ? 1 : 0));
    const distance = 1 - Math.sqrt(present.reduce((sum, one) => sum + one, 0) / size);
    const weight = Math.exp(-(distance ** 2) / (2 * kernelWidth ** 2));
    for (let sample = 0; sample < samples; sample++) yield { sample, present, weight };
  }
}
