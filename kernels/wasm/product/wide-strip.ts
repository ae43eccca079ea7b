/**
 * Where A is mostly zeros and vectors are paired (`WIDE`): strips of 64 columns of one row of C, or of 32 columns of two rows, in eight registers
 * of 256 bits. See `sparse.ts` for the lists. Eight sums hide the latency of the fused multiply-adds; what bounds a strip are loads, nine for eight
 * of them. All of B that a strip reads fits the first-level cache (see `SPARSE_KC` in `width.ts`), and up to 24 rows read it in turn: with six, what
 * they wait for it costs as much as a third of the products. So rows of sparse tiles are kept until there are enough.
 *
 * Sums are loaded from C or from zeros in the scratch memory, for the reason given in `wide-tile.ts`, and an incomplete strip goes through there.
 */
import { finishRows } from './activation';
import { MR, NR } from './panels';
import { madd, scratch, storeLanes } from '../simd';
import { OFFSETS } from './sparse';
import { WIDE_LISTS_AT, WIDE_ROWS as KEPT_ROWS, WIDE_ROWS_AT as KEPT_AT, WIDE_SUMS_AT } from '../width';

/** So far behind a row's pointer lies the end of its list. */
const ENDS_BEHIND: usize = KEPT_ROWS * 4;

/** Bytes of the sums of 32 columns. */
const HALF: i32 = 128;

/** Rows that are kept, whose pointers into C and ends of lists lie in the scratch memory one after the other. */
let kept: i32 = 0;

/** Where the list of the next row begins. */
@inline
export function nextList(): usize {
  return kept == 0 ? scratch() + WIDE_LISTS_AT : load<usize>(scratch() + KEPT_AT + (<usize>kept << 2), ENDS_BEHIND - 4);
}

/** Keeps the `rows` of a tile, whose lists end where `ends` says. Returns whether there is no room for another tile. */
export function keepRows(rows: i32, ends: usize): bool {
  const to = scratch() + KEPT_AT + (<usize>kept << 2);
  for (let r: usize = 0; r < <usize>rows << 2; r += 4) {
    store<usize>(to + r, load<usize>(scratch() + r));
    store<usize>(to + r, load<usize>(ends + r), ENDS_BEHIND);
  }
  kept += rows;
  return kept > KEPT_ROWS - MR;
}

/** Multiplies what is kept by panels `[p0, p1)` of B, see `across` in `matmul.ts`; then, with `last`, rows are finished. */
export function multiplyKept(p0: i32, p1: i32, b: usize, k: i32, n: i32, adds: bool, last: bool, bias: usize, act: i32): void {
  if (kept == 0) return;
  const rows = scratch() + KEPT_AT;
  const panel = <usize>k * 32;
  for (let p = p0; p < p1; ) {
    const panels = p1 - p;
    const from = b + <usize>p * panel;
    const columns = min(n, p1 * NR) - p * NR;
    const at = <usize>p << 5;
    let begin = scratch() + WIDE_LISTS_AT;
    if (panels > 4) {
      for (let r = rows; r < rows + (<usize>kept << 2); r += 4) {
        const end = load<usize>(r, ENDS_BEHIND);
        oneRow(begin, end, from, panel, panels, load<usize>(r) + at, columns, adds);
        begin = end;
      }
      p += 8;
    } else {
      for (let i = 0; i < kept; i += 2) {
        const r = rows + (<usize>i << 2);
        const middle = load<usize>(r, ENDS_BEHIND);
        const first = load<usize>(r) + at;
        // A row without a neighbour has an empty list beside it.
        const alone = i + 1 == kept;
        const end = alone ? middle : load<usize>(r, ENDS_BEHIND + 4);
        twoRows(begin, middle, end, from, panel, panels, first, alone ? 0 : load<usize>(r, 4) + at, columns, adds);
        begin = end;
      }
      p += 4;
    }
  }
  if (last && (bias != 0 || act != 0)) {
    for (let r = 0; r < kept; r += MR) {
      for (let i: usize = 0; i < <usize>MR * 4; i += 4) store<usize>(scratch() + i, load<usize>(rows + (<usize>r << 2) + i));
      finishRows(min(MR, kept - r), p0 * NR, min(p1 * NR, n) - p0 * NR, bias, act);
    }
  }
  kept = 0;
}

/** What C holds of a strip's `columns`, or zeros, at `sums`. */
function fetch(sums: usize, to: usize, columns: i32, bytes: i32, adds: bool): void {
  for (let byte = 0; byte < bytes; byte += 16) {
    const held = adds && byte < columns << 2;
    v128.store(sums + byte, held ? v128.load(to + byte) : f32x4.splat(0));
  }
}

/** Writes the sums at `sums` to the first `columns` of a strip. */
function putBack(sums: usize, to: usize, columns: i32, bytes: i32): void {
  for (let lane = 0; lane < columns && lane << 2 < bytes; lane += 4) {
    storeLanes(to + (<usize>lane << 2), v128.load(sums + (<usize>lane << 2)), columns - lane);
  }
}

/** Up to 64 columns of a row. */
@inline
function oneRow(list: usize, end: usize, b: usize, panel: usize, panels: i32, to: usize, columns: i32, adds: bool): void {
  const whole = columns >= 64;
  const sums = scratch() + WIDE_SUMS_AT;
  if (!whole || !adds) fetch(sums, to, columns, 2 * HALF, adds);
  strip(list, end, b, panel, panels, adds && whole ? to : sums, whole ? to : sums);
  if (!whole) putBack(sums, to, columns, 2 * HALF);
}

/**
 * Up to 32 columns of two rows, whose lists are `[list, middle)` and `[middle, end)`, the second of which may be missing (0): together as far as the shorter one goes, then the rest of the
 * longer one by itself.
 */
@inline
function twoRows(
  list: usize, middle: usize, end: usize, b: usize, panel: usize, panels: i32, first: usize, second: usize, columns: i32,
  adds: bool,
): void {
  const whole = columns >= 32 && second != 0;
  const sums = scratch() + WIDE_SUMS_AT;
  if (!whole || !adds) {
    fetch(sums, first, columns, HALF, adds);
    fetch(sums + HALF, second, columns, HALF, adds && second != 0);
  }
  const bytes = min(middle - list, end - middle);
  const into0 = whole ? first : sums, into1 = whole ? second : sums + HALF;
  const rest0 = list + bytes, rest1 = middle + bytes;
  pair(list, rest0, middle, b, panel, panels, adds && whole ? first : sums, adds && whole ? second : sums + HALF, into0, into1);
  if (rest0 < middle) halfStrip(rest0, middle, b, panel, panels, into0);
  if (rest1 < end) halfStrip(rest1, end, b, panel, panels, into1);
  if (!whole) {
    putBack(sums, first, columns, HALF);
    if (second != 0) putBack(sums + HALF, second, columns, HALF);
  }
}

/** 64 columns of a row: sums from `from`, and to `to`. A panel beyond the last is the last again. */
function strip(list: usize, end: usize, b: usize, panel: usize, panels: i32, from: usize, to: usize): void {
  const b1 = b + panel;
  const b2 = b + panel * 2;
  const b3 = b + panel * 3;
  const b4 = b + panel * 4;
  const b5 = b + panel * min(5, panels - 1);
  const b6 = b + panel * min(6, panels - 1);
  const b7 = b + panel * min(7, panels - 1);
  let x0 = v128.load(from), y0 = v128.load(from, 16);
  let x1 = v128.load(from, 32), y1 = v128.load(from, 48);
  let x2 = v128.load(from, 64), y2 = v128.load(from, 80);
  let x3 = v128.load(from, 96), y3 = v128.load(from, 112);
  let x4 = v128.load(from, 128), y4 = v128.load(from, 144);
  let x5 = v128.load(from, 160), y5 = v128.load(from, 176);
  let x6 = v128.load(from, 192), y6 = v128.load(from, 208);
  let x7 = v128.load(from, 224), y7 = v128.load(from, 240);
  for (; list < end; list += 4) {
    const at = <usize>load<u32>(list, OFFSETS);
    const v = v128.load32_splat(list);
    x0 = madd(v, v128.load(b + at), x0);
    y0 = madd(v, v128.load(b + at, 16), y0);
    x1 = madd(v, v128.load(b1 + at), x1);
    y1 = madd(v, v128.load(b1 + at, 16), y1);
    x2 = madd(v, v128.load(b2 + at), x2);
    y2 = madd(v, v128.load(b2 + at, 16), y2);
    x3 = madd(v, v128.load(b3 + at), x3);
    y3 = madd(v, v128.load(b3 + at, 16), y3);
    x4 = madd(v, v128.load(b4 + at), x4);
    y4 = madd(v, v128.load(b4 + at, 16), y4);
    x5 = madd(v, v128.load(b5 + at), x5);
    y5 = madd(v, v128.load(b5 + at, 16), y5);
    x6 = madd(v, v128.load(b6 + at), x6);
    y6 = madd(v, v128.load(b6 + at, 16), y6);
    x7 = madd(v, v128.load(b7 + at), x7);
    y7 = madd(v, v128.load(b7 + at, 16), y7);
  }
  v128.store(to, x0);
  v128.store(to, y0, 16);
  v128.store(to, x1, 32);
  v128.store(to, y1, 48);
  v128.store(to, x2, 64);
  v128.store(to, y2, 80);
  v128.store(to, x3, 96);
  v128.store(to, y3, 112);
  v128.store(to, x4, 128);
  v128.store(to, y4, 144);
  v128.store(to, x5, 160);
  v128.store(to, y5, 176);
  v128.store(to, x6, 192);
  v128.store(to, y6, 208);
  v128.store(to, x7, 224);
  v128.store(to, y7, 240);
}

/** 32 columns of a row, added to `to`. */
function halfStrip(list: usize, end: usize, b: usize, panel: usize, panels: i32, to: usize): void {
  const b1 = b + panel * min(1, panels - 1);
  const b2 = b + panel * min(2, panels - 1);
  const b3 = b + panel * min(3, panels - 1);
  let x0 = v128.load(to), y0 = v128.load(to, 16);
  let x1 = v128.load(to, 32), y1 = v128.load(to, 48);
  let x2 = v128.load(to, 64), y2 = v128.load(to, 80);
  let x3 = v128.load(to, 96), y3 = v128.load(to, 112);
  for (; list < end; list += 4) {
    const at = <usize>load<u32>(list, OFFSETS);
    const v = v128.load32_splat(list);
    x0 = madd(v, v128.load(b + at), x0);
    y0 = madd(v, v128.load(b + at, 16), y0);
    x1 = madd(v, v128.load(b1 + at), x1);
    y1 = madd(v, v128.load(b1 + at, 16), y1);
    x2 = madd(v, v128.load(b2 + at), x2);
    y2 = madd(v, v128.load(b2 + at, 16), y2);
    x3 = madd(v, v128.load(b3 + at), x3);
    y3 = madd(v, v128.load(b3 + at, 16), y3);
  }
  v128.store(to, x0);
  v128.store(to, y0, 16);
  v128.store(to, x1, 32);
  v128.store(to, y1, 48);
  v128.store(to, x2, 64);
  v128.store(to, y2, 80);
  v128.store(to, x3, 96);
  v128.store(to, y3, 112);
}

/** 32 columns of two rows with lists of one length, which begin at `list` and `other`. */
function pair(
  list: usize, end: usize, other: usize, b: usize, panel: usize, panels: i32, from0: usize, from1: usize, to0: usize,
  to1: usize,
): void {
  const b1 = b + panel * min(1, panels - 1);
  const b2 = b + panel * min(2, panels - 1);
  const b3 = b + panel * min(3, panels - 1);
  let w0 = v128.load(from0), x0 = v128.load(from0, 16);
  let w1 = v128.load(from0, 32), x1 = v128.load(from0, 48);
  let w2 = v128.load(from0, 64), x2 = v128.load(from0, 80);
  let w3 = v128.load(from0, 96), x3 = v128.load(from0, 112);
  let y0 = v128.load(from1), z0 = v128.load(from1, 16);
  let y1 = v128.load(from1, 32), z1 = v128.load(from1, 48);
  let y2 = v128.load(from1, 64), z2 = v128.load(from1, 80);
  let y3 = v128.load(from1, 96), z3 = v128.load(from1, 112);
  for (; list < end; list += 4, other += 4) {
    const at0 = <usize>load<u32>(list, OFFSETS);
    const v0 = v128.load32_splat(list);
    w0 = madd(v0, v128.load(b + at0), w0);
    x0 = madd(v0, v128.load(b + at0, 16), x0);
    w1 = madd(v0, v128.load(b1 + at0), w1);
    x1 = madd(v0, v128.load(b1 + at0, 16), x1);
    w2 = madd(v0, v128.load(b2 + at0), w2);
    x2 = madd(v0, v128.load(b2 + at0, 16), x2);
    w3 = madd(v0, v128.load(b3 + at0), w3);
    x3 = madd(v0, v128.load(b3 + at0, 16), x3);
    const at1 = <usize>load<u32>(other, OFFSETS);
    const v1 = v128.load32_splat(other);
    y0 = madd(v1, v128.load(b + at1), y0);
    z0 = madd(v1, v128.load(b + at1, 16), z0);
    y1 = madd(v1, v128.load(b1 + at1), y1);
    z1 = madd(v1, v128.load(b1 + at1, 16), z1);
    y2 = madd(v1, v128.load(b2 + at1), y2);
    z2 = madd(v1, v128.load(b2 + at1, 16), z2);
    y3 = madd(v1, v128.load(b3 + at1), y3);
    z3 = madd(v1, v128.load(b3 + at1, 16), z3);
  }
  v128.store(to0, w0);
  v128.store(to0, x0, 16);
  v128.store(to0, w1, 32);
  v128.store(to0, x1, 48);
  v128.store(to0, w2, 64);
  v128.store(to0, x2, 80);
  v128.store(to0, w3, 96);
  v128.store(to0, x3, 112);
  v128.store(to1, y0);
  v128.store(to1, z0, 16);
  v128.store(to1, y1, 32);
  v128.store(to1, z1, 48);
  v128.store(to1, y2, 64);
  v128.store(to1, z2, 80);
  v128.store(to1, y3, 96);
  v128.store(to1, z3, 112);
}
