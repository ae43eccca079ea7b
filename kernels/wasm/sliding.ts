/**
 * A module of its own: depthwise convolutions with one filter a channel and their gradients to the input, in the plane or along a line. The rows that
 * windows are on go to the thread's scratch memory, in groups of eight channels, where zeros are around them: so no window has an edge, and memory is read in
 * its order. What lies beside a row is multiplied by such a zero, so kernels must be finite. Sums are made there, too, and written with what follows them.
 */
import { Geometry } from './windows/geometry';
import { scratch } from './simd';
import { Sums, pass } from './windows/sliding-tail';
import { LIST_AT, ROWS_AT, ZEROS_AT, windowRow } from './windows/window-row';
import { windowThree } from './windows/window-three';

export { setScratch } from './simd';

/** In the scratch memory, where the sums are. */
const SUMS: usize = 288;

/** Rows in the scratch memory, number `n` at `n % slots`, behind them one of zeros, then the sums. */
let slots: i32 = 0;
let slotBytes: usize = 0;
/** Bytes of the columns of a group of channels. */
let columnStep: usize = 0;

/**
 * Kernels as the others read them: `[groups of eight channels, taps, 8]`.
 * @param order which tap comes where
 */
export function slidingTaps(start: i32, end: i32, out: usize, kernel: usize, channels: i32, taps: i32, order: usize): void {
  for (let group = start; group < end; group++) {
    for (let k = 0; k < taps; k++, order += 4) {
      const from = kernel + (<usize>(load<i32>(order) * channels + group * 8) << 2), to = out + (<usize>(group * taps + k) << 5);
      v128.store(to, v128.load(from));
      v128.store(to, v128.load(from, 16), 16);
    }
    order -= <usize>taps << 2;
  }
}

/** Row `row` of a picture of `height` rows; those outside are zeros. */
@inline
function slotOf(row: i32, height: i32): usize {
  return scratch() + ROWS_AT + <usize>(<u32>row < <u32>height ? row % slots : slots) * slotBytes;
}

/** Makes room for `count` rows of so many columns at a time, one of zeros where asked for, and for sums of `width` positions. */
function makeRoom(count: i32, zeros: bool, columns: i32, width: i32, channels: i32, phases: i32, back: bool): void {
  const groups = <usize>(channels + 7) >> 3, rows = scratch() + ROWS_AT;
  slots = count;
  // An odd number, so that groups do not meet in one set of the cache.
  columnStep = <usize>(columns | 1) << 5;
  slotBytes = ((groups + 1) & ~1) * columnStep + 32;
  memory.fill(scratch() + ZEROS_AT, 0, 32);
  const room = <usize>(count + i32(zeros)) * slotBytes;
  memory.fill(rows, 0, room);
  const s = changetype<Sums>(scratch() + SUMS);
  s.at = (rows + room + 63) & ~63;
  s.apart = <usize>((width + phases - 1) / phases + 4) << 5;
  s.step = <usize>phases * s.apart | 32;
  s.width = width;
  s.channels = channels;
  s.phases = phases;
  s.back = back;
}

/** Brings `count` columns to `to`, from the last to the first if `back`, two groups at a time. */
function bring(to: usize, from: usize, count: i32, channels: i32, back: bool): void {
  const line = <usize>channels << 2, step = columnStep;
  let hop: usize = 0;
  if (back) {
    from += <usize>(count - 1) * line;
    hop = -2 * line;
  }
  for (; count > 0; count--, to += 32, from += hop) {
    const end = from + line;
    for (let put = to; from < end; from += 64, put += step << 1) {
      const a = v128.load(from), b = v128.load(from, 16), c = v128.load(from, 32), d = v128.load(from, 48);
      v128.store(put, a);
      v128.store(put, b, 16);
      v128.store(put + step, c);
      v128.store(put + step, d, 16);
    }
    from = end;
  }
}

/** Adds a row of columns and one of taps to the list. */
@inline
function listRow(rows: i32, columns: usize, taps: usize): void {
  const at = scratch() + LIST_AT + (<usize>rows << 3);
  store<usize>(at, columns);
  store<usize>(at, taps, 4);
}

/**
 * Windows are not dilated along a row. Units are rows of output positions.
 * @param taps the kernel as `slidingTaps` lays it out
 * @param bias 0 or a float per filter
 * @param act 0 none, 1 relu; above that the table of a chain, which says so in front: 0, 1, or the bits of a relu's bound
 * @param tail 0, or what follows instead of both, see `pass`
 */
export function sliding(start: i32, end: i32, out: usize, x: usize, taps: usize, geometry: usize, bias: usize, act: i32, tail: usize): void {
  const g = changetype<Geometry>(geometry);
  const channels = g.channels, groups = (channels + 7) / 8;
  const rowIn = <usize>(g.inputW * channels) << 2, rowOut = <usize>(g.outputW * channels) << 2;
  const columns = (max(g.outputW, 4) - 1) * g.strideW + g.windowW;
  const width = min(g.inputW, columns - g.beforeW);
  const span = (g.windowH - 1) * g.dilationH + 1;
  const three = g.windowH == 3 && g.windowW == 3 && g.strideW == 1;
  makeRoom(min(span, g.inputH), three, columns, g.outputW, channels, 1, false);
  const s = changetype<Sums>(scratch() + SUMS);
  if (act > 1) act = load<i32>(act);
  const tapRow = <usize>g.windowW << 5, tapStep = <usize>g.windowH * tapRow;
  let picture = -1, have = 0;
  for (let u = start; u < end; u++) {
    const number = u / g.outputH;
    const h = (u - number * g.outputH) * g.strideH - g.beforeH;
    if (number != picture) {
      picture = number;
      have = 0;
    }
    for (have = max(have, h); have < min(h + span, g.inputH); have++) {
      const from = x + <usize>(picture * g.inputH + have) * rowIn;
      bring(slotOf(have, g.inputH) + (<usize>g.beforeW << 5), from, width, channels, false);
    }
    let rows = 0;
    for (let j = 0; j < g.windowH; j++) {
      const row = h + j * g.dilationH;
      if (three || <u32>row < <u32>g.inputH) listRow(rows++, slotOf(row, g.inputH), taps + <usize>j * tapRow);
    }
    if (three) windowThree(s.at, s.step, g.outputW, columnStep, tapStep, groups);
    else windowRow(s.at, s.step, g.outputW, 0, <usize>g.strideW << 5, columnStep, rows, g.windowW, 0, tapStep, groups);
    pass(out + <usize>u * rowOut, s, bias, act, tail);
  }
}

/**
 * The gradient to the input of windows with a stride. Units are rows of input positions; the rest as above. A row of taps has those of its first phase
 * first: 0, `strideW`, ..., then 1, ...
 */
export function slidingBack(start: i32, end: i32, out: usize, grad: usize, taps: usize, geometry: usize, bias: usize, act: i32, tail: usize): void {
  const g = changetype<Geometry>(geometry);
  const channels = g.channels, groups = (channels + 7) / 8;
  const rowIn = <usize>(g.outputW * channels) << 2, rowOut = <usize>(g.inputW * channels) << 2;
  const by = g.strideW;
  // Columns lie from right to left, so that they go from tap to tap as they do from result to result; `last` is that of the last result.
  const last = (g.inputW - 1 + g.beforeW) / by;
  const width = min(g.outputW, last + 1);
  const span = (g.windowH - 1) / g.strideH + 1;
  makeRoom(min(span, g.outputH), false, last + (g.windowW + by - 1) / by + 4, g.inputW, channels, by, true);
  const s = changetype<Sums>(scratch() + SUMS);
  if (act > 1) act = load<i32>(act);
  const tapRow = <usize>g.windowW << 5, tapStep = <usize>g.windowH * tapRow;
  let picture = -1, have = 0;
  for (let u = start; u < end; u++) {
    const number = u / g.inputH;
    const h = u - number * g.inputH + g.beforeH;
    if (number != picture) {
      picture = number;
      have = 0;
    }
    const lowest = h / g.strideH;
    for (have = max(have, lowest - span + 1); have < min(lowest + 1, g.outputH); have++) {
      const from = grad + <usize>(picture * g.outputH + have) * rowIn;
      bring(slotOf(have, g.outputH) + (<usize>(last + 1 - width) << 5), from, width, channels, true);
    }
    let rows = 0;
    for (let j = h - lowest * g.strideH, row = lowest; j < g.windowH && row >= 0; j += g.strideH, row--) {
      if (row < g.outputH) listRow(rows++, slotOf(row, g.outputH), taps + <usize>j * tapRow);
    }
    for (let phase = 0; phase < min(by, g.inputW); phase++) {
      const results = (g.inputW - phase + by - 1) / by, base = (phase + g.beforeW) / by;
      const k = (phase + g.beforeW) % by;
      // Taps of the phases before it, and its own.
      let begin = 0;
      for (let i = 0; i < k; i++) begin += max(0, (g.windowW - i + by - 1) / by);
      const own = k < g.windowW ? (g.windowW - k + by - 1) / by : 0;
      const column = <usize>(last - base - results + 1) << 5;
      windowRow(s.at + <usize>phase * s.apart, s.step, results, column, 32, columnStep, rows, own, <usize>begin << 5, tapStep, groups);
    }
    pass(out + <usize>u * rowOut, s, bias, act, tail);
  }
}
