/** Some of many rows as the arrays of a batch. */
import { type Fed, rows } from '../model/inputs.ts';
import type { TypedArray } from '../tensor/dtype.ts';
import type { Rows } from './data.ts';
import type { BatchArrays, BatchSpec } from './step.ts';
import type { Trainable } from './trainable.ts';

/** Rows `from` to `to`. */
export function sliceRows(data: Rows, from: number, to: number): Rows {
  const cut = (fed: Fed | null): Fed | null => fed && rows(fed, from, to);
  return {
    rows: to - from,
    x: data.x.map((fed) => rows(fed, from, to)),
    y: data.y.map(cut),
    weights: data.weights.map(cut),
  };
}

/** The arrays of some rows in their order: new arrays, or views where `order` is null. */
export class Batcher {
  readonly #data: Rows;
  readonly #trainable: Trainable;
  readonly #buffers = new Map<number, readonly TypedArray[]>();

  constructor(trainable: Trainable, data: Rows) {
    this.#data = data;
    this.#trainable = trainable;
  }

  spec(count: number): BatchSpec {
    const { x, y, weights } = this.#data;
    const shaped = ({ shape }: Fed): number[] => [count, ...shape.slice(1)];
    return {
      x: x.map((fed, i) => ({ shape: shaped(fed), dtype: this.#trainable.inputs[i]!.dtype })),
      y: y.map(
        (fed) => fed && { shape: shaped(fed), dtype: fed.data instanceof Int32Array ? 'int32' : this.#trainable.dtype },
      ),
      weights: weights.map((fed) => fed && shaped(fed)),
    };
  }

  /** Rows `order[from]` to `order[to - 1]`; the arrays are overwritten by the next call. */
  batch(order: Int32Array | null, from: number, to: number): BatchArrays {
    const { x, y, weights } = this.#data;
    const all = [...x, ...y, ...weights].filter((fed) => fed !== null);
    if (!order) return all.map((fed) => rows(fed, from, to).data);
    const count = to - from;
    let buffers = this.#buffers.get(count);
    if (!buffers) {
      buffers = all.map(
        ({ data, shape }) => new (data.constructor as Float32ArrayConstructor)((data.length / shape[0]!) * count),
      );
      this.#buffers.set(count, buffers);
    }
    all.forEach(({ data, shape }, i) => {
      const width = data.length / shape[0]!;
      copyRows(data, buffers[i]!, width, order, from, to);
    });
    return buffers;
  }
}

function copyRows(
  data: TypedArray,
  into: TypedArray,
  width: number,
  order: Int32Array,
  from: number,
  to: number,
): void {
  if (width > 64) {
    for (let i = from; i < to; i++)
      into.set(data.subarray(order[i]! * width, (order[i]! + 1) * width), (i - from) * width);
    return;
  }
  let at = 0;
  for (let i = from; i < to; i++) {
    const start = order[i]! * width;
    for (let k = 0; k < width; k++) into[at++] = data[start + k]!;
  }
}
