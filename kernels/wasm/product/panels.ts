/**
 * Packing for the matrix product: six rows of A, or eight columns of B, interleaved so that the inner loop reads both
 * from front to back. Rows of A are described, not copied beforehand: dense rows, transposed ones, the windows that a
 * convolution sees (through a table of offsets), or the same windows as columns. Missing rows and padding are zeros.
 */

/** Rows of one A panel and columns of one B panel. */
export const MR: i32 = 6;
export const NR: i32 = 8;

/** How rows of A are found; set by `readSource`, one set per instance (per thread). All offsets are in bytes. */
export let base: usize = 0;
/** Rows per sample; sample `q` begins at `q * sampleStride`. */
export let perSample: i32 = 0;
export let sampleStride: i32 = 0;
export let rowStride: i32 = 0;
/** From one element of a row to the next, for transposed sources only. */
let innerStride: i32 = 0;
/** `[perSample, segments]` offsets within a sample, -1 for padding; 0 where rows are `rowStride` apart. */
export let table: usize = 0;
/** A row is `segments` runs of `length` elements each. */
export let segments: i32 = 1;
export let length: i32 = 0;
/** As many zeros as a run is long. */
let zeros: usize = 0;
/** 0: rows of runs. 1: transposed, the rows of A lie side by side. 2: the windows' transpose. */
let mode: i32 = 0;

/** Reads a source of nine int32: mode, base, perSample, sampleStride, rowStride, innerStride, table, segments, length, zeros. */
export function readSource(at: usize, shift: i32): void {
  mode = load<i32>(at);
  base = <usize>(load<i32>(at, 4) + shift);
  perSample = load<i32>(at, 8);
  sampleStride = load<i32>(at, 12);
  rowStride = load<i32>(at, 16);
  innerStride = load<i32>(at, 20);
  table = load<i32>(at, 24);
  segments = load<i32>(at, 28);
  length = load<i32>(at, 32);
  zeros = load<i32>(at, 36);
}

/** How many panels of up to six rows A has. A panel of window columns never leaves its run. */
export function panelsOfA(m: i32): i32 {
  return mode == 2 ? segments * ((length + MR - 1) / MR) : (m + MR - 1) / MR;
}

/** The first row of panel `tile`. */
export function firstRow(tile: i32): i32 {
  if (mode != 2) return tile * MR;
  const perRun = (length + MR - 1) / MR;
  const s = tile / perRun;
  return s * length + (tile - s * perRun) * MR;
}

/** The row after the last one of the panel that begins at `row`. */
export function rowAfter(row: i32, m: i32): i32 {
  return min(row + MR, mode == 2 ? (row / length + 1) * length : m);
}

/** Bytes of an entry of the list of runs: six pointers and the number of elements. */
export const RUN_BYTES: usize = 32;

/**
 * Whether A is read where it is: always when a block of `depth` is one run, else when adding up a tile run by run (about
 * 35 cycles each) is cheaper than packing (about 2.5 cycles an element), which depends on how many panels of B share it.
 */
export function isDirect(depth: i32, panels: i32): bool {
  return mode == 0 && (length >= depth || (table != 0 && length >= 14 * min(panels, 64)));
}

/**
 * The runs that hold inner indices `[k0, k1)` of rows `[row, after)`, for `directTile`; returns the list's end. A row
 * that is missing is computed like the last one and not stored.
 */
export function listRuns(to: usize, row: i32, after: i32, k0: i32, k1: i32): usize {
  const s0 = k0 / length;
  const s1 = (k1 + length - 1) / length;
  const first = <usize>(k0 - s0 * length) << 2;
  let sample = row / perSample;
  let p = row - sample * perSample;
  let start = base + sample * sampleStride;
  for (let r = 0; r < MR; r++, to += 4) {
    if (table == 0) {
      store<usize>(to, start + p * rowStride + first);
    } else {
      let entry = table + (<usize>(p * segments + s0) << 2);
      let shift = first;
      for (let s = s0, put = to; s < s1; s++, put += RUN_BYTES, entry += 4, shift = 0) {
        const offset = load<i32>(entry);
        store<usize>(put, (offset < 0 ? zeros : start + offset) + shift);
      }
    }
    if (row + r + 1 < after && ++p == perSample) {
      p = 0;
      start += sampleStride;
    }
  }
  to -= 24;
  let last = to;
  let k = k0;
  for (let s = s0; s < s1; s++, to += RUN_BYTES) {
    const next = min((s + 1) * length, k1);
    if (s > s0 && follows(last, to)) {
      store<i32>(last, load<i32>(last, 24) + next - k, 24);
    } else {
      if (s > s0) last += RUN_BYTES;
      if (last != to) memory.copy(last, to, 24);
      store<i32>(last, next - k, 24);
    }
    k = next;
  }
  return last + RUN_BYTES;
}

/** Whether all six runs of the entry `next` begin where those of `run` end. */
function follows(run: usize, next: usize): bool {
  const bytes = i32x4.splat(load<i32>(run, 24) << 2);
  const four = i32x4.eq(i32x4.add(v128.load(run), bytes), v128.load(next));
  const two = i32x4.eq(i32x4.add(v128.load(run, 8), bytes), v128.load(next, 8));
  return i32x4.all_true(v128.and(four, two));
}

/** Rows `[row, after)` and inner indices `[k0, k1)` of A as `[k][MR]`; rows that are missing to six are zeros. */
export function packRows(to: usize, row: i32, after: i32, k0: i32, k1: i32): void {
  if (mode == 1) packTransposed(to, row, after, k0, k1);
  else if (mode == 2) packWindowColumns(to, row, after, k0, k1);
  else packRuns(to, row, after, k0, k1);
}

/** Where segment `s` of row `row` begins, or 0 if it is padding. */
@inline
function segmentAt(row: i32, s: i32): usize {
  const sample = row / perSample;
  const p = row - sample * perSample;
  const start = base + sample * sampleStride;
  if (table == 0) return start + p * rowStride;
  const offset = load<i32>(table + (<usize>(p * segments + s) << 2));
  return offset < 0 ? 0 : start + offset;
}

/** Where index `c` of a run begins: in the zeros for padding and for rows that do not exist. */
@inline
function runAt(row: i32, m: i32, s: i32, c: i32): usize {
  const at = row < m ? segmentAt(row, s) : 0;
  return (at == 0 ? zeros : at) + (<usize>c << 2);
}

function packRuns(to: usize, row: i32, m: i32, k0: i32, k1: i32): void {
  let s = k0 / length;
  let c = k0 - s * length;
  for (let k = k0; k < k1; s++, c = 0) {
    const count = min(length - c, k1 - k);
    const a0 = runAt(row, m, s, c);
    const a1 = runAt(row + 1, m, s, c);
    const a2 = runAt(row + 2, m, s, c);
    const a3 = runAt(row + 3, m, s, c);
    const a4 = runAt(row + 4, m, s, c);
    const a5 = runAt(row + 5, m, s, c);
    interleave(to, a0, a1, a2, a3, a4, a5, count);
    to += <usize>(count * MR) << 2;
    k += count;
  }
}

/** Six runs of `count` elements as `[count][6]`. */
@inline
function interleave(to: usize, a0: usize, a1: usize, a2: usize, a3: usize, a4: usize, a5: usize, count: i32): void {
  const bytes = <usize>count << 2;
  let i: usize = 0;
  for (; i + 16 <= bytes; i += 16, to += 96) {
    const r0 = v128.load(a0 + i);
    const r1 = v128.load(a1 + i);
    const r2 = v128.load(a2 + i);
    const r3 = v128.load(a3 + i);
    const r4 = v128.load(a4 + i);
    const r5 = v128.load(a5 + i);
    const low01 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5);
    const high01 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
    const low23 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
    const high23 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
    const low45 = v128.shuffle<f32>(r4, r5, 0, 4, 1, 5);
    const high45 = v128.shuffle<f32>(r4, r5, 2, 6, 3, 7);
    v128.store(to, v128.shuffle<i64>(low01, low23, 0, 2));
    v128.store(to, v128.shuffle<f32>(low45, low01, 0, 1, 6, 7), 16);
    v128.store(to, v128.shuffle<f32>(low23, low45, 2, 3, 6, 7), 32);
    v128.store(to, v128.shuffle<i64>(high01, high23, 0, 2), 48);
    v128.store(to, v128.shuffle<f32>(high45, high01, 0, 1, 6, 7), 64);
    v128.store(to, v128.shuffle<f32>(high23, high45, 2, 3, 6, 7), 80);
  }
  for (; i < bytes; i += 4, to += 24) {
    f32.store(to, f32.load(a0 + i));
    f32.store(to, f32.load(a1 + i), 4);
    f32.store(to, f32.load(a2 + i), 8);
    f32.store(to, f32.load(a3 + i), 12);
    f32.store(to, f32.load(a4 + i), 16);
    f32.store(to, f32.load(a5 + i), 20);
  }
}

/** Up to six neighbours at `from` as one row of a panel; lanes beyond `count` are whatever lies there or zeros. */
@inline
function copySix(to: usize, from: usize, count: i32): void {
  if (count >= MR) {
    v128.store(to, v128.load(from));
    i64.store(to, i64.load(from, 16), 16);
  } else {
    for (let i = 0; i < MR; i++) f32.store(to + (<usize>i << 2), i < count ? f32.load(from + (<usize>i << 2)) : 0);
  }
}

function packTransposed(to: usize, row: i32, m: i32, k0: i32, k1: i32): void {
  let from = base + (<usize>row << 2) + <usize>(k0 * innerStride);
  for (let k = k0; k < k1; k++, to += 24, from += innerStride) copySix(to, from, m - row);
}

/** Rows are elements of the windows, inner indices are positions. */
function packWindowColumns(to: usize, row: i32, after: i32, k0: i32, k1: i32): void {
  const s = row / length;
  const c = row - s * length;
  const count = after - row;
  let sample = k0 / perSample;
  let p = k0 - sample * perSample;
  let start = base + sample * sampleStride + (<usize>c << 2);
  for (let k = k0; k < k1; k++, to += 24) {
    const offset = load<i32>(table + (<usize>(p * segments + s) << 2));
    if (offset < 0) {
      v128.store(to, i32x4.splat(0));
      i64.store(to, 0, 16);
    } else copySix(to, start + offset, count);
    if (++p == perSample) {
      p = 0;
      start += sampleStride;
    }
  }
}
