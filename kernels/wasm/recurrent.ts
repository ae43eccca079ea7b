/**
 * Recurrent cells over time: a scan, and a scan back. What the way back needs of each step the scan leaves where the scan back finds it,
 * if it is given room (`keep`); else the scan back first goes forward again and keeps it of one block of rows.
 * Units of work are groups of blocks of six rows. A call works in the room of its first group, since ranges do not overlap, so
 * that the room stays in cache. Rows do not depend on each other. This is a module of its own, which comes with the recurrent ops.
 */
import {
  addUnits, c, copyUnits, dc, dh, h, putUnits, rows, setBlock, setOperands, setRoom, setSizes, span, stepOf, time, units, zeroUnits,
} from './recurrent/block';
import { Lstm, Simple } from './recurrent/cells';
import { Gru, GruResetBefore } from './recurrent/gru';
import { MR } from './product/panels';

export { setScratch } from './simd';

/** Rows of the batch, blocks per group, from which end. */
let batch: i32 = 0;
let perGroup: i32 = 0;
let reverse: bool = false;
/** Bytes of one group's room. */
let roomBytes: usize = 0;

/** @param sizes batch, time, units, blocks per group, bytes of a group's room, activation, that of the gates, reverse, of, gradients */
function readSizes(sizes: usize): void {
  batch = load<i32>(sizes);
  const width = load<i32>(sizes, 8);
  perGroup = load<i32>(sizes, 12);
  roomBytes = load<i32>(sizes, 16);
  reverse = load<i32>(sizes, 28) != 0;
  setSizes(load<i32>(sizes, 4), width, <usize>((width + 7) & ~7) << 2, load<i32>(sizes, 20), load<i32>(sizes, 24));
}

function begin(block: i32, h0: usize, c0: usize, states: i32): void {
  const first = block * MR;
  setBlock(first, min(MR, batch - first));
  for (let r = 0; r < rows; r++) {
    const at = <usize>((first + r) * units) << 2;
    copyUnits(h + <usize>r * span, h0 + at);
    if (states == 2) copyUnits(c + <usize>r * span, c0 + at);
  }
}

@inline
function scan<C>(
  start: i32, end: i32, out: usize, zs: usize, u: usize, b: usize, h0: usize, c0: usize, counts: usize, sizes: usize, work: usize,
  keep: usize,
): void {
  const cell = changetype<C>(0);
  readSizes(sizes);
  setOperands(zs, u, 0, 0, b, counts);
  const passing = setRoom(work + <usize>start * roomBytes, cell.gates);
  const states = cell.states;
  const stepBytes = <usize>(cell.kept * MR) * span;
  const blocks = (batch + MR - 1) / MR;
  for (let block = start * perGroup; block < min(blocks, end * perGroup); block++) {
    begin(block, h0, c0, states);
    for (let i = 0; i < time; i++) {
      const t = reverse ? time - 1 - i : i;
      cell.forward(t, keep == 0 ? passing : keep + <usize>(block * time + i) * stepBytes);
      for (let r = 0; r < rows; r++) {
        const to = out + ((stepOf(r, t) * states * units) << 2);
        putUnits(to, h + <usize>r * span);
        if (states == 2) putUnits(to + (<usize>units << 2), c + <usize>r * span);
      }
    }
  }
}

/** Adds the gradient of what the step gave to that of the states. */
function receive(t: i32, g: usize, states: i32): void {
  const bytes = <usize>units << 2;
  for (let r = 0; r < rows; r++) {
    const from = g + stepOf(r, t) * states * bytes;
    const at = <usize>r * span;
    addUnits(dh + at, from);
    if (states == 2) addUnits(dc + at, from + bytes);
  }
}

@inline
function scanBack<C>(
  start: i32, end: i32, out: usize, zs: usize, u: usize, ut: usize, ut2: usize, b: usize, h0: usize, c0: usize, g: usize,
  counts: usize, sizes: usize, work: usize, keep: usize,
): void {
  const cell = changetype<C>(0);
  readSizes(sizes);
  setOperands(zs, u, ut, ut2, b, counts);
  const toStates = load<i32>(sizes, 32) != 0;
  // Gradients that lie behind each other along the batch.
  const several = load<i32>(sizes, 36);
  const states = cell.states;
  const width = <usize>(cell.gates * units) << 2;
  // The gradient of z of one step, where nobody asks for it.
  const unasked = setRoom(work + <usize>start * roomBytes, cell.gates);
  const anew = unasked + <usize>(cell.gates * MR) * span;
  const stepBytes = <usize>(cell.kept * MR) * span;
  const blocks = (batch + MR - 1) / MR;
  // From the last one on: what was kept of it lies in the cache still.
  for (let block = min(blocks, end * perGroup) - 1; block >= start * perGroup; block--) {
    const kept = keep == 0 ? anew : keep + <usize>(block * time) * stepBytes;
    begin(block, h0, c0, states);
    if (keep == 0) for (let i = 0; i < time; i++) cell.forward(reverse ? time - 1 - i : i, kept + <usize>i * stepBytes);
    for (let k = 0; k < several; k++) {
      const steps = <usize>k * <usize>batch * <usize>time;
      for (let r = 0; r < MR; r++) {
        zeroUnits(dh + <usize>r * span);
        zeroUnits(dc + <usize>r * span);
      }
      for (let i = time - 1; i >= 0; i--) {
        const t = reverse ? time - 1 - i : i;
        receive(t, g + ((steps * states * units) << 2), states);
        const to = toStates ? unasked : out + (steps + stepOf(0, t)) * width;
        cell.back(t, kept + <usize>i * stepBytes, to, toStates ? width : <usize>time * width);
      }
      if (!toStates) continue;
      for (let r = 0; r < rows; r++) {
        const to = out + ((<usize>((k * batch + block * MR + r) * states) * units) << 2);
        putUnits(to, dh + <usize>r * span);
        if (states == 2) putUnits(to + (<usize>units << 2), dc + <usize>r * span);
      }
    }
  }
}

export function lstm(
  start: i32, end: i32, out: usize, zs: usize, u: usize, b: usize, h0: usize, c0: usize, counts: usize, sizes: usize, work: usize,
  keep: usize,
): void { scan<Lstm>(start, end, out, zs, u, b, h0, c0, counts, sizes, work, keep); }
export function gru(
  start: i32, end: i32, out: usize, zs: usize, u: usize, b: usize, h0: usize, c0: usize, counts: usize, sizes: usize, work: usize,
  keep: usize,
): void { scan<Gru>(start, end, out, zs, u, b, h0, c0, counts, sizes, work, keep); }
export function gruResetBefore(
  start: i32, end: i32, out: usize, zs: usize, u: usize, b: usize, h0: usize, c0: usize, counts: usize, sizes: usize, work: usize,
  keep: usize,
): void { scan<GruResetBefore>(start, end, out, zs, u, b, h0, c0, counts, sizes, work, keep); }
export function simpleRnn(
  start: i32, end: i32, out: usize, zs: usize, u: usize, b: usize, h0: usize, c0: usize, counts: usize, sizes: usize, work: usize,
  keep: usize,
): void { scan<Simple>(start, end, out, zs, u, b, h0, c0, counts, sizes, work, keep); }

export function lstmGrad(
  start: i32, end: i32, out: usize, zs: usize, u: usize, ut: usize, ut2: usize, b: usize, h0: usize, c0: usize, g: usize,
  counts: usize, sizes: usize, work: usize, keep: usize,
): void { scanBack<Lstm>(start, end, out, zs, u, ut, ut2, b, h0, c0, g, counts, sizes, work, keep); }
export function gruGrad(
  start: i32, end: i32, out: usize, zs: usize, u: usize, ut: usize, ut2: usize, b: usize, h0: usize, c0: usize, g: usize,
  counts: usize, sizes: usize, work: usize, keep: usize,
): void { scanBack<Gru>(start, end, out, zs, u, ut, ut2, b, h0, c0, g, counts, sizes, work, keep); }
export function gruResetBeforeGrad(
  start: i32, end: i32, out: usize, zs: usize, u: usize, ut: usize, ut2: usize, b: usize, h0: usize, c0: usize, g: usize,
  counts: usize, sizes: usize, work: usize, keep: usize,
): void { scanBack<GruResetBefore>(start, end, out, zs, u, ut, ut2, b, h0, c0, g, counts, sizes, work, keep); }
export function simpleRnnGrad(
  start: i32, end: i32, out: usize, zs: usize, u: usize, ut: usize, ut2: usize, b: usize, h0: usize, c0: usize, g: usize,
  counts: usize, sizes: usize, work: usize, keep: usize,
): void { scanBack<Simple>(start, end, out, zs, u, ut, ut2, b, h0, c0, g, counts, sizes, work, keep); }
