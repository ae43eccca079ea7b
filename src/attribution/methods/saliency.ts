/**
 * Saliency (Simonyan, Vedaldi, Zisserman: "Deep inside convolutional networks", 2014): `|df/dx_i|` at the input, how fast the score changes
 * with each feature. Signed without `abs`. The numbers are slopes (score per unit of the feature) and add up to nothing.
 */
import { checkBoolean } from '../../tensor/options.ts';
import { type Explainable, Explainer } from '../frame/explainer.ts';
import { perScore } from '../frame/method.ts';
import { gradientsAt } from '../frame/rows.ts';
import { checkSettings, type ExplainerOptions } from '../frame/settings.ts';

/** What the constructor of `Saliency` takes, beside layer, output, backend and batch size. */
export interface SaliencyOptions<M> extends ExplainerOptions<M> {
  /** Magnitudes of the gradients, as the paper has them; true by default. */
  readonly abs?: boolean;
}

/**
 * The gradient of the explained score with respect to each feature, as a magnitude unless told (Simonyan et al. 2013). Units are
 * score per unit of the feature.
 */
export class Saliency<M extends Explainable = Explainable> extends Explainer<M> {
  /** @throws PathgradError for options that there are not or that make no sense, and for a layer that there is not */
  constructor(model: M, options: SaliencyOptions<M> = {}) {
    const settings = checkSettings('Saliency', options, { abs: 1 });
    const { abs = true } = options;
    checkBoolean('abs', abs);
    super(model, options, settings, {
      name: 'Saliency',
      params: { abs },
      baselines: 'none',
      completeness: null,
      prunes: true,
      attribute: async (problem) => {
        const gradients = await gradientsAt(problem, problem.to);
        return perScore(problem, abs ? gradients.map((g) => g.map(Math.abs)) : gradients);
      },
    });
  }
}
