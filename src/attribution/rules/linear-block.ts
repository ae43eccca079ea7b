/**
 * A linear layer as LRP sees it, however many nodes a graph has for it: a product with weights that do not move, and the biases, scales and shifts
 * behind it, batch normalization among them, merged into one map `z = W x + b` (what zennit's canonizers do to models). Sums and average pools are
 * blocks, too, with weights that have no sign to split. Only the block's last node is read by others, so that relevance enters nowhere else.
 */
import type { Op } from '../../graph/op.ts';
import { add, div, mul, neg } from '../../ops/binary.ts';
import { reshape } from '../../ops/movement.ts';
import { ones, Tensor } from '../../tensor/tensor.ts';
import type { Moving } from './moving.ts';

/** `conv` for products that share their weights over places, `dense` for others; `pool` has no weights. */
export type BlockKind = 'conv' | 'dense' | 'pool';

export interface LinearBlock {
  readonly kind: BlockKind;
  /** What it maps, and its result. */
  readonly x: Tensor;
  readonly z: Tensor;
  /** With scales merged; of a pool the scale alone. */
  readonly weights: Tensor;
  /** Broadcasts against `z`; null is zero. */
  readonly bias: Tensor | null;
  /** `W x` for other weights and inputs. */
  apply(x: Tensor, weights: Tensor): Tensor;
  /** `W^T g`. */
  pullBack(g: Tensor, weights: Tensor): Tensor;
}

const products: { readonly [op: string]: BlockKind } = { matmul: 'dense', conv: 'conv', convGradInput: 'conv' };
const pools = new Set(['sum', 'avgPool']);

/** The blocks of a graph by their last nodes, in the order of the graph. */
export function linearBlocks(moving: Moving): Map<Tensor, LinearBlock> {
  const blocks = new Map<Tensor, LinearBlock>();
  for (const core of moving.nodes) {
    const block = core.op && !moving.isVariable(core) ? blockOf(core, core.op, moving) : null;
    if (block) blocks.set(block.z, block);
  }
  return blocks;
}

/** What has been merged so far: `scale` along the last axis (or of one element), `bias` along it or of any shape. */
interface Merged {
  readonly z: Tensor;
  readonly scale: Tensor | null;
  readonly bias: Tensor | null;
}

function blockOf(core: Tensor, op: Op, moving: Moving): LinearBlock | null {
  const places = moving.placesIn(core);
  const [at] = places;
  const product = products[op.name];
  if (places.length !== 1 || (!product && !pools.has(op.name))) return null;
  // Scales along the output's last axis belong to an axis of the second factor.
  const merges = product ? at === 0 && !(op.name === 'convGradInput' && core.attrs['groups'] !== 1) : null;
  let merged: Merged = { z: core, scale: null, bias: null };
  for (let next = follow(merged, moving, merges); next; next = follow(merged, moving, merges)) merged = next;
  const { z, scale, bias } = merged;
  const x = core.inputs[at!]!;
  const vjp = op.vjp as Exclude<Op['vjp'], 'none'>;
  const unscaled = product ? core.inputs[1 - at!]! : ones([], core.dtype);
  const inputsOf = (value: Tensor, weights: Tensor): Tensor[] => {
    if (!product) return [value];
    return at === 0 ? [value, weights] : [weights, value];
  };
  return {
    kind: product ?? 'pool',
    x,
    z,
    weights: scale ? scaled(unscaled, scale, core, product !== undefined) : unscaled,
    bias,
    apply: (value, weights) => {
      const y = new Tensor(op, inputsOf(value, weights), core.attrs, core, null);
      return reshape(product ? y : mul(y, weights), z.shape);
    },
    pullBack: (g, weights) => {
      const back = reshape(product ? g : mul(g, weights), core.shape);
      return vjp(back, core, inputsOf(x, weights), core.attrs)[at!]!();
    },
  };
}

/** Weights whose outputs are multiplied by `scale`, a vector along the last axis of the output. */
function scaled(weights: Tensor, scale: Tensor, core: Tensor, product: boolean): Tensor {
  if (!product || scale.size === 1) return mul(weights, reshape(scale, []));
  const { op, attrs } = core;
  // Output channels lie on the axis before the last where the factor is transposed, or where a transposed convolution is its gradient.
  const swapped = op!.name === 'convGradInput' || attrs['transposeB'] === true;
  return mul(weights, reshape(scale, swapped ? [scale.size, 1] : [scale.size]));
}

/** One node more, if it is the only reader and adds or scales by what does not move. `merges`: whether scales can be merged; null for pools. */
function follow({ z, scale, bias }: Merged, moving: Moving, merges: boolean | null): Merged | null {
  const readers = moving.readersOf(z);
  const node = readers[0];
  if (!node?.op || readers.length !== 1 || node.dtype !== z.dtype || moving.placesIn(node).length !== 1) return null;
  const first = node.inputs[0] === z;
  const other = node.inputs[first ? 1 : 0];
  const channels = z.shape.at(-1);
  switch (node.op.name) {
    case 'reshape': {
      // What lies along the last axis alone lies along it still.
      const moves = (vector: Tensor | null): boolean =>
        vector !== null && vector.size !== 1 && !(node.shape.at(-1) === channels && vector.rank === 1);
      return moves(scale) || moves(bias) || (bias !== null && bias.rank > 1) ? null : { z: node, scale, bias };
    }
    case 'add':
    case 'sub': {
      if (merges === null || node.shape.join() !== z.shape.join()) return null;
      const minus = node.op.name === 'sub';
      const turned = minus && !first;
      if (turned && !merges) return null;
      const signed = bias && turned ? neg(bias) : bias;
      const shift = minus && first ? neg(other!) : other!;
      return {
        z: node,
        scale: turned ? neg(scale ?? ones([], z.dtype)) : scale,
        bias: signed ? add(signed, shift) : shift,
      };
    }
    case 'mul':
    case 'div': {
      if (node.op.name === 'div' && !first) return null;
      const along = other!.size === 1 || (merges && other!.size === channels && other!.shape.at(-1) === channels);
      if (merges === false || !along || node.shape.join() !== z.shape.join()) return null;
      const by = node.op.name === 'mul' ? mul : div;
      const vector = reshape(other!, other!.size === 1 ? [] : [channels!]);
      return {
        z: node,
        scale: scale ? by(scale, vector) : by(ones([], z.dtype), vector),
        bias: bias ? by(bias, vector) : null,
      };
    }
    default:
      return null;
  }
}
