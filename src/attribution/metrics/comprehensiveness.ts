/** Comprehensiveness of ERASER: what the score loses without the tokens that an explanation names. */
import type { CallableModel } from '../../graph/callable.ts';
import type { TensorFunction } from '../frame/forward.ts';
import { type ErasureOptions, type ErasureResult, erasure } from './shared/erasure.ts';
import type { Explained } from './shared/judged.ts';

/**
 * Comprehensiveness (DeYoung et al.: "ERASER", 2020): `f(x) - f(x without the top k tokens)`, averaged over shares k, in units of the
 * score: the higher, the better (what was named is needed). Between -1 and 1 for probabilities.
 *
 * @param model the model that was explained @param explanation of a text at its embedding, or of any other input
 * @throws PathgradError where attributions have another shape than the inputs, for shares out of range, and for a sample that equals
 * its baseline
 */
export function comprehensiveness(
  model: CallableModel | TensorFunction,
  explanation: Explained,
  options: ErasureOptions = {},
): Promise<ErasureResult> {
  return erasure('comprehensiveness', model, explanation, options);
}
