/**
 * Where the line that a window of lines picks changes over the steps. Of the points `start + alpha_k delta` of a window the largest counts, or none where a
 * relu follows and it is not above 0; which one it is changes seldom. Each place (window, all channels) gets a list of the changes, its kinks:
 * at step `k` of channel `c` the line changes by `dc + alpha dd`, and to which element of the window from which.
 *
 * Invariant: where steps ascend and one line is the first maximum at both ends of them, it counts as the top at all steps between (in exact arithmetic it
 * is), and so for runs of four steps where other lines are on top later; else the first maximum after rounding is taken, as in `path.ts`. A place whose list is full, or that has points that are
 * not finite, is marked: who reads it then goes by steps.
 */
import { madd, scratch } from '../simd';

/** What the calls share, as `src/backends/wasm/bind/line-conv.ts` lays it out: int32 in the order of the fields. */
@unmanaged
export class Lines {
  inputH: i32;
  inputW: i32;
  channels: i32;
  /** Windows, which do not overlap. */
  placesH: i32;
  placesW: i32;
  windowH: i32;
  windowW: i32;
  strideH: i32;
  strideW: i32;
  beforeH: i32;
  beforeW: i32;
  relu: i32;
  steps: i32;
  samples: i32;
  /** Kinks that a place has room for, where the first lies, and bytes of a place. */
  room: i32;
  head: i32;
  bytes: i32;
  outputH: i32;
  outputW: i32;
  kernelH: i32;
  kernelW: i32;
  downH: i32;
  downW: i32;
  padH: i32;
  padW: i32;
  dilationH: i32;
  dilationW: i32;
  filters: i32;
  /** Floats from one row of weights to the next: filters, up to a multiple of 16. */
  width: i32;
  /** Parts of the filters that are units of their own, and blocks of 16 of each. */
  strips: i32;
  blocks: i32;
  /** Rows of places of a unit on the way back, and how many such bands a sample has. */
  band: i32;
  bands: i32;
}

/** In a place: how many kinks it has, or `BY_STEP`; behind 16 bytes how many at each step, in 16 bits. A kink: step and channel, `dc`, `dd`, elements. */
export const COUNTS: usize = 16;
export const KINK: usize = 16;
export const BY_STEP: i32 = -1;
/** The number of no element of a window. */
export const NONE: i32 = 0xffff;

/** The part of a window that lies in the input, and where it would begin. */
@unmanaged
export class Window {
  at: usize;
  h0: i32;
  h1: i32;
  w0: i32;
  w1: i32;
}

/** Finds the window of a place of a sample; `at` is counted from the first element. */
export function placeWindow(b: Window, g: Lines, sample: i32, row: i32, column: i32): void {
  const h = row * g.strideH - g.beforeH, w = column * g.strideW - g.beforeW;
  b.h0 = max(-h, 0);
  b.h1 = min(g.windowH, g.inputH - h);
  b.w0 = max(-w, 0);
  b.w1 = min(g.windowW, g.inputW - w);
  b.at = <usize>(((sample * g.inputH + h) * g.inputW + w) * g.channels) << 2;
}

/** Where element `i` of a window lies, from its begin. */
@inline
export function elementAt(g: Lines, i: i32): usize {
  const row = i / g.windowW;
  return <usize>((row * g.inputW + i - row * g.windowW) * g.channels) << 2;
}

/** Whether none of the first `lanes` of sums of `0 * x` is NaN. */
@inline
function isFinite(sums: v128, lanes: v128): bool {
  return !v128.any_true(v128.andnot(lanes, f32x4.eq(sums, f32x4.splat(0))));
}

/** In the scratch memory: elements, lines and states of four channels; then a window. */
const LINE_AT: usize = 0;
const WINDOW_AT: usize = 128;

let used: i32 = 0;

@inline
function addKink(place: usize, g: Lines, step: i32, channel: i32, dc: f32, dd: f32, now: i32, before: i32): void {
  const at = place + g.head + <usize>used * KINK;
  store<i32>(at, step | (channel << 16));
  store<f32>(at, dc, 4);
  store<f32>(at, dd, 8);
  store<i32>(at, (now & NONE) | (before << 16), 12);
  const count = place + COUNTS + (<usize>step << 1);
  store<u16>(count, load<u16>(count) + 1);
  used++;
}

function ascends(alpha: usize, steps: i32): bool {
  for (let k = 1; k < steps; k++) {
    const at = alpha + (<usize>k << 2);
    if (!(load<f32>(at) >= load<f32>(at - 4))) return false;
  }
  return true;
}

/** Units are rows of places. `byStep`: all places are marked. */
export function lineKinks(
  first: i32, end: i32, kinks: usize, start: usize, delta: usize, alpha: usize, lines: usize, byStep: i32,
): void {
  const g = changetype<Lines>(lines);
  const b = changetype<Window>(scratch() + WINDOW_AT);
  const sorted = ascends(alpha, g.steps);
  for (let unit = first; unit < end; unit++) {
    const sample = unit / g.placesH;
    const row = unit - sample * g.placesH;
    let place = kinks + <usize>(unit * g.placesW) * <usize>g.bytes;
    for (let column = 0; column < g.placesW; column++, place += g.bytes) {
      placeWindow(b, g, sample, row, column);
      memory.fill(place, 0, g.head);
      used = 0;
      const listed = byStep == 0 && listPlace(place, start + b.at, delta + b.at, b, alpha, g, sorted);
      store<i32>(place, listed ? used : BY_STEP);
    }
  }
}

function listPlace(place: usize, start: usize, delta: usize, b: Window, alpha: usize, g: Lines, sorted: bool): bool {
  const step = <usize>g.channels << 2;
  const a0 = v128.load32_splat(alpha), a1 = v128.load32_splat(alpha + (<usize>(g.steps - 1) << 2));
  const zero = f32x4.splat(0);
  for (let c = 0; c < g.channels; c += 4, start += 16, delta += 16) {
    const lanes = i32x4.lt_s(i32x4(0, 1, 2, 3), i32x4.splat(g.channels - c));
    let sums = zero;
    let t0 = f32x4.splat(-Infinity), t1 = t0;
    let i0 = i32x4.splat(-1), i1 = i0;
    let s = zero, d = zero;
    for (let i = b.h0; i < b.h1; i++) {
      let at = <usize>(i * g.inputW + b.w0) * step;
      for (let j = b.w0; j < b.w1; j++, at += step) {
        const own = v128.load(delta + at), from = v128.load(start + at);
        const v0 = madd(a0, own, from), v1 = madd(a1, own, from);
        sums = f32x4.add(sums, f32x4.mul(f32x4.add(f32x4.mul(v0, zero), v1), zero));
        const index = i32x4.splat(i * g.windowW + j);
        const over0 = f32x4.gt(v0, t0), over1 = f32x4.gt(v1, t1);
        t0 = f32x4.pmax(t0, v0);
        t1 = f32x4.pmax(t1, v1);
        i0 = v128.bitselect(index, i0, over0);
        i1 = v128.bitselect(index, i1, over1);
        s = v128.bitselect(from, s, over1);
        d = v128.bitselect(own, d, over1);
      }
    }
    if (!isFinite(sums, lanes)) return false;
    if (sorted && !v128.any_true(v128.and(lanes, i32x4.ne(i0, i1)))) {
      if (used + 8 > g.room) return false;
      const on0 = g.relu ? f32x4.gt(t0, zero) : i32x4.splat(-1), on1 = g.relu ? f32x4.gt(t1, zero) : on0;
      listOne(place, g, c, i1, s, d, v128.and(lanes, on0), v128.and(lanes, on1), alpha);
    } else if (!listSteps(place, start, delta, b, alpha, g, c, lanes, sorted)) return false;
  }
  return true;
}

/** Four channels with a line each, which is on at the first step, or the last, or both. */
@inline
function listOne(place: usize, g: Lines, c: i32, index: v128, s: v128, d: v128, on0: v128, on1: v128, alpha: usize): void {
  if (!v128.any_true(v128.or(on0, on1))) return;
  const room = scratch() + LINE_AT;
  v128.store(room, index);
  v128.store(room, s, 16);
  v128.store(room, d, 32);
  v128.store(room, on0, 48);
  v128.store(room, on1, 64);
  if (v128.any_true(v128.xor(on0, on1))) v128.store(room, turnOf(g.steps, s, d, on0, alpha), 80);
  for (let lane: usize = 0; lane < 16; lane += 4, c++) {
    const at = room + lane;
    const on = load<i32>(at, 48), stays = load<i32>(at, 64);
    if ((on | stays) == 0) continue;
    const element = load<i32>(at), from = load<f32>(at, 16), slope = load<f32>(at, 32);
    addKink(place, g, on ? 0 : load<i32>(at, 80), c, from, slope, element, NONE);
    if (on && !stays) addKink(place, g, load<i32>(at, 80), c, -from, -slope, NONE, element);
  }
}

/** Up to so many steps all are looked at, which takes less time than to look up a few, each where the one before leads. */
const MOST_COUNTED: i32 = 128;

/** The first step at which lines are on that were off at step 0 (`on`), or the other way round; it is at most the last. */
@inline
function turnOf(steps: i32, s: v128, d: v128, on: v128, alpha: usize): v128 {
  const zero = f32x4.splat(0);
  if (steps <= MOST_COUNTED) {
    // Steps ascend, so a line turns once: as many steps as are on come first, or last.
    let n0 = i32x4.splat(0), n1 = n0;
    const end = alpha + (<usize>steps << 2);
    if (steps & 1) n0 = f32x4.gt(madd(v128.load32_splat(end - 4), d, s), zero);
    for (; alpha + 4 < end; alpha += 8) {
      n0 = i32x4.add(n0, f32x4.gt(madd(v128.load32_splat(alpha), d, s), zero));
      n1 = i32x4.add(n1, f32x4.gt(madd(v128.load32_splat(alpha, 4), d, s), zero));
    }
    const off = i32x4.add(n0, n1);
    return v128.bitselect(i32x4.neg(off), i32x4.add(i32x4.splat(steps), off), on);
  }
  let low = i32x4.splat(0), high = i32x4.splat(steps - 1);
  for (let width = steps - 1; width > 1; width = (width + 1) >> 1) {
    const middle = i32x4.shr_s(i32x4.add(low, high), 1);
    let a = v128.load32_splat(alpha + (<usize>i32x4.extract_lane(middle, 0) << 2));
    a = v128.load32_lane(alpha + (<usize>i32x4.extract_lane(middle, 1) << 2), a, 1);
    a = v128.load32_lane(alpha + (<usize>i32x4.extract_lane(middle, 2) << 2), a, 2);
    a = v128.load32_lane(alpha + (<usize>i32x4.extract_lane(middle, 3) << 2), a, 3);
    const same = i32x4.eq(f32x4.gt(madd(a, d, s), zero), on);
    low = v128.bitselect(middle, low, same);
    high = v128.bitselect(high, middle, same);
  }
  return high;
}

/** Sums of `0 * x` over the points of `topAt`. */
let seen: v128 = f32x4.splat(0);

/** Which elements of a window have the first maximum at a step, or -1, of four channels. */
@inline
function topAt(start: usize, delta: usize, b: Window, a: v128, g: Lines): v128 {
  const step = <usize>g.channels << 2;
  const zero = f32x4.splat(0);
  let top = f32x4.splat(-Infinity), index = i32x4.splat(-1), sums = zero;
  for (let i = b.h0; i < b.h1; i++) {
    let at = <usize>(i * g.inputW + b.w0) * step;
    for (let j = b.w0; j < b.w1; j++, at += step) {
      const v = madd(a, v128.load(delta + at), v128.load(start + at));
      sums = f32x4.add(sums, f32x4.mul(v, zero));
      index = v128.bitselect(i32x4.splat(i * g.windowW + j), index, f32x4.gt(v, top));
      top = f32x4.pmax(top, v);
    }
  }
  seen = sums;
  return g.relu ? v128.or(index, v128.not(f32x4.gt(top, zero))) : index;
}

/**
 * Four channels, step by step. Where steps ascend, of four steps the last is looked at first: what is on top there and before is so between, too, and where
 * nothing is above 0 at both ends nothing is between.
 */
function listSteps(
  place: usize, start: usize, delta: usize, b: Window, alpha: usize, g: Lines, c: i32, lanes: v128, sorted: bool,
): bool {
  const room = scratch() + LINE_AT;
  let before = i32x4.splat(-1);
  // The lines so far: nothing.
  v128.store(room, i32x4.splat(0), 32);
  v128.store(room, i32x4.splat(0), 48);
  let ahead = 0;
  for (let k = 0; k < g.steps; k++) {
    if (sorted && k > ahead) {
      ahead = min(k + 3, g.steps - 1);
      const last = topAt(start, delta, b, v128.load32_splat(alpha + (<usize>ahead << 2)), g);
      if (!v128.any_true(v128.and(lanes, i32x4.ne(last, before)))) {
        k = ahead;
        continue;
      }
    }
    const index = topAt(start, delta, b, v128.load32_splat(alpha + (<usize>k << 2)), g);
    if (!sorted && !isFinite(seen, lanes)) return false;
    const turned = v128.and(lanes, i32x4.ne(index, before));
    if (!v128.any_true(turned)) continue;
    if (used + 4 > g.room) return false;
    v128.store(room, before);
    v128.store(room, index, 16);
    before = index;
    for (let lane: usize = 0; lane < 16; lane += 4) {
      const at = room + lane;
      const was = load<i32>(at), now = load<i32>(at, 16), channel = c + <i32>(lane >> 2);
      if (was == now || channel >= g.channels) continue;
      const from = now < 0 ? <usize>0 : elementAt(g, now) + lane;
      const s: f32 = now < 0 ? 0 : load<f32>(start + from), d: f32 = now < 0 ? 0 : load<f32>(delta + from);
      addKink(place, g, k, channel, s - load<f32>(at, 32), d - load<f32>(at, 48), now, was);
      store<f32>(at, s, 32);
      store<f32>(at, d, 48);
    }
  }
  return true;
}
