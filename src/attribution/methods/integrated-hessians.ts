/**
 * Integrated Hessians (Janizek, Sturmfels, Lee: "Explaining explanations: axiomatic feature interactions for deep networks", 2021): integrated gradients
 * of integrated gradients. With `d = x - b` and both integrals over [0, 1],
 * `G_ij = d_i d_j * double integral of a c * d2f/dx_i dx_j (b + a c d)`, and to `G_ii` comes `d_i * double integral of df/dx_i (b + a c d)`.
 * Each needs `f` at `b + t d` only, `t = a c`, whose density is `-ln t`: by Gauss quadrature for that weight one sum does for two. Rows of
 * second derivatives come by Hessian-vector products, one per feature (or word) and point; the whole Hessian is never made.
 */
import { gaussLog, MOST_LOG_NODES } from '../../quadrature/gauss-log.ts';
import { checkQuadrature, type QuadratureMethod, quadratureMethods, quadratureRule } from '../../quadrature/index.ts';
import { didYouMean, failure } from '../../tensor/errors.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { type Explainable, Explainer } from '../frame/explainer.ts';
import { checkSettings, type ExplainerOptions } from '../frame/settings.ts';
import { type PairRule, pairTables, softened } from '../path/pairs.ts';

/** What the constructor of `IntegratedHessians` takes, beside layer, output, backend and batch size. */
export interface IntegratedHessiansOptions<M> extends ExplainerOptions<M> {
  /** Between single features (the default), or between words: the last axis of what is attributed is summed over. */
  readonly pairs?: 'features' | 'words';
  /** 'gausslog' (the default) has `nSteps` points; the rules of integrated gradients are taken in both integrals, with `nSteps^2`. */
  readonly method?: 'gausslog' | QuadratureMethod;
  /** Points; 30 by default. */
  readonly nSteps?: number;
  /**
   * A relu has no second derivative: what happens at its kink would be lost. So `softplus(c x) / c` stands in its place, as the paper has it; 10 by
   * default. Larger is closer to the model and needs more points; null leaves relus as they are. Recurrent layers keep theirs.
   */
  readonly softplus?: number | null;
}

const own: Readonly<Record<Exclude<keyof IntegratedHessiansOptions<never>, keyof ExplainerOptions<never>>, 1>> = {
  pairs: 1,
  method: 1,
  nSteps: 1,
  softplus: 1,
};

/** Product rules have the square of this in points. */
const MOST_PRODUCT_STEPS = 1000;
const pairings = ['features', 'words'] as const;

/**
 * An entry of `attributions` is a table `[N, features, all features]`: of one input (or tensor of the layer) against all of them, side by side and in
 * their order. A row adds up to the feature's integrated gradient and all rows to `f(x) - f(b)`, as `nSteps` grows and as far as softplus
 * is relu. Tables are symmetric; units are those of the explained score.
 */
export class IntegratedHessians<M extends Explainable = Explainable> extends Explainer<M, Tensor> {
  /** @throws PathgradError for options that there are not or that make no sense, and for a layer that there is not */
  constructor(model: M, options: IntegratedHessiansOptions<M> = {}) {
    const settings = checkSettings('IntegratedHessians', options, own);
    const { pairs = 'features', method = 'gausslog', nSteps = 30, softplus: sharpness = 10 } = options;
    if (!pairings.includes(pairs)) {
      throw failure('pairs', `unknown pairs '${String(pairs)}'`, {}, didYouMean(String(pairs), pairings));
    }
    if (sharpness !== null && !(typeof sharpness === 'number' && sharpness > 0 && Number.isFinite(sharpness))) {
      throw failure(
        'softplus',
        'must be a positive number',
        { got: sharpness },
        '10 is usual; null leaves relus as they are',
      );
    }
    const rule = ruleOf(method, nSteps);
    super(model, options, settings, {
      name: 'IntegratedHessians',
      params: { pairs, method, nSteps, softplus: sharpness },
      baselines: 'used',
      completeness: 'softplus',
      attribute: (problem) =>
        pairTables(sharpness === null ? problem : softened(problem, sharpness), rule, pairs === 'words'),
    });
  }
}

function ruleOf(method: 'gausslog' | QuadratureMethod, nSteps: number): PairRule {
  if (method === 'gausslog') {
    checkQuadrature('gausslegendre', nSteps);
    if (nSteps > MOST_LOG_NODES) {
      throw failure(
        'nSteps',
        `at most ${MOST_LOG_NODES} points for gausslog`,
        { got: nSteps },
        "30 is usual; 'gausslegendre' takes their square",
      );
    }
    const { alphas, weights } = gaussLog(nSteps);
    return { alphas, first: weights, second: weights.map((w, k) => w * alphas[k]!) };
  }
  if (!quadratureMethods.includes(method)) {
    const hint = didYouMean(String(method), ['gausslog', ...quadratureMethods]);
    throw failure('method', `unknown quadrature method '${String(method)}'`, {}, hint);
  }
  if (nSteps > MOST_PRODUCT_STEPS) {
    const problem = `at most ${MOST_PRODUCT_STEPS} points for ${method}, which takes their square`;
    throw failure('nSteps', problem, { got: nSteps }, "'gausslog' needs fewer: leave method out");
  }
  const { alphas, weights } = quadratureRule(method, nSteps);
  // Both integrals are the same, so a pair of points stands for its mirror image.
  const [ts, first, second]: [number[], number[], number[]] = [[], [], []];
  for (let i = 0; i < nSteps; i++) {
    for (let j = i; j < nSteps; j++) {
      const [t, w] = [alphas[i]! * alphas[j]!, weights[i]! * weights[j]! * (i === j ? 1 : 2)];
      ts.push(t);
      first.push(w);
      second.push(w * t);
    }
  }
  return { alphas: Float64Array.from(ts), first: Float64Array.from(first), second: Float64Array.from(second) };
}
