/**
 * A kernel of the module of 3x3 convolutions. Windows of three taps a row that overlap, which most depthwise convolutions have. Where all taps lie inside, four results at a time stay in registers
 * and a column is read once for its three taps, without a test between the products; the results at the edges are summed one by one. The order of
 * each sum is that of `slide`, and so are the bits.
 */
import { slideRows } from './depthwise';
import { madd } from '../simd';
import { Slide, storeEight } from './slide';

class ThreeTaps {
  @inline of(s: Slide, to: usize, count: i32, x: usize, first: i32, kernel: usize): void { slideThree(s, to, count, x, first, kernel); }
}

/** As `depthwise`, for one filter a channel and windows of three taps along the last axis, as far apart as the windows are. */
export function depthwiseThree(
  start: i32, end: i32, out: usize, x: usize, kernel: usize, geometry: usize, tapStep: i32, bias: usize, act: i32,
): void { slideRows<ThreeTaps>(start, end, out, x, kernel, geometry, tapStep, bias, act); }

/** As `slide`. */
function slideThree(s: Slide, to: usize, count: i32, x: usize, first: i32, kernel: usize): void {
  const every = s.every, reach = every << 1;
  const lowest = min(reach, 0), highest = max(reach, 0);
  while (count > 0) {
    // How many results from here on lie inside with all their taps.
    let run = 0;
    if (first + lowest >= 0 && first + highest < s.width) {
      run = min(count, every > 0 ? (s.width - 1 - highest - first) / every + 1 : (first + lowest) / -every + 1);
    }
    if (run >= 4) inside(s, to, run, x + <usize>first * s.line, kernel);
    else {
      run = 1;
      one(s, to, x, first, kernel);
    }
    to += s.hop * <usize>run;
    first += every * run;
    count -= run;
  }
}

/** A result whose taps may lie outside. */
function one(s: Slide, to: usize, x: usize, first: i32, kernel: usize): void {
  const every = s.every, next = <usize>every * s.line, tapHop = s.tapHop;
  let k = 0, taps = 3;
  while (k < taps && <u32>(first + k * every) >= <u32>s.width) k++;
  while (taps > k && <u32>(first + (taps - 1) * every) >= <u32>s.width) taps--;
  taps -= k;
  x += <usize>(first + k * every) * s.line;
  kernel += <usize>k * tapHop;
  for (let c = 0; c < s.channels; c += 8) {
    let p = x + (<usize>c << 2), t = kernel + (<usize>c << 2);
    let a = f32x4.splat(0), b = a;
    for (let i = s.planes; i > 0; i--) {
      for (let j = s.rows; j > 0; j--) {
        let q = p, tap = t;
        for (let n = taps; n > 0; n--, q += next, tap += tapHop) {
          a = madd(v128.load(q), v128.load(tap), a);
          b = madd(v128.load(q, 16), v128.load(tap, 16), b);
        }
        p += s.rowDown;
        t += s.rowHop;
      }
      p += s.planeDown;
      t += s.planeHop;
    }
    storeEight(to + (<usize>c << 2), a, b, s.channels - c);
  }
}

/** Four results and more, from the first one's first tap on; the last four may be of those before, too. */
function inside(s: Slide, to: usize, count: i32, from: usize, kernel: usize): void {
  const channels = s.channels, tapHop = s.tapHop, hop = s.hop, down = s.rowDown, rowHop = s.rowHop;
  const next = <usize>s.every * s.line;
  for (let at = 0; at < count; at += 4) {
    at = min(at, count - 4);
    for (let c = 0; c < channels; c += 8) {
      const shift = <usize>c << 2;
      let p = from + <usize>at * next + shift, t = kernel + shift;
      let a0 = f32x4.splat(0), a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0;
      for (let i = s.planes; i > 0; i--) {
        for (let j = s.rows; j > 0; j--, p += down, t += rowHop) {
          const tap1 = t + tapHop, tap2 = tap1 + tapHop;
          let y = v128.load(t), z = v128.load(tap1), w = v128.load(tap2), r = p;
          let h = v128.load(r);
          a0 = madd(h, y, a0);
          h = v128.load(r += next);
          a1 = madd(h, y, a1);
          a0 = madd(h, z, a0);
          h = v128.load(r += next);
          a2 = madd(h, y, a2);
          a1 = madd(h, z, a1);
          a0 = madd(h, w, a0);
          h = v128.load(r += next);
          a3 = madd(h, y, a3);
          a2 = madd(h, z, a2);
          a1 = madd(h, w, a1);
          h = v128.load(r += next);
          a3 = madd(h, z, a3);
          a2 = madd(h, w, a2);
          a3 = madd(v128.load(r + next), w, a3);
          y = v128.load(t, 16), z = v128.load(tap1, 16), w = v128.load(tap2, 16), r = p;
          h = v128.load(r, 16);
          b0 = madd(h, y, b0);
          h = v128.load(r += next, 16);
          b1 = madd(h, y, b1);
          b0 = madd(h, z, b0);
          h = v128.load(r += next, 16);
          b2 = madd(h, y, b2);
          b1 = madd(h, z, b1);
          b0 = madd(h, w, b0);
          h = v128.load(r += next, 16);
          b3 = madd(h, y, b3);
          b2 = madd(h, z, b2);
          b1 = madd(h, w, b1);
          h = v128.load(r += next, 16);
          b3 = madd(h, z, b3);
          b2 = madd(h, w, b2);
          b3 = madd(v128.load(r + next, 16), w, b3);
        }
        p += s.planeDown;
        t += s.planeHop;
      }
      const left = channels - c;
      let put = to + <usize>at * hop + shift;
      storeEight(put, a0, b0, left);
      storeEight(put += hop, a1, b1, left);
      storeEight(put += hop, a2, b2, left);
      storeEight(put + hop, a3, b3, left);
    }
  }
}
