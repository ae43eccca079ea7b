/**
 * The matrix product where A is mostly zeros, as behind a relu or in the gradient of a max pool. A tile's rows are
 * searched for what is not zero, and only those terms are added, in the order of the inner index. A term of a zero and a
 * finite number is a zero and changes no sum, so that the bits are those of the dense tile: which of the two computes a
 * tile is a matter of speed alone. The host asks for this only where B is finite.
 */
import { base, length, NR, perSample, rowStride, sampleStride, segments, table } from './panels';
import { madd, scratch, storeLanes } from '../simd';
import { AFTER_TILES, SPARSE_KC, WIDE, WIDE_LISTS_AT, WIDE_ROWS } from '../width';

/** In the scratch memory, behind the tile's pointers to C: where each row's list ends. */
export const ENDS: usize = 32;
/**
 * So far behind each listed element lies the byte offset of its row of B within a panel. Lists have up to 5 x 365 + 512 elements, and padding;
 * those of kept rows all that there are.
 */
export const OFFSETS: usize = WIDE ? <usize>WIDE_ROWS * SPARSE_KC * 4 + 128 : 9472;
/** In the scratch memory, behind the lists: which of four elements are not zero, in order, as bytes for `swizzle`; for each of 16 masks. */
const ORDERS: usize = (WIDE ? WIDE_LISTS_AT : AFTER_TILES) + 2 * OFFSETS;
/** Behind all that a product needs. */
export const PRODUCT_BYTES: usize = ORDERS + 256;
/** Panels of B that a row is multiplied by at a time. */
const PANELS: i32 = 4;

/**
 * Most nonzeros per row with which this is faster than the dense tile, for a block of `depth` by so many panels: 70 % of many. Measured in
 * cycles an inner index: 0.8 to list it and 5.6 per nonzero and four panels, where the tile takes 1.1 per panel; a little less is taken, and 0 for one panel, where it hardly ever pays.
 */
@inline
export function fewNonzeros(depth: i32, panels: i32): i32 {
  if (WIDE) {
    // In hundredths of a cycle an inner index: a panel in the tile is 50; a list is 100, 64 columns 55 and 560 per nonzero, 32 columns 30 and 310.
    if (panels < 4) return 0;
    const quads = (panels & 7) > 0 && (panels & 7) < 5 ? 1 : 0;
    const strips = (panels + 3) >> 3;
    return (depth * (50 * panels - 100 - 55 * strips - 30 * quads)) / (560 * strips + 310 * quads);
  }
  return panels == 1 ? 0 : (depth * (5 * panels - 4)) / (28 * ((panels + PANELS - 1) / PANELS));
}

/** Makes the table at `ORDERS`: before a product, since other kernels use that memory too. */
export function makeOrders(): void {
  for (let mask = 0; mask < 16; mask++) {
    let to = scratch() + (<usize>mask << 4);
    for (let lane = 0; lane < 4; lane++) {
      store<i32>(to, 0x03020100 + lane * 0x04040404, ORDERS);
      if (mask & (1 << lane)) to += 4;
    }
  }
}

/**
 * Lists what is not zero of rows `[row, after)`, inner indices `[k0, k1)`, row after row at `to`, each filled up with zeros to a multiple of
 * four (strips for pairs take one at a time). Returns false, with the lists incomplete, as soon as the rows seen hold more than `most` elements on average (the first alone may
 * hold more).
 */
export function listNonzeros(to: usize, row: i32, after: i32, k0: i32, k1: i32, most: i32): bool {
  let sample = row / perSample;
  let p = row - sample * perSample;
  let start = base + sample * sampleStride;
  const s0 = k0 / length;
  const first = k0 - s0 * length;
  let room = to + (<usize>most << 2);
  for (let r: usize = 0; row < after; row++, r += 4) {
    let c = first;
    let entry = table + (<usize>(p * segments + s0) << 2);
    for (let k = k0; k < k1; c = 0, entry += 4) {
      const count = min(length - c, k1 - k);
      const offset = table == 0 ? p * rowStride : load<i32>(entry);
      if (offset >= 0) to = listRun(to, start + offset + (<usize>c << 2), count, (k - k0) << 5);
      k += count;
    }
    if (!WIDE) {
      v128.store(to, f32x4.splat(0));
      v128.store(to, i32x4.splat(0), OFFSETS);
      to = (to + 15) & ~15;
    }
    store<usize>(scratch() + r, to, ENDS);
    if (r > 0 && to > room) return false;
    room += <usize>most << 2;
    if (++p == perSample) {
      p = 0;
      start += sampleStride;
    }
  }
  return true;
}

/**
 * What is not zero of `count` elements at `from`; `at` is the offset in B that belongs to the first. Of four at a time those that count are
 * moved to the front, and all are written: where zeros lie no branch could predict.
 */
@inline
function listRun(to: usize, from: usize, count: i32, at: i32): usize {
  let offsets = i32x4.add(i32x4.splat(at), i32x4(0, 32, 64, 96));
  for (; count > 0; count -= 4, from += 16) {
    const four = v128.load(from);
    let mask = i32x4.bitmask(f32x4.ne(four, f32x4.splat(0)));
    if (count < 4) mask &= (1 << count) - 1;
    const order = v128.load(scratch() + (<usize>mask << 4), ORDERS);
    v128.store(to, pick(four, order));
    v128.store(to, pick(offsets, order), OFFSETS);
    to += <usize>popcnt(mask) << 2;
    offsets = i32x4.add(offsets, i32x4.splat(128));
  }
  return to;
}

@inline
function pick(v: v128, order: v128): v128 {
  return ASC_FEATURE_RELAXED_SIMD ? i8x16.relaxed_swizzle(v, order) : i8x16.swizzle(v, order);
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
    const second = from + <usize>min(1, p1 - 1 - p) * panel;
    const third = from + <usize>min(2, p1 - 1 - p) * panel;
    const fourth = from + <usize>min(3, p1 - 1 - p) * panel;
    let begin = list;
    for (let slot = scratch(); slot < scratch() + (<usize>rows << 2); slot += 4) {
      const end = load<usize>(slot, ENDS);
      const to = load<usize>(slot) + (<usize>p << 5);
      sparseStrip(begin, end, from, second, third, fourth, to, columns, adds);
      begin = end;
    }
  }
}

/**
 * Up to 32 columns of one row of C, four elements a turn. What bounds it are loads, two a cycle here: four elements of the list cost three, those
 * of B 32. Ways out that are never taken (offsets are multiples of 32) keep V8 and the optimizer of AssemblyScript from loading ahead more
 * than there are registers for: one sum in memory is all it takes to halve the speed. All ask something else, or V8 would leave them out.
 */
function sparseStrip(
  list: usize, end: usize, b0: usize, b1: usize, b2: usize, b3: usize, to: usize, columns: i32, adds: bool,
): void {
  let x0 = f32x4.splat(0), y0 = f32x4.splat(0), x1 = f32x4.splat(0), y1 = f32x4.splat(0);
  let x2 = f32x4.splat(0), y2 = f32x4.splat(0), x3 = f32x4.splat(0), y3 = f32x4.splat(0);
  if (adds) {
    x0 = v128.load(to);
    y0 = v128.load(to, 16);
    if (columns > 8) x1 = v128.load(to, 32);
    if (columns > 12) y1 = v128.load(to, 48);
    if (columns > 16) x2 = v128.load(to, 64);
    if (columns > 20) y2 = v128.load(to, 80);
    if (columns > 24) x3 = v128.load(to, 96);
    if (columns > 28) y3 = v128.load(to, 112);
  }
  for (; list < end; list += 16) {
    const four = v128.load(list);
    let v: v128, at: usize;
    let two: u64;
    v = v128.shuffle<f32>(four, four, 0, 0, 0, 0);
    two = load<u64>(list, OFFSETS);
    at = <usize>two;
    x0 = madd(v, v128.load(b0 + at), x0);
    y0 = madd(v, v128.load(b0 + at, 16), y0);
    x1 = madd(v, v128.load(b1 + at), x1);
    y1 = madd(v, v128.load(b1 + at, 16), y1);
    if (at == 2) break;
    x2 = madd(v, v128.load(b2 + at), x2);
    y2 = madd(v, v128.load(b2 + at, 16), y2);
    x3 = madd(v, v128.load(b3 + at), x3);
    y3 = madd(v, v128.load(b3 + at, 16), y3);
    if (at == 1) break;
    v = v128.shuffle<f32>(four, four, 1, 1, 1, 1);
    at = <usize>(two >> 32);
    x0 = madd(v, v128.load(b0 + at), x0);
    y0 = madd(v, v128.load(b0 + at, 16), y0);
    x1 = madd(v, v128.load(b1 + at), x1);
    y1 = madd(v, v128.load(b1 + at, 16), y1);
    if (at == 2) break;
    x2 = madd(v, v128.load(b2 + at), x2);
    y2 = madd(v, v128.load(b2 + at, 16), y2);
    x3 = madd(v, v128.load(b3 + at), x3);
    y3 = madd(v, v128.load(b3 + at, 16), y3);
    if (at == 1) break;
    v = v128.shuffle<f32>(four, four, 2, 2, 2, 2);
    two = load<u64>(list, OFFSETS + 8);
    at = <usize>two;
    x0 = madd(v, v128.load(b0 + at), x0);
    y0 = madd(v, v128.load(b0 + at, 16), y0);
    x1 = madd(v, v128.load(b1 + at), x1);
    y1 = madd(v, v128.load(b1 + at, 16), y1);
    if (at == 2) break;
    x2 = madd(v, v128.load(b2 + at), x2);
    y2 = madd(v, v128.load(b2 + at, 16), y2);
    x3 = madd(v, v128.load(b3 + at), x3);
    y3 = madd(v, v128.load(b3 + at, 16), y3);
    if (at == 1) break;
    v = v128.shuffle<f32>(four, four, 3, 3, 3, 3);
    at = <usize>(two >> 32);
    x0 = madd(v, v128.load(b0 + at), x0);
    y0 = madd(v, v128.load(b0 + at, 16), y0);
    x1 = madd(v, v128.load(b1 + at), x1);
    y1 = madd(v, v128.load(b1 + at, 16), y1);
    if (at == 2) break;
    x2 = madd(v, v128.load(b2 + at), x2);
    y2 = madd(v, v128.load(b2 + at, 16), y2);
    x3 = madd(v, v128.load(b3 + at), x3);
    y3 = madd(v, v128.load(b3 + at, 16), y3);
  }
  storeLanes(to, x0, columns);
  if (columns > 4) storeLanes(to + 16, y0, columns - 4);
  if (columns > 8) storeLanes(to + 32, x1, columns - 8);
  if (columns > 12) storeLanes(to + 48, y1, columns - 12);
  if (columns > 16) storeLanes(to + 64, x2, columns - 16);
  if (columns > 20) storeLanes(to + 80, y2, columns - 20);
  if (columns > 24) storeLanes(to + 96, x3, columns - 24);
  if (columns > 28) storeLanes(to + 112, y3, columns - 28);
}
