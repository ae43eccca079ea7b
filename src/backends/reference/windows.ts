/** Convolution and pooling, alone and fused with the points of a path, on the loops of `kernels/reference`. */
import * as convolution from '../../../kernels/reference/conv.ts';
import * as path from '../../../kernels/reference/path.ts';
import * as pooling from '../../../kernels/reference/pool.ts';
import type { Attrs } from '../../graph/op.ts';
import type { ConvAttrs } from '../../ops/conv-primitives.ts';
import type { PoolAttrs } from '../../ops/pool.ts';
import type { Pads } from '../../ops/slicing.ts';
import { allocate } from '../../tensor/dtype.ts';
import { type Shape, sizeOf } from '../../tensor/shape.ts';
import type { Kernel } from './shared.ts';

const three = (sizes: readonly number[]): [number, number, number] =>
  [...new Array<number>(3 - sizes.length).fill(1), ...sizes] as [number, number, number];
const before = (pads: Pads): [number, number, number] => {
  const [d, h, w] = [...new Array<number>(3 - pads.length).fill(0), ...pads.map((pad) => pad[0])];
  return [d!, h!, w!];
};

function convGeometry(x: Shape, w: Shape, y: Shape, attrs: Attrs): convolution.ConvGeometry {
  const { strides, dilations, pads, groups } = attrs as unknown as ConvAttrs;
  return {
    batch: x[0]!,
    input: three(x.slice(1, -1)),
    output: three(y.slice(1, -1)),
    window: three(w.slice(0, -2)),
    stride: three(strides),
    dilation: three(dilations),
    before: before(pads),
    groups,
    inChannels: x.at(-1)!,
    outChannels: w.at(-1)!,
  };
}

function poolGeometry(x: Shape, y: Shape, attrs: Attrs): pooling.PoolGeometry {
  const { window, strides, pads } = attrs as unknown as PoolAttrs;
  return {
    batch: x[0]!,
    channels: x.at(-1)!,
    input: three(x.slice(1, -1)),
    output: three(y.slice(1, -1)),
    window: three(window),
    stride: three(strides),
    before: before(pads),
  };
}

type ConvKernel = typeof convolution.conv;
const convKernel =
  (run: ConvKernel, shapes: (out: Shape, a: Shape, b: Shape) => [Shape, Shape, Shape]): Kernel =>
  (out, [a, b], attrs) => {
    const geometry = convGeometry(...shapes(out.shape, a!.shape, b!.shape), attrs);
    const patches = allocate(out.dtype, convolution.patchCount(geometry));
    return (y, [u, v]) => run(y, u!, v!, geometry, patches);
  };

export const windowKernels = {
  lerpMaxPool: (out, [start], attrs) => {
    const { relu } = attrs as { relu: boolean };
    const geometry = poolGeometry(start!.shape, [start!.shape[0]!, ...out.shape.slice(1)], attrs);
    return (y, [from, delta, alpha]) => path.lerpMaxPool(y, from!, delta!, alpha!, geometry, relu);
  },
  lerpMaxPoolGrad: (_, [start, , , g], attrs) => {
    const { relu, ties } = attrs as { relu: boolean; ties: 'first' | 'share' };
    const geometry = poolGeometry(start!.shape, [start!.shape[0]!, ...g!.shape.slice(1)], attrs);
    return (y, operands) => path.lerpMaxPoolGrad(y, operands, geometry, relu, ties === 'share');
  },
  conv: convKernel(convolution.conv, (y, x, w) => [x, w, y]),
  convGradInput: convKernel(convolution.convGradInput, (x, g, w) => [x, w, g]),
  convGradKernel: convKernel(convolution.convGradKernel, (w, x, g) => [x, w, g]),
  maxPool: (out, [x], attrs) => {
    const geometry = poolGeometry(x!.shape, out.shape, attrs);
    return (y, [v]) => pooling.maxPool(y, v!, geometry, false);
  },
  maxPoolGrad: (_, [x, g], attrs) => {
    const geometry = poolGeometry(x!.shape, g!.shape, attrs);
    const where = new Int32Array(sizeOf(g!.shape));
    return (y, [v, gradient]) => {
      pooling.maxPool(where, v!, geometry, true);
      pooling.maxPoolGrad(y, v!, gradient!, where, attrs['rectified'] === true);
    };
  },
  maxPoolArgmax: (out, [x], attrs) => {
    const geometry = poolGeometry(x!.shape, out.shape, attrs);
    return (y, [v]) => pooling.maxPool(y, v!, geometry, true);
  },
  avgPool: (out, [x], attrs) => {
    const geometry = poolGeometry(x!.shape, out.shape, attrs);
    return (y, [v]) => pooling.avgPool(y, v!, geometry);
  },
  avgPoolGrad: (out, [g], attrs) => {
    const geometry = poolGeometry(out.shape, g!.shape, attrs);
    return (y, [v]) => pooling.avgPoolGrad(y, v!, geometry);
  },
} satisfies Readonly<Record<string, Kernel>>;
