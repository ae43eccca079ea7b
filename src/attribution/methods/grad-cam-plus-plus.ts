/**
 * Grad-CAM++ (Chattopadhyay, Sarkar, Howlader, Balasubramanian, "Grad-CAM++: Improved visual explanations for deep convolutional networks", 2018):
 * as Grad-CAM with the weights `w_c = sum_p a_pc relu(g_pc)`, `a_pc = g_pc^2 / (2 g_pc^2 + (sum_q A_qc) g_pc^3)` (equations 5, 19 and
 * 20, for `exp` of a score that is piecewise linear in the layer), `g = dS/dA`. The factor `exp(S)` of all weights, one per sample, is left
 * out: it changes the scale of a map and nothing in it. Explain logits.
 */
import { type ActivationMapOptions, activationMapOptions, checkMap } from '../cam/activation-map.ts';
import { layerMap } from '../cam/layer-map.ts';
import { lastConvolution } from '../cam/places.ts';
import { type Explainable, Explainer } from '../frame/explainer.ts';
import { checkSettings } from '../frame/settings.ts';

/** What the constructor of `GradCamPlusPlus` takes, beside layer, output, backend and batch size. */
export type GradCamPlusPlusOptions<M> = ActivationMapOptions<M>;

/**
 * The `layer` is the last convolution that the model applies unless told; `relu` is true unless told, as in the paper. Values compare within a
 * picture; they add up to nothing.
 */
export class GradCamPlusPlus<M extends Explainable = Explainable> extends Explainer<M> {
  /**
   * @param model a Keras model of `loadModel` or any other `CallableModel`
   * @throws PathgradError for unknown options, plain functions and models without a convolution; `explain` throws for a layer without places
   */
  constructor(model: M, options: GradCamPlusPlusOptions<M> = {}) {
    const name = 'GradCamPlusPlus';
    const settings = checkSettings(name, options, activationMapOptions);
    const map = checkMap(name, options, true);
    const layer = options.layer ?? lastConvolution(name, model).path;
    super(model, { ...options, layer }, settings, layerMap(name, map, weight));
  }
}

/** A place without a gradient has no share, and neither has one whose denominator vanishes. */
function weight(gradients: Float64Array, values: Float64Array): number {
  let total = 0;
  for (const value of values) total += value;
  let sum = 0;
  for (const g of gradients) {
    // `g^2` cancels: `a = 1 / (2 + total g)`.
    const denominator = 2 + total * g;
    if (g > 0 && denominator !== 0) sum += g / denominator;
  }
  return sum;
}
