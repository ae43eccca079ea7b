/** The insertion curve: how fast the score rises when the features that matter most come first. */
import type { CallableModel } from '../../graph/callable.ts';
import type { TensorFunction } from '../frame/forward.ts';
import { type CurveOptions, type CurveResult, removalCurve } from './shared/curve.ts';
import type { Explained } from './shared/judged.ts';

/**
 * Insertion (Petsiuk, Das and Saenko: "RISE", 2018): from the baseline, features of the input are put in, the most relevant first, and
 * the explained score is followed. `values` is the area under the curve over the share of features that are in, in units of the
 * score: the higher, the better (the score rises early). With `order: 'least'` lower is better. Features that a mask hides or that equal the baseline are
 * not counted: a text has the same value alone and padded.
 *
 * @param model the model that was explained @param explanation of any method; `output` must be as it was there
 * @throws PathgradError where attributions have another shape than the inputs, and for steps, groups or baselines that do not fit
 */
export function insertion(
  model: CallableModel | TensorFunction,
  explanation: Explained,
  options: CurveOptions = {},
): Promise<CurveResult> {
  return removalCurve('insertion', model, explanation, options);
}
