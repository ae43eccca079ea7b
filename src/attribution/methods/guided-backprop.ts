/**
 * Guided backpropagation (Springenberg et al.: "Striving for simplicity: the all convolutional net", 2015): the gradient of the score at the input, where
 * each relu passes back only what is positive and only where it was on. It sharpens pictures of what the net looks for; Adebayo et al. 2018
 * found that it hardly depends on the upper layers or the class, so compare it with Saliency and MPRT before you trust it.
 */
import { grad } from '../../graph/grad.ts';
import { type Explainable, Explainer } from '../frame/explainer.ts';
import { perScore } from '../frame/method.ts';
import { checkSettings, type ExplainerOptions } from '../frame/settings.ts';
import { backwardAt } from '../rules/backward.ts';
import { guided, reluRules } from '../rules/relu.ts';

/** Signed slopes (score per unit of the feature) that add up to nothing. */
export class GuidedBackprop<M extends Explainable = Explainable> extends Explainer<M> {
  /**
   * @throws PathgradError for options that there are not, and for a layer that there is not; `explain` throws where no relu lies between what
   * is attributed and the output
   */
  constructor(model: M, options: ExplainerOptions<M> = {}) {
    super(model, options, checkSettings('GuidedBackprop', options), {
      name: 'GuidedBackprop',
      params: {},
      baselines: 'none',
      completeness: null,
      prunes: true,
      attribute: async (problem) => {
        const pass = { name: 'relus guided', compares: false };
        const slopes = await backwardAt(problem, pass, ({ output, variables }, cotangents) => {
          const rules = reluRules('GuidedBackprop', output, guided);
          return cotangents.flatMap((cotangent) => grad(output, variables, cotangent, { rules }));
        });
        return perScore(problem, slopes);
      },
    });
  }
}
