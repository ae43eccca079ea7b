/** Sufficiency of ERASER: what the score loses when only the tokens that an explanation names are left. */
import type { CallableModel } from '../../graph/callable.ts';
import type { TensorFunction } from '../frame/forward.ts';
import { type ErasureOptions, type ErasureResult, erasure } from './shared/erasure.ts';
import type { Explained } from './shared/judged.ts';

/**
 * Sufficiency (DeYoung et al.: "ERASER", 2020): `f(x) - f(the top k tokens alone)`, averaged over shares k, in units of the score: the
 * lower, the better (what was named is enough). Between -1 and 1 for probabilities; below 0 where the rest spoke against the target.
 *
 * @param model the model that was explained @param explanation of a text at its embedding, or of any other input
 * @throws PathgradError where attributions have another shape than the inputs, for shares out of range, and for a sample that equals
 * its baseline
 */
export function sufficiency(
  model: CallableModel | TensorFunction,
  explanation: Explained,
  options: ErasureOptions = {},
): Promise<ErasureResult> {
  return erasure('sufficiency', model, explanation, options);
}
