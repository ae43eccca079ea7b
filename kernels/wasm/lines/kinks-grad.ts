/**
 * The gradient of a convolution of what windows of lines pick, to where the lines start, summed over the steps. Between two kinks a line has the sum of the gradients of
 * those steps, so the walk goes from the last step to the first with `V`, the sum of the output's gradients so far: at a kink `V` times the
 * weights of the kink's taps is added to the line that begins there, and taken from the one that ends. No gradient of a step is ever spread.
 *
 * Invariant: bits do not depend on how rows are cut into bands or threads. Places that go by steps, and bands whose sums are not finite, are summed step by step.
 */
import { BY_STEP, COUNTS, elementAt, KINK, Lines, NONE, placeWindow, Window } from './kinks-lines';
import { madd, scratch, storeLanes, sumLanes } from '../simd';
import { WIDE } from '../width';

/** In the scratch memory: a window, four products, where each step's kinks end, sums of a product (`WIDE`); then sums, taps of places, and the kinks. */
const FOUR_AT: usize = 64;
const ENDS_AT: usize = 128;
const PRODUCT_AT: usize = 4224;
const SUMS_AT: usize = 4288;

/** The outputs that a band of places reaches: rows `[o0, o1)`. */
let o0: i32 = 0;
let o1: i32 = 0;
/** Bytes of an output's sums, and of the taps of a place: how many, then where the sums and the weights of each lie. */
let pixel: usize = 0;
let tapBytes: usize = 0;

@inline
function floorDiv(a: i32, b: i32): i32 {
  return a >= 0 ? a / b : -((b - 1 - a) / b);
}

/** Units are bands of rows of places. */
export function lineConvGrad(
  first: i32, end: i32, out: usize, kinks: usize, start: usize, delta: usize, alpha: usize, w: usize, gradient: usize,
  lines: usize,
): void {
  const g = changetype<Lines>(lines);
  pixel = <usize>g.width << 2;
  tapBytes = <usize>(1 + g.kernelH * g.kernelW) << 3;
  for (let unit = first; unit < end; unit++) {
    const sample = unit / g.bands;
    const r0 = (unit - sample * g.bands) * g.band;
    const r1 = min(r0 + g.band, g.placesH);
    clearBand(out, g, sample, r0, r1);
    o0 = max(0, -floorDiv((g.kernelH - 1) * g.dilationH - r0 - g.padH, g.downH));
    o1 = min(g.outputH, floorDiv(r1 - 1 + g.padH, g.downH) + 1);
    const count = <usize>max(0, o1 - o0) * <usize>g.outputW;
    const sums = scratch() + SUMS_AT;
    memory.fill(sums, 0, count * pixel);
    const taps = sums + count * pixel;
    const list = taps + <usize>((r1 - r0) * g.placesW) * tapBytes;
    const from = kinks + <usize>((sample * g.placesH + r0) * g.placesW) * <usize>g.bytes;
    const places = (r1 - r0) * g.placesW;
    for (let p = 0; p < places; p++) {
      listTaps(taps + <usize>p * tapBytes, sums, g, r0 + p / g.placesW, p % g.placesW, false);
    }
    const some = sortKinks(g, from, places, taps, list);
    walk(out, g, sample, list, sums, w, gradient, r0);
    let byStep = some;
    if (!isFinite(sums, count * pixel)) {
      clearBand(out, g, sample, r0, r1);
      byStep = -1;
    }
    if (byStep == 0) continue;
    for (let p = 0; p < places; p++) {
      if (byStep > 0 && load<i32>(from + <usize>p * <usize>g.bytes) != BY_STEP) continue;
      sumPlace(out, start, delta, alpha, w, gradient, g, sample, r0 + p / g.placesW, p % g.placesW);
    }
  }
}

/** Zeros where the windows of a band lie, up to where those of the next begin, or at the ends of the input. */
function clearBand(out: usize, g: Lines, sample: i32, r0: i32, r1: i32): void {
  const h0 = r0 == 0 ? 0 : max(0, min(g.inputH, r0 * g.strideH - g.beforeH));
  const h1 = r1 == g.placesH ? g.inputH : max(0, min(g.inputH, r1 * g.strideH - g.beforeH));
  const line = <usize>(g.inputW * g.channels) << 2;
  memory.fill(out + <usize>(sample * g.inputH + h0) * line, 0, <usize>(h1 - h0) * line);
}

/** What an output that is none has in place of its sums. */
const OUTSIDE: usize = 0xffffffff;

/**
 * The outputs that read a place, `at` how many and then for each where its sums lie (behind `sums`, those of row `o0` first) and its weights.
 * @param all those too that would lie outside: zeros, which weights that are not finite make NaN
 */
function listTaps(at: usize, sums: usize, g: Lines, row: i32, column: i32, all: bool): void {
  const tap = <usize>(g.channels * g.width) << 2;
  let count = 0;
  for (let i = 0; i < g.kernelH; i++) {
    const h = row + g.padH - i * g.dilationH;
    const rowInside = h >= 0 && h / g.downH < g.outputH;
    if (h % g.downH != 0 || !(all || rowInside)) continue;
    for (let j = 0; j < g.kernelW; j++) {
      const v = column + g.padW - j * g.dilationW;
      const inside = rowInside && v >= 0 && v / g.downW < g.outputW;
      if (v % g.downW != 0 || !(all || inside)) continue;
      const put = at + (<usize>++count << 3);
      const lies = sums + <usize>((h / g.downH - o0) * g.outputW + v / g.downW) * pixel;
      store<usize>(put, inside ? lies : OUTSIDE);
      store<usize>(put, <usize>(i * g.kernelW + j) * tap, 4);
    }
  }
  store<i32>(at, count);
}

/** The kinks of a band by step, each with the taps of its place. Returns how many places have none listed. */
function sortKinks(g: Lines, kinks: usize, places: i32, taps: usize, list: usize): i32 {
  const ends = scratch() + ENDS_AT;
  memory.fill(ends, 0, <usize>g.steps << 2);
  let others = 0;
  let place = kinks;
  for (let p = 0; p < places; p++, place += g.bytes) {
    if (load<i32>(place) == BY_STEP) {
      others++;
      continue;
    }
    for (let k: usize = 0; k < <usize>g.steps; k += 4) {
      const at = ends + (k << 2);
      v128.store(at, i32x4.add(v128.load(at), i32x4.extend_low_i16x8_u(v128.load64_zero(place + COUNTS + (k << 1)))));
    }
  }
  let total = 0;
  for (let k = 0; k < g.steps; k++) {
    const at = ends + (<usize>k << 2);
    const count = load<i32>(at);
    store<i32>(at, total);
    total += count;
  }
  place = kinks;
  for (let p = 0; p < places; p++, place += g.bytes, taps += tapBytes) {
    const count = load<i32>(place);
    for (let i = 0; i < count; i++) {
      const kink = place + g.head + <usize>i * KINK;
      const slot = ends + (<usize>load<u16>(kink) << 2);
      const put = load<i32>(slot);
      store<i32>(slot, put + 1);
      store<usize>(list + (<usize>put << 3), kink);
      store<usize>(list + (<usize>put << 3), taps, 4);
    }
  }
  return others;
}

function walk(out: usize, g: Lines, sample: i32, list: usize, sums: usize, w: usize, gradient: usize, r0: i32): void {
  const ends = scratch() + ENDS_AT;
  const b = changetype<Window>(scratch());
  const row = <usize>(g.outputW * g.filters) << 2;
  const taps0 = sums + <usize>(max(0, o1 - o0) * g.outputW) * pixel;
  let seen: usize = 0;
  for (let k = g.steps - 1; k >= 0; k--) {
    const from = gradient + <usize>((k * g.samples + sample) * g.outputH + o0) * row;
    addRows(sums, from, max(0, o1 - o0) * g.outputW, g);
    const begin = k == 0 ? 0 : load<i32>(ends + (<usize>k << 2) - 4);
    const end = list + (<usize>load<i32>(ends + (<usize>k << 2)) << 3);
    for (let at = list + (<usize>begin << 3); at < end; at += 8) {
      const kink = load<usize>(at), taps = load<usize>(at, 4);
      if (taps != seen) {
        const p = <i32>((taps - taps0) / tapBytes);
        placeWindow(b, g, sample, r0 + p / g.placesW, p % g.placesW);
        seen = taps;
      }
      const channel = <i32>load<u16>(kink, 2);
      const x = product(taps, w + <usize>channel * pixel, g.width);
      const to = out + b.at + (<usize>channel << 2);
      const now = <i32>load<u16>(kink, 12), before = <i32>load<u16>(kink, 14);
      if (now != NONE) add(to + elementAt(g, now), x);
      if (before != NONE) add(to + elementAt(g, before), -x);
    }
  }
}

@inline
function add(to: usize, x: f32): void {
  store<f32>(to, load<f32>(to) + x);
}

/** Adds `count` outputs of a step to the sums. */
function addRows(sums: usize, from: usize, count: i32, g: Lines): void {
  if (g.width == g.filters) {
    const end = sums + <usize>count * pixel;
    for (; sums < end; sums += 32, from += 32) {
      const low = f32x4.add(v128.load(sums), v128.load(from)), high = f32x4.add(v128.load(sums, 16), v128.load(from, 16));
      v128.store(sums, low);
      v128.store(sums, high, 16);
    }
    return;
  }
  for (let i = 0; i < count; i++, sums += pixel, from += <usize>g.filters << 2) {
    for (let f = 0; f < g.filters; f += 4) {
      const at = sums + (<usize>f << 2);
      storeLanes(at, f32x4.add(v128.load(at), v128.load(from + (<usize>f << 2))), g.filters - f);
    }
  }
}

/** Sums times weights, over the taps of a place. */
@inline
function product(taps: usize, w: usize, width: i32): f32 {
  let a = f32x4.splat(0), b = a, c = a, d = a;
  const room = scratch() + PRODUCT_AT;
  if (WIDE) {
    // Zeros are loaded, and sums stored, two side by side, so that they pair.
    v128.store(room, a);
    v128.store(room, b, 16);
    a = v128.load(room);
    b = v128.load(room, 16);
    c = a, d = b;
  }
  const end = taps + 8 + (<usize>load<i32>(taps) << 3);
  for (let at = taps + 8; at < end; at += 8) {
    let x = load<usize>(at), y = w + load<usize>(at, 4);
    for (let f = width; f > 0; f -= 16, x += 64, y += 64) {
      a = madd(v128.load(x), v128.load(y), a);
      b = madd(v128.load(x, 16), v128.load(y, 16), b);
      c = madd(v128.load(x, 32), v128.load(y, 32), c);
      d = madd(v128.load(x, 48), v128.load(y, 48), d);
    }
  }
  if (WIDE) {
    v128.store(room, a);
    v128.store(room, b, 16);
    v128.store(room, c, 32);
    v128.store(room, d, 48);
    a = v128.load(room), b = v128.load(room, 16), c = v128.load(room, 32), d = v128.load(room, 48);
  }
  return sumLanes(f32x4.add(f32x4.add(a, b), f32x4.add(c, d)));
}

function isFinite(at: usize, bytes: usize): bool {
  const zero = f32x4.splat(0);
  let sums = zero;
  for (const end = at + bytes; at < end; at += 16) sums = f32x4.add(sums, f32x4.mul(v128.load(at), zero));
  return i32x4.all_true(f32x4.eq(sums, zero));
}

/** A place step by step: the gradient to the largest point of each window, NaN where there is one. */
function sumPlace(
  out: usize, start: usize, delta: usize, alpha: usize, w: usize, gradient: usize, g: Lines, sample: i32, row: i32, column: i32,
): void {
  const room = scratch();
  const taps = room + SUMS_AT;
  const rows = taps + tapBytes;
  const b = changetype<Window>(room);
  placeWindow(b, g, sample, row, column);
  const band = o0;
  o0 = 0;
  listTaps(taps, 0, g, row, column, true);
  o0 = band;
  // The gradients that are read, with zeros behind the filters; `own` are the taps with where they are copied to.
  const count = load<i32>(taps);
  const own = taps + tapBytes, copies = own + tapBytes;
  memory.fill(copies, 0, <usize>count * pixel);
  memory.copy(own, taps, tapBytes);
  for (let t = 1; t <= count; t++) store<usize>(own + (<usize>t << 3), copies + <usize>(t - 1) * pixel);
  for (let k = 0; k < g.steps; k++) {
    const a = v128.load32_splat(alpha + (<usize>k << 2));
    const from = gradient + (<usize>((k * g.samples + sample) * g.outputH * g.outputW * g.filters) << 2);
    for (let t = 1; t <= count; t++) {
      const lies = load<usize>(taps + (<usize>t << 3));
      if (lies == OUTSIDE) continue;
      const row = from + (((lies / pixel) * <usize>g.filters) << 2);
      memory.copy(load<usize>(own + (<usize>t << 3)), row, <usize>g.filters << 2);
    }
    for (let c = 0; c < g.channels; c += 4) {
      for (let lane: usize = 0; lane < 4; lane++) {
        const weights = w + <usize>min(c + <i32>lane, g.channels - 1) * pixel;
        store<f32>(room + FOUR_AT + (lane << 2), product(own, weights, g.width));
      }
      const shift = b.at + (<usize>c << 2);
      giveFour(out + shift, start + shift, delta + shift, b, a, v128.load(room + FOUR_AT), g, g.channels - c);
    }
  }
}

/** Four channels of a window at one step: to the first maximum, if it counts; a NaN to the first element. */
function giveFour(out: usize, start: usize, delta: usize, b: Window, a: v128, s: v128, g: Lines, left: i32): void {
  const step = <usize>g.channels << 2;
  let top = f32x4.splat(-Infinity);
  for (let i = b.h0; i < b.h1; i++) {
    let at = <usize>(i * g.inputW + b.w0) * step;
    for (let j = b.w0; j < b.w1; j++, at += step) top = f32x4.max(top, pointAt(start, delta, at, a));
  }
  const lost = f32x4.ne(top, top);
  s = v128.or(v128.and(s, f32x4.gt(top, f32x4.splat(g.relu ? 0 : -Infinity))), lost);
  for (let i = b.h0; i < b.h1; i++) {
    let at = <usize>(i * g.inputW + b.w0) * step;
    for (let j = b.w0; j < b.w1; j++, at += step) {
      const hit = v128.or(lost, f32x4.eq(pointAt(start, delta, at, a), top));
      storeLanes(out + at, f32x4.add(v128.load(out + at), v128.and(hit, s)), left);
      s = v128.andnot(s, hit);
    }
  }
}

@inline
function pointAt(start: usize, delta: usize, at: usize, a: v128): v128 {
  return madd(a, v128.load(delta + at), v128.load(start + at));
}
