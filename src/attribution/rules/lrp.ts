/**
 * Layer-wise relevance propagation as a backward pass (Bach et al. 2015; Montavon et al.: "Layer-wise relevance propagation: an overview",
 * 2019). What flows back is relevance: the score at the output, shared out among the inputs of each node by what they put into it.
 *
 * - a linear layer with its bias and batch normalization is one map `z = W x + b` (`linear-block.ts`) and has one of the rules of `lrp-linear.ts`;
 * - an elementwise function hands on what it gets, and so do scales and shifts that belong to no linear layer;
 * - a sum of two moving tensors, a pool's mean and a reduction's sum share in proportion to their terms;
 * - a maximum gives all to what it picked; what only moves data moves relevance.
 *
 * Products of two moving factors, softmax inside a model and recurrent scans have no rule here and are refused by name.
 */
import type { VjpRule, VjpRules } from '../../graph/grad.ts';
import type { Thunk } from '../../graph/op.ts';
import { div, mul, neg, notEqual, where } from '../../ops/binary.ts';
import { sumTo } from '../../ops/reduce.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { type LayerOf, refusal } from './layers.ts';
import type { LinearBlock } from './linear-block.ts';
import { proportional, stabilized } from './lrp-linear.ts';
import type { Moving } from './moving.ts';

/** How a linear layer shares out the relevance `r` of its result. */
export type LinearRule = (r: Tensor, block: LinearBlock) => Tensor;

/** Who has rules for what LRP refuses. */
const others =
  'DeepLift has rules for products, softmax and recurrent scans, IntegratedGradients and GradientShap need gradients alone';
const winners = new Set(['max', 'min', 'maxPool', 'maximum', 'minimum']);
const movers = new Set(['reshape', 'transpose', 'broadcastTo', 'slice', 'pad', 'reverse', 'concat', 'gather', 'cast']);

/**
 * @param rules the rule of each block with weights
 * @param stabilizer added to denominators, with their sign, where the rule has no `epsilon`
 */
export function relevanceRules(
  moving: Moving,
  blocks: ReadonlyMap<Tensor, LinearBlock>,
  rules: ReadonlyMap<LinearBlock, LinearRule>,
  { stabilizer, layerOf }: { readonly stabilizer: number; readonly layerOf?: LayerOf },
): VjpRules {
  const rule: VjpRule = (r, node) => {
    const block = blocks.get(node);
    if (block) {
      const share = rules.get(block) ?? proportional(stabilizer);
      return new Map([[block.x, () => share(r, block)]]);
    }
    const { name } = node.op!;
    if (winners.has(name)) return null;
    const places = moving.placesIn(node);
    const root = moving.rootOf(node);
    // An affine function of one tensor may still be 0 where it is scaled by 0, or stand on another branch.
    if (root && !(places.length === 1 && moving.isAffine(node))) return new Map([[root, () => sumTo(r, root.shape)]]);
    if (moving.isAffine(node)) {
      if (name === 'add' || name === 'sub') return summands(r, node, places, stabilizer);
      if (name === 'neg') return [() => r];
      if (name === 'mul' || name === 'div')
        return [0, 1].map((i) => (places.includes(i) ? () => scaled(r, node, i) : null));
      if (movers.has(name) || name === 'where') return null;
    }
    throw refusal('LRP', node, layerOf, others);
  };
  return { '*': rule };
}

/** Relevance of terms in proportion to them; a single moving term gets all of it: a shift has no say. */
function summands(r: Tensor, node: Tensor, places: readonly number[], stabilizer: number): (Thunk | null)[] {
  const [a, b] = node.inputs as [Tensor, Tensor];
  if (places.length === 1) return [a, b].map((x, i) => (places.includes(i) ? () => sumTo(r, x.shape) : null));
  const share = div(r, stabilized(node, stabilizer));
  const second = node.op!.name === 'sub' ? neg(b) : b;
  return [() => sumTo(mul(a, share), a.shape), () => sumTo(mul(second, share), b.shape)];
}

/** A scale hands relevance on, except where it is 0. */
function scaled(r: Tensor, node: Tensor, at: number): Tensor {
  const [x, by] = [node.inputs[at]!, node.inputs[1 - at]!];
  return sumTo(node.op!.name === 'mul' ? where(notEqual(by, 0), r, 0) : r, x.shape);
}
