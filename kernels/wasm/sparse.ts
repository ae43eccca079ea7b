/**
 * The matrix product where A is mostly zeros, as behind a relu or in the gradient of a max pool. A tile's rows are
 * searched for what is not zero, and only those terms are added, in the order of the inner index. A term of a zero and a
 * finite number is a zero and changes no sum, so that the bits are those of the dense tile: which of the two computes a
 * tile is a matter of speed alone. The host asks for this only where B is finite.
 */
import { base, length, NR, perSample, rowStride, sampleStride, segments, table } from './panels';
import { madd, scratch, storeLanes } from './simd';

/** In the scratch memory, behind the tile's pointers to C: where each row's list ends. */
const ENDS: usize = 32;
/** Bytes of an entry: the element, and the byte offset of its row of B within a panel. */
const ENTRY: usize = 8;
/** Panels of B that a row is multiplied by at a time. */
const PANELS: i32 = 4;

/**
 * Most nonzeros per row with which this is faster than the dense tile, for a block of `depth` by so many panels; the
 * lists of six such rows and one full row more fit the room of a packed panel.
 */
@inline
export function fewNonzeros(depth: i32, panels: i32): i32 {
  return panels >= PANELS ? (depth * 38) / 100 : depth / 6;
}

/**
 * Lists what is not zero of rows `[row, after)`, inner indices `[k0, k1)`, row after row at `to`. Returns false, with the
 * lists incomplete, as soon as the rows seen hold more than `most` elements on average (the first alone may hold more).
 */
export function listNonzeros(to: usize, row: i32, after: i32, k0: i32, k1: i32, most: i32): bool {
  let sample = row / perSample;
  let p = row - sample * perSample;
  let start = base + sample * sampleStride;
  const s0 = k0 / length;
  const first = k0 - s0 * length;
  let room = to + <usize>most * ENTRY;
  for (let r: usize = 0; row < after; row++, r += 4) {
    let c = first;
    let entry = table + (<usize>(p * segments + s0) << 2);
    for (let k = k0; k < k1; c = 0, entry += 4) {
      const count = min(length - c, k1 - k);
      const offset = table == 0 ? p * rowStride : load<i32>(entry);
      if (offset >= 0) to = listRun(to, start + offset + (<usize>c << 2), count, (k - k0) << 5);
      k += count;
    }
    store<usize>(scratch() + r, to, ENDS);
    if (r > 0 && to > room) return false;
    room += <usize>most * ENTRY;
    if (++p == perSample) {
      p = 0;
      start += sampleStride;
    }
  }
  return true;
}

/** A bit for each of 16 elements that is not zero. */
@inline
function bitsOf(from: usize): u64 {
  const zero = f32x4.splat(0);
  const low = i16x8.narrow_i32x4_s(f32x4.ne(v128.load(from), zero), f32x4.ne(v128.load(from, 16), zero));
  const high = i16x8.narrow_i32x4_s(f32x4.ne(v128.load(from, 32), zero), f32x4.ne(v128.load(from, 48), zero));
  return <u64>(<u32>i8x16.bitmask(i8x16.narrow_i16x8_s(low, high)));
}

/**
 * What is not zero of `count` elements at `from`; `at` is the offset in B that belongs to the first. Sixty-four at a time:
 * the end of each inner loop is a branch that nobody can predict.
 */
@inline
function listRun(to: usize, from: usize, count: i32, at: i32): usize {
  for (; count > 0; count -= 64, from += 256, at += 2048) {
    let left = bitsOf(from);
    if (count > 16) left |= bitsOf(from + 64) << 16;
    if (count > 32) left |= bitsOf(from + 128) << 32;
    if (count > 48) left |= bitsOf(from + 192) << 48;
    if (count < 64) left &= (<u64>1 << count) - 1;
    for (; left != 0; left &= left - 1, to += ENTRY) {
      const i = <i32>ctz(left);
      store<i32>(to, load<i32>(from + (<usize>i << 2)));
      store<i32>(to, at + (i << 5), 4);
    }
  }
  return to;
}

/**
 * The listed rows of a tile across panels `[p0, p1)` of B; see `across` in `matmul.ts`. Rows share the four panels that they
 * are multiplied by before the next four are read.
 */
export function sparseRows(
  list: usize, rows: i32, p0: i32, p1: i32, b: usize, k: i32, n: i32, adds: bool,
): void {
  const panel = <usize>k * 32;
  for (let p = p0; p < p1; p += PANELS) {
    const from = b + <usize>p * panel;
    const columns = min(n, p1 * NR) - p * NR;
    // A panel beyond the last is the last again and not stored.
    const third = from + <usize>min(2, p1 - 1 - p) * panel;
    const fourth = from + <usize>min(3, p1 - 1 - p) * panel;
    let begin = list;
    for (let slot = scratch(); slot < scratch() + (<usize>rows << 2); slot += 4) {
      const end = load<usize>(slot, ENDS);
      const to = load<usize>(slot) + (<usize>p << 5);
      if (p + 1 == p1) sparseEight(begin, end, from, to, columns, adds);
      else sparseStrip(begin, end, from, from + panel, third, fourth, to, columns, adds);
      begin = end;
    }
  }
}

/** Up to 32 columns of one row of C. */
function sparseStrip(
  list: usize, end: usize, b0: usize, b1: usize, b2: usize, b3: usize, to: usize, columns: i32, adds: bool,
): void {
  let x0 = f32x4.splat(0), y0 = f32x4.splat(0), x1 = f32x4.splat(0), y1 = f32x4.splat(0);
  let x2 = f32x4.splat(0), y2 = f32x4.splat(0), x3 = f32x4.splat(0), y3 = f32x4.splat(0);
  if (adds) {
    x0 = v128.load(to);
    y0 = v128.load(to, 16);
    x1 = v128.load(to, 32);
    if (columns > 12) y1 = v128.load(to, 48);
    if (columns > 16) x2 = v128.load(to, 64);
    if (columns > 20) y2 = v128.load(to, 80);
    if (columns > 24) x3 = v128.load(to, 96);
    if (columns > 28) y3 = v128.load(to, 112);
  }
  let v: v128, at: usize;
  if ((end - list) & ENTRY) {
    v = v128.load32_splat(list, 0);
    at = load<usize>(list, 4);
    x0 = madd(v, v128.load(b0 + at), x0);
    y0 = madd(v, v128.load(b0 + at, 16), y0);
    x1 = madd(v, v128.load(b1 + at), x1);
    y1 = madd(v, v128.load(b1 + at, 16), y1);
    x2 = madd(v, v128.load(b2 + at), x2);
    y2 = madd(v, v128.load(b2 + at, 16), y2);
    x3 = madd(v, v128.load(b3 + at), x3);
    y3 = madd(v, v128.load(b3 + at, 16), y3);
    list += ENTRY;
  }
  for (; list < end; list += 2 * ENTRY) {
    v = v128.load32_splat(list, 0);
    at = load<usize>(list, 4);
    x0 = madd(v, v128.load(b0 + at), x0);
    y0 = madd(v, v128.load(b0 + at, 16), y0);
    x1 = madd(v, v128.load(b1 + at), x1);
    y1 = madd(v, v128.load(b1 + at, 16), y1);
    x2 = madd(v, v128.load(b2 + at), x2);
    y2 = madd(v, v128.load(b2 + at, 16), y2);
    x3 = madd(v, v128.load(b3 + at), x3);
    y3 = madd(v, v128.load(b3 + at, 16), y3);
    v = v128.load32_splat(list, 8);
    at = load<usize>(list, 12);
    x0 = madd(v, v128.load(b0 + at), x0);
    y0 = madd(v, v128.load(b0 + at, 16), y0);
    x1 = madd(v, v128.load(b1 + at), x1);
    y1 = madd(v, v128.load(b1 + at, 16), y1);
    x2 = madd(v, v128.load(b2 + at), x2);
    y2 = madd(v, v128.load(b2 + at, 16), y2);
    x3 = madd(v, v128.load(b3 + at), x3);
    y3 = madd(v, v128.load(b3 + at, 16), y3);
  }
  v128.store(to, x0);
  v128.store(to, y0, 16);
  storeLanes(to + 32, x1, columns - 8);
  if (columns > 12) storeLanes(to + 48, y1, columns - 12);
  if (columns > 16) storeLanes(to + 64, x2, columns - 16);
  if (columns > 20) storeLanes(to + 80, y2, columns - 20);
  if (columns > 24) storeLanes(to + 96, x3, columns - 24);
  if (columns > 28) storeLanes(to + 112, y3, columns - 28);
}

/** Up to 8 columns of one row of C. */
function sparseEight(list: usize, end: usize, b: usize, to: usize, columns: i32, adds: bool): void {
  let x = f32x4.splat(0), y = f32x4.splat(0);
  if (adds) {
    x = v128.load(to);
    y = v128.load(to, 16);
  }
  for (; list < end; list += ENTRY) {
    const v = v128.load32_splat(list);
    const at = load<usize>(list, 4);
    x = madd(v, v128.load(b + at), x);
    y = madd(v, v128.load(b + at, 16), y);
  }
  storeLanes(to, x, columns);
  if (columns > 4) storeLanes(to + 16, y, columns - 4);
}
