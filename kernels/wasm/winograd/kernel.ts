/** The transform of a kernel for winograd.ts, done once for all plans. */
import { NR } from '../product/panels';

/**
 * G g G' of a kernel as `[16][panels][inner][8]`, zeros beyond column `n`. Units are panels. All steps in bytes: between taps down and
 * across (negative where the kernel is turned round for the gradient to the input), inner indices and columns.
 */
export function winogradKernel(
  start: i32, end: i32, to: usize, w: usize, inner: i32, n: i32, down: i32, across: i32, row: i32, col: i32,
): void {
  const apart = <usize>((n + NR - 1) / NR) * <usize>inner * 32;
  for (let unit = start; unit < end; unit++) {
    for (let half = 0; half < 2; half++) {
      const j = unit * NR + half * 4;
      let at = w + j * col;
      let put = to + <usize>(unit * inner) * 32 + <usize>half * 16;
      for (let k = 0; k < inner; k++, at += row, put += 32) kernelValues(put, apart, at, down, across, col, n - j);
    }
  }
}

/** The sixteen values of four columns. */
@inline
function kernelValues(to: usize, apart: usize, at: usize, down: i32, across: i32, col: i32, columns: i32): void {
  const half = f32x4.splat(0.5);
  for (let i = 0; i < 4; i++, to += 4 * apart) {
    const a = tapsDown(i, at, down, col, columns);
    const b = tapsDown(i, at + across, down, col, columns);
    const c = tapsDown(i, at + 2 * across, down, col, columns);
    const ends = f32x4.add(a, c);
    v128.store(to, a);
    v128.store(to + apart, f32x4.mul(half, f32x4.add(ends, b)));
    v128.store(to + 2 * apart, f32x4.mul(half, f32x4.sub(ends, b)));
    v128.store(to + 3 * apart, c);
  }
}

/** Value `i` of G g of three taps below each other. */
@inline
function tapsDown(i: i32, at: usize, down: i32, col: i32, columns: i32): v128 {
  if (i == 0) return fourTaps(at, col, columns);
  const last = fourTaps(at + 2 * down, col, columns);
  if (i == 3) return last;
  const ends = f32x4.add(fourTaps(at, col, columns), last);
  const middle = fourTaps(at + down, col, columns);
  return f32x4.mul(f32x4.splat(0.5), i == 1 ? f32x4.add(ends, middle) : f32x4.sub(ends, middle));
}

/** A tap of the columns that exist of four, zeros for the others. */
@inline
function fourTaps(at: usize, col: i32, columns: i32): v128 {
  if (col == 4 && columns >= 4) return v128.load(at);
  let taps = f32x4.splat(0);
  if (columns > 0) taps = v128.load32_lane(at, taps, 0);
  if (columns > 1) taps = v128.load32_lane(at + col, taps, 1);
  if (columns > 2) taps = v128.load32_lane(at + 2 * col, taps, 2);
  if (columns > 3) taps = v128.load32_lane(at + 3 * col, taps, 3);
  return taps;
}
