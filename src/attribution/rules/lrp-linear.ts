/**
 * LRP's rules for a linear layer `z = W x + b`, in terms of relevance `r` of `z`. Each is what zennit computes, whose rules for inputs of any sign
 * extend those of Bach et al. 2015 (epsilon, alpha-beta), Montavon et al. 2017 (z-plus, w-square's flat, z-box) and 2019 (gamma).
 *
 * What is kept: with `b = 0` and denominators large against the stabilizer each rule hands on all of `r` (epsilon and gamma always, z-plus and
 * alpha-beta where the parts that they divide by are not empty, flat and z-box always). A bias takes its share with it, except under flat.
 */
import { add, div, equal, greater, less, maximum, minimum, mul, sub, where } from '../../ops/binary.ts';
import { sign } from '../../ops/unary.ts';
import { full, type Tensor } from '../../tensor/tensor.ts';
import type { LinearBlock } from './linear-block.ts';
import type { LinearRule } from './lrp.ts';

/** `z` moved away from 0 by `epsilon`; 0 counts as positive. */
export function stabilized(z: Tensor, epsilon: number): Tensor {
  return add(z, mul(where(equal(z, 0), 1, sign(z)), epsilon));
}

const above = (t: Tensor): Tensor => maximum(t, 0);
const below = (t: Tensor): Tensor => minimum(t, 0);
/** `x` times what `W^T` brings back of `r`. */
const through = (block: LinearBlock, x: Tensor, weights: Tensor, r: Tensor): Tensor =>
  mul(x, block.pullBack(r, weights));
const biased = (z: Tensor, bias: Tensor | null): Tensor => (bias ? add(z, bias) : z);

/** `x_i sum_j W_ij r_j / z_j`: in proportion to what each input puts in (LRP-0), damped by `epsilon`. */
export const proportional =
  (epsilon: number): LinearRule =>
  (r, block) =>
    through(block, block.x, block.weights, div(r, stabilized(block.z, epsilon)));

/** Parts of weights and bias, and how the positive and the negative part of the input meet them. */
interface Signed {
  readonly withAbove: Tensor;
  readonly withBelow: Tensor;
  readonly bias: Tensor | null;
}

/** `W1 x+ + W2 x- + b`. */
function mixed({ apply, x }: LinearBlock, { withAbove, withBelow, bias }: Signed): Tensor {
  return biased(add(apply(above(x), withAbove), apply(below(x), withBelow)), bias);
}

function mixedBack(block: LinearBlock, { withAbove, withBelow }: Signed, r: Tensor): Tensor {
  const { x } = block;
  return add(through(block, above(x), withAbove, r), through(block, below(x), withBelow, r));
}

/**
 * Positive contributions count `1 + gamma` times where `z > 0`, negative ones where `z < 0` (Andeol et al. 2021); with inputs from 0 up and
 * `z > 0` this is the gamma rule of Montavon et al. 2019, `W + gamma W+`.
 */
export const gammaRule =
  (gamma: number, stabilizer: number): LinearRule =>
  (r, block) => {
    const { weights, bias, z } = block;
    const raised = (t: Tensor, part: (t: Tensor) => Tensor): Tensor => add(t, mul(part(t), gamma));
    const [more, less_] = [raised(weights, above), raised(weights, below)];
    const up: Signed = { withAbove: more, withBelow: less_, bias: bias && raised(bias, above) };
    const down: Signed = { withAbove: less_, withBelow: more, bias: bias && raised(bias, below) };
    const share = (sign: Signed, mask: Tensor): Tensor =>
      mixedBack(block, sign, where(mask, div(r, stabilized(mixed(block, sign), stabilizer)), 0));
    return add(share(up, greater(z, 0)), share(down, less(z, 0)));
  };

/** `alpha` times the shares of positive contributions less `beta` times those of negative ones. */
export const alphaBetaRule =
  (alpha: number, beta: number, stabilizer: number): LinearRule =>
  (r, block) => {
    const { weights, bias } = block;
    const [plus, minus] = [above(weights), below(weights)];
    const share = (sign: Signed, times: number): Tensor =>
      mul(mixedBack(block, sign, div(r, stabilized(mixed(block, sign), stabilizer))), times);
    const positive = share({ withAbove: plus, withBelow: minus, bias: bias && above(bias) }, alpha);
    if (beta === 0) return positive;
    return sub(positive, share({ withAbove: minus, withBelow: plus, bias: bias && below(bias) }, beta));
  };

/** The same share for every input that a result sees. */
export const flatRule =
  (stabilizer: number): LinearRule =>
  (r, block) => {
    const [one, weights] = [block.x, block.weights].map((t) => full(t.shape, 1, t.dtype)) as [Tensor, Tensor];
    return block.pullBack(div(r, stabilized(block.apply(one, weights), stabilizer)), weights);
  };

/** For inputs within `[low, high]` (z-box): `x W - low W+ - high W-`, whose terms are never negative. */
export const boxRule =
  (low: number, high: number, stabilizer: number): LinearRule =>
  (r, block) => {
    const { x, weights } = block;
    const parts = [
      [x, weights],
      [full(x.shape, low, x.dtype), above(weights)],
      [full(x.shape, high, x.dtype), below(weights)],
    ] as const;
    const less3 = ([a, b, c]: readonly Tensor[]): Tensor => sub(sub(a!, b!), c!);
    const share = div(r, stabilized(less3(parts.map(([t, w]) => block.apply(t, w))), stabilizer));
    return less3(parts.map(([t, w]) => through(block, t, w, share)));
  };
