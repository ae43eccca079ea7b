/** Reference kernels of a convolution under a max pool (`ops/conv-pool.ts`), by the loops of convolutions; they come with the ops. */
import { forgetDropped, spreadWindows, takeWindows, type WindowSizes } from '../../../kernels/reference/conv-pool.ts';
import { dropout } from '../../../kernels/reference/random.ts';
import type { Attrs } from '../../graph/op.ts';
import { conv } from '../../ops/conv-primitives.ts';
import { allocate } from '../../tensor/dtype.ts';
import { type Shape, sizeOf } from '../../tensor/shape.ts';
import type { TensorSpec } from '../../tensor/tensor.ts';
import type { Kernel } from './shared.ts';
import { windowKernels } from './windows.ts';

type Floats = Float32Array | Float64Array;
interface PoolAttrs {
  readonly window: readonly number[];
  readonly positive: boolean;
  readonly scale: number;
  readonly stream: number;
  readonly dropped: number;
}
const typed = (attrs: Attrs): PoolAttrs => attrs as unknown as PoolAttrs;

/** The sizes of a convolution's output `[batch, ...space, filters]`, and how many windows it has. */
function sizesOf(shape: Shape, window: readonly number[]): { readonly sizes: WindowSizes; readonly windows: number } {
  const [height, width] = shape.length === 3 ? [1, shape[1]!] : [shape[1]!, shape[2]!];
  const [high, wide] = window.length === 1 ? [1, window[0]!] : [window[0]!, window[1]!];
  const sizes = { batch: shape[0]!, height, width, filters: shape.at(-1)!, window: [high, wide] as const };
  return { sizes, windows: sizes.batch * Math.floor(height / high) * Math.floor(width / wide) };
}

const convPool: Kernel = (_, [x, w], attrs) => {
  const h: TensorSpec = { shape: conv.op.shape([x!, w!], attrs).shape, dtype: x!.dtype };
  const run = windowKernels.conv(h, [x!, w!], attrs);
  const { positive, scale, ...drop } = typed(attrs);
  const { sizes, windows } = sizesOf(h.shape, drop.window);
  const { filters } = sizes;
  return (out, [values, kernel, bias, seed]) => {
    const made = allocate(h.dtype, sizeOf(h.shape)) as Floats;
    run(made, [values!, kernel!]);
    for (let i = 0; i < made.length; i++) made[i]! += bias![i % filters]!;
    takeWindows(out as Floats, made, windows, positive, sizes);
    const maxima = (out as Floats).subarray(0, windows * filters);
    if (seed) dropout(maxima, maxima, seed, { ...drop, scale });
    else if (scale !== 1) for (let i = 0; i < maxima.length; i++) maxima[i]! *= scale;
    if (positive) forgetDropped(out as Floats, windows, filters);
  };
};

const convPoolSpread: Kernel = (out, _, attrs) => {
  const { window, scale } = typed(attrs);
  const { sizes, windows } = sizesOf(out.shape, window);
  return (to, [y, g]) => spreadWindows(to as Floats, y as Floats, g as Floats, windows, scale, sizes);
};

const convPoolGradKernel: Kernel = (out, [x, , g], attrs) => {
  const { window, scale } = typed(attrs);
  const filters = out.shape[1]!;
  const kernelShape = attrs['kernelShape'] as Shape;
  const h = { shape: conv.op.shape([x!, { shape: kernelShape, dtype: out.dtype }], attrs).shape, dtype: out.dtype };
  const { sizes, windows } = sizesOf(h.shape, window);
  const run = windowKernels.convGradKernel({ shape: kernelShape, dtype: out.dtype }, [x!, h], attrs);
  return (to, [values, y, gradient]) => {
    const dense = allocate(g!.dtype, sizeOf(h.shape)) as Floats;
    spreadWindows(dense, y as Floats, gradient as Floats, windows, scale, sizes);
    run(to.subarray(0, -filters), [values!, dense]);
    const bias = to.subarray(-filters).fill(0);
    for (let i = 0; i < dense.length; i++) bias[i % filters]! += dense[i]!;
  };
};

const convPoolMaxima: Kernel =
  () =>
  (out, [y]) =>
    out.set((y as Floats).subarray(0, out.length));

export const convPoolKernels = { convPool, convPoolMaxima, convPoolSpread, convPoolGradKernel } as const;
