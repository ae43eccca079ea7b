/**
 * Convolution over 1 to 3 spatial axes, channels last: `x [batch, ...space, in]`, kernel `[...window, in/groups, out]`.
 * Three ops close the family under differentiation: `conv` is linear in input and kernel, and each of its gradients
 * (`convGradInput`, `convGradKernel`) has the other two as its own. A transposed convolution is `convGradInput`.
 */
import { inFront, mixes } from '../graph/batch-rules.ts';
import { defineOp, type Example, type OpFunction } from '../graph/op.ts';
import { failure } from '../tensor/errors.ts';
import { type Shape, sizeOf } from '../tensor/shape.ts';
import type { Tensor, TensorSpec } from '../tensor/tensor.ts';
import { floatOf } from './promote.ts';
import { type Pads, zerosAround } from './slicing.ts';

export type ConvAttrs = {
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  /** Zeros before and after each spatial axis; the window sees them. */
  readonly pads: Pads;
  readonly groups: number;
};
type GradInputAttrs = ConvAttrs & { readonly inputShape: Shape };
type GradKernelAttrs = ConvAttrs & { readonly kernelShape: Shape };

function convShape(x: TensorSpec, w: TensorSpec, { strides, dilations, pads, groups }: ConvAttrs): Shape {
  const space = x.shape.slice(1, -1);
  const details = { input: x.shape, kernel: w.shape, stride: strides, dilation: dilations, padding: pads, groups };
  const [channels, expected, out] = [x.shape.at(-1)!, w.shape.at(-2)! * groups, w.shape.at(-1)!];
  if (channels !== expected)
    throw failure('conv', `input has ${channels} channels, kernel expects ${expected}`, details);
  if (out % groups !== 0) throw failure('conv', `${out} output channels do not divide into ${groups} groups`, details);
  const counts = space.map((dim, i) => {
    const reach = (w.shape[i]! - 1) * dilations[i]! + 1;
    const padded = dim + pads[i]![0] + pads[i]![1];
    if (padded < reach)
      throw failure('conv', `spatial axis ${i} has ${padded} elements, the window needs ${reach}`, details);
    return Math.floor((padded - reach) / strides[i]!) + 1;
  });
  return [x.shape[0]!, ...counts, out];
}

/** Multiply-adds count as two: every output reads the whole window of its group. */
const convFlops = (output: Shape, kernel: Shape): number => 2 * sizeOf(output) * sizeOf(kernel.slice(0, -1));

const attrs1d = (stride: number, dilation: number, pad: [number, number], groups = 1): ConvAttrs => ({
  strides: [stride],
  dilations: [dilation],
  pads: [pad],
  groups,
});
const attrs2d = (stride: number, dilation: number, pad: [number, number], groups = 1): ConvAttrs => ({
  strides: [stride, stride],
  dilations: [dilation, dilation],
  pads: [pad, pad],
  groups,
});

// biome-ignore format: one use a line
const uses: readonly { x: Shape; w: Shape; attrs: ConvAttrs; size?: 'real' }[] = [
  { x: [2, 7, 3], w: [3, 3, 4], attrs: attrs1d(1, 1, [0, 0]) },
  { x: [1, 8, 2], w: [3, 2, 3], attrs: attrs1d(2, 1, [1, 1]) },
  { x: [1, 9, 2], w: [3, 2, 2], attrs: attrs1d(1, 2, [4, 0]) },
  { x: [2, 5, 6, 2], w: [2, 3, 2, 3], attrs: { strides: [1, 1], dilations: [1, 1], pads: [[0, 1], [1, 1]], groups: 1 } },
  { x: [1, 7, 7, 2], w: [3, 3, 2, 2], attrs: attrs2d(2, 2, [1, 2]) },
  { x: [1, 5, 5, 4], w: [2, 2, 2, 6], attrs: attrs2d(1, 1, [0, 1], 2) },
  { x: [1, 5, 4, 3], w: [3, 2, 1, 6], attrs: attrs2d(2, 1, [1, 0], 3) },
  { x: [1, 3, 4, 3, 2], w: [2, 2, 2, 2, 2], attrs: { strides: [1, 2, 1], dilations: [1, 1, 1], pads: [[0, 0], [1, 0], [0, 1]], groups: 1 } },
  { x: [100, 100, 50], w: [3, 50, 250], attrs: attrs1d(1, 1, [0, 0]), size: 'real' },
  { x: [100, 14, 14, 64], w: [2, 2, 64, 32], attrs: attrs2d(1, 1, [0, 1]), size: 'real' },
];

const outputOf = (use: { x: Shape; w: Shape; attrs: ConvAttrs }): Shape =>
  convShape({ shape: use.x, dtype: 'float32' }, { shape: use.w, dtype: 'float32' }, use.attrs);
const size = (use: { size?: 'real' }): { size: 'small' | 'real' } => ({ size: use.size ?? 'small' });

/** The convolution of what was padded with zeros around its spatial axes as one that sees them itself. */
function overPadding([x, w]: readonly Tensor[], fed: ReadonlySet<Tensor>, attrs: ConvAttrs): Tensor | null {
  const around = fed.has(x!) ? null : zerosAround(x!);
  return (
    around &&
    conv([x!.inputs[0]!, w!], { ...attrs, pads: attrs.pads.map(([a, b], i) => [a + around[i]![0], b + around[i]![1]]) })
  );
}

export const conv: OpFunction<ConvAttrs> = defineOp<ConvAttrs>({
  name: 'conv',
  shape: ([x, w], attrs) => ({ shape: convShape(x!, w!, attrs), dtype: floatOf('conv', x!, w!) }),
  vjp: (g, _, [x, w], attrs) => [
    () => convGradInput([g, w!], { ...attrs, inputShape: x!.shape }),
    () => convGradKernel([x!, g], { ...attrs, kernelShape: w!.shape }),
  ],
  batch: inFront((i) => i === 0),
  linear: [0, 1],
  columns: 'result',
  rewrite: overPadding,
  flops: ([, w], out) => convFlops(out.shape, w!.shape),
  examples: uses.map((use): Example<ConvAttrs> => ({ inputs: [use.x, use.w], attrs: use.attrs, ...size(use) })),
});

/** The gradient of `conv` to its input: `g [batch, ...outputs, out]` spread back through the kernel. */
export const convGradInput: OpFunction<GradInputAttrs> = defineOp<GradInputAttrs>({
  name: 'convGradInput',
  shape: ([g, w], { inputShape, ...attrs }) => {
    const expected = convShape({ shape: inputShape, dtype: g!.dtype }, w!, attrs);
    if (expected.join() !== g!.shape.join()) {
      throw failure('convGradInput', 'the gradient does not fit', { gradient: g!.shape, expected, input: inputShape });
    }
    return { shape: inputShape, dtype: floatOf('convGradInput', g!, w!) };
  },
  vjp: (gg, _, [g, w], { inputShape, ...attrs }) => [
    () => conv([gg, w!], attrs),
    () => convGradKernel([gg, g!], { ...attrs, kernelShape: w!.shape }),
  ],
  batch: inFront((i) => i === 0),
  linear: [0, 1],
  columns: 0,
  // What lies outside of the part is padding to the convolution.
  part: ([g, w], { inputShape, ...attrs }, begin, size) => {
    if ([0, inputShape.length - 1].some((axis) => size[axis] !== inputShape[axis])) return null;
    const pads = attrs.pads.map(([before, after], i) => {
      const [from, count] = [begin[i + 1]!, size[i + 1]!];
      return [before + from, after + inputShape[i + 1]! - from - count] as const;
    });
    return convGradInput([g!, w!], { ...attrs, pads, inputShape: size });
  },
  flops: ([g, w]) => convFlops(g!.shape, w!.shape),
  examples: uses.map((use) => ({
    inputs: [outputOf(use), use.w],
    attrs: { ...use.attrs, inputShape: use.x },
    ...size(use),
  })),
});

/** The gradient of `conv` to its kernel: `x` correlated with `g`. */
export const convGradKernel: OpFunction<GradKernelAttrs> = defineOp<GradKernelAttrs>({
  name: 'convGradKernel',
  shape: ([x, g], { kernelShape, ...attrs }) => {
    const expected = convShape(x!, { shape: kernelShape, dtype: g!.dtype }, attrs);
    if (expected.join() !== g!.shape.join()) {
      throw failure('convGradKernel', 'the gradient does not fit', {
        gradient: g!.shape,
        expected,
        kernel: kernelShape,
      });
    }
    return { shape: kernelShape, dtype: floatOf('convGradKernel', x!, g!) };
  },
  vjp: (gg, _, [x, g], { kernelShape: __, ...attrs }) => [
    () => convGradInput([g!, gg], { ...attrs, inputShape: x!.shape }),
    () => conv([x!, gg], attrs),
  ],
  batch: mixes('sums over the samples'),
  linear: [0, 1],
  flops: ([, g], out) => convFlops(g!.shape, out.shape),
  examples: uses.map((use) => ({
    inputs: [use.x, outputOf(use)],
    attrs: { ...use.attrs, kernelShape: use.w },
    ...size(use),
  })),
});
