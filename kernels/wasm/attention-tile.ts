/**
 * A 6x8 tile of C = A^T B where the rows of A lie apart, as those of a block of attention's probabilities do: six neighbours of each row times
 * eight of B's, summed over the rows. The loop is that of `tile.ts`, with its order of sums and for its reasons; nothing of A is packed.
 */
import { madd, scratch } from './simd';
import { storeTile } from './tile';

/**
 * Adds to the tile of C whose rows the scratch memory points to (see `tile.ts`).
 * @param count of rows of A, `step` bytes apart, and of the packed rows of B
 */
export function transposedTile(
  count: i32, a: usize, step: usize, b: usize, column: usize, rows: i32, columns: i32,
): void {
  const c0 = load<usize>(scratch(), 0) + column;
  let x0 = v128.load(c0), y0 = v128.load(c0, 16);
  const c1 = load<usize>(scratch(), 4) + column;
  let x1 = v128.load(c1), y1 = v128.load(c1, 16);
  const c2 = load<usize>(scratch(), 8) + column;
  let x2 = v128.load(c2), y2 = v128.load(c2, 16);
  const c3 = load<usize>(scratch(), 12) + column;
  let x3 = v128.load(c3), y3 = v128.load(c3, 16);
  const c4 = load<usize>(scratch(), 16) + column;
  let x4 = v128.load(c4), y4 = v128.load(c4, 16);
  const c5 = load<usize>(scratch(), 20) + column;
  let x5 = v128.load(c5), y5 = v128.load(c5, 16);
  let left: v128, right: v128, v: v128;
  if (count & 1) {
    left = v128.load(b, 0);
    right = v128.load(b, 16);
    v = v128.load32_splat(a, 0);
    x0 = madd(v, left, x0);
    y0 = madd(v, right, y0);
    v = v128.load32_splat(a, 4);
    x1 = madd(v, left, x1);
    y1 = madd(v, right, y1);
    v = v128.load32_splat(a, 8);
    x2 = madd(v, left, x2);
    y2 = madd(v, right, y2);
    v = v128.load32_splat(a, 12);
    x3 = madd(v, left, x3);
    y3 = madd(v, right, y3);
    v = v128.load32_splat(a, 16);
    x4 = madd(v, left, x4);
    y4 = madd(v, right, y4);
    v = v128.load32_splat(a, 20);
    x5 = madd(v, left, x5);
    y5 = madd(v, right, y5);
    a += step;
    b += 32;
  }
  for (let i = count >> 1; i > 0; i--) {
    left = v128.load(b, 0);
    right = v128.load(b, 16);
    v = v128.load32_splat(a, 0);
    x0 = madd(v, left, x0);
    y0 = madd(v, right, y0);
    v = v128.load32_splat(a, 4);
    x1 = madd(v, left, x1);
    y1 = madd(v, right, y1);
    v = v128.load32_splat(a, 8);
    x2 = madd(v, left, x2);
    y2 = madd(v, right, y2);
    v = v128.load32_splat(a, 12);
    x3 = madd(v, left, x3);
    y3 = madd(v, right, y3);
    v = v128.load32_splat(a, 16);
    x4 = madd(v, left, x4);
    y4 = madd(v, right, y4);
    v = v128.load32_splat(a, 20);
    x5 = madd(v, left, x5);
    y5 = madd(v, right, y5);
    a += step;
    if (ASC_FEATURE_RELAXED_SIMD && b == 0) break; // never: keeps the sums in registers, see `tile.ts`
    left = v128.load(b, 32);
    right = v128.load(b, 48);
    v = v128.load32_splat(a, 0);
    x0 = madd(v, left, x0);
    y0 = madd(v, right, y0);
    v = v128.load32_splat(a, 4);
    x1 = madd(v, left, x1);
    y1 = madd(v, right, y1);
    v = v128.load32_splat(a, 8);
    x2 = madd(v, left, x2);
    y2 = madd(v, right, y2);
    v = v128.load32_splat(a, 12);
    x3 = madd(v, left, x3);
    y3 = madd(v, right, y3);
    v = v128.load32_splat(a, 16);
    x4 = madd(v, left, x4);
    y4 = madd(v, right, y4);
    v = v128.load32_splat(a, 20);
    x5 = madd(v, left, x5);
    y5 = madd(v, right, y5);
    a += step;
    b += 64;
  }
  storeTile(column, rows, columns, x0, y0, x1, y1, x2, y2, x3, y3, x4, y4, x5, y5);
}
