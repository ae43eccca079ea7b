/** What a kernel of the reference backend is, and what the families of kernels share. */
import type { Attrs } from '../../graph/op.ts';
import type { TypedArray } from '../../tensor/dtype.ts';
import { type Shape, sizeOf } from '../../tensor/shape.ts';
import type { TensorSpec } from '../../tensor/tensor.ts';

/** Shapes and attrs in, a function on arrays out. */
export type Kernel = (
  out: TensorSpec,
  inputs: readonly TensorSpec[],
  attrs: Attrs,
) => (out: TypedArray, inputs: readonly TypedArray[]) => void;

/** Sizes before, along and after one axis. */
export function around(shape: Shape, axis: number): [number, number, number] {
  return [sizeOf(shape.slice(0, axis)), shape[axis]!, sizeOf(shape.slice(axis + 1))];
}
