/**
 * Conductance of a layer (Dhamdhere, Sundararajan, Yan: "How important is a neuron?", 2018): how much of integrated gradients flows through
 * each neuron `h_j`, `integral over a in [0, 1] of df/dh_j * dh_j/da (b + a (x - b))`. The derivative along the path is a Jacobian-vector
 * product, taken at the points of the quadrature. In units of the score; the neurons of a layer that all of the prediction passes through add
 * up to `f(x) - f(b)`. captum takes differences of the layer between neighbouring points instead, which come to the same with many points:
 * `compat: 'captum'` does that.
 */
import { type QuadratureMethod, quadratureRule } from '../../quadrature/index.ts';
import { failure } from '../../tensor/errors.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { type Explainable, Explainer } from '../frame/explainer.ts';
import { perScore } from '../frame/method.ts';
import { checkSettings, type LayerOptions } from '../frame/settings.ts';
import { alongPath, needLayer } from '../path/observed.ts';

/** What the constructor of `LayerConductance` takes, beside layer, output, backend and batch size. */
export interface LayerConductanceOptions<M> extends LayerOptions<M> {
  /** The quadrature rule; 'gausslegendre' by default. */
  readonly method?: QuadratureMethod;
  /** Points on the path; 50 by default. */
  readonly nSteps?: number;
  /** Differences between `nSteps + 1` neighbouring points in the place of derivatives. */
  readonly compat?: 'captum' | null;
}

/**
 * What flows from baseline to input through each neuron of a layer (Dhamdhere et al. 2018). Units are those of the score; complete:
 * over a whole layer the values add up to its change.
 */
export class LayerConductance<M extends Explainable = Explainable> extends Explainer<M, Tensor> {
  /**
   * @param options `layer`: whose tensors are explained; `inputLayer`: where the path runs instead of the inputs (the embedding of a text model)
   * @throws PathgradError for options that there are not or that make no sense, and for no layer or one that there is not
   */
  constructor(model: M, options: LayerConductanceOptions<M> = {}) {
    const settings = checkSettings('LayerConductance', options, { inputLayer: 1, method: 1, nSteps: 1, compat: 1 });
    needLayer('LayerConductance', options);
    const { method = 'gausslegendre', nSteps = 50, compat = null } = options;
    if (compat !== null && compat !== 'captum')
      throw failure('compat', 'unknown value', { got: compat }, "known: 'captum'");
    const { alphas, weights } = quadratureRule(method, compat ? nSteps + 1 : nSteps);
    super(model, options, settings, {
      name: 'LayerConductance',
      params: { method, nSteps, compat },
      baselines: 'used',
      completeness: 'nSteps',
      observes: true,
      attribute: async (problem) => ({
        ...perScore(problem, await alongPath(problem, alphas, weights, compat ? 'differences' : 'conductance')),
        steps: new Int32Array(problem.samples).fill(alphas.length),
      }),
    });
  }
}
