/** Strided layouts brought into their shortest form: axes of size 1 go, axes that are walked as one become one. */
import type { Shape } from '../../tensor/shape.ts';

export interface Layout {
  readonly dims: number[];
  /** Per operand, a step per axis of `dims`. */
  readonly strides: number[][];
}

/** The same walk over the elements with as few axes as possible. */
export function collapse(shape: Shape, strides: readonly (readonly number[])[]): Layout {
  const dims: number[] = [];
  const merged: number[][] = strides.map(() => []);
  shape.forEach((dim, axis) => {
    if (dim === 1) return;
    const last = dims.length - 1;
    const joins = last >= 0 && strides.every((s, k) => merged[k]![last] === s[axis]! * dim);
    if (joins) {
      dims[last]! *= dim;
      for (const [k, s] of strides.entries()) merged[k]![last] = s[axis]!;
    } else {
      dims.push(dim);
      for (const [k, s] of strides.entries()) merged[k]!.push(s[axis]!);
    }
  });
  return { dims, strides: merged };
}

/** A layout split into rows along its last axis: what is left of the axes, flat, and the rows' number. */
export interface Rows {
  readonly width: number;
  /** Step along a row, per operand. */
  readonly steps: number[];
  readonly rows: number;
  readonly rank: number;
  /** Sizes of the other axes, then their strides per operand. */
  readonly table: number[];
}

export function splitRows({ dims, strides }: Layout): Rows {
  const lead = dims.slice(0, -1);
  return {
    width: dims.at(-1) ?? 1,
    steps: strides.map((s) => s.at(-1) ?? 0),
    rows: lead.reduce((a, b) => a * b, 1),
    rank: lead.length,
    table: [...lead, ...strides.flatMap((s) => s.slice(0, -1))],
  };
}
