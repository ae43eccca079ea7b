/**
 * Scaled dot-product attention (Vaswani et al. 2017) as one op that never stores the scores of all pairs of positions, and its gradient, which
 * computes them again. Graphs are not written with it: on the wasm backend plans have it in the place of products and softmax whose
 * probabilities nobody else reads (`backends/wasm/attention.ts`), so that whatever looks at a softmax finds one. Kernels come with the ops.
 */
import { attentionKernels as loops } from '../backends/reference/attention.ts';
import { attentionKernels as wasmKernels } from '../backends/wasm/bind/attention.ts';
import { mixes } from '../graph/batch-rules.ts';
import { distinctPlaces, partialGrad } from '../graph/grad.ts';
import { defineOp, type Example, type OpFunction } from '../graph/op.ts';
import { failure } from '../tensor/errors.ts';
import { type Shape, sameShape } from '../tensor/shape.ts';
import type { Tensor, TensorSpec } from '../tensor/tensor.ts';
import {
  type AttentionAttrs,
  type AttentionGradAttrs,
  attentionSizes,
  gradientSizes,
  type Order,
  resultShape,
} from './attention-sizes.ts';
import { add, div, mul } from './binary.ts';
import { matmul } from './matmul.ts';
import { reshape, transpose } from './movement.ts';
import { floatOf } from './promote.ts';
import { concat } from './slicing.ts';
import { softmax } from './softmax.ts';

const swapped = [0, 2, 1, 3];
const turned = (x: Tensor, order: Order): Tensor => (order === 'heads' ? x : transpose(x, swapped));

/** What the op means, in public ops. */
export function attentionUnfused(
  inputs: readonly Tensor[],
  { orders, result, scaling, scale }: AttentionAttrs,
): Tensor {
  const [q, k, v] = inputs.slice(0, 3).map((x, i) => turned(x, orders[i]!)) as [Tensor, Tensor, Tensor];
  const products = matmul(q, k, { transposeB: true });
  const scaled = scaling === null ? products : scaling === 'times' ? mul(products, scale) : div(products, scale);
  const scores = inputs.slice(3).reduce((sum, bias) => add(sum, bias), scaled);
  return turned(matmul(softmax(scores), v), result);
}

/** The gradients that are wanted, one after another, in the order of their operands. */
function gradientsUnfused(inputs: readonly Tensor[], g: Tensor, attrs: AttentionGradAttrs): Tensor {
  const { wants, gradient, ...rest } = attrs;
  const all = partialGrad(attentionUnfused(inputs, { ...rest, result: gradient }), inputs.slice(0, 3), g);
  return concat(
    all.filter((_, i) => wants[i]).map((x) => reshape(x, [x.size])),
    0,
  );
}

const plain = { scaling: null, scale: 1 } as const;
const everywhere = { orders: ['positions', 'positions', 'positions'], result: 'positions' } as const;
const headsFirst = { orders: ['heads', 'heads', 'heads'], result: 'heads' } as const;
const mixed = { orders: ['positions', 'heads', 'positions'], result: 'heads' } as const;
type Use = { readonly q: Shape; readonly k: Shape; readonly v: Shape; readonly biases: readonly Shape[] } & {
  readonly attrs: AttentionAttrs;
};
// biome-ignore format: one use a line
const uses: readonly Use[] = [
  { q: [2, 5, 3, 4], k: [2, 5, 3, 4], v: [2, 5, 3, 4], biases: [], attrs: { ...plain, ...everywhere } },
  { q: [1, 2, 3, 5], k: [1, 2, 9, 5], v: [1, 2, 9, 2], biases: [[1, 1, 1, 9]], attrs: { ...headsFirst, scaling: 'times', scale: 0.4 } },
  { q: [2, 7, 2, 3], k: [2, 2, 10, 3], v: [2, 10, 2, 9], biases: [[7, 10], [2, 1, 1, 10]], attrs: { ...mixed, scaling: 'over', scale: 1.7 } },
  { q: [1, 1, 1, 2], k: [1, 1, 1, 2], v: [1, 1, 1, 2], biases: [[1, 1, 1, 1]], attrs: { ...plain, ...everywhere } },
];
const long: Use = {
  ...{ q: [5, 256, 12, 64], k: [5, 256, 12, 64], v: [5, 256, 12, 64] },
  ...{ biases: [[5, 1, 1, 256]], attrs: { ...plain, ...everywhere } },
};
const outOf = ({ q, k, v, attrs }: Use): Shape => {
  const spec = (shape: Shape): TensorSpec => ({ shape, dtype: 'float32' });
  return resultShape(attentionSizes('attention', [spec(q), spec(k), spec(v)], attrs), attrs.result);
};

/** Query, key, value, and what is added to the scores. */
export const attention: OpFunction<AttentionAttrs> = defineOp<AttentionAttrs>({
  name: 'attention',
  shape: (inputs, attrs) => ({
    shape: resultShape(attentionSizes('attention', inputs, attrs), attrs.result),
    dtype: floatOf('attention', ...(inputs as [TensorSpec])),
  }),
  vjp: (g, _, inputs, attrs) => {
    const places = distinctPlaces(inputs);
    let all: Tensor[] | undefined;
    return inputs.map((_, i) => () => (all ??= partialGrad(attentionUnfused(places, attrs), places, g))[i]!);
  },
  batch: mixes('is made in plans'),
  linear: [2],
  flops: (inputs, _, attrs) => {
    const { samples, heads: count, queries, keys, size, valueSize } = attentionSizes('attention', inputs, attrs);
    return samples * count * queries * keys * (2 * size + 2 * valueSize + 13);
  },
  kernels: { reference: loops.attention, wasm: wasmKernels.attention },
  examples: [
    ...uses.map(({ q, k, v, biases, attrs }): Example<AttentionAttrs> => ({ inputs: [q, k, v, ...biases], attrs })),
    { inputs: [long.q, long.k, long.v, ...long.biases], attrs: long.attrs, size: 'real' },
  ],
});

/** Query, key, value, the gradient of the result, and what was added to the scores. */
export const attentionGrad: OpFunction<AttentionGradAttrs> = defineOp<AttentionGradAttrs>({
  name: 'attentionGrad',
  shape: ([q, k, v, g, ...biases], attrs) => {
    const inputs = [q!, k!, v!, ...biases];
    const sizes = attentionSizes('attentionGrad', inputs, attrs);
    const expected = resultShape(sizes, attrs.gradient);
    if (!sameShape(g!.shape, expected)) {
      throw failure('attentionGrad', 'the gradient has the shape of the result', { gradient: g!.shape, expected });
    }
    const [a, b, c] = gradientSizes(sizes, attrs.wants);
    return { shape: [a + b + c], dtype: floatOf('attentionGrad', g!, ...inputs) };
  },
  vjp: (gg, _, inputs, attrs) => {
    const places = distinctPlaces(inputs);
    const [q, k, v, g, ...biases] = places as [Tensor, Tensor, Tensor, Tensor];
    let all: Tensor[] | undefined;
    const made = (): Tensor[] => (all ??= partialGrad(gradientsUnfused([q, k, v, ...biases], g, attrs), places, gg));
    return inputs.map((_, i) => () => made()[i]!);
  },
  batch: mixes('is made in plans'),
  linear: [3],
  flops: ([q, k, v, , ...biases], _, attrs) => {
    const sizes = attentionSizes('attentionGrad', [q!, k!, v!, ...biases], attrs);
    const { samples, heads: count, queries, keys, size, valueSize } = sizes;
    return samples * count * queries * keys * (6 * size + 4 * valueSize + 17);
  },
  kernels: { reference: loops.attentionGrad, wasm: wasmKernels.attentionGrad },
  examples: [...uses, long].map((use): Example<AttentionGradAttrs> => {
    const { q, k, v, biases, attrs } = use;
    const { result, ...shared } = attrs;
    const real = use === long ? { size: 'real' as const } : {};
    const wants = [true, true, true] as const;
    return { inputs: [q, k, v, outOf(use), ...biases], attrs: { ...shared, gradient: result, wants }, ...real };
  }),
});
