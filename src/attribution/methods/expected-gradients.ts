/**
 * Expected gradients (Erion, Janizek, Sturmfels, Lundberg, Lee, "Improving performance of deep learning models with axiomatic attribution priors and
 * expected gradients", 2021): integrated gradients averaged over baselines that are drawn from a background, `E[(x - b) * grad f(b + a (x - b))]`
 * over `b` and uniform `a`. One point of each path is enough when there are many baselines.
 */
import { checkNoSay, checkSeed } from '../../tensor/options.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { type Explainable, Explainer } from '../frame/explainer.ts';
import type { Method } from '../frame/method.ts';
import { checkSettings, type ExplainerOptions } from '../frame/settings.ts';
import type { ArrayInput } from '../frame/types.ts';
import { expectedGradients } from '../perturb/expected-gradients.ts';
import { checkBudget } from '../perturb/options.ts';

/** What the constructor of `ExpectedGradients` takes, beside layer, output, backend and batch size. */
export interface ExpectedGradientsOptions<M> extends ExplainerOptions<M> {
  /** Points in all, rounded up to the same number for each baseline; 200 by default, as in shap. Each costs one row, forward and backward. */
  readonly nSamples?: number;
  /** Of the places on the line; 0 by default. */
  readonly seed?: number;
  /** The places on the line themselves, from 0 (the baseline) to 1: `[points]` or `[points, samples]`, over one baseline after another. */
  readonly alphas?: ArrayInput;
}

/** Attributions add up to `f(x)` less the mean of `f(b)`, up to the error of sampling; units are those of the explained score. */
export class ExpectedGradients<M extends Explainable = Explainable> extends Explainer<M, Tensor> {
  /**
   * @param model a Keras model of `loadModel`, any other `CallableModel`, or a function on graph tensors
   * @param options the background is an option of `explain`: `baselines: data`, rows of which each stands for all samples
   * @throws PathgradError for unknown options, a layer that there is not, and budgets or seeds that make no sense
   */
  constructor(model: M, options: ExpectedGradientsOptions<M> = {}) {
    const name = 'ExpectedGradients';
    const settings = checkSettings(name, options, { nSamples: 1, seed: 1, alphas: 1 });
    const { nSamples: wanted = 200, seed: given = 0, alphas } = options;
    const nSamples = checkBudget(name, 'nSamples', wanted, 200);
    const seed = checkSeed(name, given);
    if (alphas !== undefined) checkNoSay(name, { seed: options.seed }, 'the places on the line are given as alphas');
    const drawn = { nSamples, seed, noise: {}, ...(alphas !== undefined && { alphas }) };
    const method: Method = {
      name,
      params: { nSamples, seed: alphas === undefined ? seed : null },
      baselines: 'used',
      background: true,
      completeness: 'draws',
      attribute: (problem) => expectedGradients(name, problem, drawn),
    };
    super(model, options, settings, method);
  }
}
