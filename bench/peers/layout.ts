/** Channels last to channels first and back, for libraries whose convolutions want that. Plain loops; never timed. */
import type { TypedArray } from '../../src/tensor/dtype.ts';
import type { ArrayData } from './peer.ts';

/** `[batch, ...space, channels] -> [batch, channels, ...space]`; kernels `[...window, in, out] -> [out, in, ...window]`. */
export function toChannelsFirst(array: ArrayData, isKernel: boolean): ArrayData {
  return permute(array, orderOf(array.shape.length, isKernel));
}

/** The reverse, for a result whose channels-last shape is `shape`. */
export function fromChannelsFirst(data: ArrayLike<number>, shape: readonly number[], isKernel: boolean): TypedArray {
  const order = orderOf(shape.length, isKernel);
  const inverse = order.map((_, axis) => order.indexOf(axis));
  const first = { data: Float32Array.from(data), shape: order.map((axis) => shape[axis]!) };
  return permute(first, inverse).data;
}

/** Axis `i` of the result is axis `order[i]` of the array. */
function orderOf(rank: number, isKernel: boolean): number[] {
  const axes = Array.from({ length: rank }, (_, i) => i);
  return isKernel ? [rank - 1, rank - 2, ...axes.slice(0, -2)] : [0, rank - 1, ...axes.slice(1, -1)];
}

function permute({ data, shape }: ArrayData, order: readonly number[]): ArrayData {
  const target = order.map((axis) => shape[axis]!);
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((size, dim) => size * dim, 1));
  const steps = order.map((axis) => strides[axis]!);
  const out = new (data.constructor as new (length: number) => TypedArray)(data.length);
  const index = new Array<number>(order.length).fill(0);
  for (let to = 0, from = 0; to < out.length; to++) {
    out[to] = data[from]!;
    for (let axis = order.length - 1; axis >= 0; axis--) {
      from += steps[axis]!;
      if (++index[axis]! < target[axis]!) break;
      from -= steps[axis]! * target[axis]!;
      index[axis] = 0;
    }
  }
  return { data: out, shape: target };
}
