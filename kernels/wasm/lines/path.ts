/**
 * Max pooling of points on straight lines, `start + alpha_k delta`; the points stay in registers. A row of windows is
 * pooled at all steps before the next, so that what it reads stays in the first-level cache; channels go in blocks of 16,
 * four independent maxima at a time, which hides the latency of one. The gradient is in `path-grad.ts`, the commonest
 * windows in `path-four.ts`. Of a window of all positions only lines are looked at that may be the highest (`path-lines.ts`).
 */
import { Geometry } from '../windows/geometry';
import { listed, survey, surveys } from './path-lines';
import { madd, storeLanes } from '../simd';

@inline
export function pointAt(start: usize, delta: usize, at: usize, a: v128): v128 {
  return madd(a, v128.load(delta + at), v128.load(start + at));
}

/** The larger of each pair; `checked`: a NaN of either wins, which takes several instructions. */
@inline
export function larger(checked: bool, a: v128, b: v128): v128 {
  return checked ? f32x4.max(a, b) : f32x4.pmax(a, b);
}

/** Whether `count` floats are neither infinite nor NaN. */
export function allFinite(at: usize, count: i32): bool {
  let rest: f32 = 0;
  for (let i = 0; i < count; i++) rest += load<f32>(at + (<usize>i << 2)) * 0;
  return rest == 0;
}

/** The same for 16 channels at `places` positions. Points between finite ends are never NaN. */
export function isFinite16(x: usize, places: i32, step: usize): bool {
  const zero = f32x4.splat(0);
  let r0 = zero, r1 = zero, r2 = zero, r3 = zero;
  for (let i = 0; i < places; i++, x += step) {
    r0 = f32x4.add(r0, f32x4.mul(v128.load(x), zero)), r1 = f32x4.add(r1, f32x4.mul(v128.load(x, 16), zero));
    r2 = f32x4.add(r2, f32x4.mul(v128.load(x, 32), zero)), r3 = f32x4.add(r3, f32x4.mul(v128.load(x, 48), zero));
  }
  return i32x4.all_true(f32x4.eq(f32x4.add(f32x4.add(r0, r1), f32x4.add(r2, r3)), zero));
}

/** One row of windows, bounded by `[d0, d1)` and `[h0, h1)`, at all steps. `base` leads to a sample and its channels. */
@inline
function poolRow(
  checked: bool, to: usize, stride: usize, start: usize, delta: usize, base: usize, alpha: usize, steps: i32,
  g: Geometry, d0: i32, d1: i32, h0: i32, h1: i32, low: v128, left: i32,
): void {
  const step = <usize>g.channels << 2;
  for (let k = 0; k < steps; k++) {
    const a = v128.load32_splat(alpha + (<usize>k << 2));
    let put = to + <usize>k * stride;
    for (let o = 0; o < g.outputW; o++, put += step) {
      const w = o * g.strideW - g.beforeW, w0 = max(w, 0), w1 = min(w + g.windowW, g.inputW);
      let t0 = low, t1 = low, t2 = low, t3 = low;
      for (let i = d0; i < d1; i++) {
        for (let j = h0; j < h1; j++) {
          let at = base + <usize>((i * g.inputH + j) * g.inputW + w0) * step;
          for (let n = w0; n < w1; n++, at += step) {
            t0 = larger(checked, t0, pointAt(start, delta, at, a));
            t1 = larger(checked, t1, pointAt(start, delta, at + 16, a));
            t2 = larger(checked, t2, pointAt(start, delta, at + 32, a));
            t3 = larger(checked, t3, pointAt(start, delta, at + 48, a));
          }
        }
      }
      storeLanes(put, t0, left);
      if (left > 4) storeLanes(put + 16, t1, left - 4);
      if (left > 8) storeLanes(put + 32, t2, left - 8);
      if (left > 12) storeLanes(put + 48, t3, left - 12);
    }
  }
}

/** Four channels of a window of all positions, at all steps: the highest of the `count` lines that are listed. */
function poolListed(
  to: usize, stride: usize, start: usize, delta: usize, step: usize, alpha: usize, steps: i32, count: i32, low: v128,
  left: i32,
): void {
  const list = listed();
  for (let k = 0; k < steps; k += 4) {
    const last = steps - 1;
    const a0 = v128.load32_splat(alpha + (<usize>k << 2)), a1 = v128.load32_splat(alpha + (<usize>min(k + 1, last) << 2));
    const a2 = v128.load32_splat(alpha + (<usize>min(k + 2, last) << 2));
    const a3 = v128.load32_splat(alpha + (<usize>min(k + 3, last) << 2));
    let t0 = low, t1 = low, t2 = low, t3 = low;
    for (let i = 0; i < count; i++) {
      const at = <usize>load<i32>(list + (<usize>i << 2)) * step;
      t0 = f32x4.pmax(t0, pointAt(start, delta, at, a0));
      t1 = f32x4.pmax(t1, pointAt(start, delta, at, a1));
      t2 = f32x4.pmax(t2, pointAt(start, delta, at, a2));
      t3 = f32x4.pmax(t3, pointAt(start, delta, at, a3));
    }
    storeLanes(to, t0, left);
    to += stride;
    if (k < last) storeLanes(to, t1, left);
    to += stride;
    if (k + 1 < last) storeLanes(to, t2, left);
    to += stride;
    if (k + 2 < last) storeLanes(to, t3, left);
    to += stride;
  }
}

/** Units: samples times blocks of 16 channels. */
export function lerpMaxPool(
  first: i32, end: i32, out: usize, start: usize, delta: usize, alpha: usize, steps: i32, samples: i32, relu: i32,
  geometry: usize,
): void {
  const g = changetype<Geometry>(geometry);
  const channels = g.channels;
  const step = <usize>channels << 2;
  const blocks = (channels + 15) / 16;
  const places = g.inputD * g.inputH * g.inputW;
  const inSize = <usize>places * step;
  const outSize = <usize>(g.outputD * g.outputH * g.outputW) * step;
  const low = f32x4.splat(relu ? 0 : -Infinity);
  const bounded = allFinite(alpha, steps);
  const pruned = bounded && g.coversAll() && surveys(places, alpha, steps);
  for (let unit = first; unit < end; unit++) {
    const sample = unit / blocks;
    const c = (unit - sample * blocks) * 16;
    const left = channels - c;
    const base = <usize>sample * inSize + (<usize>c << 2);
    const finite = bounded && isFinite16(start + base, places, step) && isFinite16(delta + base, places, step);
    const stride = <usize>samples * outSize;
    let to = out + <usize>sample * outSize + (<usize>c << 2);
    if (finite && pruned) {
      for (let i = 0; i < min(left, 16); i += 4) {
        const from = base + (<usize>i << 2);
        const count = survey(start + from, delta + from, places, step);
        poolListed(to + (<usize>i << 2), stride, start + from, delta + from, step, alpha, steps, count, low, left - i);
      }
      continue;
    }
    for (let od = 0; od < g.outputD; od++) {
      const d = od * g.strideD - g.beforeD, d0 = max(d, 0), d1 = min(d + g.windowD, g.inputD);
      for (let oh = 0; oh < g.outputH; oh++, to += <usize>g.outputW * step) {
        const h = oh * g.strideH - g.beforeH, h0 = max(h, 0), h1 = min(h + g.windowH, g.inputH);
        if (finite) poolRow(false, to, stride, start, delta, base, alpha, steps, g, d0, d1, h0, h1, low, left);
        else poolRow(true, to, stride, start, delta, base, alpha, steps, g, d0, d1, h0, h1, low, left);
      }
    }
  }
}
