/** Reductions and softmax over `[outer, count, inner]`; reductions over scattered axes go one axis at a time. */
import type { TypedArray } from '../../src/tensor/dtype.ts';

export type Reducer = 'sum' | 'max' | 'min';

/** Reduces the middle axis of `x [outer, count, inner]` into `out [outer, inner]`, in double. */
export function reduceMiddle(
  out: TypedArray | Float64Array,
  x: ArrayLike<number>,
  outer: number,
  count: number,
  inner: number,
  by: Reducer,
): void {
  const row = new Float64Array(inner);
  for (let o = 0; o < outer; o++) {
    let i = o * count * inner;
    row.fill(by === 'sum' ? 0 : by === 'max' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY);
    for (let t = 0; t < count; t++) {
      if (by === 'sum') for (let c = 0; c < inner; c++, i++) row[c]! += x[i]!;
      else if (by === 'max') for (let c = 0; c < inner; c++, i++) row[c] = Math.max(row[c]!, x[i]!);
      else for (let c = 0; c < inner; c++, i++) row[c] = Math.min(row[c]!, x[i]!);
    }
    out.set(row, o * inner);
  }
}

/** The index of the first largest element along the middle axis; NaN counts as largest. */
export function argmaxMiddle(out: TypedArray, x: TypedArray, outer: number, count: number, inner: number): void {
  for (let o = 0; o < outer; o++) {
    for (let c = 0; c < inner; c++) {
      let best = x[o * count * inner + c]!;
      let at = 0;
      for (let t = 1; t < count && !Number.isNaN(best); t++) {
        const value = x[(o * count + t) * inner + c]!;
        if (value > best || Number.isNaN(value)) [best, at] = [value, t];
      }
      out[o * inner + c] = at;
    }
  }
}

/** Softmax along the middle axis, or its logarithm. */
export function softmaxMiddle(
  out: TypedArray,
  x: TypedArray,
  outer: number,
  count: number,
  inner: number,
  log: boolean,
): void {
  for (let o = 0; o < outer; o++) {
    for (let c = 0; c < inner; c++) {
      const from = o * count * inner + c;
      let top = Number.NEGATIVE_INFINITY;
      for (let t = 0; t < count; t++) top = Math.max(top, x[from + t * inner]!);
      let total = 0;
      for (let t = 0; t < count; t++) total += Math.exp(x[from + t * inner]! - top);
      const logTotal = Math.log(total);
      for (let t = 0; t < count; t++) {
        const shifted = x[from + t * inner]! - top;
        out[from + t * inner] = log ? shifted - logTotal : Math.exp(shifted) / total;
      }
    }
  }
}

/** The gradient of an extreme of `x [outer, count, inner]`, in equal shares to the elements that equal it; `positive`: only where it is above 0. */
export function extremeGrad(
  out: Float32Array | Float64Array,
  [x, y, g]: readonly ArrayLike<number>[],
  [outer, count, inner]: readonly [number, number, number],
  positive: boolean,
  scale: number,
): void {
  for (let o = 0; o < outer; o++) {
    for (let c = 0; c < inner; c++) {
      const extreme = y![o * inner + c]!;
      const passes = !positive || extreme > 0;
      const at = (t: number): number => (o * count + t) * inner + c;
      let equal = 0;
      for (let t = 0; t < count; t++) if (x![at(t)] === extreme) equal++;
      const share = (g![o * inner + c]! * scale) / equal;
      for (let t = 0; t < count; t++) out[at(t)] = passes && x![at(t)] === extreme ? share : 0;
    }
  }
}
