/** Softmax and its logarithm over the middle of `[outer, count, inner]`, shifted by the maximum. */
import { expNegative, log } from './math';
import { storeLanes, sumLanes } from '../simd';

/** Terms a lane sums in float32 before the sum goes on in double. */
const BLOCK: i32 = 512;

/** The maximum of a row. A NaN may be passed over here: it makes the sum of the exponentials NaN anyway. */
function topOf(x: usize, count: i32): f32 {
  let top: f32 = -Infinity;
  if (count >= 8) {
    let a = v128.load(x);
    let b = v128.load(x, 16);
    for (; count >= 8; count -= 8, x += 32) {
      a = f32x4.pmax(a, v128.load(x));
      b = f32x4.pmax(b, v128.load(x, 16));
    }
    a = f32x4.pmax(a, b);
    a = f32x4.pmax(a, v128.shuffle<f32>(a, a, 2, 3, 0, 1));
    top = max(f32x4.extract_lane(a, 0), f32x4.extract_lane(a, 1));
    // A NaN that came first hides the maximum.
    if (top != top) return 0;
  }
  for (; count > 0; count--, x += 4) {
    const v = load<f32>(x);
    if (v > top) top = v;
  }
  return top;
}

/** exp(x - top) of a row into `out`; returns the sum. */
function exponentials(out: usize, x: usize, count: i32, top: f32): f64 {
  const shift = f32x4.splat(top);
  let total: f64 = 0;
  while (count >= 8) {
    const steps = min(count / 8, BLOCK);
    let a = f32x4.splat(0);
    let b = f32x4.splat(0);
    for (let i = 0; i < steps; i++, x += 32, out += 32) {
      const e = expNegative(f32x4.sub(v128.load(x), shift));
      const f = expNegative(f32x4.sub(v128.load(x, 16), shift));
      v128.store(out, e);
      v128.store(out, f, 16);
      a = f32x4.add(a, e);
      b = f32x4.add(b, f);
    }
    total += sumLanes(f32x4.add(a, b));
    count -= steps * 8;
  }
  for (; count > 0; count--, x += 4, out += 4) {
    const e = f32x4.extract_lane(expNegative(f32x4.sub(v128.load(x), shift)), 0);
    store<f32>(out, e);
    total += e;
  }
  return total;
}

/** Rows `[start, end)` where inner is 1. */
export function softmaxRows(start: i32, end: i32, out: usize, x: usize, count: i32, logarithm: i32): void {
  for (let row = start; row < end; row++) {
    const from = x + (<usize>row * <usize>count << 2);
    const to = out + (<usize>row * <usize>count << 2);
    const top = topOf(from, count);
    const total = exponentials(to, from, count, top);
    if (logarithm != 0) {
      const shift = f32x4.splat(top);
      const rest = log(f32x4.splat(<f32>total));
      for (let i = 0; i < count; i += 4) {
        const at = <usize>i << 2;
        storeLanes(to + at, f32x4.sub(f32x4.sub(v128.load(from + at), shift), rest), count - i);
      }
    } else {
      scaleRow(to, count, <f32>(1 / total));
    }
  }
}

function scaleRow(x: usize, count: i32, by: f32): void {
  const scale = f32x4.splat(by);
  for (; count >= 8; count -= 8, x += 32) {
    v128.store(x, f32x4.mul(v128.load(x), scale));
    v128.store(x, f32x4.mul(v128.load(x, 16), scale), 16);
  }
  for (; count > 0; count--, x += 4) store<f32>(x, load<f32>(x) * by);
}

/** Strips of four columns, counted through `outer`. */
export function softmaxColumns(
  start: i32, end: i32, out: usize, x: usize, count: i32, inner: i32, logarithm: i32,
): void {
  const strips = (inner + 3) / 4;
  const step = <usize>inner << 2;
  for (let unit = start; unit < end; unit++) {
    const outer = unit / strips;
    const c = (unit - outer * strips) * 4;
    const origin = (<usize>outer * <usize>count * <usize>inner + c) << 2;
    let from = x + origin;
    let top = v128.load(from);
    for (let t = 1; t < count; t++) top = f32x4.max(top, v128.load(from + <usize>t * step));
    let low = f64x2.splat(0);
    let high = f64x2.splat(0);
    for (let t = 0; t < count; t++, from += step) {
      const e = expNegative(f32x4.sub(v128.load(from), top));
      low = f64x2.add(low, f64x2.promote_low_f32x4(e));
      high = f64x2.add(high, f64x2.promote_low_f32x4(v128.shuffle<i64>(e, e, 1, 0)));
    }
    const total = v128.shuffle<i64>(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 2);
    const rest = log(total);
    from = x + origin;
    let to = out + origin;
    for (let t = 0; t < count; t++, from += step, to += step) {
      const shifted = f32x4.sub(v128.load(from), top);
      const y = logarithm != 0 ? f32x4.sub(shifted, rest) : f32x4.div(expNegative(shifted), total);
      storeLanes(to, y, inner - c);
    }
  }
}
