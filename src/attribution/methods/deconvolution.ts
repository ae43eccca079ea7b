/**
 * The deconvolution of Zeiler and Fergus ("Visualizing and understanding convolutional networks", 2014) as a backward pass: the gradient of the score at
 * the input, where each relu passes back what is positive whether it was on or not.
 */
import { grad } from '../../graph/grad.ts';
import { type Explainable, Explainer } from '../frame/explainer.ts';
import { perScore } from '../frame/method.ts';
import { checkSettings, type ExplainerOptions } from '../frame/settings.ts';
import { backwardAt } from '../rules/backward.ts';
import { deconvolved, reluRules } from '../rules/relu.ts';

/** Signed slopes (score per unit of the feature) that add up to nothing. */
export class Deconvolution<M extends Explainable = Explainable> extends Explainer<M> {
  /**
   * @throws PathgradError for options that there are not, and for a layer that there is not; `explain` throws where no relu lies between what
   * is attributed and the output
   */
  constructor(model: M, options: ExplainerOptions<M> = {}) {
    super(model, options, checkSettings('Deconvolution', options), {
      name: 'Deconvolution',
      params: {},
      baselines: 'none',
      completeness: null,
      prunes: true,
      attribute: async (problem) => {
        const pass = { name: 'relus deconvolved', compares: false };
        const slopes = await backwardAt(problem, pass, ({ output, variables }, cotangents) => {
          const rules = reluRules('Deconvolution', output, deconvolved);
          return cotangents.flatMap((cotangent) => grad(output, variables, cotangent, { rules }));
        });
        return perScore(problem, slopes);
      },
    });
  }
}
