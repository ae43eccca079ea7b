/**
 * Internal influence (Leino et al.: "Influence-directed explanations for deep convolutional networks", 2018): the gradient of the score with
 * respect to a layer's tensors, averaged over the straight way of the inputs from baseline to input: `integral over a in [0, 1] of
 * df/dh_j (b + a (x - b))`. The numbers are slopes: score per unit of the neuron.
 */
import { type QuadratureMethod, quadratureRule } from '../../quadrature/index.ts';
import { type Explainable, Explainer } from '../frame/explainer.ts';
import { perScore } from '../frame/method.ts';
import { checkSettings, type LayerOptions } from '../frame/settings.ts';
import { alongPath, needLayer } from '../path/observed.ts';

/** What the constructor of `InternalInfluence` takes, beside layer, output, backend and batch size. */
export interface InternalInfluenceOptions<M> extends LayerOptions<M> {
  /** The quadrature rule; 'gausslegendre' by default. */
  readonly method?: QuadratureMethod;
  /** Points on the path; 50 by default. */
  readonly nSteps?: number;
}

/**
 * The gradient of the score with respect to the tensors of a layer, averaged along the path of the inputs (Leino et al. 2018). Units
 * are score per unit of the neuron.
 */
export class InternalInfluence<M extends Explainable = Explainable> extends Explainer<M> {
  /**
   * @param options `layer`: whose tensors are explained; `inputLayer`: where the path runs instead of the inputs (the embedding of a text model)
   * @throws PathgradError for options that there are not or that make no sense, and for no layer or one that there is not
   */
  constructor(model: M, options: InternalInfluenceOptions<M> = {}) {
    const settings = checkSettings('InternalInfluence', options, { inputLayer: 1, method: 1, nSteps: 1 });
    needLayer('InternalInfluence', options);
    const { method = 'gausslegendre', nSteps = 50 } = options;
    const { alphas, weights } = quadratureRule(method, nSteps);
    super(model, options, settings, {
      name: 'InternalInfluence',
      params: { method, nSteps },
      baselines: 'used',
      completeness: null,
      observes: true,
      attribute: async (problem) => ({
        ...perScore(problem, await alongPath(problem, alphas, weights, 'influence')),
        steps: new Int32Array(problem.samples).fill(nSteps),
      }),
    });
  }
}
