/**
 * Layer-wise relevance propagation (Bach et al.: "On pixel-wise explanations for non-linear classifier decisions by layer-wise relevance
 * propagation", 2015; Montavon et al.: "Layer-wise relevance propagation: an overview", 2019). The score is shared out from the output to the input,
 * by each layer among its inputs, in proportion to what they put into it; no baseline, one pass back.
 *
 * A softmax or sigmoid at the end is left out, as the papers do: what is shared out is the logit of the target. Biases and stabilizers take
 * relevance with them, so that attributions add up to the logit only about; `rules/lrp-linear.ts` says which rule keeps what.
 */
import { grad } from '../../graph/grad.ts';
import { mul } from '../../ops/binary.ts';
import { didYouMean, failure } from '../../tensor/errors.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { type Explainable, Explainer } from '../frame/explainer.ts';
import { perScore } from '../frame/method.ts';
import { checkSettings, type ExplainerOptions } from '../frame/settings.ts';
import { type Backward, backwardAt } from '../rules/backward.ts';
import { linearBlocks } from '../rules/linear-block.ts';
import { relevanceRules } from '../rules/lrp.ts';
import {
  boxApplies,
  type LrpComposite,
  type LrpParameters,
  type LrpRule,
  lrpChoices,
  rulesOf,
} from '../rules/lrp-composites.ts';
import { Moving } from '../rules/moving.ts';

/** What the constructor of `LRP` takes, beside layer, output, backend and batch size. */
export interface LRPOptions<M> extends ExplainerOptions<M>, Partial<LrpParameters> {
  /**
   * One rule for all linear layers ('epsilon', the default, 'gamma', 'alpha-beta', 'z-plus'), or a composite of them: for CNNs
   * 'epsilon-plus-flat', or 'epsilon-gamma-box' where pixels lie between `low` and `high`.
   */
  readonly rule?: LrpRule | LrpComposite;
  /** Damps small denominators of the epsilon rule, in units of the activations; 1e-6 by default. */
  readonly epsilon?: number;
  /** How much more positive contributions count under the gamma rule; 0.25 by default. */
  readonly gamma?: number;
  /** Weights of positive and negative contributions: `alpha - beta` is 1. 2 and 1 by default. */
  readonly alpha?: number;
  readonly beta?: number;
  /** The least and the largest value that an input can have; 0 and 1 by default. */
  readonly low?: number;
  readonly high?: number;
  /** What keeps the other denominators from 0; 1e-6 by default. */
  readonly stabilizer?: number;
}

const defaults: LrpParameters = { epsilon: 1e-6, gamma: 0.25, alpha: 2, beta: 1, low: 0, high: 1, stabilizer: 1e-6 };
const own = { rule: 1, epsilon: 1, gamma: 1, alpha: 1, beta: 1, low: 1, high: 1, stabilizer: 1 } as const;

/** Relevances in units of the logit of the target. They need not add up to it. */
export class LRP<M extends Explainable = Explainable> extends Explainer<M> {
  /**
   * @throws PathgradError for options that there are not, that have no say under the rule or make no sense, and for a layer that there is not;
   * `explain` throws for an op that has no rule, by its name
   */
  constructor(model: M, options: LRPOptions<M> = {}) {
    const settings = checkSettings('LRP', options, own);
    const { rule = 'epsilon' } = options;
    const parameters = checkParameters(rule, options);
    const { reads, rules } = lrpChoices[rule];
    const composite = rules(parameters);
    const atInput = (options.layer ?? null) === null;
    const bounded = options.low !== undefined || options.high !== undefined;
    if (bounded && !atInput) throw noBox('a layer has no first convolution');
    const backward: Backward = ({ output, variables }, cotangents, _, layerOf) => {
      const top = logitsOf(output);
      const moving = new Moving(top, variables);
      const blocks = linearBlocks(moving);
      const linear = rulesOf(composite, blocks, moving, atInput);
      if (bounded && !boxApplies(composite, linear)) throw noBox('no convolution comes first at the inputs');
      const { stabilizer } = parameters;
      const vjps = relevanceRules(moving, blocks, linear, { stabilizer, layerOf });
      return cotangents.flatMap((cotangent) => grad(top, variables, mul(cotangent, top), { rules: vjps }));
    };
    super(model, options, settings, {
      name: 'LRP',
      params: {
        rule,
        ...Object.fromEntries([...reads, 'stabilizer' as const].map((name) => [name, parameters[name]])),
      },
      baselines: 'none',
      completeness: null,
      attribute: async (problem) =>
        perScore(problem, await backwardAt(problem, { name: 'relevance', compares: false }, backward)),
    });
  }
}

/** The bounds are those of the box rule, which only the first convolution has. */
function noBox(why: string): Error {
  return failure('low', `low and high have no say: ${why}`, {}, 'leave low and high out');
}

/** What a softmax or a sigmoid at the end makes probabilities of. */
function logitsOf(output: Tensor): Tensor {
  const last = output.op?.name ?? '';
  return ['softmax', 'sigmoid', 'logSoftmax'].includes(last) ? output.inputs[0]! : output;
}

function checkParameters(rule: LrpRule | LrpComposite, options: Partial<LrpParameters>): LrpParameters {
  const names = Object.keys(lrpChoices);
  if (!names.includes(rule))
    throw failure('rule', 'unknown rule of LRP', { got: rule }, didYouMean(String(rule), names));
  const { reads } = lrpChoices[rule];
  const parameters = { ...defaults };
  for (const name of Object.keys(defaults) as (keyof LrpParameters)[]) {
    const value = options[name];
    if (value === undefined) continue;
    if (name !== 'stabilizer' && !reads.includes(name)) {
      const others = names.filter((other) => lrpChoices[other as LrpRule].reads.includes(name));
      throw failure(name, `has no say under the rule '${rule}'`, {}, `it belongs to ${others.join(', ')}`);
    }
    if (typeof value !== 'number' || !Number.isFinite(value)) throw failure(name, 'must be a number', { got: value });
    parameters[name] = value;
  }
  const { epsilon, gamma, alpha, beta, low, high, stabilizer } = parameters;
  for (const [name, value] of Object.entries({ epsilon, stabilizer })) {
    if (!(value > 0)) throw failure(name, 'must be above 0: denominators can vanish', { got: value }, '1e-6 is usual');
  }
  if (gamma < 0) throw failure('gamma', 'must not be negative', { got: gamma }, '0.25 is usual');
  if (alpha < 1 || beta < 0 || Math.abs(alpha - beta - 1) > 1e-9) {
    throw failure('alpha', 'alpha - beta must be 1, beta from 0 up', { alpha, beta }, 'alpha 2 and beta 1, or 1 and 0');
  }
  if (low >= high) throw failure('low', 'must be below high', { low, high }, 'the bounds of what a pixel can be');
  return parameters;
}
