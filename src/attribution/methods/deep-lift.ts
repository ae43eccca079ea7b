/**
 * DeepLIFT with the rescale rule (Shrikumar, Greenside, Kundaje: "Learning important features through propagating activation differences",
 * 2017): `m_i (x_i - b_i)`, where a multiplier `m_i` is the change of the score per change of feature `i` from baseline to input, put together
 * along the graph by a chain rule of changes. One pass forward at each end and one back. What each op does: `rules/deep-lift.ts`.
 */
import { grad } from '../../graph/grad.ts';
import { didYouMean, failure } from '../../tensor/errors.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { type Explainable, Explainer } from '../frame/explainer.ts';
import { type Method, perScore } from '../frame/method.ts';
import { checkSettings, type ExplainerOptions } from '../frame/settings.ts';
import { type Backward, backwardAt } from '../rules/backward.ts';
import { counterparts, rescaleRules, type SoftmaxRule } from '../rules/deep-lift.ts';
import { Moving } from '../rules/moving.ts';

/** What the constructor of `DeepLift` takes, beside layer, output, backend and batch size. */
export interface DeepLiftOptions<M> extends ExplainerOptions<M> {
  /**
   * How a softmax is gone through: 'decomposed' (the default) into exponentials, their sum and a quotient, so that attributions add up;
   * 'elementwise' as if each class depended on its own logit alone, which is shap's rule for PyTorch and adds up where every logit moved.
   */
  readonly softmax?: SoftmaxRule;
}

/** The DeepLIFT of `name`, with options checked. */
export function deepLift(name: string, { softmax = 'decomposed' }: { readonly softmax?: SoftmaxRule }): Method {
  const known = ['decomposed', 'elementwise'];
  if (!known.includes(softmax))
    throw failure('softmax', 'unknown value', { got: softmax }, didYouMean(String(softmax), known));
  const backward: Backward = ({ output, variables }, cotangents, baselines, layerOf) => {
    const moving = new Moving(output, variables);
    const twins = counterparts(moving, new Map(variables.map((x, i) => [x, baselines[i]!])));
    const rules = rescaleRules(name, moving, twins, { softmax, layerOf });
    return cotangents.flatMap((cotangent) => grad(output, variables, cotangent, { rules }));
  };
  return {
    name,
    params: { softmax },
    baselines: 'used',
    completeness: 'none',
    prunes: true,
    attribute: async (problem) => {
      const { from, to } = problem;
      const multipliers = await backwardAt(problem, { name: `multipliers ${softmax}`, compares: true }, backward);
      const contributions = multipliers.map((m, i) => {
        const [b, x] = [from[i % to.length]!, to[i % to.length]!];
        return m.map((by, at) => (x[at] === b[at] ? 0 : by * (x[at]! - b[at]!)));
      });
      return perScore(problem, contributions);
    },
  };
}

/** Attributions add up to `f(x) - f(b)` in real arithmetic; units are those of the explained score. */
export class DeepLift<M extends Explainable = Explainable> extends Explainer<M, Tensor> {
  /**
   * @throws PathgradError for options that there are not or that make no sense, and for a layer that there is not; `explain` throws for an
   * op that has no rule, by its name
   */
  constructor(model: M, options: DeepLiftOptions<M> = {}) {
    super(model, options, checkSettings('DeepLift', options, { softmax: 1 }), deepLift('DeepLift', options));
  }
}
