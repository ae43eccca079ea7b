/** Shapes: row-major sizes, strides, broadcasting after NumPy's rule, axis arguments that may be negative. */
import { failure } from './errors.ts';

/** Sizes of axes, the slowest first; a scalar has none. */
export type Shape = readonly number[];

export function sizeOf(shape: Shape): number {
  let size = 1;
  for (const dim of shape) size *= dim;
  return size;
}

/** Elements to step over to move by one along each axis of a dense row-major array. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let step = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = step;
    step *= shape[axis]!;
  }
  return strides;
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((dim, axis) => dim === b[axis]);
}

/** The shape of an elementwise result: aligned at the last axis, and a 1 stretches. */
export function broadcastShapes(subject: string, a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  const out = new Array<number>(rank);
  for (let axis = 0; axis < rank; axis++) {
    const da = a[axis - rank + a.length] ?? 1;
    const db = b[axis - rank + b.length] ?? 1;
    if (da !== db && da !== 1 && db !== 1) {
      throw failure(subject, 'shapes do not broadcast', { left: a, right: b }, `axis ${axis}: ${da} against ${db}`);
    }
    out[axis] = da === 1 ? db : da;
  }
  return out;
}

/** Strides to read `shape` as if it had shape `target`: stretched axes step by 0. */
export function broadcastStrides(shape: Shape, target: Shape): number[] {
  const strides = stridesOf(shape);
  const lead = target.length - shape.length;
  return target.map((_, axis) => (axis < lead || shape[axis - lead] === 1 ? 0 : strides[axis - lead]!));
}

/** An axis argument in `[-rank, rank)`, counted from the front. */
export function normalizeAxis(subject: string, axis: number, rank: number): number {
  if (!Number.isInteger(axis) || axis < -rank || axis >= rank) {
    throw failure(subject, `axis ${axis} is out of range for rank ${rank}`);
  }
  return axis < 0 ? axis + rank : axis;
}

/** Sorted distinct axes; `undefined` means all of them. */
export function normalizeAxes(subject: string, axes: number | readonly number[] | undefined, rank: number): number[] {
  if (axes === undefined) return Array.from({ length: rank }, (_, axis) => axis);
  const list = typeof axes === 'number' ? [axes] : axes;
  const normalized = list.map((axis) => normalizeAxis(subject, axis, rank)).sort((a, b) => a - b);
  if (new Set(normalized).size !== normalized.length) throw failure(subject, 'an axis is given twice', { axes: list });
  return normalized;
}

/** What is left of a shape when `axes` (normalized) are reduced. */
export function reduceShape(shape: Shape, axes: readonly number[], keepDims: boolean): Shape {
  return keepDims
    ? shape.map((dim, axis) => (axes.includes(axis) ? 1 : dim))
    : shape.filter((_, axis) => !axes.includes(axis));
}

/** Elements of the largest tensor: what a typed array can index, or less while a file's graph is built (`limited`). */
let largest = 2 ** 32;

/** Runs `f`, in which a tensor has at most `elements` elements: sizes in a file are checked here, before anything is made of them. */
export function limited<T>(elements: number, f: () => T): T {
  const before = largest;
  largest = Math.min(before, elements);
  try {
    return f();
  } finally {
    largest = before;
  }
}

/** Elements of tables that are made one by one while a graph is built. */
export const TABLE_LIMIT = 2 ** 22;

/** Throws unless a tensor of this shape may be made. */
export function checkSize(subject: string, shape: Shape, limit = largest): void {
  const size = sizeOf(shape);
  if (!(size <= limit)) throw failure(subject, 'a tensor this big does not fit', { shape, elements: size, limit });
}

/** Throws unless every size is a non-negative integer and the whole fits a typed array's index. */
export function checkShape(subject: string, shape: Shape, limit = largest): Shape {
  for (const dim of shape) {
    if (!Number.isInteger(dim) || dim < 0) throw failure(subject, 'a shape holds integers from 0 up', { shape });
  }
  checkSize(subject, shape, limit);
  return shape;
}
