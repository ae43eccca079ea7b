/** Rows standardized, and the gradients of that and of softmax along rows. */
import * as kernels from '../../../kernels/gpu/fused.ts';
import { type Shape, sizeOf } from '../../tensor/shape.ts';
import type { BindContext, Binder, Operand } from './step.ts';

const rowsOf = (shape: Shape): [number, number] => [sizeOf(shape.slice(0, -1)), shape.at(-1)!];

/** Mean and scale of each row of `x`. */
function moments({ kernel, attrs }: BindContext, x: Operand): [Operand, Operand] {
  const [rows, count] = rowsOf(x.shape);
  const mean = kernel(kernels.rowMeanKernel(rows, count), [x]);
  return [mean, kernel(kernels.rowScaleKernel(rows, count, attrs['epsilon'] as number), [x, mean])];
}

export const standardizeRows: Binder = (context) => {
  const [x] = context.inputs as [Operand];
  return context.kernel(kernels.standardizeRowsKernel(...rowsOf(x.shape)), [x, ...moments(context, x)]);
};

export const standardizeRowsGrad: Binder = (context) => {
  const { kernel } = context;
  const [g, x] = context.inputs as [Operand, Operand];
  const sizes = rowsOf(x.shape);
  const figures = moments(context, x);
  const level = kernel(kernels.rowMeanKernel(...sizes), [g]);
  const share = kernel(kernels.rowShareKernel(...sizes), [g, x, ...figures]);
  return kernel(kernels.standardizeRowsGradKernel(...sizes), [g, x, ...figures, level, share]);
};

export const softmaxRowsGrad: Binder = ({ inputs, kernel }) => {
  const [g, y] = inputs as [Operand, Operand];
  const sizes = rowsOf(y.shape);
  return kernel(kernels.softmaxRowsGradKernel(...sizes), [g, y, kernel(kernels.rowInnerKernel(...sizes), [g, y])]);
};
