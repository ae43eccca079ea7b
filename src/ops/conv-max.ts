/**
 * The maximum of a convolution over all its positions, behind bias, relu and dropout, as one op that never stores the convolution, and its
 * gradients, which look only at the positions that have a maximum. A sample of the result is `[1 + words, filters]`: the maxima, then for each
 * 24 positions a number `bits / 2^24` that says which of them have it (the first has the highest bit), exact in float32. Ties share the gradient equally, as
 * with `max`. Kernels come with the ops: only training has a use for them.
 */
import { convMaxKernels } from '../backends/reference/conv-max.ts';
import * as wasm from '../backends/wasm/bind/conv-max.ts';
import { inFront, mixes } from '../graph/batch-rules.ts';
import { partialGrad } from '../graph/grad.ts';
import { type BatchRule, defineOp, type Example, type OpFunction } from '../graph/op.ts';
import { failure } from '../tensor/errors.ts';
import { type Shape, sizeOf } from '../tensor/shape.ts';
import { type Tensor, type TensorSpec, tensor } from '../tensor/tensor.ts';
import { div, greater, maximum, mul, sub, where } from './binary.ts';
import { type ConvAttrs, conv, convGradInput, convGradKernel } from './conv-primitives.ts';
import { gather, scatterAdd } from './indexing.ts';
import { reshape } from './movement.ts';
import { floatOf } from './promote.ts';
import { sum } from './reduce.ts';
import { slice } from './slicing.ts';
import { floor } from './unary.ts';

/** Positions of a word. */
export const positionsPerWord = 24;
/** Most filters, and most taps where the input is rows of a table: what the kernels' scratch memory holds. */
export const [mostFilters, mostTaps] = [512, 16];

type Finish = {
  /** Whether a relu lies behind the convolution: a maximum of 0 passes no gradient. */
  readonly positive: boolean;
  /** What dropout does behind it, where there is a seed: an element is zero with probability `dropped / 2^16`, else `scale` times itself. */
  readonly scale: number;
};
/** Of the forward ops. */
export type ConvMaxAttrs = ConvAttrs & Finish & { readonly stream: number; readonly dropped: number };
type GradAttrs = ConvAttrs & Finish;
type GradInputAttrs = GradAttrs & { readonly inputShape: Shape };
type GradKernelAttrs = GradAttrs & { readonly kernelShape: Shape };

/** The shape of the convolution behind which the maximum is taken. */
function convolved(name: string, x: TensorSpec, w: TensorSpec, attrs: ConvAttrs): Shape {
  const { shape } = conv.op.shape([x, w], attrs);
  if (attrs.groups !== 1 || sizeOf(shape) === 0)
    throw failure(name, 'takes convolutions in one group, of something', { input: x.shape, kernel: w.shape });
  if (shape.at(-1)! > mostFilters) throw failure(name, `takes up to ${mostFilters} filters`, { kernel: w.shape });
  return shape;
}

const positionsOf = (shape: Shape): number => sizeOf(shape.slice(1, -1));
const resultOf = (shape: Shape): Shape => [
  shape[0]!,
  1 + Math.ceil(positionsOf(shape) / positionsPerWord),
  shape.at(-1)!,
];

function checkRest(name: string, w: TensorSpec, [b, seed]: readonly (TensorSpec | undefined)[], attrs: Finish): void {
  if (b!.shape.length !== 1 || b!.shape[0] !== w.shape.at(-1))
    throw failure(name, 'the bias has an element per filter', { bias: b!.shape, kernel: w.shape });
  if (seed && !attrs.positive) throw failure(name, 'dropout comes behind a relu');
}

/** The maxima alone, `[batch, filters]`. */
export function maximaOf(y: Tensor): Tensor {
  return reshape(slice(y, { 1: [0, 1] }), [y.shape[0]!, y.shape[2]!]);
}

/** The gradient of the convolution, in the convolution's shape, and in public ops. */
function spread(y: Tensor, g: Tensor, shape: Shape, { scale }: Finish): Tensor {
  const positions = positionsOf(shape);
  const at = Array.from({ length: positions }, (_, p) => p);
  const word = tensor(
    Int32Array.from(at, (p) => 1 + Math.floor(p / positionsPerWord)),
    [positions],
  );
  const Floats = y.dtype === 'float64' ? Float64Array : Float32Array;
  const place = tensor(Floats.from(at.map((p) => 2 ** (1 + (p % positionsPerWord)))), [positions, 1]);
  const shifted = floor(mul(gather(y, word, 1), place));
  const hit = sub(shifted, mul(floor(mul(shifted, 0.5)), 2));
  const share = mul(
    div(reshape(g, [g.shape[0]!, 1, g.shape[1]!]), maximum(sum(hit, { axes: 1, keepDims: true }), 1)),
    scale,
  );
  return reshape(mul(hit, share), shape);
}

const biasGradient = (g: Tensor, y: Tensor, { positive, scale }: Finish): Tensor =>
  sum(mul(positive ? where(greater(maximaOf(y), 0), g, 0) : g, scale), { axes: 0 });

const plain = ({ strides, dilations, pads, groups }: ConvAttrs): ConvAttrs => ({ strides, dilations, pads, groups });
const passed = (attrs: ConvMaxAttrs): GradAttrs => ({ ...plain(attrs), positive: attrs.positive, scale: attrs.scale });

/** Samples lie in front of input `data`; dropout treats each in its own way. */
const sampled =
  (data: number): BatchRule =>
  (at, node, context) => {
    const dropping = node.inputs.at(-1)!.dtype === 'int32' && node.inputs.length > data + 3;
    if (dropping && at.some((place) => place !== null)) return 'drops other elements of each sample';
    return inFront((i) => i === data)(at, node, context);
  };

const line = (stride: number, dilation: number, pad: readonly [number, number]): ConvAttrs => ({
  ...{ strides: [stride], dilations: [dilation], pads: [pad], groups: 1 },
});
const none = { stream: 0, dropped: 0, scale: 1 };
const seed = { shape: [2], dtype: 'int32', range: [-1000, 1000] } as const;
// Few positions: a bit of a late one is soon changed where gradients are checked by differences.
// biome-ignore format: one use a line
const uses: readonly { x: Shape; w: Shape; attrs: ConvAttrs & Finish }[] = [
  { x: [2, 5, 3], w: [3, 3, 4], attrs: { ...line(1, 1, [0, 0]), positive: true, scale: 1 } },
  { x: [3, 9, 2], w: [2, 2, 5], attrs: { ...line(3, 2, [1, 1]), positive: false, scale: 1.5 } },
  { x: [2, 4, 4, 2], w: [2, 3, 2, 3], attrs: { strides: [2, 2], dilations: [1, 1], pads: [[0, 1], [1, 1]], groups: 1, positive: true, scale: 2 } },
];
const shapeOf = ({ x, w, attrs }: (typeof uses)[number]): Shape =>
  convolved('convMax', { shape: x, dtype: 'float32' }, { shape: w, dtype: 'float32' }, attrs);

/** `x [batch, ...space, channels]`, `w`, `bias [filters]` and, for dropout, a seed `[2]` (int32). */
export const convMax: OpFunction<ConvMaxAttrs> = defineOp<ConvMaxAttrs>({
  name: 'convMax',
  shape: ([x, w, ...rest], attrs) => {
    checkRest('convMax', w!, rest, attrs);
    return { shape: resultOf(convolved('convMax', x!, w!, attrs)), dtype: floatOf('convMax', x!, w!, rest[0]!) };
  },
  vjp: (g, y, [x, w], attrs) => [
    () => convMaxGradInput([maximaOf(g), y, w!], { ...passed(attrs), inputShape: x!.shape }),
    () => convMaxGradKernel([x!, y, maximaOf(g)], { ...passed(attrs), kernelShape: w!.shape }),
    () => biasGradient(maximaOf(g), y, attrs),
    null,
  ],
  batch: sampled(0),
  linear: [],
  flops: ([x, w], _, attrs) => 2 * sizeOf(conv.op.shape([x!, w!], attrs).shape) * sizeOf(w!.shape.slice(0, -1)),
  kernels: { reference: convMaxKernels.convMax, wasm: wasm.convMax },
  examples: [
    ...uses.map(
      ({ x, w, attrs }): Example<ConvMaxAttrs> => ({
        inputs: [x, w, [w.at(-1)!]],
        attrs: { ...none, ...attrs },
      }),
    ),
    {
      inputs: [[2, 30, 3], [3, 3, 7], [7], seed],
      attrs: { ...line(1, 1, [0, 0]), positive: true, stream: 3, dropped: 26_214, scale: 1 / 0.6 },
    },
  ],
});

/** The same of a 1-D convolution over rows `ids [batch, length]` of `table [rows, channels]`, from the products of those rows with each tap. */
export const convMaxTable: OpFunction<ConvMaxAttrs> = defineOp<ConvMaxAttrs>({
  name: 'convMaxTable',
  shape: ([table, ids, w, ...rest], attrs) => {
    checkRest('convMaxTable', w!, rest, attrs);
    if (ids!.dtype !== 'int32' || ids!.shape.length !== 2 || table!.shape.length !== 2 || w!.shape[0]! > mostTaps)
      throw failure('convMaxTable', `takes rows of a table and up to ${mostTaps} taps`, {
        ids: ids!.shape,
        kernel: w!.shape,
      });
    const x = { shape: [...ids!.shape, table!.shape[1]!], dtype: table!.dtype };
    return {
      shape: resultOf(convolved('convMaxTable', x, w!, attrs)),
      dtype: floatOf('convMaxTable', table!, w!, rest[0]!),
    };
  },
  vjp: (g, y, [table, ids, w], attrs) => {
    const [size, channels] = table!.shape as [number, number];
    const inputShape = [...ids!.shape, channels];
    return [
      () =>
        scatterAdd(convMaxGradInput([maximaOf(g), y, w!], { ...passed(attrs), inputShape }), ids!, { axis: 0, size }),
      null,
      () => convMaxGradKernel([gather(table!, ids!), y, maximaOf(g)], { ...passed(attrs), kernelShape: w!.shape }),
      () => biasGradient(maximaOf(g), y, attrs),
      null,
    ];
  },
  batch: sampled(1),
  linear: [],
  flops: ([table, ids, w]) => 2 * Math.min(table!.shape[0]!, sizeOf(ids!.shape)) * sizeOf(w!.shape),
  kernels: { reference: convMaxKernels.convMaxTable, wasm: wasm.convMaxTable },
  examples: [
    {
      inputs: [[5, 3], { shape: [3, 9], dtype: 'int32', range: [0, 5] }, [3, 3, 4], [4]],
      attrs: { ...none, ...line(1, 1, [0, 0]), positive: true },
    },
    {
      inputs: [[40, 3], { shape: [2, 61], dtype: 'int32', range: [0, 40] }, [4, 3, 9], [9]],
      attrs: { ...none, ...line(2, 2, [3, 2]), positive: false },
    },
    {
      inputs: [[7, 2], { shape: [3, 33], dtype: 'int32', range: [0, 7] }, [2, 2, 11], [11], seed],
      attrs: { ...line(1, 1, [0, 0]), positive: true, stream: 1, dropped: 26_214, scale: 1 / 0.6 },
    },
    {
      inputs: [[10_000, 50], { shape: [256, 100], dtype: 'int32', range: [0, 10_000] }, [3, 50, 250], [250], seed],
      attrs: { ...line(1, 1, [0, 0]), positive: true, stream: 1, dropped: 26_214, scale: 1 / 0.6 },
      size: 'real',
    },
  ],
});

/** The gradient to the input of the convolution, from that of the maxima, `g [batch, filters]`; `y` is what `convMax` gave. */
export const convMaxGradInput: OpFunction<GradInputAttrs> = defineOp<GradInputAttrs>({
  name: 'convMaxGradInput',
  shape: ([g, y, w], { inputShape, ...attrs }) => {
    checkGradient(
      'convMaxGradInput',
      g!,
      y!,
      convolved('convMaxGradInput', { shape: inputShape, dtype: g!.dtype }, w!, attrs),
    );
    return { shape: inputShape, dtype: floatOf('convMaxGradInput', g!, y!, w!) };
  },
  vjp: (gg, _, [g, y, w], { inputShape, ...attrs }) => {
    const [from, by] = g === w ? [mul(g!, 1), w!] : [g!, w!];
    const shape = conv.op.shape([{ shape: inputShape, dtype: g!.dtype }, w!], attrs).shape;
    const made = convGradInput([spread(y!, from, shape, attrs), by], { ...plain(attrs), inputShape });
    return [() => partialGrad(made, [from, by], gg)[0]!, null, () => partialGrad(made, [from, by], gg)[1]!];
  },
  batch: inFront((i) => i < 2),
  linear: [0, 2],
  flops: ([g, , w]) => 2 * sizeOf(g!.shape) * sizeOf(w!.shape.slice(0, -1)),
  kernels: { reference: convMaxKernels.convMaxGradInput, wasm: wasm.convMaxGradInput },
  examples: uses.map((use) => {
    const shape = shapeOf(use);
    return {
      inputs: [[shape[0]!, shape.at(-1)!], resultOf(shape), use.w],
      attrs: { ...use.attrs, inputShape: use.x },
      domain: [0, 1],
    };
  }),
});

/** The gradient to the kernel; `x` is the convolution's input, `y` what `convMax` gave, `g [batch, filters]` the gradient of the maxima. */
export const convMaxGradKernel: OpFunction<GradKernelAttrs> = defineOp<GradKernelAttrs>({
  name: 'convMaxGradKernel',
  shape: ([x, y, g], { kernelShape, ...attrs }) => {
    checkGradient(
      'convMaxGradKernel',
      g!,
      y!,
      convolved('convMaxGradKernel', x!, { shape: kernelShape, dtype: g!.dtype }, attrs),
    );
    return { shape: kernelShape, dtype: floatOf('convMaxGradKernel', x!, y!, g!) };
  },
  vjp: (gg, _, [x, y, g], { kernelShape, ...attrs }) => {
    const [by, from] = x === g ? [mul(x!, 1), g!] : [x!, g!];
    const shape = conv.op.shape([x!, { shape: kernelShape, dtype: g!.dtype }], attrs).shape;
    const made = convGradKernel([by, spread(y!, from, shape, attrs)], { ...plain(attrs), kernelShape });
    return [() => partialGrad(made, [by, from], gg)[0]!, null, () => partialGrad(made, [by, from], gg)[1]!];
  },
  batch: mixes('sums over the samples'),
  linear: [0, 2],
  flops: ([, , g], out) => 2 * sizeOf(g!.shape) * sizeOf(out.shape.slice(0, -1)),
  kernels: { reference: convMaxKernels.convMaxGradKernel, wasm: wasm.convMaxGradKernel },
  examples: uses.map((use) => {
    const shape = shapeOf(use);
    return {
      inputs: [use.x, resultOf(shape), [shape[0]!, shape.at(-1)!]],
      attrs: { ...use.attrs, kernelShape: use.w },
      domain: [0, 1],
    };
  }),
});

function checkGradient(name: string, g: TensorSpec, y: TensorSpec, shape: Shape): void {
  const expected = { y: resultOf(shape), gradient: [shape[0]!, shape.at(-1)!] };
  if (y.shape.join() !== expected.y.join() || g.shape.join() !== expected.gradient.join())
    throw failure(name, 'the gradient does not fit', {
      y: y.shape,
      gradient: g.shape,
      expected: JSON.stringify(expected),
    });
}
