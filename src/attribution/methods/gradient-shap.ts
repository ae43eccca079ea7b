/**
 * GradientSHAP (Lundberg and Lee 2017; as captum has it): the expectation of `(x' - b) * grad f(b + a (x' - b))` over baselines `b` of a
 * background, uniform `a`, and `x'` which is x with Gaussian noise. Without noise it is expected gradients. It approximates Shapley values
 * where the score is about linear between background and input.
 */
import { checkNoSay } from '../../tensor/options.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { type Explainable, Explainer } from '../frame/explainer.ts';
import type { Method } from '../frame/method.ts';
import { checkSettings, type ExplainerOptions } from '../frame/settings.ts';
import type { ArrayInput } from '../frame/types.ts';
import { expectedGradients } from '../perturb/expected-gradients.ts';
import { checkNoise, type Deviations, noiseOptions } from '../perturb/noise.ts';
import { checkBudget } from '../perturb/options.ts';

/** What the constructor of `GradientShap` takes, beside layer, output, backend and batch size. */
export interface GradientShapOptions<M> extends ExplainerOptions<M> {
  /** Points in all, rounded up to the same number for each baseline; 50 by default. Each costs one row, forward and backward. */
  readonly nSamples?: number;
  /** Deviation of the noise on x; 0 by default. */
  readonly stdevs?: Deviations;
  /** Of noise and places on the line; 0 by default. */
  readonly seed?: number;
  /** The noise itself instead of `stdevs`: per input `[points, samples or 1, ...]`, over one baseline after another. */
  readonly noise?: ArrayInput | readonly ArrayInput[];
  /** The places on the line themselves, from 0 (the baseline) to 1: `[points]` or `[points, samples]`. */
  readonly alphas?: ArrayInput;
}

/**
 * Attributions add up to `f(x)` less the mean of `f(b)` in expectation; what is missing is the error of sampling and, with noise, of the noise.
 * Units are those of the explained score.
 */
export class GradientShap<M extends Explainable = Explainable> extends Explainer<M, Tensor> {
  /**
   * @param model a Keras model of `loadModel`, any other `CallableModel`, or a function on graph tensors
   * @param options a background is an option of `explain`: `baselines: data`, rows of which each stands for all samples
   * @throws PathgradError for unknown options, a layer that there is not, and budgets, deviations or seeds that make no sense
   */
  constructor(model: M, options: GradientShapOptions<M> = {}) {
    const name = 'GradientShap';
    const settings = checkSettings(name, options, { nSamples: 1, alphas: 1, ...noiseOptions });
    const { nSamples: wanted = 50, stdevs, seed, noise, alphas } = options;
    const given = { ...(stdevs !== undefined && { stdevs }), ...(noise !== undefined && { noise }) };
    checkNoise(name, noise === undefined && seed !== undefined ? { ...given, seed } : given);
    if (noise !== undefined && alphas !== undefined) checkNoSay(name, { seed }, 'noise and alphas are given');
    const nSamples = checkBudget(name, 'nSamples', wanted, 50);
    const drawn = { nSamples, seed: seed ?? 0, noise: noise === undefined ? { ...given, seed: seed ?? 0 } : given };
    const method: Method = {
      name,
      params: { nSamples, seed: seed ?? 0, stdevs: noise === undefined ? JSON.stringify(stdevs ?? 0) : 'given' },
      baselines: 'used',
      background: true,
      completeness: 'draws',
      attribute: (problem) => expectedGradients(name, problem, alphas === undefined ? drawn : { ...drawn, alphas }),
    };
    super(model, options, settings, method);
  }
}
