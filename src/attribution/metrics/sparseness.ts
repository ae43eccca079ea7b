/** Sparseness: whether an explanation names few features or many. */
import { failure } from '../../tensor/errors.ts';
import { checkOptions } from '../../tensor/options.ts';
import { attributionsOf, type Groups, makeFeatures } from './shared/features.ts';
import { type Explained, judgedInputs } from './shared/judged.ts';
import type { MetricResult } from './shared/result.ts';

export interface SparsenessOptions {
  /** What counts as one feature; elements by default, tokens where an embedding is explained. */
  readonly groups?: Groups;
  /** Which input, counted from 0, where a layer's attributions fit several. */
  readonly input?: number;
}

/**
 * The Gini index of the absolute attributions (Hurley and Rickard: "Comparing measures of sparsity", 2009; for explanations Chalasani et
 * al.: "Concise explanations of neural networks using adversarial training", 2020): with `|a|` sorted upwards
 * `sum_k (2k - d - 1) |a_(k)| / (d sum_k |a_(k)|)`. From 0 (all equal) to `1 - 1/d` (a single feature), without unit: the higher,
 * the sparser. That is easier to read and says nothing about being right. NaN where all attributions are 0. Quantus adds 1e-7 first.
 *
 * @throws PathgradError where attributions have another shape than the inputs
 */
export async function sparseness(explanation: Explained, options: SparsenessOptions = {}): Promise<MetricResult> {
  checkOptions<SparsenessOptions>('sparseness', options, { groups: 1, input: 1 });
  const samples = explanation.X[0]?.shape[0];
  if (samples === undefined) throw failure('explanation', 'holds no inputs');
  const inputs = judgedInputs(explanation, options.input, new Set());
  const features = makeFeatures(inputs, options.groups, samples);
  const values = Float64Array.from({ length: samples }, (_, i) => gini(attributionsOf(inputs, features, i)));
  return { metric: 'sparseness', values };
}

/** The Gini index of the absolute values. */
export function gini(values: Float64Array): number {
  const sorted = values.map(Math.abs).sort();
  const count = sorted.length;
  let [weighted, sum] = [0, 0];
  sorted.forEach((value, i) => {
    weighted += (2 * (i + 1) - count - 1) * value;
    sum += value;
  });
  return sum === 0 ? Number.NaN : weighted / (count * sum);
}
