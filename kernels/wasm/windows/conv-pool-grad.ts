/**
 * The gradient of a convolution under a max pool (`conv-pool.ts`) to its kernel and bias, where windows of the input are short: for each window of
 * the pool the rows that its codes name are added up, the gradient of the convolution is nowhere.
 */
import { BLOCK_AT, gatherWindows, Sizes, wordsAt } from './conv-pool';
import { madd, scratch, storeLanes } from '../simd';

/** What passes of `g`: where the code names an element of a window, of which there are `count`. */
@inline
function passing(g: v128, code: v128, count: v128): v128 {
  return v128.and(g, v128.andnot(i32x4.gt_s(code, i32x4.splat(0)), i32x4.gt_s(code, count)));
}

/** Eight floats, of which `left` are there. */
@inline
function storeEight(to: usize, a: v128, b: v128, left: i32): void {
  storeLanes(to, a, left);
  if (left > 4) storeLanes(to + 16, b, left - 4);
}

/**
 * Four taps of 8 columns: adds what a row of windows brings to the sums at `to`, which are `line` bytes apart, and if `bias` is not 0 to those there.
 * @param x rows of `step` bytes, the taps of each position that the row of windows covers
 * @param taps of the four that there are
 */
@inline
function addFour(
  to: usize, bias: usize, line: usize, x: usize, step: usize, codes: usize, codeLine: usize, shift: i32, grad: usize, s: Sizes,
  factor: v128, taps: i32, left: i32,
): void {
  let a0 = v128.load(to), a1 = v128.load(to + line), a2 = v128.load(to + 2 * line), a3 = v128.load(to + 3 * line);
  let b0 = v128.load(to, 16), b1 = v128.load(to + line, 16), b2 = v128.load(to + 2 * line, 16), b3 = v128.load(to + 3 * line, 16);
  const across = step * <usize>s.windowW;
  const down = step * <usize>s.width;
  for (let o = 0; o < s.pooledW; o++, codes += codeLine, grad += line, x += across) {
    const words = wordsAt(codes);
    let c = v128.and(i32x4.shr_u(words, shift), i32x4.splat(15));
    let d = v128.and(i32x4.shr_u(words, shift - 4), i32x4.splat(15));
    const g = f32x4.mul(v128.load(grad), factor), h = f32x4.mul(v128.load(grad, 16), factor);
    if (bias != 0) {
      const count = i32x4.splat(s.windowH * s.windowW);
      storeEight(bias, f32x4.add(v128.load(bias), passing(g, c, count)), f32x4.add(v128.load(bias, 16), passing(h, d, count)), left);
    }
    let row = x;
    for (let i = 0; i < s.windowH; i++, row += down) {
      for (let at = row, end = row + across; at < end; at += step) {
        // An element's turn has come when its code has been counted down to 0.
        c = i32x4.sub(c, i32x4.splat(1)), d = i32x4.sub(d, i32x4.splat(1));
        const p = v128.and(g, i32x4.eq(c, i32x4.splat(0))), q = v128.and(h, i32x4.eq(d, i32x4.splat(0)));
        let v = v128.load32_splat(at);
        a0 = madd(p, v, a0), b0 = madd(q, v, b0);
        v = v128.load32_splat(at, 4);
        a1 = madd(p, v, a1), b1 = madd(q, v, b1);
        v = v128.load32_splat(at, 8);
        a2 = madd(p, v, a2), b2 = madd(q, v, b2);
        v = v128.load32_splat(at, 12);
        a3 = madd(p, v, a3), b3 = madd(q, v, b3);
      }
    }
  }
  storeEight(to, a0, b0, left);
  if (taps > 1) storeEight(to + line, a1, b1, left);
  if (taps > 2) storeEight(to + 2 * line, a2, b2, left);
  if (taps > 3) storeEight(to + 3 * line, a3, b3, left);
}

/**
 * Sums `[parts, k + 1, filters]`: what each part of the `total` rows of windows gives to the kernel's `k` rows, and to the bias. Units are parts.
 * @param source as for `convPool`
 */
export function convPoolGradKernel(
  start: i32, end: i32, out: usize, codes: usize, grad: usize, source: usize, sample: i32, k: i32, sizes: usize, parts: i32, total: i32,
  scale: f32,
): void {
  const s = changetype<Sizes>(sizes);
  const filters = s.filters;
  const line = <usize>filters << 2;
  const codeLine = <usize>((filters + 15) / 16) << 4;
  const covered = s.windowH * s.width;
  const row = (k + 3) & ~3;
  const rows = scratch() + BLOCK_AT;
  const factor = f32x4.splat(scale);
  // What is behind the last tap is zero; gathering leaves it so.
  memory.fill(rows, 0, <usize>(covered * row) << 2);
  for (let part = start; part < end; part++) {
    const to = out + <usize>(part * (k + 1)) * line;
    memory.fill(to, 0, <usize>(k + 1) * line);
    const last = <i32>((<i64>total * (part + 1)) / parts);
    for (let unit = <i32>((<i64>total * part) / parts); unit < last; unit++) {
      const q = unit / s.pooledH;
      gatherWindows(rows, k, row, source, q * sample, (unit - q * s.pooledH) * covered, covered);
      const code = codes + <usize>(unit * s.pooledW) * codeLine;
      const g = grad + <usize>(unit * s.pooledW) * line;
      for (let c = 0; c < filters; c += 8) {
        const at = <usize>c << 2;
        const word = code + (<usize>(c >> 4) << 4);
        const shift = 12 - (c & 8);
        for (let t = 0; t < k; t += 4) {
          // The bias is summed with the first four taps.
          const bias = t == 0 ? to + <usize>k * line + at : 0;
          addFour(
            to + <usize>t * line + at, bias, line, rows + (<usize>t << 2), <usize>row << 2, word, codeLine, shift, g + at, s, factor, k - t,
            filters - c,
          );
        }
      }
    }
  }
}
