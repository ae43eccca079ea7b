/**
 * The gradient of a convolution, or of a dense layer, to its weights: for every output channel the elements of the result's gradient that are
 * not zero are listed, and each adds its window of the input to sums in registers. Behind a relu, a dropout and a max pool nine in ten are
 * zeros; with fewer than half the dense product is faster. Invariant: blocks and parts follow from the shapes alone, and a block
 * is summed in the order of its positions, so that neither threads nor zeros change the bits. An infinity or a NaN of the input that meets zeros
 * alone does not show here: it shows in the loss.
 */
import { madd, storeLanes } from '../simd';
import { addPair, addSixteen, addTwentyFour } from './wide';
import { WIDE } from '../width';

/** Output channels of a unit. */
const STRIP: i32 = 32;
/** Bytes of an entry of a list: the element, and where the position's address is in the list of addresses. */
export const ENTRY: usize = 8;

/** A bit for each of 16 elements that is not zero. */
@inline
export function bitsOf(from: usize): i32 {
  const zero = f32x4.splat(0);
  const low = i16x8.narrow_i32x4_s(f32x4.ne(v128.load(from), zero), f32x4.ne(v128.load(from, 16), zero));
  const high = i16x8.narrow_i32x4_s(f32x4.ne(v128.load(from, 32), zero), f32x4.ne(v128.load(from, 48), zero));
  return i8x16.bitmask(i8x16.narrow_i16x8_s(low, high));
}

/** Adds what the entries `[list, end)` bring to 32 sums at `to`. */
function addEight(to: usize, list: usize, end: usize, addresses: usize, shift: usize): void {
  let s0 = f32x4.splat(0), s1 = f32x4.splat(0), s2 = f32x4.splat(0), s3 = f32x4.splat(0);
  let s4 = f32x4.splat(0), s5 = f32x4.splat(0), s6 = f32x4.splat(0), s7 = f32x4.splat(0);
  for (; list < end; list += ENTRY) {
    const v = v128.load32_splat(list);
    const from = load<usize>(addresses + load<usize>(list, 4)) + shift;
    s0 = madd(v128.load(from), v, s0);
    s1 = madd(v128.load(from, 16), v, s1);
    s2 = madd(v128.load(from, 32), v, s2);
    s3 = madd(v128.load(from, 48), v, s3);
    s4 = madd(v128.load(from, 64), v, s4);
    s5 = madd(v128.load(from, 80), v, s5);
    s6 = madd(v128.load(from, 96), v, s6);
    s7 = madd(v128.load(from, 112), v, s7);
  }
  addPair(to, s0, s1);
  addPair(to + 32, s2, s3);
  addPair(to + 64, s4, s5);
  addPair(to + 96, s6, s7);
}

/** The same for 8 sums. */
function addTwo(to: usize, list: usize, end: usize, addresses: usize, shift: usize): void {
  let s0 = f32x4.splat(0), s1 = f32x4.splat(0);
  for (; list < end; list += ENTRY) {
    const v = v128.load32_splat(list);
    const from = load<usize>(addresses + load<usize>(list, 4)) + shift;
    s0 = madd(v128.load(from), v, s0);
    s1 = madd(v128.load(from, 16), v, s1);
  }
  addPair(to, s0, s1);
}

/** The same for 4 sums. */
function addOne(to: usize, list: usize, end: usize, addresses: usize, shift: usize): void {
  let s0 = f32x4.splat(0);
  for (; list < end; list += ENTRY) {
    s0 = madd(v128.load(load<usize>(addresses + load<usize>(list, 4)) + shift), v128.load32_splat(list), s0);
  }
  v128.store(to, f32x4.add(v128.load(to), s0));
}

/** Lists what is not zero in `count` rows of `columns` (to 32) gradients, `stride` bytes apart; `ends` says where each column's list ends. */
function listValues(lists: usize, room: usize, ends: usize, grad: usize, stride: usize, count: i32, columns: i32): bool {
  for (let f = 0; f < columns; f++) store<usize>(ends + (<usize>f << 2), lists + <usize>f * room);
  let any = false;
  for (let i: usize = 0; i < <usize>count << 2; i += 4, grad += stride) {
    for (let c = 0; c < columns; c += 16) {
      const from = grad + (<usize>c << 2);
      let left = bitsOf(from);
      if (columns - c < 16) left &= (1 << (columns - c)) - 1;
      if (left != 0) any = true;
      for (; left != 0; left &= left - 1) {
        const at = <usize>ctz(left) << 2;
        const slot = ends + (<usize>c << 2) + at;
        const to = load<usize>(slot);
        store<i32>(to, load<i32>(from + at));
        store<usize>(to, i, 4);
        store<usize>(slot, to + ENTRY);
      }
    }
  }
  return any;
}

/**
 * Units are parts of the `total` positions by strips of 32 of the `filters`; `out [parts, filters, width]` gets the sums. A width is
 * `segments` runs of `length`, each filled up to a multiple of 4; or, with `packed`, all of them together filled up.
 * @param work per unit: lists of `block` entries for each filter of a strip, their ends, `[segments, block]` addresses, packed windows
 * @param table `[positions, segments]` byte offsets within a sample of `x`, -1 for padding, which is read from `zeros`
 * @param sample bytes of one of `x`
 */
export function weightGradSums(
  start: i32, end: i32, out: usize, x: usize, grad: usize, work: usize, room: i32, table: usize, zeros: usize, positions: i32,
  segments: i32, length: i32, sample: i32, filters: i32, parts: i32, total: i32, block: i32, packed: i32,
): void {
  const strips = (filters + STRIP - 1) / STRIP;
  const run = (length + 3) & ~3;
  const width = packed != 0 ? (segments * length + 3) & ~3 : segments * run;
  const stride = <usize>filters << 2;
  for (let unit = start; unit < end; unit++) {
    const part = unit / strips;
    const f0 = (unit - part * strips) * STRIP;
    const columns = min(STRIP, filters - f0);
    const sums = out + (<usize>((part * filters + f0) * width) << 2);
    memory.fill(sums, 0, <usize>(columns * width) << 2);
    const lists = work + <usize>unit * <usize>room;
    const ends = lists + <usize>(STRIP * block) * ENTRY;
    const addresses = ends + (STRIP << 2);
    const windows = addresses + (<usize>(segments * block) << 2);
    const last = <i32>((<i64>total * (part + 1)) / parts);
    for (let p = <i32>((<i64>total * part) / parts); p < last; p += block) {
      const count = min(block, last - p);
      const from = grad + <usize>p * stride + (<usize>f0 << 2);
      if (!listValues(lists, <usize>block * ENTRY, ends, from, stride, count, columns)) continue;
      listAddresses(addresses, block, x, table, zeros, p, count, positions, segments, sample);
      if (packed != 0) {
        packWindows(windows, addresses, block, count, segments, length, width);
        addSegment(sums, width, width, lists, ends, columns, block, addresses);
      } else {
        for (let s = 0; s < segments; s++) {
          addSegment(
            sums + (<usize>(s * run) << 2), run, width, lists, ends, columns, block, addresses + (<usize>(s * block) << 2),
          );
        }
      }
    }
  }
}

/** Where each segment of each of `count` windows from position `p` on begins. */
function listAddresses(
  to: usize, block: i32, x: usize, table: usize, zeros: usize, p: i32, count: i32, positions: i32, segments: i32, sample: i32,
): void {
  const q = p / positions;
  p -= q * positions;
  x += <usize>q * <usize>sample;
  for (let i = 0; i < count; i++, to += 4) {
    const entry = table + (<usize>(p * segments) << 2);
    for (let s = 0; s < segments; s++) {
      const offset = load<i32>(entry + (<usize>s << 2));
      store<usize>(to + (<usize>(s * block) << 2), offset < 0 ? zeros : x + <usize>offset);
    }
    if (++p == positions) {
      p = 0;
      x += <usize>sample;
    }
  }
}

/** Copies windows of short segments together, and points the first of their addresses there. */
function packWindows(to: usize, addresses: usize, block: i32, count: i32, segments: i32, length: i32, width: i32): void {
  for (let i = 0; i < count; i++, to += <usize>width << 2, addresses += 4) {
    let put = to;
    if (length == 1 && segments == 4) {
      let v = v128.load32_zero(load<usize>(addresses));
      v = v128.load32_lane(load<usize>(addresses + (<usize>block << 2)), v, 1);
      v = v128.load32_lane(load<usize>(addresses + (<usize>block << 3)), v, 2);
      v128.store(to, v128.load32_lane(load<usize>(addresses + <usize>block * 12), v, 3));
      store<usize>(addresses, to);
      continue;
    }
    for (let s = 0; s < segments; s++) {
      const from = load<usize>(addresses + (<usize>(s * block) << 2));
      for (let e: usize = 0; e < <usize>length << 2; e += 4, put += 4) store<f32>(put, load<f32>(from + e));
    }
    for (; put < to + (<usize>width << 2); put += 4) store<f32>(put, 0);
    store<usize>(addresses, to);
  }
}

/** Adds what the lists of all columns bring to one segment of `run` sums; sums of the next column are `width` floats on. */
function addSegment(
  sums: usize, run: i32, width: i32, lists: usize, ends: usize, columns: i32, block: i32, addresses: usize,
): void {
  for (let e = 0; e < run; ) {
    const left = run - e;
    const shift = <usize>e << 2;
    for (let f = 0; f < columns; f++) {
      const list = lists + <usize>(f * block) * ENTRY;
      const end = load<usize>(ends + (<usize>f << 2));
      if (list == end) continue;
      const to = sums + (<usize>(f * width) << 2) + shift;
      if (WIDE && left >= 96) addTwentyFour(to, list, end, addresses, shift);
      else if (WIDE && left >= 64) addSixteen(to, list, end, addresses, shift);
      else if (left >= 32) addEight(to, list, end, addresses, shift);
      else if (left >= 8) addTwo(to, list, end, addresses, shift);
      else addOne(to, list, end, addresses, shift);
    }
    e += WIDE && left >= 96 ? 96 : WIDE && left >= 64 ? 64 : left >= 32 ? 32 : left >= 8 ? 8 : 4;
  }
}

/**
 * Adds up the `parts` of `weightGradSums` into `out [segments * length, filters]`. Units are four neighbours of a run, which is `length` long and
 * filled up to `run`.
 */
export function weightGradTotals(
  start: i32, end: i32, out: usize, sums: usize, parts: i32, width: i32, run: i32, length: i32, filters: i32,
): void {
  const row = <usize>width << 2;
  const part = <usize>filters * row;
  const line = <usize>filters << 2;
  for (let unit = start; unit < end; unit++) {
    const s = (unit * 4) / run;
    const e = unit * 4 - s * run;
    const rows = min(4, length - e);
    let to = out + <usize>(s * length + e) * line;
    for (let f = 0; f < filters; f += 4, to += 16) {
      let from = sums + <usize>f * row + (<usize>unit << 4);
      let a = v128.load(from), b = v128.load(from + row), c = v128.load(from + 2 * row), d = v128.load(from + 3 * row);
      for (let i = 1; i < parts; i++) {
        from += part;
        a = f32x4.add(a, v128.load(from));
        b = f32x4.add(b, v128.load(from + row));
        c = f32x4.add(c, v128.load(from + 2 * row));
        d = f32x4.add(d, v128.load(from + 3 * row));
      }
      const lowAb = v128.shuffle<f32>(a, b, 0, 4, 1, 5), highAb = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
      const lowCd = v128.shuffle<f32>(c, d, 0, 4, 1, 5), highCd = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
      const left = filters - f;
      storeLanes(to, v128.shuffle<i64>(lowAb, lowCd, 0, 2), left);
      if (rows > 1) storeLanes(to + line, v128.shuffle<i64>(lowAb, lowCd, 1, 3), left);
      if (rows > 2) storeLanes(to + 2 * line, v128.shuffle<i64>(highAb, highCd, 0, 2), left);
      if (rows > 3) storeLanes(to + 3 * line, v128.shuffle<i64>(highAb, highCd, 1, 3), left);
    }
  }
}
