/**
 * Input times gradient (Shrikumar et al.: "Not just a black box", 2016): `x_i * df/dx_i`, the first-order guess at what is lost when a feature
 * goes to 0. Units are those of the score; the sum is the change of the score for a model that is linear through the origin, and promised for
 * no other.
 */
import { type Explainable, Explainer } from '../frame/explainer.ts';
import { perScore } from '../frame/method.ts';
import { gradientsAt } from '../frame/rows.ts';
import { checkSettings, type ExplainerOptions } from '../frame/settings.ts';

/**
 * The gradient of the explained score times the input, feature by feature. Units are those of the score; exact for a linear score
 * without a constant.
 */
export class InputXGradient<M extends Explainable = Explainable> extends Explainer<M> {
  /** @throws PathgradError for options that there are not or that make no sense, and for a layer that there is not */
  constructor(model: M, options: ExplainerOptions<M> = {}) {
    super(model, options, checkSettings('InputXGradient', options), {
      name: 'InputXGradient',
      params: {},
      baselines: 'none',
      completeness: null,
      prunes: true,
      attribute: async (problem) => {
        const { to } = problem;
        const gradients = await gradientsAt(problem, to);
        return perScore(
          problem,
          gradients.map((g, i) => g.map((slope, at) => slope * to[i % to.length]![at]!)),
        );
      },
    });
  }
}
