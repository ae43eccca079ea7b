/**
 * The exact gelu, rows brought to mean 0 and variance 1, and gradients of these and of softmax: one pass over memory each,
 * since a row that is read twice is still in the first-level cache. Sums of rows run in float32 over 128 terms a lane and
 * then in double.
 */
import { c, HALF, ONE } from './constants';
import { erf, expNegative } from './math';
import { sumOf } from './reduce';
import { madd, storeLanes, sumLanes } from './simd';

/** Elements per unit of the dense functions. */
const UNIT: i32 = 1024;
/** Terms a lane sums in float32 before the sum goes on in double. */
const BLOCK: i32 = 128;
const ROOT_HALF: f32 = 0.7071067811865476;
const DENSITY: f32 = 0.3989422804014327;

/** The normal distribution function. */
@inline
function phi(x: v128): v128 {
  return f32x4.mul(c(HALF), f32x4.add(erf(f32x4.mul(x, f32x4.splat(ROOT_HALF))), c(ONE)));
}

export function gelu(start: i32, end: i32, out: usize, x: usize, n: i32): void {
  const from = <usize>(start * UNIT) << 2;
  const to = <usize>min(end * UNIT, n) << 2;
  for (let i = from; i < to; i += 16) {
    const v = v128.load(x + i);
    v128.store(out + i, f32x4.mul(v, phi(v)));
  }
}

/** `out = g (Phi(x) + x phi(x))`. */
export function geluGrad(start: i32, end: i32, out: usize, g: usize, x: usize, n: i32): void {
  const from = <usize>(start * UNIT) << 2;
  const to = <usize>min(end * UNIT, n) << 2;
  for (let i = from; i < to; i += 16) {
    const v = v128.load(x + i);
    const density = expNegative(f32x4.mul(f32x4.mul(v, v), f32x4.splat(-0.5)));
    const slope = madd(f32x4.mul(v, f32x4.splat(DENSITY)), density, phi(v));
    v128.store(out + i, f32x4.mul(v128.load(g + i), slope));
  }
}

/** The sum of `(a - shift) (b - shiftB)` over a row. */
@inline
function productOf(a: usize, b: usize, count: i32, shift: f32, shiftB: f32): f64 {
  const sa = f32x4.splat(shift);
  const sb = f32x4.splat(shiftB);
  let total: f64 = 0;
  while (count >= 8) {
    const steps = min(count / 8, BLOCK);
    let s = f32x4.splat(0), t = f32x4.splat(0);
    for (let i = 0; i < steps; i++, a += 32, b += 32) {
      s = madd(f32x4.sub(v128.load(a), sa), f32x4.sub(v128.load(b), sb), s);
      t = madd(f32x4.sub(v128.load(a, 16), sa), f32x4.sub(v128.load(b, 16), sb), t);
    }
    total += sumLanes(f32x4.add(s, t));
    count -= steps * 8;
  }
  for (; count > 0; count--, a += 4, b += 4) total += (load<f32>(a) - shift) * (load<f32>(b) - shiftB);
  return total;
}

/** Rows `[start, end)` of `count` elements, `(x - mean) / sqrt(variance + epsilon)` each. */
export function standardizeRows(start: i32, end: i32, out: usize, x: usize, count: i32, epsilon: f64): void {
  for (let row = start; row < end; row++) {
    const at = <usize>row * <usize>count << 2;
    const from = x + at;
    const to = out + at;
    const mean = <f32>(sumOf(from, count) / count);
    const scale = f32x4.splat(<f32>(1 / Math.sqrt(productOf(from, from, count, mean, mean) / count + epsilon)));
    const shift = f32x4.splat(mean);
    for (let i = 0; i < count; i += 4) {
      const j = <usize>i << 2;
      storeLanes(to + j, f32x4.mul(f32x4.sub(v128.load(from + j), shift), scale), count - i);
    }
  }
}

/** Rows of `s (g - mean g - y mean(g y))`, with `s` and `y` those of the rows of `x`. */
export function standardizeRowsGrad(
  start: i32, end: i32, out: usize, g: usize, x: usize, count: i32, epsilon: f64,
): void {
  for (let row = start; row < end; row++) {
    const at = <usize>row * <usize>count << 2;
    const from = x + at;
    const gradient = g + at;
    const to = out + at;
    const mean = <f32>(sumOf(from, count) / count);
    const s = 1 / Math.sqrt(productOf(from, from, count, mean, mean) / count + epsilon);
    const meanG = sumOf(gradient, count) / count;
    // s (g - mean g) - (x - mean) s^3 mean(g (x - mean))
    const bend = s * s * s * productOf(gradient, from, count, 0, mean) / count;
    const scale = f32x4.splat(<f32>s);
    const shift = f32x4.splat(mean);
    const shiftG = f32x4.splat(<f32>meanG);
    const by = f32x4.splat(<f32>-bend);
    for (let i = 0; i < count; i += 4) {
      const j = <usize>i << 2;
      const straight = f32x4.mul(f32x4.sub(v128.load(gradient + j), shiftG), scale);
      storeLanes(to + j, madd(f32x4.sub(v128.load(from + j), shift), by, straight), count - i);
    }
  }
}

/** Rows of `y (g - <g, y>)`. */
export function softmaxRowsGrad(start: i32, end: i32, out: usize, g: usize, y: usize, count: i32): void {
  for (let row = start; row < end; row++) {
    const at = <usize>row * <usize>count << 2;
    const shift = f32x4.splat(<f32>productOf(g + at, y + at, count, 0, 0));
    for (let i = 0; i < count; i += 4) {
      const j = at + (<usize>i << 2);
      storeLanes(out + j, f32x4.mul(v128.load(y + j), f32x4.sub(v128.load(g + j), shift)), count - i);
    }
  }
}
