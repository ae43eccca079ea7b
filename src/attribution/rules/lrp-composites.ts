/**
 * Which linear layer has which rule of LRP: one for all, or a composite that goes by kind and depth, since layers near the output are told apart
 * best by small terms and those near the input by what is robust (Montavon et al. 2019, section 10.3; zennit's composites of the same names).
 */
import { dependents } from '../../graph/traverse.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { LinearBlock } from './linear-block.ts';
import type { LinearRule } from './lrp.ts';
import { alphaBetaRule, boxRule, flatRule, gammaRule, proportional } from './lrp-linear.ts';
import type { Moving } from './moving.ts';

/** One rule for every layer. */
export type LrpRule = 'epsilon' | 'gamma' | 'alpha-beta' | 'z-plus';
/** By kind and depth: dense layers, convolutions, and the first layer that sees the input. */
export type LrpComposite = 'epsilon-plus' | 'epsilon-plus-flat' | 'epsilon-alpha2-beta1-flat' | 'epsilon-gamma-box';

export interface LrpParameters {
  readonly epsilon: number;
  readonly gamma: number;
  readonly alpha: number;
  readonly beta: number;
  readonly low: number;
  readonly high: number;
  readonly stabilizer: number;
}

interface Composite {
  readonly dense: LinearRule;
  readonly conv: LinearRule;
  /** Of the first layer; that of its kind when left out. */
  readonly first?: LinearRule;
  /** Of the first layer where it is a convolution. */
  readonly firstConv?: LinearRule;
}

type Choice = LrpRule | LrpComposite;
type Parameter = keyof LrpParameters;

interface Row {
  /** The parameters that have a say, besides the stabilizer. */
  readonly reads: readonly Parameter[];
  readonly rules: (parameters: LrpParameters) => Composite;
}

const everywhere = (rule: LinearRule): Composite => ({ dense: rule, conv: rule });

/** Every rule and composite by name. */
export const lrpChoices: { readonly [name in Choice]: Row } = {
  epsilon: { reads: ['epsilon'], rules: (p) => everywhere(proportional(p.epsilon)) },
  gamma: { reads: ['gamma'], rules: (p) => everywhere(gammaRule(p.gamma, p.stabilizer)) },
  'alpha-beta': { reads: ['alpha', 'beta'], rules: (p) => everywhere(alphaBetaRule(p.alpha, p.beta, p.stabilizer)) },
  'z-plus': { reads: [], rules: (p) => everywhere(alphaBetaRule(1, 0, p.stabilizer)) },
  'epsilon-plus': {
    reads: ['epsilon'],
    rules: (p) => ({ dense: proportional(p.epsilon), conv: alphaBetaRule(1, 0, p.stabilizer) }),
  },
  'epsilon-plus-flat': {
    reads: ['epsilon'],
    rules: (p) => ({
      dense: proportional(p.epsilon),
      conv: alphaBetaRule(1, 0, p.stabilizer),
      first: flatRule(p.stabilizer),
    }),
  },
  'epsilon-alpha2-beta1-flat': {
    reads: ['epsilon'],
    rules: (p) => ({
      dense: proportional(p.epsilon),
      conv: alphaBetaRule(2, 1, p.stabilizer),
      first: flatRule(p.stabilizer),
    }),
  },
  'epsilon-gamma-box': {
    reads: ['epsilon', 'gamma', 'low', 'high'],
    rules: (p) => ({
      dense: proportional(p.epsilon),
      conv: gammaRule(p.gamma, p.stabilizer),
      firstConv: boxRule(p.low, p.high, p.stabilizer),
    }),
  },
};

/** Whether the rule of the first convolution is that of some layer: without one, what it alone reads has no say. */
export function boxApplies({ firstConv }: Composite, rules: ReadonlyMap<LinearBlock, LinearRule>): boolean {
  return firstConv !== undefined && [...rules.values()].includes(firstConv);
}

/**
 * A rule for every block with weights.
 * @param atInput whether what is explained is the model's input: layers inside a model have no first layer behind them
 */
export function rulesOf(
  { dense, conv, first, firstConv }: Composite,
  blocks: ReadonlyMap<Tensor, LinearBlock>,
  moving: Moving,
  atInput: boolean,
): Map<LinearBlock, LinearRule> {
  const weighted = [...blocks.values()].filter(({ kind }) => kind !== 'pool');
  const behind = dependents(
    moving.nodes,
    weighted.map(({ z }) => z),
  );
  return new Map(
    weighted.map((block) => {
      const { kind, x } = block;
      const special = atInput && !behind.has(x) ? ((kind === 'conv' ? firstConv : undefined) ?? first) : undefined;
      return [block, special ?? (kind === 'conv' ? conv : dense)];
    }),
  );
}
