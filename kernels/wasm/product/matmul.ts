/**
 * The matrix product C = A B over packed panels (after Goto and van de Geijn, "Anatomy of High-Performance Matrix
 * Multiplication", 2008): a 6x8 tile of C stays in twelve registers while the inner index runs. Every element is a sum
 * in the order of the inner index, so that neither its place nor any split of the work changes its bits.
 */
import { finishRows } from './activation';
import { firstRow, isDirect, listRuns, MR, NR, packRows, panelsOfA, RUN_BYTES, readSource, rowAfter } from './panels';
import { scratch } from '../simd';
import { ENDS, fewNonzeros, listNonzeros, makeOrders, sparseRows } from './sparse';
import { directTile, neighbourTile } from './tile';
import { keepRows, multiplyKept, nextList } from './wide-strip';
import { wideTile } from './wide-tile';
import { AFTER_TILES, SPARSE_KC, WIDE, WIDE_RUN_AT } from '../width';

export { packB } from './columns';

/** Longest inner block: 6 and 8 floats of each index fit the first-level cache together. */
const KC: i32 = 512;
/** Panels of B taken at a time: with KC they fit the second-level cache. */
const NC: i32 = 64;
/** Tiles that go by unsearched, at most, after some that had few zeros. */
const MOST_PASSED: i32 = 7;
/** The scratch memory: a pointer per row of the tile, room for its sums, the panel of A or the list of its runs or nonzeros. */
const panelAt: usize = AFTER_TILES;

/** Pointers to the rows of C: sample `row / perSample` of `sampleStride`, then a table of offsets or `stride` apart. */
function listRowsOfC(
  c: usize, row: i32, after: i32, perSample: i32, sampleStride: i32, stride: i32, table: usize,
): void {
  let sample = row / perSample;
  let p = row - sample * perSample;
  let start = c + sample * sampleStride;
  let to = scratch();
  for (let r = 0; r < MR; r++, to += 4) {
    store<usize>(to, start + (table == 0 ? p * stride : load<i32>(table + (<usize>p << 2))));
    // A row that is missing is read like the last one and not stored.
    if (++row < after && ++p == perSample) {
      p = 0;
      start += sampleStride;
    }
  }
}

/**
 * Panels `[start, end)` of C's rows (counted through all batches) or, with `byColumns`, of its columns.
 * @param source ten int32 that describe A (see `readSource`)
 * @param b packed by `packB`
 * @param bias 0 or n floats, added before the activation `act`
 * @param batches 0, or per batch: byte shift of A, index of B, byte shift of C
 * @param sparse whether to look for zeros in A; B must be finite then
 */
export function matmul(
  start: i32, end: i32, c: usize, perSample: i32, sampleStride: i32, stride: i32, table: usize, source: usize, b: usize,
  m: i32, k: i32, n: i32, bias: usize, act: i32, batches: usize, byColumns: i32, sparse: i32,
): void {
  readSource(source, 0);
  const tiles = panelsOfA(m);
  const panels = (n + NR - 1) / NR;
  if (byColumns != 0) {
    rows(0, tiles, start, end, c, perSample, sampleStride, stride, table, b, m, k, n, bias, act, sparse != 0);
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
    rows(first, count, 0, panels, to, perSample, sampleStride, stride, table, matrix, m, k, n, bias, act, sparse != 0);
    unit = last;
  }
}

function rows(
  tile0: i32, tile1: i32, panel0: i32, panel1: i32, c: usize, perSample: i32, sampleStride: i32, stride: i32,
  table: usize, b: usize, m: i32, k: i32, n: i32, bias: usize, act: i32, sparse: bool,
): void {
  const a = scratch() + panelAt;
  const longest = WIDE && sparse && panel1 - panel0 > 3 ? SPARSE_KC : KC;
  const blocks = (k + longest - 1) / longest;
  const depth = (k + blocks - 1) / blocks;
  const direct = isDirect(depth, panel1 - panel0);
  const few = sparse ? fewNonzeros(depth, panel1 - panel0) : 0;
  if (few != 0) makeOrders();
  for (let p0 = panel0; p0 < panel1; p0 += NC) {
    const p1 = min(p0 + NC, panel1);
    for (let k0 = 0; k0 < k; k0 += depth) {
      const k1 = min(k0 + depth, k);
      let passes = 0;
      let wait = 0;
      for (let tile = tile0; tile < tile1; tile++) {
        const row = firstRow(tile);
        const after = rowAfter(row, m);
        const count = after - row;
        listRowsOfC(c, row, after, perSample, sampleStride, stride, table);
        if (few != 0 && --passes < 0 && listNonzeros(WIDE ? nextList() : a, row, after, k0, k1, few)) {
          wait = passes = 0;
          if (WIDE) {
            if (keepRows(count, scratch() + ENDS)) multiplyKept(p0, p1, b + <usize>k0 * 32, k, n, k0 > 0, k1 == k, bias, act);
            continue;
          }
          sparseRows(a, count, p0, p1, b + <usize>k0 * 32, k, n, k0 > 0);
        } else {
          // Where a tile was not sparse the next few are not looked at: one, three, seven.
          if (passes < 0) wait = passes = min(2 * wait + 1, MOST_PASSED);
          if (direct) {
            const runs = listRuns(a, row, after, k0, k1);
            let at = k0;
            for (let run = a; run < runs; run += RUN_BYTES) {
              const length = load<i32>(run, 24);
              across(true, length, run, p0, p1, b + <usize>at * 32, k, count, n, at > 0);
              at += length;
            }
          } else {
            packRows(a, row, after, k0, k1);
            across(false, k1 - k0, a, p0, p1, b + <usize>k0 * 32, k, count, n, k0 > 0);
          }
        }
        if (k1 == k && (bias != 0 || act != 0)) finishRows(count, p0 * NR, min(p1 * NR, n) - p0 * NR, bias, act);
      }
      if (WIDE) multiplyKept(p0, p1, b + <usize>k0 * 32, k, n, k0 > 0, k1 == k, bias, act);
    }
  }
}

/** The tiles of one panel of A (or list of runs) across panels `[p0, p1)` of B, which begin `k` rows apart. */
@inline
function across(
  direct: bool, count: i32, a: usize, p0: i32, p1: i32, b: usize, k: i32, rows: i32, n: i32, adds: bool,
): void {
  let p = p0;
  if (WIDE) {
    // Pairs of panels; a pair must be columns enough to be worth it, or the second would be read past its end.
    let run = a;
    if (!direct) {
      run = scratch() + WIDE_RUN_AT;
      for (let r: usize = 0; r < 24; r += 4) store<usize>(run + r, a + r);
    }
    const apart = <usize>k * 32;
    for (; p + 1 < p1; p += 2) {
      const from = b + <usize>p * apart;
      wideTile(count, run, direct ? 4 : 24, from, from + apart, <usize>p << 5, rows, n - p * NR, adds);
    }
  }
  for (; p < p1; p++) {
    const from = b + <usize>p * <usize>k * 32;
    const column = <usize>p << 5;
    if (direct) directTile(count, a, from, column, rows, n - p * NR, adds);
    else neighbourTile(count, a, 4 * MR, from, column, rows, n - p * NR, adds);
  }
}
