/** Pooling, its gradients, and pooled points of path-linear integrated gradients. */
import * as line from '../../../kernels/gpu/path.ts';
import * as kernels from '../../../kernels/gpu/pool.ts';
import type { LerpMaxPoolAttrs } from '../../ops/lerp-max-pool.ts';
import type { PoolAttrs } from '../../ops/pool.ts';
import { type Shape, sizeOf } from '../../tensor/shape.ts';
import { windowsOf } from '../wasm/bind/geometry.ts';
import type { BindContext, Binder, Operand } from './step.ts';

function poolShape(x: Shape, y: Shape, attrs: BindContext['attrs']): kernels.PoolShape {
  return { ...windowsOf(x, y, attrs as unknown as PoolAttrs), batch: x[0]!, channels: x.at(-1)! };
}

export const maxPool: Binder = ({ inputs, out, attrs, kernel }) =>
  kernel(kernels.maxPoolKernel(poolShape(inputs[0]!.shape, out.shape, attrs), false), inputs);

export const maxPoolArgmax: Binder = ({ inputs, out, attrs, kernel }) =>
  kernel(kernels.maxPoolKernel(poolShape(inputs[0]!.shape, out.shape, attrs), true), inputs);

export const maxPoolGrad: Binder = ({ inputs, attrs, kernel }) => {
  const [x, g] = inputs as [Operand, Operand];
  const geo = poolShape(x.shape, g.shape, attrs);
  const index = kernel(kernels.maxPoolKernel(geo, true), [x]);
  const rectified = attrs['rectified'] === true;
  return kernel(kernels.maxPoolGradKernel(geo, rectified), rectified ? [g, index, x] : [g, index]);
};

export const avgPool: Binder = ({ inputs, out, attrs, kernel }) =>
  kernel(kernels.avgPoolKernel(poolShape(inputs[0]!.shape, out.shape, attrs)), inputs);

export const avgPoolGrad: Binder = ({ inputs, out, attrs, kernel }) =>
  kernel(kernels.avgPoolGradKernel(poolShape(out.shape, inputs[0]!.shape, attrs)), inputs);

/** A scatter of `g` at the argmax of a pool over an array of `size` elements, or null where the index is no such thing. */
export function poolScatter(
  { kernel, producer }: BindContext,
  g: Operand,
  index: Operand,
  size: number,
): Operand | null {
  const source = producer(index);
  if (source?.op.name !== 'maxPoolArgmax') return null;
  const [x] = source.inputs;
  if (sizeOf(x!.shape) !== size) return null;
  const out = source.op.shape([x!], source.attrs);
  return kernel(kernels.maxPoolGradKernel(poolShape(x!.shape, out.shape, source.attrs), false), [g, index]);
}

/** The pool of one step of the line. */
function lineShape(start: Shape, pooled: Shape, attrs: BindContext['attrs']): kernels.PoolShape {
  return poolShape(start, [start[0]!, ...pooled.slice(1)], attrs);
}

export const lerpMaxPool: Binder = ({ inputs, out, attrs, kernel }) => {
  const [start, , alpha] = inputs;
  const { relu } = attrs as unknown as LerpMaxPoolAttrs;
  const geo = lineShape(start!.shape, out.shape, attrs);
  return kernel(line.linePoolKernel(geo, alpha!.shape[0]!, relu, false), inputs);
};

export const lerpMaxPoolGrad: Binder = ({ inputs, attrs, kernel, out, fill }) => {
  const [start, delta, alpha, g] = inputs as [Operand, Operand, Operand, Operand];
  const { relu, ties } = attrs as unknown as LerpMaxPoolAttrs;
  const steps = alpha.shape[0]!;
  if (steps === 0) return fill(sizeOf(out.shape), 0);
  const geo = lineShape(start.shape, g.shape, attrs);
  const share = ties === 'share';
  const points = [start, delta, alpha];
  const index = kernel(line.linePoolKernel(geo, steps, relu, true), points);
  const shares = kernel(line.lineShareKernel(geo, steps, relu, share), [...points, index, g]);
  return kernel(line.lineGatherKernel(geo, steps, share), share ? [...points, index, shares] : [index, shares]);
};
