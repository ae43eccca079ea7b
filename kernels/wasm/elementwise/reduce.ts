/**
 * Reductions of `[outer, count, inner]` over the middle axis: along rows where inner is 1, else over strips of 16
 * columns. Sums run in float32 over at most 128 terms a lane and then in double, so that length costs no accuracy.
 */
import { read } from './exact';
import { scratch, storeLanes, sumLanes } from '../simd';

/** Rows of a block that is summed in float32. */
const BLOCK: i32 = 128;
/** Columns taken at a time. */
const STRIP: i32 = 16;

/** The sum of `count` floats. */
export function sumOf(x: usize, count: i32): f64 {
  let total: f64 = 0;
  while (count >= 16) {
    const steps = min(count / 16, BLOCK);
    let s0 = f32x4.splat(0), s1 = f32x4.splat(0), s2 = f32x4.splat(0), s3 = f32x4.splat(0);
    for (let i = 0; i < steps; i++, x += 64) {
      s0 = f32x4.add(s0, v128.load(x));
      s1 = f32x4.add(s1, v128.load(x, 16));
      s2 = f32x4.add(s2, v128.load(x, 32));
      s3 = f32x4.add(s3, v128.load(x, 48));
    }
    total += sumLanes(f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3)));
    count -= steps * 16;
  }
  for (; count > 0; count--, x += 4) total += load<f32>(x);
  return total;
}

export function sumRows(start: i32, end: i32, out: usize, x: usize, count: i32): void {
  for (let row = start; row < end; row++) {
    store<f32>(out + (<usize>row << 2), <f32>sumOf(x + (<usize>row * <usize>count << 2), count));
  }
}

/** Sixteen doubles in the scratch memory that block sums are added to. */
export function clearTotals(): void {
  memory.fill(scratch(), 0, STRIP * 8);
}

@inline
function addTotals(slot: usize, v: v128): void {
  const at = scratch() + slot;
  v128.store(at, f64x2.add(v128.load(at), f64x2.promote_low_f32x4(v)));
  v128.store(at, f64x2.add(v128.load(at, 16), f64x2.promote_low_f32x4(v128.shuffle<i64>(v, v, 1, 0))), 16);
}

export function addBlock(s0: v128, s1: v128, s2: v128, s3: v128): void {
  addTotals(0, s0);
  addTotals(32, s1);
  addTotals(64, s2);
  addTotals(96, s3);
}

export function storeTotals(out: usize, columns: i32): void {
  for (let c = 0; c < columns; c++) store<f32>(out + (<usize>c << 2), <f32>load<f64>(scratch() + (<usize>c << 3)));
}

/** Units `[start, end)`: strips of columns, counted through `outer`. */
export function sumColumns(start: i32, end: i32, out: usize, x: usize, count: i32, inner: i32): void {
  const strips = (inner + STRIP - 1) / STRIP;
  const step = <usize>inner << 2;
  for (let unit = start; unit < end; unit++) {
    const outer = unit / strips;
    const c = (unit - outer * strips) * STRIP;
    let from = x + ((<usize>outer * <usize>count * <usize>inner + c) << 2);
    clearTotals();
    for (let t = 0; t < count; ) {
      const last = min(t + BLOCK, count);
      let s0 = f32x4.splat(0), s1 = f32x4.splat(0), s2 = f32x4.splat(0), s3 = f32x4.splat(0);
      for (; t < last; t++, from += step) {
        s0 = f32x4.add(s0, v128.load(from));
        s1 = f32x4.add(s1, v128.load(from, 16));
        s2 = f32x4.add(s2, v128.load(from, 32));
        s3 = f32x4.add(s3, v128.load(from, 48));
      }
      addBlock(s0, s1, s2, s3);
    }
    storeTotals(out + (<usize>(outer * inner + c) << 2), min(STRIP, inner - c));
  }
}

class Max {
  @inline of(a: v128, b: v128): v128 { return f32x4.max(a, b); }
  @inline one(a: f32, b: f32): f32 { return max(a, b); }
}
class Min {
  @inline of(a: v128, b: v128): v128 { return f32x4.min(a, b); }
  @inline one(a: f32, b: f32): f32 { return min(a, b); }
}

/** The extreme of `count` floats, at least one. NaN wins. */
@inline
export function extremeOf<F>(x: usize, count: i32): f32 {
  let i = 0;
  let best = load<f32>(x);
  if (count >= 4) {
    let v = v128.load(x);
    for (i = 4; i + 4 <= count; i += 4) v = changetype<F>(0).of(v, v128.load(x + (<usize>i << 2)));
    const low = changetype<F>(0).one(f32x4.extract_lane(v, 0), f32x4.extract_lane(v, 1));
    best = changetype<F>(0).one(low, changetype<F>(0).one(f32x4.extract_lane(v, 2), f32x4.extract_lane(v, 3)));
  }
  for (; i < count; i++) best = changetype<F>(0).one(best, load<f32>(x + (<usize>i << 2)));
  return best;
}

@inline
function extremes<F>(start: i32, end: i32, out: usize, x: usize, count: i32, inner: i32): void {
  if (inner == 1) {
    for (let row = start; row < end; row++) {
      store<f32>(out + (<usize>row << 2), extremeOf<F>(x + (<usize>row * <usize>count << 2), count));
    }
    return;
  }
  const strips = (inner + 15) / 16;
  const step = <usize>inner << 2;
  for (let unit = start; unit < end; unit++) {
    const outer = unit / strips;
    const c = (unit - outer * strips) * 16;
    let from = x + ((<usize>outer * <usize>count * <usize>inner + c) << 2);
    let v0 = v128.load(from), v1 = v128.load(from, 16), v2 = v128.load(from, 32), v3 = v128.load(from, 48);
    for (let t = 1; t < count; t++) {
      from += step;
      v0 = changetype<F>(0).of(v0, v128.load(from)), v1 = changetype<F>(0).of(v1, v128.load(from, 16));
      v2 = changetype<F>(0).of(v2, v128.load(from, 32)), v3 = changetype<F>(0).of(v3, v128.load(from, 48));
    }
    const to = out + (<usize>(outer * inner + c) << 2);
    const left = inner - c;
    storeLanes(to, v0, left);
    if (left > 4) storeLanes(to + 16, v1, left - 4);
    if (left > 8) storeLanes(to + 32, v2, left - 8);
    if (left > 12) storeLanes(to + 48, v3, left - 12);
  }
}

/** Units: rows where inner is 1, else strips of 16 columns counted through `outer`. */
export function maxMiddle(start: i32, end: i32, out: usize, x: usize, count: i32, inner: i32): void {
  extremes<Max>(start, end, out, x, count, inner);
}

export function minMiddle(start: i32, end: i32, out: usize, x: usize, count: i32, inner: i32): void {
  extremes<Min>(start, end, out, x, count, inner);
}

/** Results `[start, end)`: the index of the first largest element, NaN being the largest. `type` as in `exact.ts`. */
export function argmax(start: i32, end: i32, out: usize, x: usize, count: i32, inner: i32, type: i32): void {
  const size: usize = type == 2 ? 1 : 4;
  for (let i = start; i < end; i++) {
    const outer = i / inner;
    let from = x + (<usize>outer * <usize>count * <usize>inner + (i - outer * inner)) * size;
    let best = read(from, type);
    let at = 0;
    for (let t = 1; t < count && best == best; t++) {
      from += <usize>inner * size;
      const value = read(from, type);
      if (value > best || value != value) {
        best = value;
        at = t;
      }
    }
    store<i32>(out + (<usize>i << 2), at);
  }
}
