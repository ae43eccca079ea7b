/**
 * The product of six rows of states or gradients with a panel of the recurrent kernel, added to six rows that lie elsewhere: what is added is read
 * where it is, so that the input's part of the gates is never copied. The loop is that of `tile.ts`, with its order of sums: sums in
 * registers, two inner indices per turn.
 */
import { madd } from '../simd';

/**
 * @param table of pointers: six to the rows that are multiplied, of `count` floats, then six to the rows that the product is added to
 * @param column bytes from there to what this panel's eight columns are added to
 * @param to the first row of the result, at these columns, and `step` bytes to the next
 */
export function recurrentTile(count: i32, table: usize, b: usize, column: usize, to: usize, step: usize): void {
  const c0 = load<usize>(table, 24) + column;
  let x0 = v128.load(c0), y0 = v128.load(c0, 16);
  const c1 = load<usize>(table, 28) + column;
  let x1 = v128.load(c1), y1 = v128.load(c1, 16);
  const c2 = load<usize>(table, 32) + column;
  let x2 = v128.load(c2), y2 = v128.load(c2, 16);
  const c3 = load<usize>(table, 36) + column;
  let x3 = v128.load(c3), y3 = v128.load(c3, 16);
  const c4 = load<usize>(table, 40) + column;
  let x4 = v128.load(c4), y4 = v128.load(c4, 16);
  const c5 = load<usize>(table, 44) + column;
  let x5 = v128.load(c5), y5 = v128.load(c5, 16);
  let a0 = load<usize>(table, 0);
  let a1 = load<usize>(table, 4);
  let a2 = load<usize>(table, 8);
  let a3 = load<usize>(table, 12);
  let a4 = load<usize>(table, 16);
  let a5 = load<usize>(table, 20);
  let left: v128, right: v128, v: v128;
  if (count & 1) {
    left = v128.load(b, 0);
    right = v128.load(b, 16);
    v = v128.load32_splat(a0, 0);
    x0 = madd(v, left, x0);
    y0 = madd(v, right, y0);
    v = v128.load32_splat(a1, 0);
    x1 = madd(v, left, x1);
    y1 = madd(v, right, y1);
    v = v128.load32_splat(a2, 0);
    x2 = madd(v, left, x2);
    y2 = madd(v, right, y2);
    v = v128.load32_splat(a3, 0);
    x3 = madd(v, left, x3);
    y3 = madd(v, right, y3);
    v = v128.load32_splat(a4, 0);
    x4 = madd(v, left, x4);
    y4 = madd(v, right, y4);
    v = v128.load32_splat(a5, 0);
    x5 = madd(v, left, x5);
    y5 = madd(v, right, y5);
    a0 += 4;
    a1 += 4;
    a2 += 4;
    a3 += 4;
    a4 += 4;
    a5 += 4;
    b += 32;
  }
  for (let i = count >> 1; i > 0; i--) {
    left = v128.load(b, 0);
    right = v128.load(b, 16);
    v = v128.load32_splat(a0, 0);
    x0 = madd(v, left, x0);
    y0 = madd(v, right, y0);
    v = v128.load32_splat(a1, 0);
    x1 = madd(v, left, x1);
    y1 = madd(v, right, y1);
    v = v128.load32_splat(a2, 0);
    x2 = madd(v, left, x2);
    y2 = madd(v, right, y2);
    v = v128.load32_splat(a3, 0);
    x3 = madd(v, left, x3);
    y3 = madd(v, right, y3);
    v = v128.load32_splat(a4, 0);
    x4 = madd(v, left, x4);
    y4 = madd(v, right, y4);
    v = v128.load32_splat(a5, 0);
    x5 = madd(v, left, x5);
    y5 = madd(v, right, y5);
    if (ASC_FEATURE_RELAXED_SIMD && b == 0) break; // never: keeps the sums in registers, see `tile.ts`
    left = v128.load(b, 32);
    right = v128.load(b, 48);
    v = v128.load32_splat(a0, 4);
    x0 = madd(v, left, x0);
    y0 = madd(v, right, y0);
    v = v128.load32_splat(a1, 4);
    x1 = madd(v, left, x1);
    y1 = madd(v, right, y1);
    v = v128.load32_splat(a2, 4);
    x2 = madd(v, left, x2);
    y2 = madd(v, right, y2);
    v = v128.load32_splat(a3, 4);
    x3 = madd(v, left, x3);
    y3 = madd(v, right, y3);
    v = v128.load32_splat(a4, 4);
    x4 = madd(v, left, x4);
    y4 = madd(v, right, y4);
    v = v128.load32_splat(a5, 4);
    x5 = madd(v, left, x5);
    y5 = madd(v, right, y5);
    a0 += 8;
    a1 += 8;
    a2 += 8;
    a3 += 8;
    a4 += 8;
    a5 += 8;
    b += 64;
  }
  v128.store(to, x0);
  v128.store(to, y0, 16);
  to += step;
  v128.store(to, x1);
  v128.store(to, y1, 16);
  to += step;
  v128.store(to, x2);
  v128.store(to, y2, 16);
  to += step;
  v128.store(to, x3);
  v128.store(to, y3, 16);
  to += step;
  v128.store(to, x4);
  v128.store(to, y4, 16);
  to += step;
  v128.store(to, x5);
  v128.store(to, y5, 16);
}
