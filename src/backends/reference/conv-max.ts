/** Reference kernels of the maximum of a convolution (`ops/conv-max.ts`), by the loops of convolutions; they come with the ops. */
import { spreadMaxima, takeMaxima } from '../../../kernels/reference/conv-max.ts';
import { dropout } from '../../../kernels/reference/random.ts';
import type { Attrs } from '../../graph/op.ts';
import { type ConvAttrs, conv } from '../../ops/conv-primitives.ts';
import { allocate, type TypedArray } from '../../tensor/dtype.ts';
import { type Shape, sizeOf } from '../../tensor/shape.ts';
import type { TensorSpec } from '../../tensor/tensor.ts';
import { outside } from '../outside.ts';
import type { Kernel } from './shared.ts';
import { windowKernels } from './windows.ts';

type Floats = Float32Array | Float64Array;
interface MaxAttrs extends ConvAttrs {
  readonly positive: boolean;
  readonly scale: number;
  readonly stream: number;
  readonly dropped: number;
}
const typed = (attrs: Attrs): MaxAttrs => attrs as unknown as MaxAttrs;

/** The convolution that lies between. */
function between(
  x: TensorSpec,
  w: TensorSpec,
  attrs: Attrs,
): TensorSpec & { readonly sizes: [number, number, number] } {
  const { shape } = conv.op.shape([x, w], attrs);
  return { shape, dtype: x.dtype, sizes: [shape[0]!, sizeOf(shape.slice(1, -1)), shape.at(-1)!] };
}

/** Bias, dropout and maxima of `h`, which is changed. */
function finish(
  out: TypedArray,
  h: Floats,
  sizes: [number, number, number],
  bias: TypedArray,
  attrs: MaxAttrs,
  seed?: TypedArray,
): void {
  const { positive, scale } = attrs;
  for (let i = 0; i < h.length; i++) h[i]! += bias[i % sizes[2]]!;
  if (positive) for (let i = 0; i < h.length; i++) h[i] = Math.max(0, h[i]!);
  if (seed) dropout(h, h, seed, attrs);
  else if (scale !== 1) for (let i = 0; i < h.length; i++) h[i]! *= scale;
  takeMaxima(out as Floats, h, sizes, positive);
}

const convMax: Kernel = (_, [x, w], attrs) => {
  const { sizes, ...h } = between(x!, w!, attrs);
  const run = windowKernels.conv(h, [x!, w!], attrs);
  return (out, [values, kernel, bias, seed]) => {
    const made = allocate(h.dtype, sizeOf(h.shape)) as Floats;
    run(made, [values!, kernel!]);
    finish(out, made, sizes, bias!, typed(attrs), seed);
  };
};

const convMaxTable: Kernel = (_, [table, ids, w], attrs) => {
  const [channels, dtype] = [table!.shape[1]!, table!.dtype];
  const x = { shape: [...ids!.shape, channels], dtype };
  const { sizes, ...h } = between(x, w!, attrs);
  const run = windowKernels.conv(h, [x, w!], attrs);
  return (out, [rows, at, kernel, bias, seed]) => {
    const values = allocate(dtype, sizeOf(x.shape)) as Floats;
    const made = allocate(dtype, sizeOf(h.shape)) as Floats;
    for (const [i, id] of at!.entries()) {
      if (!(id >= 0 && id < table!.shape[0]!)) throw outside('gather', { axis: 0 }, id, i, table!.shape[0]!);
      values.set((rows as Floats).subarray(id * channels, (id + 1) * channels), i * channels);
    }
    run(made, [values, kernel!]);
    finish(out, made, sizes, bias!, typed(attrs), seed);
  };
};

const convMaxGradInput: Kernel = (out, [g, , w], attrs) => {
  const { sizes, ...h } = between({ shape: attrs['inputShape'] as Shape, dtype: g!.dtype }, w!, attrs);
  const run = windowKernels.convGradInput(out, [h, w!], attrs);
  return (to, [gradient, y, kernel]) => {
    const dense = allocate(h.dtype, sizeOf(h.shape)) as Floats;
    spreadMaxima(dense, y as Floats, gradient as Floats, sizes, typed(attrs).scale);
    run(to, [dense, kernel!]);
  };
};

const convMaxGradKernel: Kernel = (out, [x, , g], attrs) => {
  const { sizes, ...h } = between(x!, { shape: attrs['kernelShape'] as Shape, dtype: g!.dtype }, attrs);
  const run = windowKernels.convGradKernel(out, [x!, h], attrs);
  return (to, [values, y, gradient]) => {
    const dense = allocate(h.dtype, sizeOf(h.shape)) as Floats;
    spreadMaxima(dense, y as Floats, gradient as Floats, sizes, typed(attrs).scale);
    run(to, [values!, dense]);
  };
};

export const convMaxKernels = { convMax, convMaxTable, convMaxGradInput, convMaxGradKernel } as const;
