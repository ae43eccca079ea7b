/** Softmax and its logarithm over the middle of `[outer, count, inner]`, shifted by the maximum. */
import { exp, log } from './math';
import { maxOf } from './reduce';
import { storeLanes, sumLanes } from './simd';

/** Terms a lane sums in float32 before the sum goes on in double. */
const BLOCK: i32 = 512;

/** exp(x - top) of a row, into `out` unless that is 0; returns the sum. */
function exponentials(out: usize, x: usize, count: i32, top: f32): f64 {
  const shift = f32x4.splat(top);
  let total: f64 = 0;
  let i = 0;
  while (i + 4 <= count) {
    const last = min(i + BLOCK * 4, count - 3);
    let sum = f32x4.splat(0);
    for (; i < last; i += 4) {
      const e = exp(f32x4.sub(v128.load(x + (<usize>i << 2)), shift));
      sum = f32x4.add(sum, e);
      if (out != 0) v128.store(out + (<usize>i << 2), e);
    }
    total += sumLanes(sum);
  }
  if (i < count) {
    const e = exp(f32x4.sub(v128.load(x + (<usize>i << 2)), shift));
    if (out != 0) storeLanes(out + (<usize>i << 2), e, count - i);
    total += f32x4.extract_lane(e, 0);
    if (count - i > 1) total += f32x4.extract_lane(e, 1);
    if (count - i > 2) total += f32x4.extract_lane(e, 2);
  }
  return total;
}

/** Rows `[start, end)` where inner is 1. */
export function softmaxRows(start: i32, end: i32, out: usize, x: usize, count: i32, logarithm: i32): void {
  for (let row = start; row < end; row++) {
    const from = x + (<usize>row * <usize>count << 2);
    const to = out + (<usize>row * <usize>count << 2);
    const top = maxOf(from, count);
    const total = exponentials(logarithm != 0 ? 0 : to, from, count, top);
    const scale = f32x4.splat(<f32>(1 / total));
    const shift = f32x4.splat(top);
    const rest = log(f32x4.splat(<f32>total));
    for (let i = 0; i < count; i += 4) {
      const at = <usize>i << 2;
      const y = logarithm != 0
        ? f32x4.sub(f32x4.sub(v128.load(from + at), shift), rest)
        : f32x4.mul(v128.load(to + at), scale);
      storeLanes(to + at, y, count - i);
    }
  }
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
      const e = exp(f32x4.sub(v128.load(from), top));
      low = f64x2.add(low, f64x2.promote_low_f32x4(e));
      high = f64x2.add(high, f64x2.promote_low_f32x4(v128.shuffle<i64>(e, e, 1, 0)));
    }
    const total = v128.shuffle<i64>(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 2);
    const rest = log(total);
    from = x + origin;
    let to = out + origin;
    for (let t = 0; t < count; t++, from += step, to += step) {
      const shifted = f32x4.sub(v128.load(from), top);
      const y = logarithm != 0 ? f32x4.sub(shifted, rest) : f32x4.div(exp(shifted), total);
      storeLanes(to, y, inner - c);
    }
  }
}
