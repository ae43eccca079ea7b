/**
 * A convolution under a max pool whose windows lie side by side: of a few rows of windows the convolution lies in the scratch memory, and what is
 * stored are the maxima and which element of its window each is. A window's code is 0 where it passes no gradient (not above 0 behind a relu, or
 * dropped), else 1 and the number of its first maximum; four codes of a column in 16 are one number, `bits / 2^16`, exact in float32.
 * Invariant: each window is one unit's, and sums of the gradient are in parts that follow from the shapes alone.
 */
import { matmul } from '../product/matmul';
import { dropBytes } from '../elementwise/random';
import { madd, scratch, storeLanes } from '../simd';
import { PRODUCT_BYTES } from '../product/sparse';

/** In the scratch memory, behind what a product needs: the source of its rows, and rows of the convolution, or windows of its input. */
const SOURCE_AT: usize = PRODUCT_BYTES;
export const BLOCK_AT: usize = SOURCE_AT + 64;
/** What is kept of the windows, behind the most that a row of windows may cover (`mostCovered` of `ops/conv-pool.ts`). */
const KEPT_AT: usize = BLOCK_AT + 65536 * 4 + 64;
/** Floats of the convolution that are computed at a time where a row of windows covers no more. */
const BLOCK: i32 = 4096;

/** Sizes as the host lists them; all are those of the convolution's output and the pool's. */
@unmanaged
export class Sizes {
  width: i32;
  positions: i32;
  filters: i32;
  windowH: i32;
  windowW: i32;
  pooledH: i32;
  pooledW: i32;
  height: i32;
}

/** All ones for the lanes of four that lie below `count`. */
@inline
function below(count: i32): v128 {
  return i32x4.lt_s(i32x4(0, 1, 2, 3), i32x4.splat(count));
}

@inline
function fourBytes(from: usize): v128 {
  return i32x4.extend_low_i16x8_s(i16x8.extend_low_i8x16_s(v128.load32_zero(from)));
}

/** The code of the first maximum so far, given those before, what is greater now and its code: codes rise. */
@inline
function pick(codes: v128, greater: v128, code: v128): v128 {
  return i32x4.max_s(codes, v128.and(greater, code));
}

/**
 * The maxima of one window, whose first element is at `from`, for all filters: at `out`, and codes at `codes`.
 * @param kept a byte for each filter, or 0
 */
@inline
function takeWindow(out: usize, codes: usize, from: usize, s: Sizes, bias: usize, kept: usize, positive: i32, scale: f32): void {
  const filters = s.filters;
  const line = <usize>filters << 2;
  const down = line * <usize>(s.width - s.windowW);
  const factor = f32x4.splat(scale);
  const low = f32x4.splat(positive ? <f32>0 : -Infinity);
  const none = i32x4.splat(positive ? 0 : 1);
  for (let c = 0; c < filters; c += 16, out += 64, codes += 16, from += 64, bias += 64) {
    let m0 = low, m1 = low, m2 = low, m3 = low;
    let k0 = none, k1 = none, k2 = none, k3 = none;
    // All ones where a NaN was seen.
    let n0 = i32x4.splat(0), n1 = n0, n2 = n0, n3 = n0;
    const b0 = v128.load(bias), b1 = v128.load(bias, 16), b2 = v128.load(bias, 32), b3 = v128.load(bias, 48);
    let code = i32x4.splat(1);
    let at = from;
    for (let i = 0; i < s.windowH; i++, at += down) {
      for (let j = 0; j < s.windowW; j++, at += line) {
        const v0 = f32x4.add(v128.load(at), b0), v1 = f32x4.add(v128.load(at, 16), b1);
        const v2 = f32x4.add(v128.load(at, 32), b2), v3 = f32x4.add(v128.load(at, 48), b3);
        k0 = pick(k0, f32x4.gt(v0, m0), code), k1 = pick(k1, f32x4.gt(v1, m1), code);
        k2 = pick(k2, f32x4.gt(v2, m2), code), k3 = pick(k3, f32x4.gt(v3, m3), code);
        m0 = f32x4.pmax(m0, v0), m1 = f32x4.pmax(m1, v1), m2 = f32x4.pmax(m2, v2), m3 = f32x4.pmax(m3, v3);
        n0 = v128.or(n0, f32x4.ne(v0, v0)), n1 = v128.or(n1, f32x4.ne(v1, v1));
        n2 = v128.or(n2, f32x4.ne(v2, v2)), n3 = v128.or(n3, f32x4.ne(v3, v3));
        code = i32x4.add(code, i32x4.splat(1));
      }
    }
    m0 = f32x4.mul(v128.or(m0, n0), factor), m1 = f32x4.mul(v128.or(m1, n1), factor);
    m2 = f32x4.mul(v128.or(m2, n2), factor), m3 = f32x4.mul(v128.or(m3, n3), factor);
    if (kept != 0) {
      const d0 = fourBytes(kept + c), d1 = fourBytes(kept + c + 4), d2 = fourBytes(kept + c + 8), d3 = fourBytes(kept + c + 12);
      m0 = v128.and(m0, d0), m1 = v128.and(m1, d1), m2 = v128.and(m2, d2), m3 = v128.and(m3, d3);
      k0 = v128.and(k0, d0), k1 = v128.and(k1, d1), k2 = v128.and(k2, d2), k3 = v128.and(k3, d3);
    }
    const left = filters - c;
    if (left >= 16) {
      v128.store(out, m0), v128.store(out, m1, 16), v128.store(out, m2, 32), v128.store(out, m3, 48);
    } else {
      storeLanes(out, m0, left);
      if (left > 4) storeLanes(out + 16, m1, left - 4);
      if (left > 8) storeLanes(out + 32, m2, left - 8);
      if (left > 12) storeLanes(out + 48, m3, left - 12);
      k0 = v128.and(k0, below(left)), k1 = v128.and(k1, below(left - 4));
      k2 = v128.and(k2, below(left - 8)), k3 = v128.and(k3, below(left - 12));
    }
    const words = v128.or(v128.or(i32x4.shl(k0, 12), i32x4.shl(k1, 8)), v128.or(i32x4.shl(k2, 4), k3));
    v128.store(codes, f32x4.mul(f32x4.convert_i32x4_s(words), f32x4.splat(<f32>(1.0 / 65536.0))));
  }
}

/**
 * The convolution of the positions `[first, first + count)` of a sample, one row after the other at `to`, without bias.
 * @param shift bytes from the first sample to this one
 */
@inline
function convolve(to: usize, source: usize, shift: i32, first: i32, count: i32, b: usize, k: i32, filters: i32, sparse: i32): void {
  const own = scratch() + SOURCE_AT;
  memory.copy(own, source, 40);
  const table = load<i32>(source, 24);
  store<i32>(own, load<i32>(source, 4) + shift + (table == 0 ? first * load<i32>(source, 16) : 0), 4);
  store<i32>(own, count, 8);
  if (table != 0) store<i32>(own, table + ((first * load<i32>(source, 28)) << 2), 24);
  matmul(0, (count + 5) / 6, to, count, 0, filters << 2, 0, own, b, count, k, filters, 0, 0, 0, 0, sparse);
}

/** The same for few inner indices: rows of the windows are gathered once for all filters, and sums lie in registers from the first to the last. */
@inline
function convolveNarrow(to: usize, rows: usize, source: usize, shift: i32, first: i32, count: i32, b: usize, k: i32, filters: i32): void {
  gatherWindows(rows, k, k, source, shift, first, count);
  const line = <usize>filters << 2;
  const step = <usize>k << 2;
  for (let c = 0; c < filters; c += 8, b += <usize>k << 5, to += 32) {
    const left = filters - c;
    let put = to;
    let from = rows;
    if (k == 4 && left >= 8) {
      const p0 = v128.load(b), q0 = v128.load(b, 16), p1 = v128.load(b, 32), q1 = v128.load(b, 48);
      const p2 = v128.load(b, 64), q2 = v128.load(b, 80), p3 = v128.load(b, 96), q3 = v128.load(b, 112);
      const zero = f32x4.splat(0);
      for (let i = 0; i < count; i++, put += line, from += 16) {
        let v = v128.load32_splat(from);
        let x = madd(v, p0, zero), y = madd(v, q0, zero);
        v = v128.load32_splat(from, 4);
        x = madd(v, p1, x), y = madd(v, q1, y);
        v = v128.load32_splat(from, 8);
        x = madd(v, p2, x), y = madd(v, q2, y);
        v = v128.load32_splat(from, 12);
        v128.store(put, madd(v, p3, x));
        v128.store(put, madd(v, q3, y), 16);
      }
      continue;
    }
    for (let i = 0; i < count; i++, put += line) {
      let x = f32x4.splat(0), y = x;
      let row = b;
      for (const end = from + step; from < end; from += 4, row += 32) {
        const v = v128.load32_splat(from);
        x = madd(v, v128.load(row), x), y = madd(v, v128.load(row, 16), y);
      }
      storeLanes(put, x, left);
      if (left > 4) storeLanes(put + 16, y, left - 4);
    }
  }
}

/** The windows of `x` that the positions `[first, first + count)` of a sample see, of `k` floats, at `to`, `row` floats from one to the next. */
export function gatherWindows(to: usize, k: i32, row: i32, source: usize, shift: i32, first: i32, count: i32): void {
  const x = <usize>(load<i32>(source, 4) + shift);
  const stride = load<i32>(source, 16);
  const table = <usize>load<i32>(source, 24);
  const segments = load<i32>(source, 28);
  const length = <usize>load<i32>(source, 32) << 2;
  const zeros = <usize>load<i32>(source, 36);
  let entry = table + (<usize>(first * segments) << 2);
  if (table != 0 && k == 4 && segments == 4) {
    for (let i = 0; i < count; i++, to += <usize>row << 2, entry += 16) {
      const a = load<i32>(entry), b = load<i32>(entry, 4), c = load<i32>(entry, 8), d = load<i32>(entry, 12);
      let v = v128.load32_zero(a < 0 ? zeros : x + a);
      v = v128.load32_lane(b < 0 ? zeros : x + b, v, 1);
      v = v128.load32_lane(c < 0 ? zeros : x + c, v, 2);
      v128.store(to, v128.load32_lane(d < 0 ? zeros : x + d, v, 3));
    }
    return;
  }
  for (let i = 0; i < count; i++, to += <usize>row << 2) {
    let put = to;
    for (let s = 0; s < segments; s++, entry += 4) {
      const offset = table == 0 ? (first + i) * stride : load<i32>(entry);
      const from = offset < 0 ? zeros : x + offset;
      for (let e: usize = 0; e < length; e += 4, put += 4) store<f32>(put, load<f32>(from + e));
    }
  }
}

/**
 * The maxima `[batch, windows, filters]` of a convolution with bias, behind a relu if `positive`, and dropout behind them if `seed` is not 0, and
 * their codes. Units are rows of windows.
 * @param source rows of A of the first sample (see `panels.ts`), `sample` bytes of one of `x`
 * @param b the kernel as `packB` leaves it
 * @param narrow whether windows are so short that they are gathered
 */
export function convPool(
  start: i32, end: i32, out: usize, codes: usize, source: usize, sample: i32, b: usize, bias: usize, k: i32, sizes: usize, narrow: i32,
  sparse: i32, positive: i32, seed: usize, stream: i32, dropped: i32, scale: f32,
): void {
  const s = changetype<Sizes>(sizes);
  const filters = s.filters;
  const line = <usize>filters << 2;
  const codeLine = <usize>((filters + 15) / 16) << 4;
  const covered = s.windowH * s.width;
  const most = max(1, BLOCK / (covered * filters));
  const block = scratch() + BLOCK_AT;
  for (let unit = start; unit < end; ) {
    const q = unit / s.pooledH;
    const row = unit - q * s.pooledH;
    const rows = min(min(most, end - unit), s.pooledH - row);
    const first = row * covered, count = rows * covered;
    if (narrow) convolveNarrow(block, scratch() + KEPT_AT, source, q * sample, first, count, b, k, filters);
    else convolve(block, source, q * sample, first, count, b, k, filters, sparse);
    const at = unit * s.pooledW;
    const wide = s.pooledW * filters;
    let kept = dropBytes(scratch() + KEPT_AT, at * filters, rows * wide, seed, stream, dropped);
    let to = out + <usize>at * line;
    let code = codes + <usize>at * codeLine;
    for (let r = 0; r < rows; r++) {
      let from = block + <usize>(r * covered) * line;
      for (let o = 0; o < s.pooledW; o++) {
        takeWindow(to, code, from, s, bias, kept, positive, scale);
        to += line;
        code += codeLine;
        from += line * <usize>s.windowW;
        if (kept != 0) kept += filters;
      }
    }
    unit += rows;
  }
}

/** Four numbers at `codes`, whose low 16 bits are codes: behind 128 the last bit of a float is worth 2^-16. */
@inline
export function wordsAt(codes: usize): v128 {
  return f32x4.add(v128.load(codes), f32x4.splat(128));
}

@inline
function give(to: usize, words: v128, part: i32, code: v128, g: v128, left: i32): void {
  if (left <= 0) return;
  const own = v128.and(i32x4.shr_u(words, 12 - part * 4), i32x4.splat(15));
  storeLanes(to, v128.and(g, i32x4.eq(own, code)), left);
}

/** The gradient of the convolution: what each window got, to the element that its code names. Units are rows of windows; each writes all up to the next. */
export function convPoolSpread(start: i32, end: i32, out: usize, codes: usize, grad: usize, sizes: usize, scale: f32): void {
  const s = changetype<Sizes>(sizes);
  const filters = s.filters;
  const line = <usize>filters << 2;
  const codeLine = <usize>((filters + 15) / 16) << 4;
  const factor = f32x4.splat(scale);
  const rest = s.width - s.pooledW * s.windowW;
  for (let unit = start; unit < end; unit++) {
    const q = unit / s.pooledH;
    const row = unit - q * s.pooledH;
    const to = out + <usize>(q * s.positions + row * s.windowH * s.width) * line;
    let code = codes + <usize>(unit * s.pooledW) * codeLine;
    let g = grad + <usize>(unit * s.pooledW) * line;
    for (let o = 0; o < s.pooledW; o++, code += codeLine, g += line) {
      for (let c = 0; c < filters; c += 16) {
        const words = wordsAt(code + <usize>c);
        const shift = <usize>c << 2;
        const from = g + shift;
        const left = filters - c;
        const g0 = f32x4.mul(v128.load(from), factor), g1 = f32x4.mul(v128.load(from, 16), factor);
        const g2 = f32x4.mul(v128.load(from, 32), factor), g3 = f32x4.mul(v128.load(from, 48), factor);
        let at = to + <usize>(o * s.windowW) * line + shift;
        let number = i32x4.splat(1);
        for (let i = 0; i < s.windowH; i++, at += line * <usize>(s.width - s.windowW)) {
          for (let j = 0; j < s.windowW; j++, at += line) {
            give(at, words, 0, number, g0, left);
            give(at + 16, words, 1, number, g1, left - 4);
            give(at + 32, words, 2, number, g2, left - 8);
            give(at + 48, words, 3, number, g3, left - 12);
            number = i32x4.add(number, i32x4.splat(1));
          }
        }
      }
    }
    if (rest > 0) {
      for (let i = 1; i <= s.windowH; i++) {
        memory.fill(to + <usize>(i * s.width - rest) * line, 0, <usize>rest * line);
      }
    }
    // What lies below the last row of windows.
    if (row + 1 == s.pooledH && s.pooledH * s.windowH < s.height) {
      memory.fill(to + <usize>(s.windowH * s.width) * line, 0, <usize>((s.height - s.pooledH * s.windowH) * s.width) * line);
    }
  }
}
