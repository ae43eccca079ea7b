/** Reference kernels of training, which come with their ops and are in no table. */
import { dropout, uniform } from '../../../kernels/reference/random.ts';
import { extremeGrad } from '../../../kernels/reference/reduce.ts';
import { sizeOf } from '../../tensor/shape.ts';
import type { Kernel } from './shared.ts';

export const uniformKernel: Kernel =
  (_, __, { stream }) =>
  (y, [seed]) =>
    uniform(y as Float32Array | Float64Array, seed!, stream as number);

type Floats = Float32Array | Float64Array;

export const dropoutKernel: Kernel =
  (_, __, attrs) =>
  (y, [x, seed]) =>
    dropout(y as Floats, x as Floats, seed!, attrs as never);

export const extremeGradKernel: Kernel = (_, [x], { axes, positive, scale }) => {
  const list = axes as readonly number[];
  const outer = sizeOf(x!.shape.slice(0, list[0]!));
  const inner = sizeOf(x!.shape.slice(list.at(-1)! + 1));
  const sizes = [outer, sizeOf(x!.shape) / Math.max(1, outer * inner), inner] as const;
  return (out, [values, extremes, gradient]) =>
    extremeGrad(out as Floats, [values, extremes, gradient] as Floats[], sizes, positive as boolean, scale as number);
};
