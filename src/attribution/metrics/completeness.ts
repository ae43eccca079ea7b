/** Completeness: whether attributions add up to the change of the score. */
import type { CallableModel } from '../../graph/callable.ts';
import { checkOptions } from '../../tensor/options.ts';
import type { TensorFunction } from '../frame/forward.ts';
import type { Explained } from './shared/judged.ts';
import type { MetricResult } from './shared/result.ts';
import { makeSubject, type SubjectOptions, subjectOptionNames } from './shared/subject.ts';

/** What the score and the baseline of `completeness` are, where the explanation does not say it. */
export type CompletenessOptions = Omit<SubjectOptions, 'groups' | 'features'>;

/** `completeness` of each sample, and the two sides that it compares. */
export interface CompletenessResult extends MetricResult {
  /** `sum(a) - (f(x) - f(b))` per sample, in units of the score. */
  readonly deltas: Float64Array;
  /** `f(x) - f(b)` per sample. */
  readonly changes: Float64Array;
}

/**
 * Completeness (Sundararajan, Taly, Yan: "Axiomatic attribution for deep networks", 2017; efficiency in Shapley's terms; captum's
 * convergence delta): attributions that are contributions add up to `f(x) - f(b)`. `values` is `|sum(a) - (f(x) - f(b))|`, in units of
 * the score: the lower, the better, 0 for a method that claims it. Methods that do not claim it (saliency, Grad-CAM) are not judged by it.
 * What bypasses an explained layer is part of `f(x) - f(b)` here.
 *
 * @param model the model that was explained @param explanation of any method, with one baseline
 * @throws PathgradError where attributions have another shape than the inputs, or the baselines are not those of the inputs
 */
export async function completeness(
  model: CallableModel | TensorFunction,
  explanation: Explained,
  options: CompletenessOptions = {},
): Promise<CompletenessResult> {
  const { groups: _, features: __, ...known } = subjectOptionNames;
  checkOptions<CompletenessOptions>('completeness', options, known);
  const { scorer, samples, inputs, baselines } = await makeSubject(model, explanation, {
    ...options,
    features: 'all',
  });
  try {
    const [end, start] = [await scorer.scores(scorer.inputs.tensors), await scorer.scores(baselines)];
    const sums = new Float64Array(samples);
    for (const { attributions, width } of inputs) {
      for (let i = 0; i < attributions.length; i++) sums[Math.floor(i / width)]! += attributions[i]!;
    }
    const changes = end.map((score, i) => score - start[i]!);
    const deltas = sums.map((sum, i) => sum - changes[i]!);
    return { metric: 'completeness', values: deltas.map(Math.abs), deltas, changes };
  } finally {
    scorer.dispose();
  }
}
