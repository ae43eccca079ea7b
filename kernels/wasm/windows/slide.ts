/**
 * Sums of windows along a row: four results at a time, eight channels each, stay in registers. Where windows overlap a column is read once for three taps.
 * Every sum takes its taps in the order of the kernel's rows, whatever block it is in, and what lies outside is left out: the bits are those of one
 * result at a time.
 */
import { madd, scratch, storeLanes } from '../simd';

/** What the results of a row have in common. */
@unmanaged
export class Slide {
  /** Bytes from one result to the next, and from one column of the source to the next. */
  hop: usize;
  line: usize;
  /** Columns and channels of the source. */
  width: i32;
  channels: i32;
  /** Columns from result to result, and from tap to tap. */
  every: i32;
  step: i32;
  /** Taps of a row, and the bytes between them. */
  taps: i32;
  tapHop: usize;
  /** Rows of taps that lie inside, and the bytes from one to the next in source and kernel; planes, and the bytes from one's last row to the next. */
  rows: i32;
  rowDown: usize;
  rowHop: usize;
  planes: i32;
  planeDown: usize;
  planeHop: usize;
}

export function storeEight(to: usize, a: v128, b: v128, count: i32): void {
  storeLanes(to, a, count);
  if (count > 4) storeLanes(to + 16, b, count - 4);
}

/**
 * `count` results from address `to` on.
 * @param x column 0 of the source in the first row of taps
 * @param first the column of the first result's first tap
 * @param kernel the first tap of that row
 */
export function slide(s: Slide, to: usize, count: i32, x: usize, first: i32, kernel: usize): void {
  const channels = s.channels, every = s.every, step = s.step, taps = s.taps, width = s.width, rows = s.rows;
  const line = s.line, tapHop = s.tapHop;
  const next = <usize>step * line;
  const one = <usize>every * line, two = one + one, three = two + one;
  // The first and the last column of a block, counted from its first result's first tap.
  const span = 3 * every, reach = (taps - 1) * step;
  const lowest = min(span, 0) + min(reach, 0), highest = max(span, 0) + max(reach, 0);
  const overlaps = every == step && taps < 30;
  for (; count > 0; count -= 4, to += s.hop << 2, first += every << 2) {
    const inside = first + lowest >= 0 && first + highest < width;
    // Where windows overlap: which columns there are, from the first one on.
    let there = -1;
    if (overlaps && !inside) {
      there = 0;
      for (let i = 0; i < taps + 3; i++) there |= i32(<u32>(first + i * every) < <u32>width) << i;
    }
    const from = x + <usize>first * line;
    for (let c = 0; c < channels; c += 8) {
      const shift = <usize>c << 2;
      let p = from + shift, t = kernel + shift;
      let a0 = f32x4.splat(0), a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0;
      for (let i = s.planes; i > 0; i--) {
        for (let j = rows; j > 0; j--) {
          let q = p, tap = t, k = taps;
          if (overlaps) {
            for (let bits = there; k >= 3; k -= 3, bits >>= 3) {
              let y = v128.load(tap), z = v128.load(tap + tapHop), w = v128.load(tap + tapHop + tapHop), r = q;
              if (bits & 1) {
                const h = v128.load(r);
                a0 = madd(h, y, a0);
              }
              r += next;
              if (bits & 2) {
                const h = v128.load(r);
                a1 = madd(h, y, a1);
                a0 = madd(h, z, a0);
              }
              r += next;
              if (bits & 4) {
                const h = v128.load(r);
                a2 = madd(h, y, a2);
                a1 = madd(h, z, a1);
                a0 = madd(h, w, a0);
              }
              r += next;
              if (bits & 8) {
                const h = v128.load(r);
                a3 = madd(h, y, a3);
                a2 = madd(h, z, a2);
                a1 = madd(h, w, a1);
              }
              r += next;
              if (bits & 16) {
                const h = v128.load(r);
                a3 = madd(h, z, a3);
                a2 = madd(h, w, a2);
              }
              r += next;
              if (bits & 32) {
                const h = v128.load(r);
                a3 = madd(h, w, a3);
              }
              y = v128.load(tap, 16), z = v128.load(tap + tapHop, 16), w = v128.load(tap + tapHop + tapHop, 16), r = q;
              if (bits & 1) {
                const h = v128.load(r, 16);
                b0 = madd(h, y, b0);
              }
              r += next;
              if (bits & 2) {
                const h = v128.load(r, 16);
                b1 = madd(h, y, b1);
                b0 = madd(h, z, b0);
              }
              r += next;
              if (bits & 4) {
                const h = v128.load(r, 16);
                b2 = madd(h, y, b2);
                b1 = madd(h, z, b1);
                b0 = madd(h, w, b0);
              }
              r += next;
              if (bits & 8) {
                const h = v128.load(r, 16);
                b3 = madd(h, y, b3);
                b2 = madd(h, z, b2);
                b1 = madd(h, w, b1);
              }
              r += next;
              if (bits & 16) {
                const h = v128.load(r, 16);
                b3 = madd(h, z, b3);
                b2 = madd(h, w, b2);
              }
              r += next;
              if (bits & 32) {
                const h = v128.load(r, 16);
                b3 = madd(h, w, b3);
              }
              tap += tapHop * 3;
              q += next * 3;
            }
          }
          if (inside) {
            for (; k > 0; k--, q += next, tap += tapHop) {
              const u = v128.load(tap), v = v128.load(tap, 16);
              a0 = madd(v128.load(q), u, a0);
              b0 = madd(v128.load(q, 16), v, b0);
              a1 = madd(v128.load(q + one), u, a1);
              b1 = madd(v128.load(q + one, 16), v, b1);
              a2 = madd(v128.load(q + two), u, a2);
              b2 = madd(v128.load(q + two, 16), v, b2);
              a3 = madd(v128.load(q + three), u, a3);
              b3 = madd(v128.load(q + three, 16), v, b3);
            }
          } else {
            for (let at = first + (taps - k) * step; k > 0; k--, q += next, tap += tapHop, at += step) {
              const u = v128.load(tap), v = v128.load(tap, 16);
              if (<u32>at < <u32>width) {
                a0 = madd(v128.load(q), u, a0);
                b0 = madd(v128.load(q, 16), v, b0);
              }
              if (<u32>(at + every) < <u32>width) {
                a1 = madd(v128.load(q + one), u, a1);
                b1 = madd(v128.load(q + one, 16), v, b1);
              }
              if (<u32>(at + 2 * every) < <u32>width) {
                a2 = madd(v128.load(q + two), u, a2);
                b2 = madd(v128.load(q + two, 16), v, b2);
              }
              if (<u32>(at + 3 * every) < <u32>width) {
                a3 = madd(v128.load(q + three), u, a3);
                b3 = madd(v128.load(q + three, 16), v, b3);
              }
            }
          }
          p += s.rowDown;
          t += s.rowHop;
        }
        p += s.planeDown;
        t += s.planeHop;
      }
      const left = channels - c, hop = s.hop;
      let put = to + shift;
      if (left >= 8 && count >= 4) {
        v128.store(put, a0);
        v128.store(put, b0, 16);
        v128.store(put += hop, a1);
        v128.store(put, b1, 16);
        v128.store(put += hop, a2);
        v128.store(put, b2, 16);
        v128.store(put += hop, a3);
        v128.store(put, b3, 16);
        continue;
      }
      storeEight(put, a0, b0, left);
      if (count > 1) storeEight(put += hop, a1, b1, left);
      if (count > 2) storeEight(put += hop, a2, b2, left);
      if (count > 3) storeEight(put + hop, a3, b3, left);
    }
  }
}

/** Brings memory closer in its order, which takes half the time of reading it at many places in turns. */
export function touch(at: usize, bytes: usize): void {
  let sum: i32 = 0;
  for (const end = at + bytes; at < end; at += 64) sum += load<i32>(at);
  store<i32>(scratch() + offsetof<Slide>(), sum);
}
