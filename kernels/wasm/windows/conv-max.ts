/**
 * A convolution of which only the maximum over its positions is wanted: 24 positions at a time lie in the scratch memory, and nothing of the
 * convolution is stored. A sample of the result is `[1 + words, filters]`: the maxima, and for each 24 positions a number `bits / 2^24` that says
 * which of them have it (the first has the highest bit). Invariant: a sample is one unit, and its positions come in order.
 */
import { matmul } from '../product/matmul';
import { dropBytes } from '../elementwise/random';
import { madd, scratch, storeLanes } from '../simd';
import { PRODUCT_BYTES } from '../product/sparse';
import { addPair, pair } from '../training/wide';
import { WIDE } from '../width';

/** Positions of a word. */
const WORD: i32 = 24;
/** The bit of the first of them. */
const FIRST: i32 = 1 << 23;
/** In the scratch memory, behind what a product needs: its batch, the addresses of rows, the rows, and what is kept of them. */
const BATCH_AT: usize = PRODUCT_BYTES;
const ROWS_AT: usize = BATCH_AT + 64;
const BLOCK_AT: usize = BATCH_AT + 1664;
const KEPT_AT: usize = BLOCK_AT + 24 * 512 * 4;

/** Eight lanes of 16 bits of bytes that are all ones or all zeros. */
@inline
function eightBytes(from: usize): v128 {
  return i16x8.extend_low_i8x16_s(v128.load64_zero(from));
}

/**
 * Takes in `count` positions, rows one after the other at `block`: maxima and bits of word `word` in `out`.
 * @param kept a byte for each element, or 0
 */
function takeRows(out: usize, block: usize, count: i32, filters: i32, word: i32, kept: usize, positive: i32): void {
  const line = <usize>filters << 2;
  const words = out + line;
  for (let c = 0; c < filters; c += 8) {
    const at = <usize>c << 2;
    const left = filters - c;
    let m0: v128, m1: v128;
    if (word == 0) m0 = m1 = f32x4.splat(positive ? <f32>0 : -Infinity);
    else {
      m0 = v128.load(out + at);
      m1 = v128.load(out + at, 16);
    }
    const before0 = m0, before1 = m1;
    let b0 = i32x4.splat(0), b1 = i32x4.splat(0), bad0 = b0, bad1 = b0;
    let bit = i32x4.splat(FIRST);
    let from = block + at;
    for (let t = 0; t < count; t++, from += line) {
      let v0 = v128.load(from), v1 = v128.load(from, 16);
      if (kept != 0) {
        const bytes = eightBytes(kept + <usize>(t * filters + c));
        v0 = v128.and(v0, i32x4.extend_low_i16x8_s(bytes));
        v1 = v128.and(v1, i32x4.extend_high_i16x8_s(bytes));
      }
      b0 = v128.or(v128.andnot(b0, f32x4.gt(v0, m0)), v128.and(f32x4.ge(v0, m0), bit));
      b1 = v128.or(v128.andnot(b1, f32x4.gt(v1, m1)), v128.and(f32x4.ge(v1, m1), bit));
      m0 = f32x4.pmax(m0, v0);
      m1 = f32x4.pmax(m1, v1);
      bad0 = v128.or(bad0, f32x4.ne(v0, v0));
      bad1 = v128.or(bad1, f32x4.ne(v1, v1));
      bit = i32x4.shr_u(bit, 1);
    }
    // All ones are a NaN, which stays one.
    m0 = v128.or(m0, bad0);
    m1 = v128.or(m1, bad1);
    // What had the maximum before has it no longer where it grew.
    const grew0 = f32x4.gt(m0, before0), grew1 = f32x4.gt(m1, before1);
    if (word > 0 && v128.any_true(v128.or(grew0, grew1))) {
      for (let w = words + at, end = w + <usize>word * line; w < end; w += line) {
        storeEight(w, v128.andnot(v128.load(w), grew0), v128.andnot(v128.load(w, 16), grew1), left);
      }
    }
    storeEight(out + at, m0, m1, left);
    storeEight(words + at + <usize>word * line, b0, b1, left);
  }
}

@inline
function storeEight(to: usize, a: v128, b: v128, count: i32): void {
  if (WIDE && count >= 8) {
    pair(to, a, b);
    return;
  }
  storeLanes(to, a, count);
  if (count > 4) storeLanes(to + 16, b, count - 4);
}

/** Makes numbers of the bits, none where the maximum is not above 0 if `positive`, and scales the maxima. */
function finish(out: usize, filters: i32, words: i32, positive: i32, scale: f32): void {
  const line = <usize>filters << 2;
  const factor = f32x4.splat(scale);
  const unit = f32x4.splat(<f32>(1.0 / 16777216.0));
  for (let c = 0; c < filters; c += 4) {
    const at = out + (<usize>c << 2);
    const m = v128.load(at);
    const none = positive ? f32x4.le(m, f32x4.splat(0)) : i32x4.splat(0);
    storeLanes(at, f32x4.mul(m, factor), filters - c);
    for (let w = at + line, end = w + <usize>words * line; w < end; w += line) {
      storeLanes(w, f32x4.mul(f32x4.convert_i32x4_s(v128.andnot(v128.load(w), none)), unit), filters - c);
    }
  }
}

/**
 * The maximum over `positions` of a convolution with bias, behind a relu if `positive`, and dropout if `seed` is not 0. Units are samples.
 * @param source rows of A of the first sample (see `panels.ts`), `sample` bytes of one of `x`
 * @param b the kernel as `packB` leaves it
 */
export function convMax(
  start: i32, end: i32, out: usize, source: usize, sample: i32, b: usize, bias: usize, positions: i32, k: i32, filters: i32,
  positive: i32, seed: usize, stream: i32, dropped: i32, scale: f32,
): void {
  const words = (positions + WORD - 1) / WORD;
  const line = <usize>filters << 2;
  const block = scratch() + BLOCK_AT;
  const batch = scratch() + BATCH_AT;
  for (let unit = start; unit < end; unit++) {
    const to = out + <usize>unit * <usize>(1 + words) * line;
    for (let word = 0; word < words; word++) {
      const p = word * WORD;
      const count = min(WORD, positions - p);
      store<i32>(batch, unit * sample);
      store<i32>(batch, 0, 4);
      store<i32>(batch, -p * <i32>line, 8);
      // A tile is six positions.
      matmul(p / 6, (p + count + 5) / 6, block, positions, 0, <i32>line, 0, source, b, positions, k, filters, bias, 0, batch, 0, 0);
      const kept = dropBytes(scratch() + KEPT_AT, (unit * positions + p) * filters, count * filters, seed, stream, dropped);
      takeRows(to, block, count, filters, word, kept, positive);
    }
    finish(to, filters, words, positive, scale);
  }
}

/**
 * Numbers the different rows that `ids` name, in the order in which they come: `[total]`, then `[count]` byte offsets of `bytes` each in the
 * table by number, and at `places` the byte offset of each id's row among products of `stride` bytes. `slots` has room for a number per row
 * of the table. `source`, which describes the listed rows (see `panels.ts`), is told where they are.
 */
export function listRows(
  start: i32, end: i32, list: usize, places: usize, slots: usize, ids: usize, count: i32, rows: i32, bytes: i32, stride: i32,
  source: usize,
): void {
  if (start >= end) return;
  store<usize>(source, list + 4, 24);
  memory.fill(slots, 0xff, <usize>rows << 2);
  let total = 0;
  for (let i: usize = 0; i < <usize>count << 2; i += 4) {
    const id = load<i32>(ids + i);
    const slot = slots + (<usize>id << 2);
    let number = load<i32>(slot);
    if (number < 0) {
      number = total++;
      store<i32>(slot, number);
      store<i32>(list + 4 + (<usize>number << 2), id * bytes);
    }
    store<i32>(places + i, number * stride);
  }
  store<i32>(list, total);
}

/**
 * The product of each listed row with the kernel's `taps` matrices, side by side; the bias goes to the first. How many rows there are is read from
 * `list`: units `[start, end)` of `units` are as large a part of the tiles.
 */
export function tableProducts(
  start: i32, end: i32, out: usize, list: usize, source: usize, b: usize, bias: usize, units: i32, most: i32, k: i32, filters: i32,
  taps: i32,
): void {
  const m = load<i32>(list);
  const tiles = (m + 5) / 6;
  const first = <i32>((<i64>tiles * start) / units);
  const last = <i32>((<i64>tiles * end) / units);
  const stride = (taps * filters) << 2;
  const panel = <usize>((filters + 7) / 8) * <usize>k * 32;
  if (first >= last) return;
  for (let tap = 0; tap < taps; tap++) {
    const to = out + (<usize>(tap * filters) << 2);
    matmul(first, last, to, most, 0, stride, 0, source, b + <usize>tap * panel, m, k, filters, tap == 0 ? bias : 0, 0, 0, 0, 0);
  }
}

/**
 * The same as `convMax` where the input is rows of a table, from the products of these: a position is the sum of what its taps' rows gave.
 * @param places byte offset of the products of each of the `length` ids of a sample
 * @param table `[positions, taps]` places in a sample, -1 for padding
 */
export function convMaxTable(
  start: i32, end: i32, out: usize, products: usize, places: usize, table: usize, zeros: usize, length: i32, positions: i32, taps: i32,
  filters: i32, bias: usize, positive: i32, seed: usize, stream: i32, dropped: i32, scale: f32,
): void {
  const words = (positions + WORD - 1) / WORD;
  const line = <usize>filters << 2;
  const block = scratch() + BLOCK_AT;
  const rows = scratch() + ROWS_AT;
  for (let unit = start; unit < end; unit++) {
    const to = out + <usize>unit * <usize>(1 + words) * line;
    const from = places + (<usize>(unit * length) << 2);
    for (let word = 0; word < words; word++) {
      const p = word * WORD;
      const count = min(WORD, positions - p);
      let entry = table + (<usize>(p * taps) << 2);
      let put = rows;
      for (let i = 0; i < count; i++) {
        for (let tap: usize = 0; tap < <usize>taps; tap++, entry += 4, put += 4) {
          const place = load<i32>(entry);
          const none = tap == 0 ? bias : zeros;
          store<usize>(put, place < 0 ? none : products + load<i32>(from + (<usize>place << 2)) + tap * line);
        }
      }
      const kept = dropBytes(scratch() + KEPT_AT, (unit * positions + p) * filters, count * filters, seed, stream, dropped);
      sumTaps(block, rows, count, taps, filters);
      takeRows(to, block, count, filters, word, kept, positive);
    }
    finish(to, filters, words, positive, scale);
  }
}

/** Rows of `filters` floats one after the other at `to`, each the sum of `taps` rows whose addresses are at `rows`. */
function sumTaps(to: usize, rows: usize, count: i32, taps: i32, filters: i32): void {
  const line = <usize>filters << 2;
  for (let t = 0; t < count; t++, to += line, rows += <usize>taps << 2) {
    const first = load<usize>(rows);
    if (taps == 3) {
      // From front to back, so that what is far comes before it is needed.
      const second = load<usize>(rows, 4), third = load<usize>(rows, 8);
      let at: usize = 0;
      if (WIDE) {
        for (; at + 32 <= line; at += 32) {
          const sum = f32x4.add(f32x4.add(v128.load(first + at), v128.load(second + at)), v128.load(third + at));
          const next = f32x4.add(v128.load(first + at, 16), v128.load(second + at, 16));
          pair(to + at, sum, f32x4.add(next, v128.load(third + at, 16)));
        }
      }
      for (; at < line; at += 16) {
        v128.store(to + at, f32x4.add(f32x4.add(v128.load(first + at), v128.load(second + at)), v128.load(third + at)));
      }
      continue;
    }
    memory.copy(to, first, line);
    for (let tap: usize = 1; tap < <usize>taps; tap++) {
      const next = load<usize>(rows + (tap << 2));
      let at: usize = 0;
      if (WIDE) for (; at + 32 <= line; at += 32) addPair(to + at, v128.load(next + at), v128.load(next + at, 16));
      for (; at < line; at += 16) v128.store(to + at, f32x4.add(v128.load(to + at), v128.load(next + at)));
    }
  }
}

/** The bits of the 24 positions from `p` on. */
@inline
function bitsAt(from: usize, p: i32, positions: i32): i32 {
  const bits = <i32>(load<f32>(from) * <f32>16777216.0);
  return positions - p < WORD ? bits & (-1 << (WORD - (positions - p))) : bits;
}

/** What each position that has the maximum gets; 0 where none has it. `y` points at the filter's maximum. */
@inline
function shareOf(y: usize, line: usize, positions: i32, g: f32): f32 {
  let n = 0;
  for (let p = 0; p < positions; p += WORD) n += popcnt(bitsAt((y += line), p, positions));
  return n == 0 ? 0 : g / <f32>n;
}

/** Adds `value` times `count` floats at `from` to those at `to`. */
@inline
function addRow(to: usize, from: usize, value: v128, count: i32): void {
  let e = 0;
  for (; e + 8 <= count; e += 8, to += 32, from += 32) {
    v128.store(to, madd(v128.load(from), value, v128.load(to)));
    v128.store(to, madd(v128.load(from, 16), value, v128.load(to, 16)), 16);
  }
  for (; e < count; e += 4, to += 16, from += 16) storeLanes(to, madd(v128.load(from), value, v128.load(to)), count - e);
}

/**
 * The gradient to the kernel `out [segments * length, filters]`: each position that has a maximum adds its window of `x`. Units are 8 filters;
 * `work` has room for `out`. Sums are in the order of samples.
 * @param table `[positions, segments]` byte offsets within a sample of `x`, -1 for padding
 */
export function convMaxGradKernel(
  start: i32, end: i32, out: usize, x: usize, y: usize, grad: usize, work: usize, table: usize, batch: i32, positions: i32, segments: i32,
  length: i32, sample: i32, filters: i32, scale: f32,
): void {
  const m = segments * length;
  const row = <usize>m << 2;
  const line = <usize>filters << 2;
  const step = line * <usize>(1 + (positions + WORD - 1) / WORD);
  const first = start * 8;
  const last = min(end * 8, filters);
  if (first >= last) return;
  memory.fill(work + <usize>first * row, 0, <usize>(last - first) * row);
  for (let q = 0; q < batch; q++, x += sample, y += step, grad += line) {
    for (let f = first; f < last; f++) {
      const at = <usize>f << 2;
      const share = shareOf(y + at, line, positions, load<f32>(grad + at) * scale);
      if (share == 0) continue;
      const value = f32x4.splat(share);
      let word = y + at;
      for (let p = 0; p < positions; p += WORD) {
        word += line;
        for (let bits = bitsAt(word, p, positions); bits != 0; ) {
          const place = clz(bits) - 8;
          bits ^= FIRST >> place;
          let entry = table + (<usize>((p + place) * segments) << 2);
          let to = work + <usize>f * row;
          for (let s = 0; s < segments; s++, entry += 4, to += <usize>length << 2) {
            const offset = load<i32>(entry);
            if (offset >= 0) addRow(to, x + offset, value, length);
          }
        }
      }
    }
  }
  for (let j = 0; j < m; j++) {
    let to = out + (<usize>(j * filters + first) << 2);
    let from = work + <usize>first * row + (<usize>j << 2);
    for (let f = first; f < last; f++, to += 4, from += row) store<f32>(to, load<f32>(from));
  }
}

/** The gradient to the input: each position that has a maximum gets the filter, a row of `kernel [filters, segments * length]`. Units are samples. */
export function convMaxGradInput(
  start: i32, end: i32, out: usize, y: usize, grad: usize, kernel: usize, table: usize, positions: i32, segments: i32, length: i32,
  sample: i32, filters: i32, scale: f32,
): void {
  const row = <usize>(segments * length) << 2;
  const line = <usize>filters << 2;
  const step = line * <usize>(1 + (positions + WORD - 1) / WORD);
  for (let unit = start; unit < end; unit++) {
    const to = out + <usize>unit * <usize>sample;
    memory.fill(to, 0, sample);
    for (let f: usize = 0; f < line; f += 4) {
      let word = y + <usize>unit * step + f;
      const share = shareOf(word, line, positions, load<f32>(grad + <usize>unit * line + f) * scale);
      if (share == 0) continue;
      const value = f32x4.splat(share);
      for (let p = 0; p < positions; p += WORD) {
        word += line;
        for (let bits = bitsAt(word, p, positions); bits != 0; ) {
          const place = clz(bits) - 8;
          bits ^= FIRST >> place;
          let entry = table + (<usize>((p + place) * segments) << 2);
          let from = kernel + <usize>(f >> 2) * row;
          for (let s = 0; s < segments; s++, entry += 4, from += <usize>length << 2) {
            const offset = load<i32>(entry);
            if (offset >= 0) addRow(to + offset, from, value, length);
          }
        }
      }
    }
  }
}
