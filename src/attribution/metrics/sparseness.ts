/** Sparseness: whether an explanation names few features or many. */
import { failure } from '../../tensor/errors.ts';
import { checkOptions } from '../../tensor/options.ts';
import { sameShape } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { Baselines, LayerBaseline } from '../frame/types.ts';
import { checkExplanation } from './shared/checks.ts';
import { oneBaseline } from './shared/compared.ts';
import { type Counting, checkCounting, countedFeatures } from './shared/counted.ts';
import { attributionsOf, type Groups, makeFeatures } from './shared/features.ts';
import { type Explained, fits, judgedInputs } from './shared/judged.ts';
import type { MetricResult } from './shared/result.ts';

/** What counts as a feature for `sparseness`. */
export interface SparsenessOptions {
  /** What counts as one feature; elements by default, tokens where an embedding is explained. */
  readonly groups?: Groups;
  /** Which input, counted from 0, where a layer's attributions fit several. */
  readonly input?: number;
  /** What equals it does not count: the explanation's baselines by default, zeros where it has none. */
  readonly baselines?: Exclude<Baselines, LayerBaseline>;
  /**
   * `present` (the default): features that equal the baseline, and positions that the `attention_mask` of the forward kwargs hides, are not
   * counted. `all`: every feature counts, as in Quantus.
   */
  readonly features?: Counting;
}

/**
 * The Gini index of the absolute attributions (Hurley and Rickard: "Comparing measures of sparsity", 2009; for explanations Chalasani et
 * al.: "Concise explanations of neural networks using adversarial training", 2020): with `|a|` sorted upwards
 * `sum_k (2k - d - 1) |a_(k)| / (d sum_k |a_(k)|)`. From 0 (all equal) to `1 - 1/d` (a single feature), without unit: the higher,
 * the sparser. That is easier to read and says nothing about being right. NaN where all attributions are 0. Quantus adds 1e-7 first.
 * Features that a mask hides or that equal the baseline are not counted, so that a text has the same value alone and padded. Of a layer whose
 * attributions fit no input every number counts that no mask hides.
 *
 * @param explanation of any method, at the inputs or at a layer with one tensor
 * @throws PathgradError where attributions fit several inputs, and for groups and baselines that do not fit
 */
export async function sparseness(explanation: Explained, options: SparsenessOptions = {}): Promise<MetricResult> {
  checkOptions<SparsenessOptions>('sparseness', options, { groups: 1, input: 1, baselines: 1, features: 1 });
  const counting = checkCounting(options.features);
  checkExplanation(explanation);
  const { X, forwardKwargs = {} } = explanation;
  const samples = X[0]!.shape[0]!;
  const ofLayer = isOfLayer(explanation) && options.input === undefined;
  if (ofLayer && options.baselines !== undefined) {
    throw failure('baselines', 'are of the inputs, and the attributions are those of a layer', {}, 'leave them out');
  }
  const own = ofLayer ? { ...explanation, X: explanation.attributions } : explanation;
  const inputs = judgedInputs(own, options.input, new Set());
  const every = makeFeatures(inputs, options.groups, samples);
  const baselines = ofLayer ? null : baselinesOf(explanation, options.baselines);
  const judgedBaselines = baselines && inputs.map(({ input }) => baselines[input]!);
  const features = counting === 'all' ? every : countedFeatures(every, inputs, judgedBaselines, forwardKwargs);
  const values = Float64Array.from({ length: samples }, (_, i) => gini(attributionsOf(inputs, features, i)));
  return { metric: 'sparseness', values };
}

/** One tensor with as many rows as the inputs that has the shape of none of them. */
function isOfLayer({ attributions, X }: Explained): boolean {
  const [a] = attributions;
  return attributions.length === 1 && a!.shape[0] === X[0]!.shape[0] && !X.some((x) => fits(a!.shape, x.shape));
}

/** One per input; null where the explanation has several, or some in the space of a layer: then nothing is known to be absent. */
function baselinesOf({ X, baselines: own = [] }: Explained, given: SparsenessOptions['baselines']): Tensor[] | null {
  if (given === undefined && own.length > 0) {
    return own.length === X.length && own.every((b, i) => sameShape(b.shape, X[i]!.shape)) ? [...own] : null;
  }
  return oneBaseline(given === undefined ? 0 : given, X);
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
