/**
 * The gradient of max pooling along straight lines to where the lines start: summed over the steps, given to what each
 * window picked. The maxima are found again rather than stored, and large windows then searched once for their positions.
 */
import { Geometry } from '../windows/geometry';
import { allFinite, isFinite16, larger, pointAt } from './path';
import { listed, survey, surveys } from './path-lines';
import { scratch, storeLanes } from '../simd';

/** Positions of a window are counted in 16 bits. */
const MOST_PLACES: i32 = 65536;
const MOST_IN_WINDOW: i32 = 16384;
/** In windows of up to so many, every position is offered its share instead of the one that takes it being found. */
const FEW_PLACES: i32 = 16;

/** All ones in the lanes before `count`. */
@inline
function lanesBefore(count: i32): v128 {
  return i32x4.lt_s(i32x4(0, 1, 2, 3), i32x4.splat(count));
}

/** Adds `s` to the lane's element at the position that the low half of `found` counts. */
@inline
function addLane(to: usize, step: usize, s: f32, found: i32): void {
  if (s == 0) return;
  const at = to + <usize>(found & 0xffff) * step;
  store<f32>(at, load<f32>(at) + s);
}

/** The bounds of a window within the input, and the offset of the block of channels in it. */
@unmanaged
export class Bounds {
  base: usize;
  d0: i32;
  d1: i32;
  h0: i32;
  h1: i32;
  w0: i32;
  w1: i32;
}

/** Four channels from `shift` on: to every maximum in equal shares or to the first, whatever their number; NaN to NaN. */
function addToTies(
  out: usize, start: usize, delta: usize, g: Geometry, b: Bounds, shift: usize, a: v128, t: v128, s: v128, ties: i32,
  left: i32,
): void {
  const step = <usize>g.channels << 2;
  const lost = f32x4.ne(t, t);
  let count = i32x4.splat(0);
  let open = i32x4.splat(-1);
  for (let pass = ties ? 0 : 1; pass < 2; pass++) {
    for (let i = b.d0; i < b.d1; i++) {
      for (let j = b.h0; j < b.h1; j++) {
        let at = b.base + shift + <usize>((i * g.inputH + j) * g.inputW + b.w0) * step;
        for (let n = b.w0; n < b.w1; n++, at += step) {
          const hit = v128.and(open, v128.or(lost, f32x4.eq(pointAt(start, delta, at, a), t)));
          if (pass == 0) {
            count = i32x4.sub(count, hit);
          } else {
            storeLanes(out + at, f32x4.add(v128.load(out + at), v128.and(hit, s)), left);
            if (!ties) open = v128.andnot(open, hit);
          }
        }
      }
    }
    if (pass == 0) s = f32x4.div(s, f32x4.convert_i32x4_s(i32x4.max_s(count, i32x4.splat(1))));
  }
}

/**
 * Four channels whose maximum `t` was met `found >> 16` times, the positions adding up to the rest. One step of a lane
 * that was met once is an addition.
 */
function addFour(
  out: usize, start: usize, delta: usize, g: Geometry, b: Bounds, shift: usize, a: v128, t: v128, s: v128, found: v128,
  ties: i32, left: i32,
): void {
  const once = i32x4.eq(i32x4.shr_u(found, 16), i32x4.splat(1));
  if (i32x4.all_true(v128.or(once, f32x4.eq(s, f32x4.splat(0))))) {
    const step = <usize>g.channels << 2;
    const to = out + b.base + shift;
    addLane(to, step, f32x4.extract_lane(s, 0), i32x4.extract_lane(found, 0));
    addLane(to + 4, step, f32x4.extract_lane(s, 1), i32x4.extract_lane(found, 1));
    addLane(to + 8, step, f32x4.extract_lane(s, 2), i32x4.extract_lane(found, 2));
    addLane(to + 12, step, f32x4.extract_lane(s, 3), i32x4.extract_lane(found, 3));
  } else addToTies(out, start, delta, g, b, shift, a, t, s, ties, left);
}

@inline
function give(to: usize, s: v128, left: i32): void {
  if (left > 0) storeLanes(to, f32x4.add(v128.load(to), s), left);
}

/** One window of 16 channels at one step. `checked`: there may be NaNs, or too many positions to count. */
@inline
function searchWindow(
  checked: bool, out: usize, start: usize, delta: usize, g: Geometry, b: Bounds, a: v128, gradient: usize, low: v128,
  ties: i32, left: i32,
): void {
  const step = <usize>g.channels << 2;
  const none = f32x4.splat(-Infinity);
  let t0 = none, t1 = none, t2 = none, t3 = none;
  for (let i = b.d0; i < b.d1; i++) {
    for (let j = b.h0; j < b.h1; j++) {
      let at = b.base + <usize>((i * g.inputH + j) * g.inputW + b.w0) * step;
      for (let n = b.w0; n < b.w1; n++, at += step) {
        t0 = larger(checked, t0, pointAt(start, delta, at, a));
        t1 = larger(checked, t1, pointAt(start, delta, at + 16, a));
        t2 = larger(checked, t2, pointAt(start, delta, at + 32, a));
        t3 = larger(checked, t3, pointAt(start, delta, at + 48, a));
      }
    }
  }
  let s0 = v128.and(v128.load(gradient), f32x4.gt(t0, low)), s1 = v128.and(v128.load(gradient, 16), f32x4.gt(t1, low));
  let s2 = v128.and(v128.load(gradient, 32), f32x4.gt(t2, low)), s3 = v128.and(v128.load(gradient, 48), f32x4.gt(t3, low));
  if (checked) {
    s0 = v128.or(s0, f32x4.ne(t0, t0)), s1 = v128.or(s1, f32x4.ne(t1, t1));
    s2 = v128.or(s2, f32x4.ne(t2, t2)), s3 = v128.or(s3, f32x4.ne(t3, t3));
  }
  if (left < 16) {
    s0 = v128.and(s0, lanesBefore(left)), s1 = v128.and(s1, lanesBefore(left - 4));
    s2 = v128.and(s2, lanesBefore(left - 8)), s3 = v128.and(s3, lanesBefore(left - 12));
  }
  if (!v128.any_true(v128.or(v128.or(s0, s1), v128.or(s2, s3)))) return;
  if (!checked && ties == 0 && (b.d1 - b.d0) * (b.h1 - b.h0) * (b.w1 - b.w0) <= FEW_PLACES) {
    for (let i = b.d0; i < b.d1; i++) {
      for (let j = b.h0; j < b.h1; j++) {
        let at = b.base + <usize>((i * g.inputH + j) * g.inputW + b.w0) * step;
        for (let n = b.w0; n < b.w1; n++, at += step) {
          const e0 = f32x4.eq(pointAt(start, delta, at, a), t0), e1 = f32x4.eq(pointAt(start, delta, at + 16, a), t1);
          const e2 = f32x4.eq(pointAt(start, delta, at + 32, a), t2), e3 = f32x4.eq(pointAt(start, delta, at + 48, a), t3);
          give(out + at, v128.and(s0, e0), left);
          give(out + at + 16, v128.and(s1, e1), left - 4);
          give(out + at + 32, v128.and(s2, e2), left - 8);
          give(out + at + 48, v128.and(s3, e3), left - 12);
          s0 = v128.andnot(s0, e0), s1 = v128.andnot(s1, e1), s2 = v128.andnot(s2, e2), s3 = v128.andnot(s3, e3);
        }
      }
    }
    return;
  }
  // Per lane: 65536 times how often the maximum was met, plus the positions where.
  let f0 = i32x4.splat(0), f1 = f0, f2 = f0, f3 = f0;
  if (!checked) {
    for (let i = b.d0; i < b.d1; i++) {
      for (let j = b.h0; j < b.h1; j++) {
        const place = (i * g.inputH + j) * g.inputW + b.w0;
        let at = b.base + <usize>place * step;
        let here = i32x4.splat(place | 0x10000);
        for (let n = b.w0; n < b.w1; n++, at += step) {
          f0 = i32x4.add(f0, v128.and(here, f32x4.eq(pointAt(start, delta, at, a), t0)));
          f1 = i32x4.add(f1, v128.and(here, f32x4.eq(pointAt(start, delta, at + 16, a), t1)));
          f2 = i32x4.add(f2, v128.and(here, f32x4.eq(pointAt(start, delta, at + 32, a), t2)));
          f3 = i32x4.add(f3, v128.and(here, f32x4.eq(pointAt(start, delta, at + 48, a), t3)));
          here = i32x4.add(here, i32x4.splat(1));
        }
      }
    }
  }
  addFour(out, start, delta, g, b, 0, a, t0, s0, f0, ties, left);
  if (left > 4) addFour(out, start, delta, g, b, 16, a, t1, s1, f1, ties, left - 4);
  if (left > 8) addFour(out, start, delta, g, b, 32, a, t2, s2, f2, ties, left - 8);
  if (left > 12) addFour(out, start, delta, g, b, 48, a, t3, s3, f3, ties, left - 12);
}

/** The windows of the row that `b` bounds. */
@inline
function searchRow(
  checked: bool, out: usize, start: usize, delta: usize, g: Geometry, b: Bounds, alpha: usize, steps: i32,
  gradient: usize, stride: usize, low: v128, ties: i32, left: i32,
): void {
  const step = <usize>g.channels << 2;
  for (let o = 0; o < g.outputW; o++) {
    const w = o * g.strideW - g.beforeW;
    b.w0 = max(w, 0);
    b.w1 = min(w + g.windowW, g.inputW);
    let from = gradient + <usize>o * step;
    for (let k = 0; k < steps; k++, from += stride) {
      const a = v128.load32_splat(alpha + (<usize>k << 2));
      searchWindow(checked, out, start, delta, g, b, a, from, low, ties, left);
    }
  }
}

function searchFinite(
  out: usize, start: usize, delta: usize, g: Geometry, b: Bounds, alpha: usize, steps: i32, gradient: usize,
  stride: usize, low: v128, ties: i32, left: i32,
): void {
  searchRow(false, out, start, delta, g, b, alpha, steps, gradient, stride, low, ties, left);
}

export function searchChecked(
  out: usize, start: usize, delta: usize, g: Geometry, b: Bounds, alpha: usize, steps: i32, gradient: usize,
  stride: usize, low: v128, ties: i32, left: i32,
): void {
  searchRow(true, out, start, delta, g, b, alpha, steps, gradient, stride, low, ties, left);
}

/** Four channels from `shift` on of a window of all positions, at all steps: maxima are looked for among the `count` lines that are listed. */
function searchListed(
  out: usize, start: usize, delta: usize, g: Geometry, b: Bounds, shift: usize, alpha: usize, steps: i32, count: i32,
  gradient: usize, stride: usize, low: v128, ties: i32, left: i32,
): void {
  const list = listed();
  const step = <usize>g.channels << 2;
  const base = b.base + shift;
  for (let k = 0; k < steps; k++, gradient += stride) {
    const a = v128.load32_splat(alpha + (<usize>k << 2));
    let t = f32x4.splat(-Infinity);
    for (let i = 0; i < count; i++) {
      t = f32x4.pmax(t, pointAt(start, delta, base + <usize>load<i32>(list + (<usize>i << 2)) * step, a));
    }
    const s = v128.and(v128.and(v128.load(gradient), f32x4.gt(t, low)), lanesBefore(left));
    if (!v128.any_true(s)) continue;
    let found = i32x4.splat(0);
    for (let i = 0; i < count; i++) {
      const place = load<i32>(list + (<usize>i << 2));
      const hit = f32x4.eq(pointAt(start, delta, base + <usize>place * step, a), t);
      found = i32x4.add(found, v128.and(i32x4.splat(place | 0x10000), hit));
    }
    addFour(out, start, delta, g, b, shift, a, t, s, found, ties, left);
  }
}

/** Zeros in a block of channels at all positions. */
function clear(out: usize, places: i32, step: usize, left: i32): void {
  const zero = f32x4.splat(0);
  for (let i = 0; i < places; i++, out += step) {
    for (let c = 0; c < min(left, 16); c += 4) storeLanes(out + (<usize>c << 2), zero, left - c);
  }
}

/**
 * Units: samples times blocks of 16 channels, each with gradients of its own. `ties`: 0 gives a window's gradient to its
 * first maximum, 1 to all in equal shares. A NaN among the points makes the gradient of its window NaN.
 */
export function lerpMaxPoolGrad(
  first: i32, end: i32, out: usize, start: usize, delta: usize, alpha: usize, gradient: usize,
  steps: i32, samples: i32, relu: i32, ties: i32, geometry: usize,
): void {
  const g = changetype<Geometry>(geometry);
  const b = changetype<Bounds>(scratch());
  const channels = g.channels;
  const step = <usize>channels << 2;
  const blocks = (channels + 15) / 16;
  const places = g.inputD * g.inputH * g.inputW;
  const inSize = <usize>places * step;
  const outSize = <usize>(g.outputD * g.outputH * g.outputW) * step;
  const stride = <usize>samples * outSize;
  const low = f32x4.splat(relu ? 0 : -Infinity);
  const positions = g.windowD * g.windowH * g.windowW;
  const bounded = allFinite(alpha, steps) && places <= MOST_PLACES && positions <= MOST_IN_WINDOW;
  const pruned = bounded && g.coversAll() && surveys(places, alpha, steps);
  for (let unit = first; unit < end; unit++) {
    const sample = unit / blocks;
    const c = (unit - sample * blocks) * 16;
    const left = channels - c;
    b.base = <usize>sample * inSize + (<usize>c << 2);
    clear(out + b.base, places, step, left);
    const finite = bounded && isFinite16(start + b.base, places, step) && isFinite16(delta + b.base, places, step);
    let row = gradient + <usize>sample * outSize + (<usize>c << 2);
    if (finite && pruned) {
      b.d0 = b.h0 = b.w0 = 0;
      b.d1 = g.inputD;
      b.h1 = g.inputH;
      b.w1 = g.inputW;
      for (let i = 0; i < min(left, 16); i += 4) {
        const shift = <usize>i << 2;
        const count = survey(start + b.base + shift, delta + b.base + shift, places, step);
        searchListed(out, start, delta, g, b, shift, alpha, steps, count, row + shift, stride, low, ties, left - i);
      }
      continue;
    }
    for (let od = 0; od < g.outputD; od++) {
      const d = od * g.strideD - g.beforeD;
      b.d0 = max(d, 0);
      b.d1 = min(d + g.windowD, g.inputD);
      for (let oh = 0; oh < g.outputH; oh++, row += <usize>g.outputW * step) {
        const h = oh * g.strideH - g.beforeH;
        b.h0 = max(h, 0);
        b.h1 = min(h + g.windowH, g.inputH);
        if (finite) searchFinite(out, start, delta, g, b, alpha, steps, row, stride, low, ties, left);
        else searchChecked(out, start, delta, g, b, alpha, steps, row, stride, low, ties, left);
      }
    }
  }
}
