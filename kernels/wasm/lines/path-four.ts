/**
 * Max pooling along straight lines and its gradient for windows of four that lie side by side, as most pools of images: a
 * row of windows at all steps before the next, all channels, so that what is read again stays in the first-level cache
 * and everything else streams. Units of both are rows of windows. `path.ts` and `path-grad.ts` have all other windows.
 */
import { Geometry } from '../windows/geometry';
import { allFinite, larger, pointAt } from './path';
import { Bounds, searchChecked } from './path-grad';
import { scratch, storeLanes } from '../simd';

/** Steps of the gradient taken at a time: they lie far apart and would push each other out of the cache. */
const STEPS: i32 = 4;

/** Byte offset of position `i` of a window from its first. */
@inline
function placeOf(g: Geometry, i: i32, step: usize): usize {
  const plane = i / g.windowW;
  const d = plane / g.windowH;
  return <usize>((d * g.inputH + (plane - d * g.windowH)) * g.inputW + (i - plane * g.windowW)) * step;
}

/** Whether the `count` floats at `x` are neither infinite nor NaN; a few behind them may count too. */
function isFiniteRun(x: usize, count: i32): bool {
  const zero = f32x4.splat(0);
  let a = zero, b = zero;
  for (; count > 0; count -= 8, x += 32) {
    a = f32x4.add(a, f32x4.mul(v128.load(x), zero));
    b = f32x4.add(b, f32x4.mul(v128.load(x, 16), zero));
  }
  return i32x4.all_true(f32x4.eq(f32x4.add(a, b), zero));
}

/** Whether the slabs of one row of windows are finite at both ends of the lines. */
function isFiniteRow(start: usize, delta: usize, g: Geometry): bool {
  const slab = <usize>(g.inputH * g.inputW * g.channels) << 2;
  const count = g.windowH * g.inputW * g.channels;
  for (let i: usize = 0; i < <usize>g.windowD; i++) {
    if (!isFiniteRun(start + i * slab, count) || !isFiniteRun(delta + i * slab, count)) return false;
  }
  return true;
}

/** Where the first window of row `unit` begins in the input, in bytes. */
@inline
function rowAt(g: Geometry, unit: i32): usize {
  const slab = unit / g.outputH;
  const sample = slab / g.outputD;
  const d = sample * g.inputD + (slab - sample * g.outputD) * g.windowD;
  const h = (unit - slab * g.outputH) * g.windowH;
  return <usize>(((d * g.inputH + h) * g.inputW) * g.channels) << 2;
}

@inline
function maxOfFour(
  checked: bool, start: usize, delta: usize, at: usize, q1: usize, q2: usize, q3: usize, a: v128, low: v128,
): v128 {
  const one = larger(checked, pointAt(start, delta, at, a), pointAt(start, delta, at + q1, a));
  const two = larger(checked, pointAt(start, delta, at + q2, a), pointAt(start, delta, at + q3, a));
  return larger(checked, low, larger(checked, one, two));
}

@inline
function poolRow(
  checked: bool, out: usize, stride: usize, start: usize, delta: usize, row: usize, alpha: usize, steps: i32, g: Geometry,
  low: v128,
): void {
  const step = <usize>g.channels << 2;
  const skip = <usize>(g.windowW - 1) * step;
  const q1 = placeOf(g, 1, step), q2 = placeOf(g, 2, step), q3 = placeOf(g, 3, step);
  for (let k = 0; k < steps; k++, out += stride) {
    const a = v128.load32_splat(alpha + (<usize>k << 2));
    let at = row;
    let to = out;
    for (let o = 0; o < g.outputW; o++, at += skip) {
      for (let c: usize = 0; c < step; c += 16, at += 16, to += 16) {
        const top = maxOfFour(checked, start, delta, at, q1, q2, q3, a, low);
        storeLanes(to, top, <i32>((step - c) >> 2));
      }
      at -= (16 - (step & 15)) & 15;
      to -= (16 - (step & 15)) & 15;
    }
  }
}

export function lerpMaxPoolFour(
  first: i32, end: i32, out: usize, start: usize, delta: usize, alpha: usize, steps: i32, samples: i32, relu: i32,
  geometry: usize,
): void {
  const g = changetype<Geometry>(geometry);
  const width = <usize>(g.outputW * g.channels) << 2;
  const stride = <usize>(samples * g.outputD * g.outputH) * width;
  const low = f32x4.splat(relu ? 0 : -Infinity);
  const bounded = allFinite(alpha, steps);
  for (let unit = first; unit < end; unit++) {
    const row = rowAt(g, unit);
    const to = out + <usize>unit * width;
    if (bounded && isFiniteRow(start + row, delta + row, g)) {
      poolRow(false, to, stride, start, delta, row, alpha, steps, g, low);
    } else poolRow(true, to, stride, start, delta, row, alpha, steps, g, low);
  }
}

/**
 * Four channels of a window, `q1` to `q3` bytes from the first position at `at`, at `count` steps. The first maximum takes
 * the gradient; relu'(0) = 0 is `low` = 0.
 */
@inline
function giveFour(
  out: usize, start: usize, delta: usize, at: usize, q1: usize, q2: usize, q3: usize, alpha: usize, count: i32,
  gradient: usize, stride: usize, low: v128, left: i32,
): void {
  let x0 = v128.load(out + at), x1 = v128.load(out + at + q1);
  let x2 = v128.load(out + at + q2), x3 = v128.load(out + at + q3);
  for (let k = 0; k < count; k++, alpha += 4, gradient += stride) {
    const a = v128.load32_splat(alpha);
    const v0 = pointAt(start, delta, at, a), v1 = pointAt(start, delta, at + q1, a);
    const v2 = pointAt(start, delta, at + q2, a), v3 = pointAt(start, delta, at + q3, a);
    const t = f32x4.pmax(f32x4.pmax(v0, v1), f32x4.pmax(v2, v3));
    // What is left of the gradient for those that come later.
    let s = v128.and(v128.load(gradient), f32x4.gt(t, low));
    const e0 = f32x4.eq(v0, t), e1 = f32x4.eq(v1, t), e2 = f32x4.eq(v2, t);
    x0 = f32x4.add(x0, v128.and(s, e0));
    s = v128.andnot(s, e0);
    x1 = f32x4.add(x1, v128.and(s, e1));
    s = v128.andnot(s, e1);
    x2 = f32x4.add(x2, v128.and(s, e2));
    x3 = f32x4.add(x3, v128.andnot(s, e2));
  }
  storeLanes(out + at, x0, left);
  storeLanes(out + at + q1, x1, left);
  storeLanes(out + at + q2, x2, left);
  storeLanes(out + at + q3, x3, left);
}

/** Zeros in the part of the input that belongs to row `unit`: up to where the next begins, or to the end. */
function clearRow(out: usize, row: usize, g: Geometry, unit: i32): void {
  const line = <usize>(g.inputW * g.channels) << 2;
  const slab = unit / g.outputH;
  const od = slab % g.outputD, oh = unit - slab * g.outputH;
  const deep = od + 1 == g.outputD ? g.inputD - od * g.windowD : g.windowD;
  const high = oh + 1 == g.outputH ? g.inputH - oh * g.windowH : g.windowH;
  for (let i = 0; i < deep; i++) memory.fill(out + row + <usize>(i * g.inputH) * line, 0, <usize>high * line);
}

/** The gradient to `start`, summed over the steps; the first maximum of a window takes all. */
export function lerpMaxPoolGradFour(
  first: i32, end: i32, out: usize, start: usize, delta: usize, alpha: usize, gradient: usize, steps: i32, samples: i32,
  relu: i32, ties: i32, geometry: usize,
): void {
  const g = changetype<Geometry>(geometry);
  const channels = g.channels;
  const step = <usize>channels << 2;
  const width = <usize>g.outputW * step;
  const stride = <usize>(samples * g.outputD * g.outputH) * width;
  const low = f32x4.splat(relu ? 0 : -Infinity);
  const bounded = allFinite(alpha, steps);
  const q1 = placeOf(g, 1, step), q2 = placeOf(g, 2, step), q3 = placeOf(g, 3, step);
  for (let unit = first; unit < end; unit++) {
    const row = rowAt(g, unit);
    const from = gradient + <usize>unit * width;
    clearRow(out, row, g, unit);
    if (!bounded || !isFiniteRow(start + row, delta + row, g)) {
      searchRowOf(out, start, delta, g, row, alpha, steps, from, stride, low, ties);
      continue;
    }
    for (let k = 0; k < steps; k += STEPS) {
      const count = min(STEPS, steps - k);
      const weights = alpha + (<usize>k << 2);
      let put = from + <usize>k * stride;
      for (let o = 0; o < g.outputW; o++, put += step) {
        const at = row + <usize>(o * g.windowW) * step;
        for (let c = 0; c < channels; c += 4) {
          const shift = <usize>c << 2;
          giveFour(out, start, delta, at + shift, q1, q2, q3, weights, count, put + shift, stride, low, channels - c);
        }
      }
    }
  }
}

/** The same where there may be NaNs. */
function searchRowOf(
  out: usize, start: usize, delta: usize, g: Geometry, row: usize, alpha: usize, steps: i32, gradient: usize,
  stride: usize, low: v128, ties: i32,
): void {
  const b = changetype<Bounds>(scratch());
  b.d0 = b.h0 = 0;
  b.d1 = g.windowD;
  b.h1 = g.windowH;
  for (let c = 0; c < g.channels; c += 16) {
    const shift = <usize>c << 2;
    b.base = row + shift;
    searchChecked(out, start, delta, g, b, alpha, steps, gradient + shift, stride, low, ties, g.channels - c);
  }
}
