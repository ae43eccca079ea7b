/**
 * A convolution of what windows of lines pick, at all steps. An output is a straight line too between two kinks of the places that it reads, `A + alpha B`: kinks of a step
 * are added to both, weights times `dc` and `dd`, and that is all there is to multiply.
 *
 * Invariant: an output adds the kinks in the order of steps, then of taps, then of a place's list, so equal patches along equal paths give equal bits wherever
 * they lie, for any split of the work. Where a place goes by steps, or a sum is not finite, the output is a sum of points at each step.
 */
import { BY_STEP, COUNTS, KINK, Lines, placeWindow, Window } from './kinks-lines';
import { followWide, ROOM } from './kinks-wide';
import { sigmoid, tanh } from '../elementwise/math';
import { madd, scratch, storeLanes } from '../simd';
import { WIDE } from '../width';

/** How far outputs may lie below what they are sums of before these are too rough: four bits of their precision. */
export const MOST_FALL: f32 = 16;

/** In the scratch memory: places and weights of taps, where the kinks of each step end, eight counts, room of the wide build; then the kinks, or points. */
const TAPS_AT: usize = 64;
export const ENDS_AT: usize = 8256;
const EIGHT_AT: usize = 12352;
export const ROOM_AT: usize = 12416;
export const LIST_AT: usize = WIDE ? ROOM_AT + ROOM : ROOM_AT;

/** With what is at `at` of a row's biases, if there are any. */
@inline
function biased(z: v128, bias: usize, at: usize): v128 {
  return bias == 0 ? z : f32x4.add(z, v128.load(bias + at));
}

/** Units are strips of filters of rows of outputs. `bias`: as many floats as a row of weights, or 0; `act`: 1 relu, 2 tanh, 3 sigmoid. */
export function lineConv(
  first: i32, end: i32, out: usize, kinks: usize, start: usize, delta: usize, alpha: usize, w: usize, bias: usize, act: i32,
  lines: usize,
): void {
  const g = changetype<Lines>(lines);
  const pixel = <usize>g.filters << 2;
  const stride = <usize>(g.samples * g.outputH * g.outputW) * pixel;
  for (let unit = first; unit < end; unit++) {
    const line = unit / g.strips;
    const f0 = (unit - line * g.strips) * g.blocks * 16;
    const f1 = min(f0 + g.blocks * 16, g.filters);
    const sample = line / g.outputH;
    const row = line - sample * g.outputH;
    let to = out + <usize>(line * g.outputW) * pixel;
    for (let column = 0; column < g.outputW; column++, to += pixel) {
      let exact = listTaps(g, kinks, sample, row, column);
      if (exact) {
        mergeKinks(g);
        for (let f = f0; f < f1 && exact; f += 16) {
          const shift = <usize>f << 2;
          if (WIDE && f + 32 <= f1 && act < 2) {
            exact = followWide(to + shift, stride, w + shift, bias == 0 ? 0 : bias + shift, act, alpha, g.steps);
            f += 16;
          } else exact = follow(to + shift, stride, w + shift, bias == 0 ? 0 : bias + shift, act, alpha, g.steps, g.filters - f);
        }
      }
      if (!exact) sumSteps(to, stride, start, delta, alpha, w, bias, act, g, sample, row, column, f0, f1);
    }
  }
}

let taps: i32 = 0;

/** Lists the places that an output reads, with where their weights begin; whether all of them have lists. */
function listTaps(g: Lines, kinks: usize, sample: i32, row: i32, column: i32): bool {
  const tap = <usize>(g.channels * g.width) << 2;
  let at = scratch() + TAPS_AT;
  let from: usize = 0;
  taps = 0;
  for (let i = 0; i < g.kernelH; i++) {
    const h = row * g.downH - g.padH + i * g.dilationH;
    for (let j = 0; j < g.kernelW; j++, from += tap) {
      const v = column * g.downW - g.padW + j * g.dilationW;
      if (<u32>h >= <u32>g.placesH || <u32>v >= <u32>g.placesW) continue;
      const place = kinks + <usize>((sample * g.placesH + h) * g.placesW + v) * <usize>g.bytes;
      if (load<i32>(place) == BY_STEP) return false;
      store<usize>(at, place);
      store<usize>(at, from, 4);
      at += 8;
      taps++;
    }
  }
  return true;
}

/** The kinks of all taps by step: where the weights of each begin, `dc` and `dd`. */
function mergeKinks(g: Lines): void {
  const room = scratch();
  const ends = room + ENDS_AT;
  const list = room + LIST_AT;
  const eight = room + EIGHT_AT;
  const last = room + TAPS_AT + (<usize>taps << 3);
  let total = 0;
  for (let k: usize = 0; k < <usize>g.steps; k += 8) {
    let counts = i16x8.splat(0);
    for (let at = room + TAPS_AT; at < last; at += 8) {
      counts = i16x8.add(counts, v128.load(load<usize>(at) + COUNTS + (k << 1)));
    }
    v128.store(eight, counts);
    for (let i: usize = 0; i < 8; i++) {
      store<i32>(ends + ((k + i) << 2), total);
      total += load<u16>(eight + (i << 1));
    }
  }
  const pitch = g.width << 2;
  for (let at = room + TAPS_AT; at < last; at += 8) {
    const place = load<usize>(at);
    const from = load<i32>(at, 4);
    const end = place + g.head + <usize>load<i32>(place) * KINK;
    for (let kink = place + g.head; kink < end; kink += KINK) {
      const what = v128.load(kink);
      const key = i32x4.extract_lane(what, 0);
      const slot = ends + (<usize>(key & 0xffff) << 2);
      const put = load<i32>(slot);
      store<i32>(slot, put + 1);
      v128.store(list + (<usize>put << 4), i32x4.replace_lane(what, 0, from + (key >>> 16) * pitch));
    }
  }
}

/** `sum + |x|`. */
@inline
export function plus(sum: v128, x: v128): v128 {
  return f32x4.add(sum, f32x4.abs(x));
}

/** The sizes of two vectors of `A + a B`'s terms, added up. The wide build adds in this order, too. */
@inline
export function sizes(a0: v128, a2: v128, b0: v128, b2: v128, a: v128): v128 {
  return plus(plus(plus(f32x4.abs(a0), a2), f32x4.mul(a, b0)), f32x4.mul(a, b2));
}

/**
 * Sixteen filters of an output at all steps; false where a sum was not finite, or where terms are or were so much larger than what they add up to, as with
 * lines that have come far down or turned off, that their rounding errors would be seen.
 */
function follow(to: usize, stride: usize, w: usize, bias: usize, act: i32, alpha: usize, steps: i32, left: i32): bool {
  const ends = scratch() + ENDS_AT;
  const list = scratch() + LIST_AT;
  const zero = f32x4.splat(0);
  let a0 = zero, a1 = zero, a2 = zero, a3 = zero;
  let b0 = zero, b1 = zero, b2 = zero, b3 = zero;
  let largest = zero;
  let at = list;
  for (let k: usize = 0; k < <usize>steps; k++, to += stride) {
    const changes = at;
    const end = list + (<usize>load<i32>(ends + (k << 2)) << 4);
    for (; at < end; at += 16) {
      const c = v128.load32_splat(at, 4), d = v128.load32_splat(at, 8);
      const row = w + load<usize>(at);
      const w0 = v128.load(row);
      a0 = madd(c, w0, a0);
      b0 = madd(d, w0, b0);
      const w1 = v128.load(row, 16);
      a1 = madd(c, w1, a1);
      b1 = madd(d, w1, b1);
      const w2 = v128.load(row, 32);
      a2 = madd(c, w2, a2);
      b2 = madd(d, w2, b2);
      const w3 = v128.load(row, 48);
      a3 = madd(c, w3, a3);
      b3 = madd(d, w3, b3);
    }
    const a = v128.load32_splat(alpha + (k << 2));
    if (changes < end) {
      largest = f32x4.pmax(largest, f32x4.add(sizes(a0, a2, b0, b2, a), sizes(a1, a3, b1, b3, a)));
    }
    const z0 = biased(madd(a, b0, a0), bias, 0), z1 = biased(madd(a, b1, a1), bias, 16);
    const z2 = biased(madd(a, b2, a2), bias, 32), z3 = biased(madd(a, b3, a3), bias, 48);
    const size = f32x4.add(plus(f32x4.abs(z0), z2), plus(f32x4.abs(z1), z3));
    if (v128.any_true(f32x4.gt(largest, f32x4.mul(size, f32x4.splat(MOST_FALL))))) return false;
    storeFour(to, z0, z1, z2, z3, act, left);
  }
  return areFinite(f32x4.add(f32x4.add(a0, a2), f32x4.add(a1, a3)), f32x4.add(f32x4.add(b0, b2), f32x4.add(b1, b3)));
}

@inline
export function areFinite(a: v128, b: v128): bool {
  const zero = f32x4.splat(0);
  return i32x4.all_true(f32x4.eq(f32x4.add(f32x4.mul(a, zero), f32x4.mul(b, zero)), zero));
}

@inline
function storeFour(to: usize, z0: v128, z1: v128, z2: v128, z3: v128, act: i32, left: i32): void {
  if (act == 1) {
    const zero = f32x4.splat(0);
    z0 = f32x4.pmax(z0, zero), z1 = f32x4.pmax(z1, zero), z2 = f32x4.pmax(z2, zero), z3 = f32x4.pmax(z3, zero);
  }
  if (left >= 16 && act < 2) {
    v128.store(to, z0);
    v128.store(to, z1, 16);
    v128.store(to, z2, 32);
    v128.store(to, z3, 48);
  } else storeSlow(to, z0, z1, z2, z3, act, left);
}

function storeSlow(to: usize, z0: v128, z1: v128, z2: v128, z3: v128, act: i32, left: i32): void {
  storeLanes(to, curved(z0, act), left);
  if (left > 4) storeLanes(to + 16, curved(z1, act), left - 4);
  if (left > 8) storeLanes(to + 32, curved(z2, act), left - 8);
  if (left > 12) storeLanes(to + 48, curved(z3, act), left - 12);
}

@inline
function curved(z: v128, act: i32): v128 {
  return act == 2 ? tanh(z) : act == 3 ? sigmoid(z) : z;
}

/** Filters `[f0, f1)` of an output step by step: the largest point of each window, times its weights. A NaN wins. */
function sumSteps(
  to: usize, stride: usize, start: usize, delta: usize, alpha: usize, w: usize, bias: usize, act: i32, g: Lines, sample: i32,
  row: i32, column: i32, f0: i32, f1: i32,
): void {
  const points = scratch() + LIST_AT;
  const pitch = <usize>g.width << 2;
  const room = <usize>(g.channels + 3 & -4) << 2;
  for (let k = 0; k < g.steps; k++, to += stride) {
    const a = v128.load32_splat(alpha + (<usize>k << 2));
    let put = points;
    for (let i = 0; i < g.kernelH; i++) {
      const h = row * g.downH - g.padH + i * g.dilationH;
      for (let j = 0; j < g.kernelW; j++, put += room) {
        const v = column * g.downW - g.padW + j * g.dilationW;
        const inside = <u32>h < <u32>g.placesH && <u32>v < <u32>g.placesW;
        if (inside) poolPlace(put, start, delta, a, g, sample, h, v);
        else memory.fill(put, 0, room);
      }
    }
    for (let f = f0; f < f1; f += 16) {
      const shift = <usize>f << 2;
      let z0 = f32x4.splat(0), z1 = z0, z2 = z0, z3 = z0;
      let weights = w + shift;
      for (let at = points; at < put; at += room) {
        for (let c: usize = 0; c < <usize>g.channels; c++, weights += pitch) {
          const x = v128.load32_splat(at + (c << 2));
          z0 = madd(x, v128.load(weights), z0);
          z1 = madd(x, v128.load(weights, 16), z1);
          z2 = madd(x, v128.load(weights, 32), z2);
          z3 = madd(x, v128.load(weights, 48), z3);
        }
      }
      const own = bias == 0 ? 0 : bias + shift;
      z0 = biased(z0, own, 0), z1 = biased(z1, own, 16), z2 = biased(z2, own, 32), z3 = biased(z3, own, 48);
      storeFour(to + shift, z0, z1, z2, z3, act, g.filters - f);
    }
  }
}

/** The largest point of each channel of a place, up to three channels that are none included. */
function poolPlace(to: usize, start: usize, delta: usize, a: v128, g: Lines, sample: i32, row: i32, column: i32): void {
  const b = changetype<Window>(scratch());
  placeWindow(b, g, sample, row, column);
  const step = <usize>g.channels << 2;
  for (let c: usize = 0; c < step; c += 16) {
    let top = f32x4.splat(g.relu ? 0 : -Infinity);
    for (let i = b.h0; i < b.h1; i++) {
      let at = b.at + c + <usize>(i * g.inputW + b.w0) * step;
      for (let j = b.w0; j < b.w1; j++, at += step) {
        top = f32x4.max(top, madd(a, v128.load(delta + at), v128.load(start + at)));
      }
    }
    v128.store(to + c, top);
  }
}

/** Rows of `n` floats as rows of `width`, zeros behind. Units are rows. */
export function padRows(first: i32, end: i32, to: usize, from: usize, n: i32, width: i32): void {
  for (let unit = first; unit < end; unit++) {
    const put = to + (<usize>(unit * width) << 2);
    memory.copy(put, from + (<usize>(unit * n) << 2), <usize>n << 2);
    memory.fill(put + (<usize>n << 2), 0, <usize>(width - n) << 2);
  }
}
