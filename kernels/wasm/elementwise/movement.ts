/**
 * Kernels that move data: strided copies (broadcastTo, slice, pad, reverse, concat), transposes in 4x4 blocks, gather
 * and scatter-add. Element sizes are 4 and 1 bytes; all strides are in bytes.
 */
import { offsetOf, storeLanes } from '../simd';

/** Units of 1024 bytes of `bits`, the value's four bytes (a bool's byte four times). */
export function fill(start: i32, end: i32, out: usize, bytes: i32, bits: i32): void {
  const last = min(end * 1024, bytes);
  for (let i = start * 1024; i < last; i += 16) v128.store(out + i, i32x4.splat(bits));
}

/** `width` elements, `stepTo` and `stepFrom` bytes apart. */
@inline
function copyRun(to: usize, from: usize, width: i32, stepTo: i32, stepFrom: i32, size: i32): void {
  if (stepTo == size && stepFrom == size) {
    copyBytes(to, from, width * size);
  } else if (size == 4) {
    for (; width > 0; width--, to += stepTo, from += stepFrom) store<i32>(to, load<i32>(from));
  } else {
    for (; width > 0; width--, to += stepTo, from += stepFrom) store<u8>(to, load<u8>(from));
  }
}

/** Short runs are copied here: the call behind `memory.copy` costs more than it saves on them. */
@inline
function copyBytes(to: usize, from: usize, bytes: i32): void {
  if (bytes > 2048) {
    memory.copy(to, from, bytes);
    return;
  }
  for (; bytes >= 16; bytes -= 16, to += 16, from += 16) v128.store(to, v128.load(from));
  for (; bytes >= 4; bytes -= 4, to += 4, from += 4) store<i32>(to, load<i32>(from));
  for (; bytes > 0; bytes--, to++, from++) store<u8>(to, load<u8>(from));
}

/** Rows `[start, end)` of a dense `out` from `x` by `layout` (`rank` sizes, then strides). */
export function readStrided(
  start: i32, end: i32, out: usize, x: usize, width: i32, step: i32, rank: i32, layout: usize, size: i32,
): void {
  for (let row = start; row < end; row++) {
    const from = x + offsetOf(row, rank, layout, layout + (<usize>rank << 2));
    copyRun(out + <usize>(row * width * size), from, width, size, step, size);
  }
}

/** Rows `[start, end)` of a dense `x` into `out` by `layout`. */
export function writeStrided(
  start: i32, end: i32, out: usize, x: usize, width: i32, step: i32, rank: i32, layout: usize, size: i32,
): void {
  for (let row = start; row < end; row++) {
    const to = out + offsetOf(row, rank, layout, layout + (<usize>rank << 2));
    copyRun(to, x + <usize>(row * width * size), width, step, size, size);
  }
}

/**
 * Swaps two axes: `out[.., i, .., j]` is dense along j, `x` along i. Units are blocks of four i, counted through the
 * other axes (`rank` sizes, strides in out, strides in x at `layout`).
 * @param stepI bytes from i to i + 1 in `out`
 * @param stepJ bytes from j to j + 1 in `x`
 */
export function transpose(
  start: i32, end: i32, out: usize, x: usize, countI: i32, countJ: i32, stepI: i32, stepJ: i32, rank: i32, layout: usize,
): void {
  const blocks = (countI + 3) / 4;
  for (let unit = start; unit < end; unit++) {
    const other = unit / blocks;
    const i = (unit - other * blocks) * 4;
    const to = out + offsetOf(other, rank, layout, layout + (<usize>rank << 2)) + i * stepI;
    const from = x + offsetOf(other, rank, layout, layout + (<usize>rank << 3)) + (<usize>i << 2);
    let j = 0;
    if (i + 4 <= countI) {
      for (; j + 4 <= countJ; j += 4) {
        const at = from + j * stepJ;
        const r0 = v128.load(at);
        const r1 = v128.load(at + stepJ);
        const r2 = v128.load(at + 2 * stepJ);
        const r3 = v128.load(at + 3 * stepJ);
        const low01 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5);
        const high01 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
        const low23 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
        const high23 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
        const put = to + (<usize>j << 2);
        v128.store(put, v128.shuffle<i64>(low01, low23, 0, 2));
        v128.store(put + stepI, v128.shuffle<i64>(low01, low23, 1, 3));
        v128.store(put + 2 * stepI, v128.shuffle<i64>(high01, high23, 0, 2));
        v128.store(put + 3 * stepI, v128.shuffle<i64>(high01, high23, 1, 3));
      }
    }
    const rows = min(4, countI - i);
    for (; j < countJ; j++) {
      for (let r = 0; r < rows; r++) store<i32>(to + r * stepI + (<usize>j << 2), load<i32>(from + j * stepJ + (<usize>r << 2)));
    }
  }
}

/** The first position of an index outside `[0, size)`, or -1; always over all of it. */
export function checkIndex(start: i32, end: i32, index: usize, count: i32, size: i32): i32 {
  for (let t = 0; t < count; t++) if (<u32>load<i32>(index + (<usize>t << 2)) >= <u32>size) return t;
  return -1;
}

/** Units are the runs of `inner` bytes of `out [outer, count, inner]`. */
export function gather(
  start: i32, end: i32, out: usize, x: usize, index: usize, count: i32, size: i32, inner: i32,
): void {
  for (let unit = start; unit < end; unit++) {
    const outer = unit / count;
    const at = load<i32>(index + (<usize>(unit - outer * count) << 2));
    const from = x + <usize>(outer * size + at) * <usize>inner;
    const to = out + <usize>unit * <usize>inner;
    if (inner == 4) store<i32>(to, load<i32>(from));
    else copyBytes(to, from, inner);
  }
}

/**
 * Entries `[start, end)` of the target axis of `out [outer, size, inner]`, zeroed first: every unit reads the whole
 * index and adds what meets its range, in the index's order, so that no split changes the sums.
 */
export function scatterAdd(
  start: i32, end: i32, out: usize, x: usize, index: usize, outer: i32, count: i32, size: i32, inner: i32,
): void {
  for (let o = 0; o < outer; o++) {
    const base = out + (<usize>o * <usize>size * <usize>inner << 2);
    memory.fill(base + (<usize>start * <usize>inner << 2), 0, <usize>(end - start) * <usize>inner << 2);
    let from = x + (<usize>o * <usize>count * <usize>inner << 2);
    for (let t = 0; t < count; t++, from += <usize>inner << 2) {
      const at = load<i32>(index + (<usize>t << 2));
      if (at < start || at >= end) continue;
      const to = base + (<usize>at * <usize>inner << 2);
      if (inner == 1) store<f32>(to, load<f32>(to) + load<f32>(from));
      else {
        for (let c = 0; c < inner; c += 4) {
          const shift = <usize>c << 2;
          storeLanes(to + shift, f32x4.add(v128.load(to + shift), v128.load(from + shift)), inner - c);
        }
      }
    }
  }
}
