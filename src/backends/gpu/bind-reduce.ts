/** Reductions and softmax. */

import { collapse } from '../../../kernels/gpu/kernel.ts';
import * as kernels from '../../../kernels/gpu/reduce.ts';
import { sizeOf, stridesOf } from '../../tensor/shape.ts';
import { around } from './bind-movement.ts';
import type { Binder } from './step.ts';

/** Fewer results than this leave a device idle, and longer sums than the other lose digits: both are cut in parts. */
const FEW_RESULTS = 4096;
const LONG = 1024;

export const reduction =
  (by: kernels.Reducer): Binder =>
  ({ inputs, out, attrs, kernel, fill }) => {
    const [x] = inputs;
    const axes = attrs['axes'] as readonly number[];
    if (sizeOf(x!.shape) === 0) return fill(sizeOf(out.shape), 0);
    if (axes.length === 0) return x!;
    const reduced = x!.shape.map((_, axis) => axes.includes(axis));
    const strides = stridesOf(x!.shape);
    // The axes that go, when they are neighbours in memory, are one axis between the others.
    const gone = collapse(
      axes.map((axis) => x!.shape[axis]!),
      [axes.map((axis) => strides[axis]!)],
    );
    const [count = 1] = gone.dims;
    if (gone.dims.length === 1 && count >= LONG && sizeOf(out.shape) < FEW_RESULTS) {
      const [first, last] = [axes[0]!, axes.at(-1)!];
      const outer = sizeOf(x!.shape.slice(0, first));
      const inner = sizeOf(x!.shape.slice(last + 1));
      if (outer * count * inner === sizeOf(x!.shape)) {
        const length = Math.ceil(Math.sqrt(count));
        const parts = Math.ceil(count / length);
        const partial = kernel(kernels.partialReduceKernel(by, outer, count, inner, parts), inputs);
        const shape = [outer, parts, inner];
        return kernel(kernels.reduceKernel(by, shape, stridesOf(shape), [false, true, false]), [partial]);
      }
    }
    return kernel(kernels.reduceKernel(by, x!.shape, strides, reduced), inputs);
  };

export const argmax: Binder = ({ inputs, attrs, kernel }) =>
  kernel(kernels.argmaxKernel(...around(inputs[0]!.shape, attrs['axis'] as number)), inputs);

export const softmax =
  (log: boolean): Binder =>
  ({ inputs, attrs, kernel }) => {
    const [x] = inputs;
    const sizes = around(x!.shape, attrs['axis'] as number);
    const top = kernel(kernels.softmaxTopKernel(...sizes), [x!]);
    const total = kernel(kernels.softmaxTotalKernel(...sizes), [x!, top]);
    return kernel(kernels.softmaxKernel(log, ...sizes), [x!, top, total]);
  };
