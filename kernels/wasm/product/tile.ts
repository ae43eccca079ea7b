/**
 * A 6x8 tile of C over one inner block: twelve registers of sums, eight loads per inner index. A is read from a packed
 * panel, or straight from six runs of memory, which saves the packing where rows of A are dense. The scratch memory
 * begins with the pointers to the tile's rows of C (see `matmul.ts`).
 *
 * The shape of this code is measured: V8 keeps all sums in registers only while one loop runs straight into the stores.
 * A loop around it, a remainder after it, or stores that share a branch with additions cost a quarter of the speed. Two
 * inner indices per turn, an odd one beforehand, are a third faster than one: fewer additions to pointers.
 *
 * Where multiply and add are fused, sums, two columns and a factor are all of V8's 15 registers. The optimizer of AssemblyScript moves the first
 * index's additions into those of the second, which then takes 18: three sums went through memory at every turn, at 61 % of the peak where it is
 * 90 % now. A way out between the two, which is never taken, keeps them apart. Without fusing, products need registers, and pairs are faster.
 */
import { MR, NR } from './panels';
import { madd, scratch, storeLanes } from '../simd';

/** Where in the scratch memory the sums of an incomplete tile go. */
const TILE_AT: usize = 64;

/**
 * The tile from `count` inner indices of six neighbours from `a` on, each `step` bytes behind the one before: 24 in a packed panel.
 * @param column bytes from a row's begin to the tile's first column
 * @param rows of the tile that exist, and `columns` from it to the end of the row
 * @param adds whether the sums go on from what C holds: in which runs and blocks a row was cut never shows in its bits
 */
export function neighbourTile(
  count: i32, a: usize, step: usize, b: usize, column: usize, rows: i32, columns: i32, adds: bool,
): void {
  let x0 = f32x4.splat(0), y0 = f32x4.splat(0), x1 = f32x4.splat(0), y1 = f32x4.splat(0);
  let x2 = f32x4.splat(0), y2 = f32x4.splat(0), x3 = f32x4.splat(0), y3 = f32x4.splat(0);
  let x4 = f32x4.splat(0), y4 = f32x4.splat(0), x5 = f32x4.splat(0), y5 = f32x4.splat(0);
  if (adds) {
    const c0 = load<usize>(scratch(), 0) + column;
    x0 = v128.load(c0);
    y0 = v128.load(c0, 16);
    const c1 = load<usize>(scratch(), 4) + column;
    x1 = v128.load(c1);
    y1 = v128.load(c1, 16);
    const c2 = load<usize>(scratch(), 8) + column;
    x2 = v128.load(c2);
    y2 = v128.load(c2, 16);
    const c3 = load<usize>(scratch(), 12) + column;
    x3 = v128.load(c3);
    y3 = v128.load(c3, 16);
    const c4 = load<usize>(scratch(), 16) + column;
    x4 = v128.load(c4);
    y4 = v128.load(c4, 16);
    const c5 = load<usize>(scratch(), 20) + column;
    x5 = v128.load(c5);
    y5 = v128.load(c5, 16);
  }
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
    if (ASC_FEATURE_RELAXED_SIMD && b == 0) break;
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

/** The tile from the run of `count` elements at each of the six pointers listed at `run`. */
export function directTile(
  count: i32, run: usize, b: usize, column: usize, rows: i32, columns: i32, adds: bool,
): void {
  let x0 = f32x4.splat(0), y0 = f32x4.splat(0), x1 = f32x4.splat(0), y1 = f32x4.splat(0);
  let x2 = f32x4.splat(0), y2 = f32x4.splat(0), x3 = f32x4.splat(0), y3 = f32x4.splat(0);
  let x4 = f32x4.splat(0), y4 = f32x4.splat(0), x5 = f32x4.splat(0), y5 = f32x4.splat(0);
  if (adds) {
    const c0 = load<usize>(scratch(), 0) + column;
    x0 = v128.load(c0);
    y0 = v128.load(c0, 16);
    const c1 = load<usize>(scratch(), 4) + column;
    x1 = v128.load(c1);
    y1 = v128.load(c1, 16);
    const c2 = load<usize>(scratch(), 8) + column;
    x2 = v128.load(c2);
    y2 = v128.load(c2, 16);
    const c3 = load<usize>(scratch(), 12) + column;
    x3 = v128.load(c3);
    y3 = v128.load(c3, 16);
    const c4 = load<usize>(scratch(), 16) + column;
    x4 = v128.load(c4);
    y4 = v128.load(c4, 16);
    const c5 = load<usize>(scratch(), 20) + column;
    x5 = v128.load(c5);
    y5 = v128.load(c5, 16);
  }
  let a0 = load<usize>(run), a1 = load<usize>(run, 4), a2 = load<usize>(run, 8);
  let a3 = load<usize>(run, 12), a4 = load<usize>(run, 16), a5 = load<usize>(run, 20);
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
    if (ASC_FEATURE_RELAXED_SIMD && b == 0) break;
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
  storeTile(column, rows, columns, x0, y0, x1, y1, x2, y2, x3, y3, x4, y4, x5, y5);
}

@inline
export function storeTile(
  column: usize, rows: i32, columns: i32,
  x0: v128, y0: v128, x1: v128, y1: v128, x2: v128, y2: v128, x3: v128, y3: v128, x4: v128, y4: v128, x5: v128, y5: v128,
): void {
  const to = scratch();
  if (rows == MR && columns >= NR) {
    put(load<usize>(to) + column, x0, y0);
    put(load<usize>(to, 4) + column, x1, y1);
    put(load<usize>(to, 8) + column, x2, y2);
    put(load<usize>(to, 12) + column, x3, y3);
    put(load<usize>(to, 16) + column, x4, y4);
    put(load<usize>(to, 20) + column, x5, y5);
  } else {
    // Through memory, so that no sum is alive across a call.
    const sums = to + TILE_AT;
    v128.store(sums, x0);
    v128.store(sums, y0, 16);
    v128.store(sums, x1, 32);
    v128.store(sums, y1, 48);
    v128.store(sums, x2, 64);
    v128.store(sums, y2, 80);
    v128.store(sums, x3, 96);
    v128.store(sums, y3, 112);
    v128.store(sums, x4, 128);
    v128.store(sums, y4, 144);
    v128.store(sums, x5, 160);
    v128.store(sums, y5, 176);
    for (let r = 0; r < rows; r++) {
      const at = load<usize>(to + (<usize>r << 2)) + column;
      const from = sums + (<usize>r << 5);
      storeLanes(at, v128.load(from), columns);
      if (columns > 4) storeLanes(at + 16, v128.load(from, 16), columns - 4);
    }
  }
}

@inline
function put(at: usize, x: v128, y: v128): void {
  v128.store(at, x);
  v128.store(at, y, 16);
}
