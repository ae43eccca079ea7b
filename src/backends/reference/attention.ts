/** Attention and its gradient on the loops of `kernels/reference/attention.ts`; they come with the ops. */
import {
  type AttentionGeometry,
  attention,
  attentionGrad,
  type BiasStrides,
  type Strides,
} from '../../../kernels/reference/attention.ts';
import type { Attrs } from '../../graph/op.ts';
import {
  type AttentionAttrs,
  type AttentionGradAttrs,
  attentionSizes,
  gradientSizes,
  type Order,
  type SharedAttrs,
} from '../../ops/attention-sizes.ts';
import { broadcastStrides, type Shape } from '../../tensor/shape.ts';
import type { TensorSpec } from '../../tensor/tensor.ts';
import type { Kernel } from './shared.ts';

type Floats = Float32Array | Float64Array;

/** Elements from sample to sample, head to head and position to position. */
export function stridesOf(shape: Shape, order: Order): Strides {
  const [, second, third, size] = shape as readonly [number, number, number, number];
  const [outer, inner] = [third * size, size];
  const sample = second * outer;
  return order === 'heads' ? { sample, head: outer, row: inner } : { sample, head: inner, row: outer };
}

export function biasStrides(shape: Shape, scores: Shape): BiasStrides {
  const [sample, head, query, key] = broadcastStrides(shape, scores) as [number, number, number, number];
  return { sample, head, query, key };
}

function geometryOf(inputs: readonly TensorSpec[], y: Shape, order: Order, attrs: Attrs): AttentionGeometry {
  const typed = attrs as unknown as SharedAttrs;
  const sizes = attentionSizes('attention', inputs, typed);
  const { samples, heads, queries, keys } = sizes;
  const [q, k, v] = inputs.slice(0, 3).map(({ shape }, i) => stridesOf(shape, typed.orders[i]!));
  const biases = inputs.slice(3).map(({ shape }) => biasStrides(shape, [samples, heads, queries, keys]));
  const { scaling, scale } = typed;
  return { ...sizes, q: q!, k: k!, v: v!, y: stridesOf(y, order), biases, scaling, scale };
}

const forward: Kernel = (out, inputs, attrs) => {
  const geometry = geometryOf(inputs, out.shape, (attrs as unknown as AttentionAttrs).result, attrs);
  return (y, operands) => attention(y as Floats, operands as Floats[], geometry);
};

const back: Kernel = (_, [q, k, v, g, ...biases], attrs) => {
  const inputs = [q!, k!, v!, ...biases];
  const { wants, gradient } = attrs as unknown as AttentionGradAttrs;
  const geometry = geometryOf(inputs, g!.shape, gradient, attrs);
  const sizes = gradientSizes(geometry, wants);
  return (out, operands) => {
    out.fill(0);
    let at = 0;
    const parts = sizes.map((size, i) => (wants[i] ? (out as Floats).subarray(at, (at += size)) : null));
    attentionGrad(parts as [Floats | null, Floats | null, Floats | null], operands as Floats[], geometry);
  };
};

export const attentionKernels = { attention: forward, attentionGrad: back } as const;
