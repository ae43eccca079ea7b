/**
 * Grad-CAM (Selvaraju et al., "Grad-CAM: Visual explanations from deep networks via gradient-based localization", 2017): channels of a layer,
 * each weighted by the mean of the score's gradients over its places, added up: `L_p = sum_c A_pc * mean_q dS/dA_qc`. One value
 * per place, stretched to the picture.
 */
import { type ActivationMapOptions, activationMapOptions, checkMap } from '../cam/activation-map.ts';
import { layerMap } from '../cam/layer-map.ts';
import { lastConvolution } from '../cam/places.ts';
import { type Explainable, Explainer } from '../frame/explainer.ts';
import { checkSettings } from '../frame/settings.ts';

/** What the constructor of `LayerGradCam` takes, beside layer, output, backend and batch size. */
export type LayerGradCamOptions<M> = ActivationMapOptions<M>;

/**
 * The `layer` is the last convolution that the model applies unless told; `relu` is false unless told, as in captum. Positive: the place speaks
 * for the target. Values compare within a picture; they add up to nothing. `interpolation` says how the map came to the picture's size.
 */
export class LayerGradCam<M extends Explainable = Explainable> extends Explainer<M> {
  /**
   * @param model a Keras model of `loadModel` or any other `CallableModel`
   * @throws PathgradError for unknown options, plain functions and models without a convolution; `explain` throws for a layer without places
   */
  constructor(model: M, options: LayerGradCamOptions<M> = {}) {
    const name = 'LayerGradCam';
    const settings = checkSettings(name, options, activationMapOptions);
    const map = checkMap(name, options, false);
    const layer = options.layer ?? lastConvolution(name, model).path;
    super(model, { ...options, layer }, settings, layerMap(name, map, meanGradient));
  }
}

/** The mean of the gradients over the places. */
export function meanGradient(gradients: Float64Array): number {
  let sum = 0;
  for (const gradient of gradients) sum += gradient;
  return sum / gradients.length;
}
