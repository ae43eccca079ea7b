/** Reference kernels of a convolution of lines (`ops/line-conv.ts`): the points, then the convolution. They come with the ops. */
import type { Attrs } from '../../graph/op.ts';
import { poolShape } from '../../ops/pool.ts';
import type { Pads } from '../../ops/slicing.ts';
import { allocate } from '../../tensor/dtype.ts';
import { type Shape, sizeOf } from '../../tensor/shape.ts';
import type { TensorSpec } from '../../tensor/tensor.ts';
import type { Kernel } from './shared.ts';
import { windowKernels } from './windows.ts';

function poolOf(attrs: Attrs): Attrs & { window: readonly number[]; strides: readonly number[]; pads: Pads } {
  const { relu, window, poolStrides, poolPads } = attrs as Record<string, never>;
  return { relu: relu!, window: window!, strides: poolStrides!, pads: poolPads!, ties: 'first' };
}

/** What the windows pick, at all steps. */
function pooled([start, , , alpha]: readonly TensorSpec[], attrs: Attrs): TensorSpec {
  const [rows, ...rest] = poolShape('lineConv', start!.shape, poolOf(attrs));
  return { shape: [rows! * alpha!.shape[0]!, ...rest] as Shape, dtype: start!.dtype };
}

const lineConv: Kernel = (out, inputs, attrs) => {
  const h = pooled(inputs, attrs);
  const [start, w, delta, alpha] = inputs as [TensorSpec, TensorSpec, TensorSpec, TensorSpec];
  const pool = windowKernels.lerpMaxPool(h, [start, delta, alpha], poolOf(attrs));
  const conv = windowKernels.conv(out, [h, w], { ...attrs, groups: 1 });
  return (y, [from, kernel, by, at]) => {
    const points = allocate(h.dtype, sizeOf(h.shape));
    pool(points, [from!, by!, at!]);
    conv(y, [points, kernel!]);
  };
};

const lineConvGrad: Kernel = (out, inputs, attrs) => {
  const h = pooled(inputs, attrs);
  const [start, w, delta, alpha, g] = inputs as [TensorSpec, TensorSpec, TensorSpec, TensorSpec, TensorSpec];
  const back = windowKernels.convGradInput(h, [g, w], { ...attrs, groups: 1, inputShape: h.shape });
  const pool = windowKernels.lerpMaxPoolGrad(out, [start, delta, alpha, h], poolOf(attrs));
  return (y, [from, kernel, by, at, gradient]) => {
    const points = allocate(h.dtype, sizeOf(h.shape));
    back(points, [gradient!, kernel!]);
    pool(y, [from!, by!, at!, points]);
  };
};

export const lineConvKernels = { lineConv, lineConvGrad } as const;
