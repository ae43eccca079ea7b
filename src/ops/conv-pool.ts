/**
 * A convolution with bias under a max pool whose windows lie side by side, behind a relu and with dropout behind the pool, as one op that never
 * stores the convolution. The result lists the maxima and then, per window, which of its elements has it (the first, as with `maxPool`): of 16
 * filters four numbers, each the codes of every fourth filter as `bits / 2^16`, exact in float32. A code is 0 where the window passes no
 * gradient, else 1 and the number of the element. Gradients look at these alone. Kernels come with the ops: only training has a use for them.
 */
import { convPoolKernels } from '../backends/reference/conv-pool.ts';
import * as wasm from '../backends/wasm/bind/conv-pool.ts';
import { mixes } from '../graph/batch-rules.ts';
import { partialGrad } from '../graph/grad.ts';
import { defineOp, type Example, type OpFunction, type Thunk } from '../graph/op.ts';
import { failure } from '../tensor/errors.ts';
import { type Shape, sizeOf } from '../tensor/shape.ts';
import { ones, type Tensor, type TensorSpec, zeros } from '../tensor/tensor.ts';
import { greater, mul, where } from './binary.ts';
import { type ConvAttrs, conv, convGradInput, convGradKernel } from './conv-primitives.ts';
import { reshape } from './movement.ts';
import { avgPool } from './pool.ts';
import { floatOf } from './promote.ts';
import { sum } from './reduce.ts';
import { concat, slice } from './slicing.ts';

/** Most elements of a window, and of the convolution that a row of windows covers (a position counts as 16 filters at least): room of the kernels. */
export const [mostElements, mostCovered] = [15, 65_536];
/** Most taps, times channels, with which the gradient to the kernel comes right from the codes. */
const mostNarrow = 16;

/** A max pool behind a convolution: its windows, and what dropout does behind it, where there is a seed (as in `dropout`). */
export type ConvPoolAttrs = ConvAttrs & {
  readonly window: readonly number[];
  /** Whether a relu lies between: a maximum that is not above 0 is 0 and passes no gradient. */
  readonly positive: boolean;
  readonly scale: number;
  readonly stream: number;
  readonly dropped: number;
};
type SpreadAttrs = { readonly window: readonly number[]; readonly scale: number; readonly shape: Shape };
type GradKernelAttrs = ConvAttrs & {
  readonly window: readonly number[];
  readonly scale: number;
  readonly kernelShape: Shape;
};

/** Of the maxima, from that of the convolution. */
const pooledOf = (shape: Shape, window: readonly number[]): Shape => [
  shape[0]!,
  ...window.map((reach, i) => Math.floor(shape[i + 1]! / reach)),
  shape.at(-1)!,
];

/** Elements of the result: maxima, and four numbers for each window and 16 filters. */
const lengthOf = (pooled: Shape): number =>
  sizeOf(pooled) + sizeOf(pooled.slice(0, -1)) * 4 * Math.ceil(pooled.at(-1)! / 16);

/** Why windows of a convolution of `shape` cannot be taken with it, or null. */
export function unfit(shape: Shape, window: readonly number[]): string | null {
  if (window.length !== shape.length - 2 || window.length > 2) return 'takes one or two spatial axes';
  if (sizeOf(window) > mostElements) return `takes windows of up to ${mostElements} elements`;
  if (sizeOf(pooledOf(shape, window)) === 0) return 'takes windows that fit, of something';
  const [high, width] = window.length === 1 ? [1, shape[1]!] : [window[0]!, shape[2]!];
  if (high * width * Math.max(16, shape.at(-1)!) > mostCovered) return 'takes rows for which there is room';
  return null;
}

function convolved(name: string, x: TensorSpec, w: TensorSpec, attrs: ConvAttrs, window: readonly number[]): Shape {
  const { shape } = conv.op.shape([x, w], attrs);
  const why = attrs.groups === 1 ? unfit(shape, window) : 'takes convolutions in one group';
  if (why) throw failure(name, why, { input: x.shape, kernel: w.shape, window });
  return shape;
}

function checkGradient(name: string, y: TensorSpec, g: TensorSpec, pooled: Shape): void {
  if (y.shape.join() !== String(lengthOf(pooled)) || g.shape.join() !== pooled.join())
    throw failure(name, 'the gradient does not fit', { y: y.shape, gradient: g.shape, expected: pooled });
}

const plain = ({ strides, dilations, pads, groups }: ConvAttrs): ConvAttrs => ({ strides, dilations, pads, groups });

/** The shape of the maxima in a result of `convPool` with these inputs. */
const maximaShape = (x: TensorSpec, w: TensorSpec, attrs: ConvPoolAttrs): Shape =>
  pooledOf(conv.op.shape([x, w], attrs).shape, attrs.window);

/** The maxima, which lie in front: no copy. */
const convPoolMaxima: OpFunction<{ readonly shape: Shape }> = defineOp<{ readonly shape: Shape }>({
  name: 'convPoolMaxima',
  alias: true,
  shape: ([y], { shape }) => ({ shape, dtype: y!.dtype }),
  vjp: (g, _, [y]) => [() => concat([reshape(g, [g.size]), zeros([y!.size - g.size], g.dtype as 'float32')], 0)],
  batch: mixes('counts through the samples'),
  linear: 'joint',
  zeros: 'keeps',
  flops: () => 0,
  kernels: { reference: convPoolKernels.convPoolMaxima },
  examples: [],
});

/** The maxima in the result `y` of `convPool`. */
export function maximaOf(y: Tensor): Tensor {
  const [x, w] = y.inputs as [Tensor, Tensor];
  return convPoolMaxima([y], { shape: maximaShape(x, w, y.attrs as unknown as ConvPoolAttrs) });
}

/** Thunks for the inputs of `y`, a result of `convPool`, from the gradient `g` of its maxima. */
function thunksOf(y: Tensor, g: Tensor): readonly (Thunk | null)[] {
  const [x, w] = y.inputs as [Tensor, Tensor];
  const { window, scale, ...attrs } = y.attrs as unknown as ConvPoolAttrs;
  const shape = conv.op.shape([x, w], attrs).shape;
  const [kernelShape, filters] = [w.shape, w.shape.at(-1)!];
  const rows = sizeOf(kernelShape.slice(0, -1));
  let spread: Tensor | undefined;
  const dense = (): Tensor => (spread ??= convPoolSpread([y, g], { window, scale, shape }));
  const inputOf = (): Tensor => convGradInput([dense(), w], { ...plain(attrs), inputShape: x.shape });
  if (rows > mostNarrow) {
    const kernelOf = (): Tensor => convGradKernel([x, dense()], { ...plain(attrs), kernelShape });
    return [inputOf, kernelOf, () => biasOf(y, g), null];
  }
  let both: Tensor | undefined;
  const sums = (): Tensor => (both ??= convPoolGradKernel([x, y, g], { ...plain(attrs), window, scale, kernelShape }));
  return [
    inputOf,
    () => reshape(slice(sums(), { 0: [0, rows] }), kernelShape),
    () => reshape(slice(sums(), { 0: [rows, rows + 1] }), [filters]),
    null,
  ];
}

/** The gradient to the bias. */
function biasOf(y: Tensor, g: Tensor): Tensor {
  const { positive, scale } = y.attrs as unknown as ConvPoolAttrs;
  const passed = positive ? where(greater(maximaOf(y), 0), g, 0) : g;
  return mul(sum(passed, { axes: g.shape.slice(1).map((_, i) => i) }), scale);
}

/** What the backward pass of training does at the maxima of `convPool`: their gradient goes past the list to the op's inputs. */
export function pastMaxima(g: Tensor, [y]: readonly Tensor[]): ReadonlyMap<Tensor, Thunk> | null {
  if (y!.op !== convPool.op || new Set(y!.inputs).size < y!.inputs.length) return null;
  const thunks = thunksOf(y!, g);
  return new Map(y!.inputs.flatMap((input, i) => (thunks[i] ? [[input, thunks[i]] as const] : [])));
}

const at2d = (pads: ConvAttrs['pads'], stride = 1): ConvAttrs => ({
  ...{ strides: [stride, stride], dilations: [1, 1], pads, groups: 1 },
});
const at1d = (pads: ConvAttrs['pads']): ConvAttrs => ({ strides: [1], dilations: [1], pads, groups: 1 });
const padded = at2d([
  [0, 1],
  [0, 1],
]);
const none = { stream: 0, dropped: 0, scale: 1 };
const seed = { shape: [2], dtype: 'int32', range: [-1000, 1000] } as const;
type Use = { x: Shape; w: Shape; attrs: ConvAttrs & { window: readonly number[]; positive: boolean; scale: number } };
// Few filters: a code of a later one is soon changed where gradients are checked by differences.
// biome-ignore format: one use a line
const uses: readonly Use[] = [
  { x: [2, 4, 4, 1], w: [2, 2, 1, 4], attrs: { ...padded, window: [2, 2], positive: true, scale: 1 } },
  { x: [1, 5, 7, 3], w: [2, 3, 3, 4], attrs: { ...at2d([[0, 1], [1, 1]]), window: [2, 3], positive: false, scale: 1.5 } },
  { x: [2, 9, 2], w: [3, 2, 3], attrs: { ...at1d([[1, 1]]), window: [4], positive: true, scale: 2 } },
];
const shapeOf = ({ x, w, attrs }: Use): Shape =>
  conv.op.shape(
    [
      { shape: x, dtype: 'float32' },
      { shape: w, dtype: 'float32' },
    ],
    attrs,
  ).shape;

/** `x [batch, ...space, channels]`, `w`, `bias [filters]` and, for dropout, a seed `[2]` (int32). */
export const convPool: OpFunction<ConvPoolAttrs> = defineOp<ConvPoolAttrs>({
  name: 'convPool',
  shape: ([x, w, b, drop], attrs) => {
    const shape = convolved('convPool', x!, w!, attrs, attrs.window);
    if (b!.shape.length !== 1 || b!.shape[0] !== w!.shape.at(-1))
      throw failure('convPool', 'the bias has an element per filter', { bias: b!.shape, kernel: w!.shape });
    if (drop && !attrs.positive) throw failure('convPool', 'dropout comes behind a relu');
    return { shape: [lengthOf(pooledOf(shape, attrs.window))], dtype: floatOf('convPool', x!, w!, b!) };
  },
  vjp: (g, y) => thunksOf(y, convPoolMaxima([g], { shape: maximaOf(y).shape })),
  batch: mixes('counts through the samples'),
  linear: [],
  zeros: 'makes',
  flops: ([x, w], _, attrs) => 2 * sizeOf(conv.op.shape([x!, w!], attrs).shape) * sizeOf(w!.shape.slice(0, -1)),
  kernels: { reference: convPoolKernels.convPool, wasm: wasm.convPool },
  examples: [
    ...uses.map(
      ({ x, w, attrs }): Example<ConvPoolAttrs> => ({ inputs: [x, w, [w.at(-1)!]], attrs: { ...none, ...attrs } }),
    ),
    {
      inputs: [[2, 6, 6, 2], [2, 2, 2, 9], [9], seed],
      attrs: {
        ...padded,
        window: [2, 2],
        positive: true,
        stream: 3,
        dropped: 26_214,
        scale: 1 / 0.6,
      },
    },
    {
      inputs: [[256, 28, 28, 1], [2, 2, 1, 64], [64], seed],
      attrs: {
        ...padded,
        window: [2, 2],
        positive: true,
        stream: 1,
        dropped: 19_661,
        scale: 1 / 0.7,
      },
      size: 'real',
    },
  ],
});

/** The gradient of the convolution, in its `shape`, from that of the maxima; `y` is what `convPool` gave. */
export const convPoolSpread: OpFunction<SpreadAttrs> = defineOp<SpreadAttrs>({
  name: 'convPoolSpread',
  shape: ([y, g], { shape, window }) => {
    const why = unfit(shape, window);
    if (why) throw failure('convPoolSpread', why, { shape, window });
    checkGradient('convPoolSpread', y!, g!, pooledOf(shape, window));
    return { shape, dtype: floatOf('convPoolSpread', y!, g!) };
  },
  // An element of a window has its gradient: what comes back to the window is what comes to that.
  vjp: (gg, _, [y, g], attrs) => {
    const hit = (): Tensor => convPoolSpread([y!, ones(g!.shape, g!.dtype as 'float32')], attrs);
    const { window } = attrs;
    return [null, () => mul(avgPool(mul(gg, hit()), { window: [...window] }), sizeOf(window))];
  },
  batch: mixes('counts through the samples'),
  linear: [1],
  zeros: 'makes',
  flops: (_, out) => sizeOf(out.shape),
  kernels: { reference: convPoolKernels.convPoolSpread, wasm: wasm.convPoolSpread },
  examples: uses.map((use) => {
    const [shape, { window, scale }] = [shapeOf(use), use.attrs];
    const pooled = pooledOf(shape, window);
    return { inputs: [[lengthOf(pooled)], pooled], attrs: { window, scale, shape }, domain: [0, 1] };
  }),
});

/** The gradient to the kernel, a row per tap and channel, and in the last row that to the bias. */
export const convPoolGradKernel: OpFunction<GradKernelAttrs> = defineOp<GradKernelAttrs>({
  name: 'convPoolGradKernel',
  shape: ([x, y, g], { kernelShape, window, ...attrs }) => {
    const shape = convolved('convPoolGradKernel', x!, { shape: kernelShape, dtype: x!.dtype }, attrs, window);
    checkGradient('convPoolGradKernel', y!, g!, pooledOf(shape, window));
    const rows = sizeOf(kernelShape.slice(0, -1));
    if (rows > mostNarrow) throw failure('convPoolGradKernel', `takes up to ${mostNarrow} rows`, { kernelShape });
    return { shape: [rows + 1, kernelShape.at(-1)!], dtype: floatOf('convPoolGradKernel', x!, y!, g!) };
  },
  vjp: (gg, out, [x, y, g], { window, scale, kernelShape, ...attrs }) => {
    const [by, from] = x === g ? [mul(x!, 1), g!] : [x!, g!];
    const shape = conv.op.shape([by, { shape: kernelShape, dtype: g!.dtype }], attrs).shape;
    const dense = convPoolSpread([y!, from], { window, scale, shape });
    const kernel = reshape(convGradKernel([by, dense], { ...plain(attrs), kernelShape }), [-1, out.shape[1]!]);
    const bias = reshape(sum(dense, { axes: shape.slice(1).map((_, i) => i) }), [1, out.shape[1]!]);
    const made = concat([kernel, bias], 0);
    return [() => partialGrad(made, [by, from], gg)[0]!, null, () => partialGrad(made, [by, from], gg)[1]!];
  },
  batch: mixes('sums over the samples'),
  linear: [0, 2],
  flops: ([, , g], out) => 2 * sizeOf(g!.shape) * out.shape[0]!,
  kernels: { reference: convPoolKernels.convPoolGradKernel, wasm: wasm.convPoolGradKernel },
  examples: uses
    .filter(({ w }) => sizeOf(w.slice(0, -1)) <= mostNarrow)
    .map((use) => {
      const [{ x, w }, { positive: _, ...attrs }] = [use, use.attrs];
      const pooled = pooledOf(shapeOf(use), attrs.window);
      return { inputs: [x, [lengthOf(pooled)], pooled], attrs: { ...attrs, kernelShape: w }, domain: [0, 1] };
    }),
});
