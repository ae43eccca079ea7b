/** The deletion curve: how fast the score falls when the features that matter most go first. */
import type { CallableModel } from '../../graph/callable.ts';
import type { TensorFunction } from '../frame/forward.ts';
import { type CurveOptions, type CurveResult, removalCurve } from './shared/curve.ts';
import type { Explained } from './shared/judged.ts';

/**
 * Deletion (Petsiuk, Das and Saenko: "RISE", 2018; pixel flipping in Bach et al. 2015): the features are replaced by the baseline, the most
 * relevant first, and the explained score is followed. `values` is the area under the curve over the share of features that are gone,
 * in units of the score: the lower, the better (the score falls early). With `order: 'least'` higher is better. Features that a mask hides
 * or that equal the baseline are not counted: a text has the same value alone and padded.
 *
 * @param model the model that was explained @param explanation of any method; `output` must be as it was there
 * @throws PathgradError where attributions have another shape than the inputs, and for steps, groups or baselines that do not fit
 */
export function deletion(
  model: CallableModel | TensorFunction,
  explanation: Explained,
  options: CurveOptions = {},
): Promise<CurveResult> {
  return removalCurve('deletion', model, explanation, options);
}
