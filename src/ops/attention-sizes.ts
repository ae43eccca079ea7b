/** The attributes of `attention`, and the shapes that follow from them: what the op and its kernels share. */
import { failure } from '../tensor/errors.ts';
import { broadcastShapes, type Shape, sameShape } from '../tensor/shape.ts';
import type { TensorSpec } from '../tensor/tensor.ts';

/** The axes of a tensor: samples, heads, positions, elements, or samples, positions, heads, elements. */
export type Order = 'heads' | 'positions';

/** What the op and its gradient share. */
export type SharedAttrs = {
  /** Of query, key and value. */
  readonly orders: readonly [Order, Order, Order];
  /** What is done to the products before anything is added. */
  readonly scaling: 'times' | 'over' | null;
  readonly scale: number;
};
/** With the order of the result. */
export type AttentionAttrs = SharedAttrs & { readonly result: Order };
/** With the order of the result's gradient, and which gradients are wanted: of query, key, value. */
export type AttentionGradAttrs = SharedAttrs & {
  readonly gradient: Order;
  readonly wants: readonly [boolean, boolean, boolean];
};

export interface AttentionSizes {
  readonly samples: number;
  readonly heads: number;
  readonly queries: number;
  readonly keys: number;
  /** Elements of a query and a key, and of a value. */
  readonly size: number;
  readonly valueSize: number;
}

const swapped = [0, 2, 1, 3];
/** `[samples, heads, positions, elements]` of a shape, or back. */
const headsFirst = (shape: Shape, order: Order): Shape =>
  order === 'heads' ? shape : swapped.map((axis) => shape[axis]!);
/** @throws where the operands do not fit each other */
export function attentionSizes(
  name: string,
  [q, k, v, ...rest]: readonly TensorSpec[],
  { orders }: SharedAttrs,
): AttentionSizes {
  const shapes = [q!, k!, v!].map(({ shape }, i) => headsFirst(shape, orders[i]!));
  const [a, b, c] = shapes as [Shape, Shape, Shape];
  const [samples, heads, queries, size] = a as [number, number, number, number];
  const [keys, valueSize] = [b[2]!, c[3]!];
  const fits =
    shapes.every(({ length }) => length === 4) &&
    sameShape(b, [samples, heads, keys, size]) &&
    sameShape(c, [samples, heads, keys, valueSize]);
  const scores = [samples, heads, queries, keys];
  const biases = rest.every(({ shape }) => sameShape(broadcastShapes(name, shape, scores), scores));
  if (fits && biases && !a.includes(0) && !c.includes(0)) return { samples, heads, queries, keys, size, valueSize };
  const given = { query: a, key: b, value: c, added: rest.map(({ shape }) => shape) };
  throw failure(name, 'query, key and value are of the same samples and heads, and not empty', given);
}

/** The shape of the result in an order of its axes. */
export const resultShape = ({ samples, heads, queries, valueSize }: AttentionSizes, order: Order): Shape =>
  headsFirst([samples, heads, queries, valueSize], order);

/** Elements of the gradients of query, key and value; 0 of those that are not wanted. */
export function gradientSizes(sizes: AttentionSizes, wants: AttentionGradAttrs['wants']): [number, number, number] {
  const { samples, heads, queries, keys, size, valueSize } = sizes;
  const each = [queries * size, keys * size, keys * valueSize] as const;
  return each.map((count, i) => (wants[i] ? samples * heads * count : 0)) as [number, number, number];
}
