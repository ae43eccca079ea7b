/** Matrix products: which variant of the kernel, by where it runs and how the sizes divide. */
import * as kernels from '../../../kernels/gpu/matmul.ts';
import { matmulSizes } from '../../ops/matmul.ts';
import { broadcastStrides, type Shape, sizeOf } from '../../tensor/shape.ts';
import type { BindContext, Binder, Operand } from './step.ts';

export const matmul: Binder = (context) => {
  const { inputs, out, attrs } = context;
  const flags = attrs as { transposeA: boolean; transposeB: boolean };
  const [a, b] = inputs;
  const [m, k, n] = matmulSizes(a!, b!, flags);
  const batch = out.shape.slice(0, -2);
  const strides = (shape: Shape): number[] =>
    broadcastStrides(shape.slice(0, -2), batch).map((by) => by * shape.at(-2)! * shape.at(-1)!);
  return product(context, a!, b!, { batch, strides: [strides(a!.shape), strides(b!.shape)], m, k, n, ...flags });
};

/** `a b`, blocked where that pays. */
export function product(
  { kernel, block, longEnough, fill }: BindContext,
  a: Operand,
  b: Operand,
  shape: kernels.MatmulShape,
): Operand {
  const size = sizeOf(shape.batch) * shape.m * shape.n;
  if (shape.k === 0) return fill(size, 0);
  if (block === 'rows' && shape.m > 2)
    return kernel(kernels.matmulRowsKernel(shape), [a, b], [kernels.rowsTail(shape), 0]);
  if (block === 'columns' && shape.n % 4 === 0 && shape.k >= longEnough)
    return kernel(kernels.matmulColumnsKernel(shape), [a, b]);
  return kernel(kernels.matmulKernel(shape), [a, b]);
}
