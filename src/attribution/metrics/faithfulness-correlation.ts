/** Faithfulness correlation: whether the attributions of removed features add up to what removing them does. */

import type { CallableModel } from '../../graph/callable.ts';
import { failure } from '../../tensor/errors.ts';
import { checkNoSay, checkOptions, checkSeed } from '../../tensor/options.ts';
import type { TensorFunction } from '../frame/forward.ts';
import { checkFunction } from '../frame/settings.ts';
import { checkPositive } from './shared/checks.ts';
import { Correlations } from './shared/correlation.ts';
import { attributionsOf } from './shared/features.ts';
import type { Explained } from './shared/judged.ts';
import { drawRandom, type MetricResult, randomSubset } from './shared/result.ts';
import { fillRemoved, makeSubject, type SubjectOptions, subjectOptionNames } from './shared/subject.ts';

/** Which features `faithfulnessCorrelation` takes out together, and how often. */
export interface FaithfulnessCorrelationOptions extends SubjectOptions {
  /** Random subsets per sample; 100 by default. */
  readonly runs?: number;
  /** Features in each subset; a fifth of those that count in the sample by default, at least one. */
  readonly subsetSize?: number;
  /** Of the random subsets; 0 by default. */
  readonly seed?: number;
  /** Subsets of one's own: the features, of those that count, that run `run` takes out of sample `sample`. */
  readonly subsets?: (sample: number, run: number) => ArrayLike<number>;
}

const own = { runs: 1, subsetSize: 1, seed: 1, subsets: 1 } as const;

/**
 * Faithfulness correlation (Bhatt, Weller, Moura: "Evaluating and aggregating feature-based model explanations", 2020): Pearson's
 * correlation, over random subsets S of the features, of `sum of a_i over S` and `f(x) - f(x with S replaced by the baseline)`. Between -1
 * and 1, without unit: the higher, the better. NaN where attributions or scores do not vary over the subsets, as for constant attributions and a single
 * feature.
 * Features that a mask hides or that equal the baseline are in no subset.
 *
 * @param model the model that was explained @param explanation of a method whose attributions are contributions
 * @throws PathgradError where attributions have another shape than the inputs, for subsets of 0 or all features, and for own ones that
 * name no feature, one twice, or the same in every run
 */
export async function faithfulnessCorrelation(
  model: CallableModel | TensorFunction,
  explanation: Explained,
  options: FaithfulnessCorrelationOptions = {},
): Promise<MetricResult> {
  const metric = 'faithfulnessCorrelation';
  checkOptions<FaithfulnessCorrelationOptions>(metric, options, { ...subjectOptionNames, ...own });
  const { runs = 100, subsetSize, seed = 0, subsets } = options;
  checkPositive('runs', runs, '100 is usual');
  checkSeed(metric, seed);
  if (runs < 2) throw failure('runs', 'a correlation needs two runs or more', { got: runs }, '100 is usual');
  if (subsetSize !== undefined)
    checkPositive('subsetSize', subsetSize, 'a fifth of the features is usual: leave it out');
  checkFunction('subsets', subsets, 'e.g. (sample, run) => [run % 4]');
  if (subsets) checkNoSay(metric, { subsetSize, seed: options.seed }, 'the subsets are given');
  const subject = await makeSubject(model, explanation, options);
  const { samples, features, scorer, inputs } = subject;
  const attributions = Array.from({ length: samples }, (_, sample) => attributionsOf(inputs, features, sample));
  for (const [sample, { length }] of attributions.entries()) {
    if (subsetSize === undefined || subsetSize < length) continue;
    const details = { got: subsetSize, features: length, sample };
    throw failure('subsetSize', 'must be smaller than the number of features', details, 'a fifth of them is usual');
  }
  const subsetOf = (sample: number, run: number): ArrayLike<number> => {
    const { length } = attributions[sample]!;
    if (!subsets) return randomSubset(length, subsetSize ?? Math.max(1, Math.round(length / 5)), drawRandom(seed, run));
    return checkSubset(subsets(sample, run), { sample, run, features: length });
  };
  /** Per sample its first subset, until another one is met. */
  const only = new Map<number, string>();
  const whole = await scorer.scores(scorer.inputs.tensors);
  const correlations = new Correlations(samples);
  const sums = new Map<number, number>();
  try {
    await scorer.run(
      samples * runs,
      (row, slot) => {
        const [run, sample] = [Math.floor(row / samples), row % samples];
        const subset = Array.from(subsetOf(sample, run));
        if (subsets) {
          const name = subset.toSorted((a, b) => a - b).join();
          if (run === 0 && attributions[sample]!.length > 1) only.set(sample, name);
          else if (only.get(sample) !== name) only.delete(sample);
        }
        const gone = new Set(subset);
        fillRemoved(subject, sample, slot, (f) => gone.has(f));
        sums.set(
          row,
          subset.reduce((sum, f) => sum + attributions[sample]![f]!, 0),
        );
        return sample;
      },
      (row, score) => {
        const sample = row % samples;
        correlations.add(sample, sums.get(row)!, whole[sample]! - score);
        sums.delete(row);
      },
    );
  } finally {
    scorer.dispose();
  }
  for (const sample of only.keys()) {
    const hint = 'give other features in other runs, or leave subsets out';
    throw failure('subsets', 'are the same in every run: nothing varies', { sample }, hint);
  }
  return { metric, values: correlations.values() };
}

/** @throws PathgradError unless `given` holds some of the features, each once */
function checkSubset(given: unknown, at: { sample: number; run: number; features: number }): ArrayLike<number> {
  const hint = `a list of one or more of the features 0 to ${at.features - 1}, each once`;
  const list = Array.isArray(given) || ArrayBuffer.isView(given) ? Array.from(given as ArrayLike<unknown>) : [];
  if (list.length === 0) throw failure('subsets', 'name no feature', { got: given, ...at }, hint);
  const wrong = list.findIndex((f) => !(Number.isInteger(f) && (f as number) >= 0 && (f as number) < at.features));
  if (wrong >= 0) throw failure('subsets', `there is no feature ${String(list[wrong])}`, { ...at }, hint);
  if (new Set(list).size < list.length) throw failure('subsets', 'name a feature twice', { got: list, ...at }, hint);
  return list as number[];
}
