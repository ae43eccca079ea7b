/**
 * DeepLIFT averaged over baselines (Lundberg and Lee: "A unified approach to interpreting model predictions", 2017; shap's DeepExplainer,
 * captum's DeepLiftShap): an approximation of Shapley values with the rows of a background data set as what is absent.
 */
import type { Tensor } from '../../tensor/tensor.ts';
import { type Explainable, Explainer } from '../frame/explainer.ts';
import { checkSettings } from '../frame/settings.ts';
import { type DeepLiftOptions, deepLift } from './deep-lift.ts';

/** Attributions add up to `f(x)` less the mean of `f(b)` over the baselines; units are those of the explained score. */
export class DeepLiftShap<M extends Explainable = Explainable> extends Explainer<M, Tensor> {
  /**
   * @param options the background is an option of `explain`: `baselines: data`, rows of which each stands for all samples
   * @throws as `DeepLift` does
   */
  constructor(model: M, options: DeepLiftOptions<M> = {}) {
    const settings = checkSettings('DeepLiftShap', options, { softmax: 1 });
    super(model, options, settings, { ...deepLift('DeepLiftShap', options), background: true });
  }
}
