/**
 * The matrix product C = A B over packed panels (after Goto and van de Geijn, "Anatomy of High-Performance Matrix
 * Multiplication", 2008): a 6x8 tile of C stays in twelve registers while the inner index runs. Every element is a sum
 * in the order of the inner index, in blocks that depend on its length alone, so that no split of the work changes bits.
 */
import { activate } from './activation';
import { firstRow, MR, NR, packRows, panelsOfA, readSource, rowAfter } from './panels';
import { madd, scratch, storeLanes } from './simd';

export { packB } from './panels';

/** Longest inner block: 6 and 8 floats of each index fit the first-level cache together. */
const KC: i32 = 384;
/** Panels of B taken at a time: with KC they fit the second-level cache. */
const NC: i32 = 64;
/** A pointer per row of the tile comes first in the scratch memory, then the panel of A. */
const panelAt: usize = 64;

/** Where the rows of C are: sample `row / perSample` of `sampleStride`, then a table of offsets or `stride` apart. */
@inline
function rowOfC(c: usize, row: i32, perSample: i32, sampleStride: i32, stride: i32, table: usize): usize {
  const sample = row / perSample;
  const p = row - sample * perSample;
  return c + sample * sampleStride + (table == 0 ? p * stride : load<i32>(table + (<usize>p << 2)));
}

/**
 * Panels `[start, end)` of C's rows (counted through all batches) or, with `byColumns`, of its columns.
 * @param source ten int32 that describe A (see `readSource`)
 * @param b packed by `packB`
 * @param bias 0 or n floats, added before the activation `act`
 * @param batches 0, or per batch: byte shift of A, index of B, byte shift of C
 */
export function matmul(
  start: i32, end: i32, c: usize, perSample: i32, sampleStride: i32, stride: i32, table: usize, source: usize, b: usize,
  m: i32, k: i32, n: i32, bias: usize, act: i32, batches: usize, byColumns: i32,
): void {
  readSource(source, 0);
  const tiles = panelsOfA(m);
  const panels = (n + NR - 1) / NR;
  if (byColumns != 0) {
    rows(0, tiles, start, end, c, perSample, sampleStride, stride, table, b, m, k, n, bias, act);
    return;
  }
  let unit = start;
  while (unit < end) {
    const batch = unit / tiles;
    const last = min(end, (batch + 1) * tiles);
    let matrix = b;
    let to = c;
    if (batches != 0) {
      const at = batches + <usize>batch * 12;
      readSource(source, load<i32>(at));
      matrix += <usize>load<i32>(at, 4) * <usize>panels * <usize>k * 32;
      to += load<i32>(at, 8);
    }
    const first = unit - batch * tiles;
    const count = first + last - unit;
    rows(first, count, 0, panels, to, perSample, sampleStride, stride, table, matrix, m, k, n, bias, act);
    unit = last;
  }
}

function rows(
  tile0: i32, tile1: i32, panel0: i32, panel1: i32, c: usize, perSample: i32, sampleStride: i32, stride: i32,
  table: usize, b: usize, m: i32, k: i32, n: i32, bias: usize, act: i32,
): void {
  const pointers = scratch();
  const a = pointers + panelAt;
  const blocks = (k + KC - 1) / KC;
  const depth = (k + blocks - 1) / blocks;
  for (let p0 = panel0; p0 < panel1; p0 += NC) {
    const p1 = min(p0 + NC, panel1);
    for (let k0 = 0; k0 < k; k0 += depth) {
      const k1 = min(k0 + depth, k);
      const ends = k1 == k;
      for (let tile = tile0; tile < tile1; tile++) {
        const row = firstRow(tile);
        const after = rowAfter(row, m);
        for (let r = 0; r < MR; r++) {
          const at = rowOfC(c, min(row + r, after - 1), perSample, sampleStride, stride, table);
          store<usize>(pointers + (<usize>r << 2), at);
        }
        packRows(a, row, after, k0, k1);
        for (let p = p0; p < p1; p++) {
          const from = b + <usize>(p * k + k0) * 32;
          const offset: usize = bias == 0 || !ends ? 0 : bias + (<usize>p << 5);
          tileOf(k1 - k0, a, from, <usize>p << 5, after - row, n - p * NR, k0 > 0, offset, ends ? act : 0);
        }
      }
    }
  }
}

/** One tile of C over one inner block: `rows` x `columns` of it exist; `adds` to what C holds, or sets it. */
function tileOf(
  count: i32, a: usize, b: usize, column: usize, rows: i32, columns: i32, adds: bool, bias: usize, act: i32,
): void {
  let x0 = f32x4.splat(0), y0 = f32x4.splat(0), x1 = f32x4.splat(0), y1 = f32x4.splat(0);
  let x2 = f32x4.splat(0), y2 = f32x4.splat(0), x3 = f32x4.splat(0), y3 = f32x4.splat(0);
  let x4 = f32x4.splat(0), y4 = f32x4.splat(0), x5 = f32x4.splat(0), y5 = f32x4.splat(0);
  for (let i = 0; i < count; i++) {
    const left = v128.load(b);
    const right = v128.load(b, 16);
    let v = v128.load32_splat(a);
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
    a += 24;
    b += 32;
  }
  const to = scratch();
  if (rows == MR && columns >= NR && bias == 0 && act == 0) {
    put(load<usize>(to) + column, x0, y0, adds);
    put(load<usize>(to, 4) + column, x1, y1, adds);
    put(load<usize>(to, 8) + column, x2, y2, adds);
    put(load<usize>(to, 12) + column, x3, y3, adds);
    put(load<usize>(to, 16) + column, x4, y4, adds);
    put(load<usize>(to, 20) + column, x5, y5, adds);
    return;
  }
  finish(load<usize>(to) + column, x0, y0, columns, adds, bias, act);
  if (rows > 1) finish(load<usize>(to, 4) + column, x1, y1, columns, adds, bias, act);
  if (rows > 2) finish(load<usize>(to, 8) + column, x2, y2, columns, adds, bias, act);
  if (rows > 3) finish(load<usize>(to, 12) + column, x3, y3, columns, adds, bias, act);
  if (rows > 4) finish(load<usize>(to, 16) + column, x4, y4, columns, adds, bias, act);
  if (rows > 5) finish(load<usize>(to, 20) + column, x5, y5, columns, adds, bias, act);
}

@inline
function put(at: usize, x: v128, y: v128, adds: bool): void {
  if (adds) {
    x = f32x4.add(x, v128.load(at));
    y = f32x4.add(y, v128.load(at, 16));
  }
  v128.store(at, x);
  v128.store(at, y, 16);
}

/** A row of the tile with its epilogue: bias, activation, and only the columns that exist. */
function finish(at: usize, x: v128, y: v128, columns: i32, adds: bool, bias: usize, act: i32): void {
  if (adds) {
    x = f32x4.add(x, v128.load(at));
    if (columns > 4) y = f32x4.add(y, v128.load(at, 16));
  }
  if (bias != 0) {
    x = f32x4.add(x, v128.load(bias));
    y = f32x4.add(y, v128.load(bias, 16));
  }
  if (act != 0) {
    x = activate(x, act);
    y = activate(y, act);
  }
  storeLanes(at, x, columns);
  if (columns > 4) storeLanes(at + 16, y, columns - 4);
}
