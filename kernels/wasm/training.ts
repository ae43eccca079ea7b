/**
 * Kernels that only training needs: a module of its own over the same memory, so that whoever explains loads none of them. The first two
 * arguments are the range of units, as for all kernels.
 */
import { madd, storeLanes } from './simd';
import { bitsOf } from './training/products';

export { convMax, convMaxGradInput, convMaxGradKernel, convMaxTable, listRows, tableProducts } from './windows/conv-max';
export { convPool, convPoolSpread } from './windows/conv-pool';
export { convPoolGradKernel } from './windows/conv-pool-grad';
export { dropout, randomUniform } from './elementwise/random';
export { setScratch } from './simd';
export { weightGradSums, weightGradTotals } from './training/products';

/** All ones where an element is the extreme and, if asked, above 0. */
@inline
function hits(x: usize, y: v128, open: v128): v128 {
  return v128.and(f32x4.eq(v128.load(x), y), open);
}

/** One lane of four columns: how much each that is hit gets. */
@inline
function shareOf(grad: v128, hit: v128, scale: v128): v128 {
  return f32x4.div(f32x4.mul(grad, scale), f32x4.convert_i32x4_s(hit));
}

/**
 * The gradient of a maximum or minimum `y [outer, inner]` of `x [outer, count, inner]`, times `scale`, in equal shares to the elements that equal
 * it; `positive`: only where it is above 0. Units are strips of 16 columns counted through `outer`.
 */
export function extremeGradMiddle(
  start: i32, end: i32, out: usize, x: usize, y: usize, grad: usize, count: i32, inner: i32, positive: i32, scale: f32,
): void {
  const strips = (inner + 15) / 16;
  const step = <usize>inner << 2;
  const all = i32x4.splat(-1);
  const zero = f32x4.splat(0);
  const factor = f32x4.splat(scale);
  for (let unit = start; unit < end; unit++) {
    const outer = unit / strips;
    const c = (unit - outer * strips) * 16;
    const left = inner - c;
    const at = <usize>(outer * inner + c) << 2;
    const y0 = v128.load(y + at), y1 = v128.load(y + at, 16), y2 = v128.load(y + at, 32), y3 = v128.load(y + at, 48);
    const o0 = positive ? f32x4.gt(y0, zero) : all, o1 = positive ? f32x4.gt(y1, zero) : all;
    const o2 = positive ? f32x4.gt(y2, zero) : all, o3 = positive ? f32x4.gt(y3, zero) : all;
    const first = (<usize>outer * <usize>count * <usize>inner + c) << 2;
    let n0 = i32x4.splat(0), n1 = n0, n2 = n0, n3 = n0;
    let from = x + first;
    for (let t = 0; t < count; t++, from += step) {
      n0 = i32x4.sub(n0, hits(from, y0, o0)), n1 = i32x4.sub(n1, hits(from + 16, y1, o1));
      n2 = i32x4.sub(n2, hits(from + 32, y2, o2)), n3 = i32x4.sub(n3, hits(from + 48, y3, o3));
    }
    const g = grad + at;
    const s0 = shareOf(v128.load(g), n0, factor), s1 = shareOf(v128.load(g, 16), n1, factor);
    const s2 = shareOf(v128.load(g, 32), n2, factor), s3 = shareOf(v128.load(g, 48), n3, factor);
    from = x + first;
    let to = out + first;
    for (let t = 0; t < count; t++, from += step, to += step) {
      storeLanes(to, v128.and(s0, hits(from, y0, o0)), left);
      if (left > 4) storeLanes(to + 16, v128.and(s1, hits(from + 16, y1, o1)), left - 4);
      if (left > 8) storeLanes(to + 32, v128.and(s2, hits(from + 32, y2, o2)), left - 8);
      if (left > 12) storeLanes(to + 48, v128.and(s3, hits(from + 48, y3, o3)), left - 12);
    }
  }
}

/** The same for `inner` 1: units are rows of `count` elements. */
export function extremeGradRows(
  start: i32, end: i32, out: usize, x: usize, y: usize, grad: usize, count: i32, positive: i32, scale: f32,
): void {
  const row = <usize>count << 2;
  for (let unit = start; unit < end; unit++) {
    const at = <usize>unit << 2;
    const from = x + <usize>unit * row;
    const to = out + <usize>unit * row;
    const extreme = load<f32>(y + at);
    if (positive && !(extreme > 0)) {
      memory.fill(to, 0, row);
      continue;
    }
    let equal = 0;
    for (let i: usize = 0; i < row; i += 4) equal += <i32>(load<f32>(from + i) == extreme);
    const share = f32x4.splat((load<f32>(grad + at) * scale) / <f32>equal);
    const whole = f32x4.splat(extreme);
    for (let i = 0; i < count; i += 4) {
      const shift = <usize>i << 2;
      storeLanes(to + shift, v128.and(share, f32x4.eq(v128.load(from + shift), whole)), count - i);
    }
  }
}

/**
 * The gradient of a convolution to its kernel `out [segments * length, filters]` where `grad [batch, positions, filters]` is nearly all
 * zeros: each element that is not adds its window of `x`. Units are 16 filters; `work` has room for `out`. Sums are in the order of positions.
 * @param table `[positions, segments]` byte offsets within a sample of `x`, -1 for padding
 * @param sample bytes of one of `x`
 */
export function convGradKernelRare(
  start: i32, end: i32, out: usize, x: usize, grad: usize, work: usize, table: usize, batch: i32, positions: i32,
  segments: i32, length: i32, sample: i32, filters: i32,
): void {
  const m = segments * length;
  const row = <usize>m << 2;
  const first = start * 16;
  const last = min(end * 16, filters);
  if (first >= last) return;
  memory.fill(work + <usize>first * row, 0, <usize>(last - first) * row);
  for (let q = 0; q < batch; q++, x += sample) {
    for (let p = 0; p < positions; p++, grad += <usize>filters << 2) {
      const windows = table + (<usize>(p * segments) << 2);
      for (let c = first; c < last; c += 16) {
        let left = bitsOf(grad + (<usize>c << 2));
        if (last - c < 16) left &= (1 << (last - c)) - 1;
        for (; left != 0; left &= left - 1) {
          const f = c + <i32>ctz(left);
          const value = v128.load32_splat(grad + (<usize>f << 2));
          let to = work + <usize>f * row;
          for (let s = 0; s < segments; s++, to += <usize>length << 2) {
            const offset = load<i32>(windows + (<usize>s << 2));
            if (offset < 0) continue;
            const from = x + offset;
            for (let e = 0; e < length; e += 4) {
              const at = <usize>e << 2;
              storeLanes(to + at, madd(v128.load(from + at), value, v128.load(to + at)), length - e);
            }
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
