/** Taking and putting back positions (axis 1) of rows, sample by sample, as `Pruned` lists them. */
import { allocate } from '../tensor/dtype.ts';
import { failure } from '../tensor/errors.ts';
import { type Shape, sizeOf } from '../tensor/shape.ts';
import { type Tensor, tensor } from '../tensor/tensor.ts';

export interface Positions {
  readonly positions: number;
  readonly length: number;
  readonly kept: Int32Array;
}

/** `x [rows, positions, ...]` with the kept positions only. */
export function takePositions(x: Tensor, { positions, length, kept }: Positions): Tensor {
  const [rows, own] = x.shape;
  if (rows === undefined || own !== positions || kept.length !== rows * length) {
    throw failure('positions', 'the tensor does not have the positions', { shape: x.shape, positions });
  }
  const width = sizeOf(x.shape.slice(2));
  const data = allocate(x.dtype, rows * length * width);
  for (let at = 0; at < kept.length; at++) {
    const from = (Math.floor(at / length) * positions + kept[at]!) * width;
    data.set(x.data.subarray(from, from + width), at * width);
  }
  return tensor(data, [rows, length, ...x.shape.slice(2)], x.dtype);
}

/** Which axes of a result without hidden positions stand for positions, given the shape that it has with all of them. */
export function positionAxes(shape: Shape, full: Shape, { positions, length }: Positions): number[] {
  const axes = shape.flatMap((dim, axis) => (dim === full[axis] ? [] : [axis]));
  const odd = shape.length !== full.length || axes.some((a) => a === 0 || shape[a] !== length || full[a] !== positions);
  if (odd) throw failure('positions', 'a result does not follow the positions of the input', { shape, full });
  return axes;
}

/** `values` of `shape [rows, ...]` among zeros of shape `full`. */
export function putPositions(values: Float64Array, shape: Shape, full: Shape, by: Positions): Float64Array {
  const axes = positionAxes(shape, full, by);
  const dims = [...shape];
  let data = values;
  for (const axis of axes) {
    const [outer, inner] = [sizeOf(dims.slice(1, axis)), sizeOf(dims.slice(axis + 1))];
    const out = new Float64Array(dims[0]! * outer * by.positions * inner);
    for (let row = 0; row < dims[0]!; row++) {
      for (let o = 0; o < outer; o++) {
        const block = row * outer + o;
        for (let p = 0; p < by.length; p++) {
          const from = (block * by.length + p) * inner;
          out.set(data.subarray(from, from + inner), (block * by.positions + by.kept[row * by.length + p]!) * inner);
        }
      }
    }
    dims[axis] = by.positions;
    data = out;
  }
  return data;
}
