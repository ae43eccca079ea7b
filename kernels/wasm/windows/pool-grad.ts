/**
 * The gradient of max pooling, channels last, sixteen channels at a time: each window's gradient goes to its first maximum.
 * Windows that do not overlap are taken row by row, and what they cover is written once; windows that do are added up.
 */
import { Geometry } from './geometry';
import { giveFour, giveSixteen, preparePool } from './pool-wide';
import { storeLanes } from '../simd';
import { WIDE } from '../width';

@inline
function put(adds: bool, to: usize, v: v128, left: i32): void {
  if (left <= 0) return;
  storeLanes(to, adds ? f32x4.add(v128.load(to), v) : v, left);
}

/** One window of up to sixteen channels: the bounds are what lies inside, `x` and `out` point at a sample's channels. */
@inline
function giveToFirst(
  adds: bool, out: usize, x: usize, grad: usize, g: Geometry, d0: i32, d1: i32, h0: i32, h1: i32, w0: i32, w1: i32,
  low: v128, left: i32,
): void {
  if (WIDE && left >= 16 && giveSixteen(adds, out, x, grad, g, d0, d1, h0, h1, w0, w1)) return;
  const step = <usize>g.channels << 2;
  let t0 = f32x4.splat(-Infinity), t1 = t0, t2 = t0, t3 = t0;
  // All ones where a NaN was seen.
  let n0 = i32x4.splat(0), n1 = n0, n2 = n0, n3 = n0;
  for (let i = d0; i < d1; i++) {
    for (let j = h0; j < h1; j++) {
      let at = <usize>((i * g.inputH + j) * g.inputW + w0) * step;
      for (let k = w0; k < w1; k++, at += step) {
        const v0 = v128.load(x + at), v1 = v128.load(x + at, 16), v2 = v128.load(x + at, 32), v3 = v128.load(x + at, 48);
        t0 = f32x4.pmax(t0, v0), t1 = f32x4.pmax(t1, v1), t2 = f32x4.pmax(t2, v2), t3 = f32x4.pmax(t3, v3);
        n0 = v128.or(n0, f32x4.ne(v0, v0)), n1 = v128.or(n1, f32x4.ne(v1, v1));
        n2 = v128.or(n2, f32x4.ne(v2, v2)), n3 = v128.or(n3, f32x4.ne(v3, v3));
      }
    }
  }
  // A NaN wins over everything, and no number equals it.
  t0 = v128.or(t0, n0), t1 = v128.or(t1, n1), t2 = v128.or(t2, n2), t3 = v128.or(t3, n3);
  let s0 = v128.load(grad), s1 = v128.load(grad, 16), s2 = v128.load(grad, 32), s3 = v128.load(grad, 48);
  if (f32x4.extract_lane(low, 0) == 0) {
    s0 = v128.and(s0, f32x4.gt(t0, low)), s1 = v128.and(s1, f32x4.gt(t1, low));
    s2 = v128.and(s2, f32x4.gt(t2, low)), s3 = v128.and(s3, f32x4.gt(t3, low));
  }
  for (let i = d0; i < d1; i++) {
    for (let j = h0; j < h1; j++) {
      let at = <usize>((i * g.inputH + j) * g.inputW + w0) * step;
      for (let k = w0; k < w1; k++, at += step) {
        const v0 = v128.load(x + at), v1 = v128.load(x + at, 16), v2 = v128.load(x + at, 32), v3 = v128.load(x + at, 48);
        const e0 = v128.or(f32x4.eq(v0, t0), v128.and(n0, f32x4.ne(v0, v0)));
        const e1 = v128.or(f32x4.eq(v1, t1), v128.and(n1, f32x4.ne(v1, v1)));
        const e2 = v128.or(f32x4.eq(v2, t2), v128.and(n2, f32x4.ne(v2, v2)));
        const e3 = v128.or(f32x4.eq(v3, t3), v128.and(n3, f32x4.ne(v3, v3)));
        put(adds, out + at, v128.and(e0, s0), left);
        put(adds, out + at + 16, v128.and(e1, s1), left - 4);
        put(adds, out + at + 32, v128.and(e2, s2), left - 8);
        put(adds, out + at + 48, v128.and(e3, s3), left - 12);
        // What has been given is gone for those that come later.
        s0 = v128.andnot(s0, e0), s1 = v128.andnot(s1, e1), s2 = v128.andnot(s2, e2), s3 = v128.andnot(s3, e3);
      }
    }
  }
}

/** Where the share of row `o` of windows that do not overlap ends: where the next begins, or with the input. */
@inline
function shareEnd(o: i32, count: i32, stride: i32, before: i32, size: i32): i32 {
  return o + 1 == count ? size : min(size, max(0, (o + 1) * stride - before));
}

/** Units are rows of windows that do not overlap; each writes all rows of the input up to where the next begins. */
export function maxPoolGradApart(
  start: i32, end: i32, out: usize, x: usize, grad: usize, geometry: usize, rectified: i32,
): void {
  const g = changetype<Geometry>(geometry);
  const step = <usize>g.channels << 2;
  const line = <usize>g.inputW * step;
  const low = f32x4.splat(rectified ? 0 : -Infinity);
  if (WIDE) preparePool(rectified);
  for (let unit = start; unit < end; unit++) {
    const slab = unit / g.outputH;
    const sample = slab / g.outputD;
    const od = slab - sample * g.outputD;
    const oh = unit - slab * g.outputH;
    const d = od * g.strideD - g.beforeD, d0 = max(d, 0), d1 = min(d + g.windowD, g.inputD);
    const h = oh * g.strideH - g.beforeH, h0 = max(h, 0), h1 = min(h + g.windowH, g.inputH);
    const base = <usize>(sample * g.inputD * g.inputH) * line;
    const lastD = shareEnd(od, g.outputD, g.strideD, g.beforeD, g.inputD);
    const firstH = oh == 0 ? 0 : h0;
    const lastH = shareEnd(oh, g.outputH, g.strideH, g.beforeH, g.inputH);
    const covers = g.windowD == g.strideD && g.windowH == g.strideH && g.windowW == g.strideW;
    const whole = d1 == lastD && h1 == lastH && g.beforeW == 0 && g.outputW * g.strideW == g.inputW;
    if (lastH > firstH && (!covers || !whole || (od == 0 && d0 > 0) || h0 > firstH)) {
      for (let i = od == 0 ? 0 : d0; i < lastD; i++) {
        memory.fill(out + base + <usize>(i * g.inputH + firstH) * line, 0, <usize>(lastH - firstH) * line);
      }
    }
    let from = grad + <usize>(unit * g.outputW) * step;
    if (WIDE && covers && whole && g.windowD == 1 && g.windowH == 2 && g.windowW == 2 && (g.channels & 7) == 0) {
      const at = base + <usize>(d * g.inputH + h) * line;
      if (d0 == d && h0 == h && d1 == d + 1 && h1 == h + 2 && giveFour(out + at, x + at, from, g)) continue;
    }
    for (let o = 0; o < g.outputW; o++, from += step) {
      const w = o * g.strideW - g.beforeW, w0 = max(w, 0), w1 = min(w + g.windowW, g.inputW);
      for (let c = 0; c < g.channels; c += 16) {
        const shift = <usize>c << 2;
        const at = base + shift;
        giveToFirst(false, out + at, x + at, from + shift, g, d0, d1, h0, h1, w0, w1, low, g.channels - c);
      }
    }
  }
}

/** Units are samples times blocks of 16 channels: windows may overlap, and their gradients add up. */
export function maxPoolGrad(
  start: i32, end: i32, out: usize, x: usize, grad: usize, geometry: usize, rectified: i32,
): void {
  const g = changetype<Geometry>(geometry);
  const step = <usize>g.channels << 2;
  const blocks = (g.channels + 15) / 16;
  const places = g.inputD * g.inputH * g.inputW;
  const low = f32x4.splat(rectified ? 0 : -Infinity);
  if (WIDE) preparePool(rectified);
  for (let unit = start; unit < end; unit++) {
    const sample = unit / blocks;
    const c = (unit - sample * blocks) * 16;
    const left = g.channels - c;
    const shift = <usize>(sample * places) * step + (<usize>c << 2);
    const zero = f32x4.splat(0);
    for (let i = 0; i < places; i++) {
      for (let lane = 0; lane < min(left, 16); lane += 4) {
        storeLanes(out + shift + <usize>i * step + (<usize>lane << 2), zero, left - lane);
      }
    }
    let from = grad + <usize>(sample * g.outputD * g.outputH * g.outputW) * step + (<usize>c << 2);
    for (let od = 0; od < g.outputD; od++) {
      const d = od * g.strideD - g.beforeD, d0 = max(d, 0), d1 = min(d + g.windowD, g.inputD);
      for (let oh = 0; oh < g.outputH; oh++) {
        const h = oh * g.strideH - g.beforeH, h0 = max(h, 0), h1 = min(h + g.windowH, g.inputH);
        for (let o = 0; o < g.outputW; o++, from += step) {
          const w = o * g.strideW - g.beforeW, w0 = max(w, 0), w1 = min(w + g.windowW, g.inputW);
          giveToFirst(true, out + shift, x + shift, from, g, d0, d1, h0, h1, w0, w1, low, left);
        }
      }
    }
  }
}
