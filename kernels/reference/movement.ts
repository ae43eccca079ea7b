/** Kernels that only move data: strided copies, concatenation, gather and scatter-add. */
import type { TypedArray } from '../../src/tensor/dtype.ts';
import { forEachRow } from './elementwise.ts';

/** `out` (dense, of `shape`) from `x` read with `strides` from offset `at`. */
export function stridedRead(
  out: TypedArray,
  x: TypedArray,
  shape: readonly number[],
  strides: readonly number[],
  at: number,
): void {
  const [width, step] = [shape.at(-1) ?? 1, strides.at(-1) ?? 0];
  forEachRow(shape, [strides], (to, offsets) => {
    const from = at + offsets[0]!;
    for (let i = 0; i < width; i++) out[to + i] = x[from + i * step]!;
  });
}

/** `x` (dense, of `shape`) into `out` written with `strides` from offset `at`. */
export function stridedWrite(
  out: TypedArray,
  x: TypedArray,
  shape: readonly number[],
  strides: readonly number[],
  at: number,
): void {
  const [width, step] = [shape.at(-1) ?? 1, strides.at(-1) ?? 0];
  forEachRow(shape, [strides], (from, offsets) => {
    const to = at + offsets[0]!;
    for (let i = 0; i < width; i++) out[to + i * step] = x[from + i]!;
  });
}

/** Arrays `[outer, widths[k]]` side by side into `out [outer, sum of widths]`. */
export function concatRows(out: TypedArray, xs: readonly TypedArray[], outer: number, widths: readonly number[]): void {
  let to = 0;
  for (let o = 0; o < outer; o++) {
    xs.forEach((x, k) => {
      const width = widths[k]!;
      out.set(x.subarray(o * width, (o + 1) * width), to);
      to += width;
    });
  }
}

/** The first index outside `[0, size)`, or -1. */
export function findOutside(index: TypedArray, size: number): number {
  return index.findIndex((value) => value < 0 || value >= size);
}

/** `out [outer, count, inner]` from `x [outer, size, inner]` at `index [count]`. */
export function gather(
  out: TypedArray,
  x: TypedArray,
  index: TypedArray,
  outer: number,
  size: number,
  inner: number,
): void {
  const count = index.length;
  for (let o = 0; o < outer; o++) {
    for (let t = 0; t < count; t++) {
      const from = (o * size + index[t]!) * inner;
      const to = (o * count + t) * inner;
      for (let c = 0; c < inner; c++) out[to + c] = x[from + c]!;
    }
  }
}

/** `out [outer, size, inner]`, zeroed, with `x [outer, count, inner]` added at `index [count]`. */
export function scatterAdd(
  out: TypedArray,
  x: TypedArray,
  index: TypedArray,
  outer: number,
  size: number,
  inner: number,
): void {
  const count = index.length;
  out.fill(0);
  for (let o = 0; o < outer; o++) {
    for (let t = 0; t < count; t++) {
      const to = (o * size + index[t]!) * inner;
      const from = (o * count + t) * inner;
      for (let c = 0; c < inner; c++) out[to + c]! += x[from + c]!;
    }
  }
}
