/** The exact gelu, rows brought to mean 0 and variance 1, and gradients of these and of softmax; sums in double. */
import type { TypedArray } from '../../src/tensor/dtype.ts';
import { erf } from './elementwise.ts';

/** `x Phi(x)`; its limit, -0, at -infinity. */
export const gelu = (x: number): number => (x === -Infinity ? -0 : 0.5 * x * (1 + erf(x * Math.SQRT1_2)));

/** `out = g (Phi(x) + x phi(x))`. */
export function geluGrad(out: TypedArray, g: TypedArray, x: TypedArray): void {
  const scale = 1 / Math.sqrt(2 * Math.PI);
  for (let i = 0; i < out.length; i++) {
    const v = x[i]!;
    out[i] = g[i]! * (0.5 * (1 + erf(v * Math.SQRT1_2)) + v * scale * Math.exp(-0.5 * v * v));
  }
}

/** Mean, and one over the root of variance and epsilon, of the row of `count` elements at `from`. */
function moments(x: TypedArray, from: number, count: number, epsilon: number): [number, number] {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += x[from + i]!;
  const mean = sum / count;
  let squares = 0;
  for (let i = 0; i < count; i++) squares += (x[from + i]! - mean) ** 2;
  return [mean, 1 / Math.sqrt(squares / count + epsilon)];
}

/** Rows of `count` elements, `(x - mean) / sqrt(variance + epsilon)` each. */
export function standardizeRows(out: TypedArray, x: TypedArray, count: number, epsilon: number): void {
  for (let from = 0; from < out.length; from += count) {
    const [mean, scale] = moments(x, from, count, epsilon);
    for (let i = 0; i < count; i++) out[from + i] = (x[from + i]! - mean) * scale;
  }
}

/** `s (g - mean g - y mean(g y))`, with `s` and `y` those of the rows of `x`. */
export function standardizeRowsGrad(
  out: TypedArray,
  g: TypedArray,
  x: TypedArray,
  count: number,
  epsilon: number,
): void {
  for (let from = 0; from < out.length; from += count) {
    const [mean, scale] = moments(x, from, count, epsilon);
    let [sum, product] = [0, 0];
    for (let i = 0; i < count; i++) {
      sum += g[from + i]!;
      product += g[from + i]! * (x[from + i]! - mean) * scale;
    }
    for (let i = 0; i < count; i++) {
      const y = (x[from + i]! - mean) * scale;
      out[from + i] = scale * (g[from + i]! - sum / count - (y * product) / count);
    }
  }
}

/** Rows of `count` elements, `y (g - <g, y>)` each. */
export function softmaxRowsGrad(out: TypedArray, g: TypedArray, y: TypedArray, count: number): void {
  for (let from = 0; from < out.length; from += count) {
    let product = 0;
    for (let i = 0; i < count; i++) product += g[from + i]! * y[from + i]!;
    for (let i = 0; i < count; i++) out[from + i] = y[from + i]! * (g[from + i]! - product);
  }
}
