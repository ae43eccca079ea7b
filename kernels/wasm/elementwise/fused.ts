/**
 * The exact gelu, rows brought to mean 0 and variance 1, and gradients of these and of softmax: one pass over memory each,
 * since a row that is read twice is still in the first-level cache. Sums of rows run in float32 over 128 terms a lane and
 * then in double.
 */
import { c, DENSITY, MILLS_LEAST, MINUS_ZERO, ONE } from './constants';
import { bell, normalBelow, sigmoid, sigmoidInline } from './math';
import { sumOf } from './reduce';
import { madd, storeLanes, sumLanes } from '../simd';
import { mapPairs } from './unary';
import { WIDE } from '../width';

/** Elements per unit of the dense functions. */
const UNIT: i32 = 1024;
/** Terms a lane sums in float32 before the sum goes on in double. */
const BLOCK: i32 = 128;

/** -|x|, where the normal distribution function is not 0. */
@inline
function below(x: v128): v128 {
  return f32x4.pmax(v128.or(x, c(MINUS_ZERO)), c(MILLS_LEAST));
}

/** `x Phi(x)`, which is relu(x) - |x| Phi(-|x|). */
@inline
function geluOf(x: v128): v128 {
  const a = below(x);
  return madd(a, normalBelow(a, bell(a)), f32x4.pmax(x, f32x4.splat(0)));
}

/** `g (Phi(x) + x phi(x))`. */
@inline
function geluGradOf(g: v128, x: v128): v128 {
  const a = below(x);
  const e = bell(a);
  const phi = f32x4.abs(f32x4.sub(v128.and(f32x4.ge(x, f32x4.splat(0)), c(ONE)), normalBelow(a, e)));
  return f32x4.mul(g, madd(f32x4.mul(x, c(DENSITY)), e, phi));
}

/** `g s + g x s (1 - s)`, with s the sigmoid of x; rounded as these operations are one by one. */
@inline
function siluGradOf(g: v128, x: v128, one: v128): v128 {
  const s = WIDE ? sigmoidInline(x) : sigmoid(x);
  return f32x4.add(f32x4.mul(g, s), f32x4.mul(f32x4.mul(g, x), f32x4.mul(s, f32x4.sub(one, s))));
}

class Gelu {
  @inline of(x: v128): v128 { return geluOf(x); }
}
class Silu {
  @inline of(x: v128): v128 { return f32x4.mul(x, WIDE ? sigmoidInline(x) : sigmoid(x)); }
}
export function gelu(start: i32, end: i32, out: usize, x: usize, n: i32): void { mapPairs<Gelu>(start, end, out, x, n); }
export function geluGrad(start: i32, end: i32, out: usize, g: usize, x: usize, n: i32): void {
  let i = <usize>(start * UNIT) << 2;
  const to = <usize>min(end * UNIT, n) << 2;
  if (WIDE) {
    for (; i + 32 <= to; i += 32) {
      const a = geluGradOf(v128.load(g + i), v128.load(x + i)), b = geluGradOf(v128.load(g + i, 16), v128.load(x + i, 16));
      v128.store(out + i, a);
      v128.store(out + i, b, 16);
    }
  }
  for (; i < to; i += 16) v128.store(out + i, geluGradOf(v128.load(g + i), v128.load(x + i)));
}
export function silu(start: i32, end: i32, out: usize, x: usize, n: i32): void { mapPairs<Silu>(start, end, out, x, n); }
/** The gradient of silu; the float at `one` is 1. */
export function siluGrad(start: i32, end: i32, out: usize, g: usize, x: usize, one: usize, n: i32): void {
  let i = <usize>(start * UNIT) << 2;
  const to = <usize>min(end * UNIT, n) << 2;
  const k = v128.load32_splat(one);
  if (WIDE) {
    for (; i + 32 <= to; i += 32) {
      const a = siluGradOf(v128.load(g + i), v128.load(x + i), k);
      const b = siluGradOf(v128.load(g + i, 16), v128.load(x + i, 16), k);
      v128.store(out + i, a);
      v128.store(out + i, b, 16);
    }
  }
  for (; i < to; i += 16) v128.store(out + i, siluGradOf(v128.load(g + i), v128.load(x + i), k));
}

/** Of `n` elements, `g` where `x` is above the float at `bound`, and that elsewhere. */
export function reluGrad(out: usize, g: usize, x: usize, bound: usize, n: i32): void {
  const k = v128.load32_splat(bound);
  const to = <usize>n << 2;
  let i: usize = 0;
  if (WIDE) {
    for (; i + 32 <= to; i += 32) {
      const a = v128.bitselect(v128.load(g + i), k, f32x4.gt(v128.load(x + i), k));
      const b = v128.bitselect(v128.load(g + i, 16), k, f32x4.gt(v128.load(x + i, 16), k));
      v128.store(out + i, a);
      v128.store(out + i, b, 16);
    }
  }
  for (; i < to; i += 16) v128.store(out + i, v128.bitselect(v128.load(g + i), k, f32x4.gt(v128.load(x + i), k)));
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
