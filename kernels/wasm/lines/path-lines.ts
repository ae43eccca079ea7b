/**
 * Which lines `start + a delta` may be the highest of many for some `a` between `a0` and `a1`. A line that lies below another one at both
 * ends lies below it in between, and a max pool over all positions need not look at it at any step. The other one is the highest in the middle.
 *
 * Invariant: what is left out is smaller at every step after rounding, too: it stays below by more than 30 roundings of either line's terms.
 * So maxima, their ties and all bits are what they are without.
 */
import { pointAt } from './path';
import { scratch } from '../simd';

/** Where the list lies in the scratch memory: the numbers of positions. */
const LIST_AT: usize = 256;
/** Fewer positions or steps are not worth a survey; more do not fit. */
const FEWEST: i32 = 12;
const MOST: i32 = 65536;
/** 32 times the relative error of a rounding. */
const MARGIN: f32 = 1.9073486328125e-6;

let least: f32 = 0;
let most: f32 = 0;

/** Whether a window of `positions` is worth the survey; if so, reads the ends of the steps. */
export function surveys(positions: i32, alpha: usize, steps: i32): bool {
  if (positions < FEWEST || positions > MOST || steps < FEWEST) return false;
  least = load<f32>(alpha);
  most = least;
  for (let k = 1; k < steps; k++) {
    const a = load<f32>(alpha + (<usize>k << 2));
    least = min(least, a);
    most = max(most, a);
  }
  return true;
}

export function listed(): usize {
  return scratch() + LIST_AT;
}

/** How far a line's terms reach. */
@inline
function reach(s: v128, d: v128, a: v128): v128 {
  return f32x4.add(f32x4.abs(s), f32x4.mul(f32x4.abs(d), a));
}

/** Lists the positions, `step` bytes apart, at which a line of any of four channels may be the highest, in order; returns how many there are. */
export function survey(start: usize, delta: usize, places: i32, step: usize): i32 {
  const a0 = f32x4.splat(least), a1 = f32x4.splat(most), middle = f32x4.splat((least + most) * 0.5);
  const far = f32x4.splat(max(abs(least), abs(most)));
  const margin = f32x4.splat(MARGIN);
  let s = v128.load(start), d = v128.load(delta);
  let top = pointAt(start, delta, 0, middle);
  let at = step;
  for (let p = 1; p < places; p++, at += step) {
    const value = pointAt(start, delta, at, middle);
    const higher = f32x4.gt(value, top);
    s = v128.bitselect(v128.load(start + at), s, higher);
    d = v128.bitselect(v128.load(delta + at), d, higher);
    top = f32x4.pmax(top, value);
  }
  const room = f32x4.mul(margin, reach(s, d, far));
  const low0 = f32x4.sub(f32x4.add(f32x4.mul(a0, d), s), room), low1 = f32x4.sub(f32x4.add(f32x4.mul(a1, d), s), room);
  const list = listed();
  let count = 0;
  at = 0;
  for (let p = 0; p < places; p++, at += step) {
    const own = f32x4.mul(margin, reach(v128.load(start + at), v128.load(delta + at), far));
    const below0 = f32x4.lt(f32x4.add(pointAt(start, delta, at, a0), own), low0);
    const below1 = f32x4.lt(f32x4.add(pointAt(start, delta, at, a1), own), low1);
    if (i32x4.all_true(v128.and(below0, below1))) continue;
    store<i32>(list + (<usize>count << 2), p);
    count++;
  }
  return count;
}
