/**
 * What the recurrent kernels share. Six rows of the batch go through time together: their products with the recurrent
 * kernel are tiles of the matrix product, with states and gates in a work room that stays in cache. A unit in the work
 * room is `lanes` floats long: the number of units rounded up to whole panels; lanes beyond hold what does not matter.
 * Rows that are missing to six are computed like the others and not stored.
 */
import { exp, expm1, gateSigmoid, gateTanh, softplus } from '../elementwise/math';
import { MR } from '../product/panels';
import { madd, scratch, storeLanes } from '../simd';
import { recurrentTile } from './tile';
import { pair, wideRecurrentTile } from './wide';
import { WIDE } from '../width';

/** The call's sizes and operands, one set per instance (per thread); set by `readScan`. */
export let time: i32 = 0;
export let units: i32 = 0;
/** Bytes of `lanes` floats. */
export let span: usize = 0;
export let act: i32 = 0;
export let gateAct: i32 = 0;
export let z: usize = 0;
export let kernel: usize = 0;
export let kernelT: usize = 0;
export let kernelT2: usize = 0;
export let bias: usize = 0;
export let mask: usize = 0;
/** The block at work: its first row, how many of its six rows exist. */
export let row0: i32 = 0;
export let rows: i32 = 0;
/** Six rows each: h, c, their gradients. */
export let h: usize = 0;
export let c: usize = 0;
export let dh: usize = 0;
export let dc: usize = 0;
/** Room for six rows of all gates. */
export let room: usize = 0;

export function setSizes(steps: i32, width: i32, bytes: usize, code: i32, gateCode: i32): void {
  time = steps;
  units = width;
  span = bytes;
  act = code;
  gateAct = gateCode;
}
export function setOperands(zs: usize, u: usize, ut: usize, ut2: usize, b: usize, counts: usize): void {
  z = zs;
  kernel = u;
  kernelT = ut;
  kernelT2 = ut2;
  bias = b;
  mask = counts;
}
/** Lays out the work room and returns where the kept values begin. */
export function setRoom(work: usize, gates: i32): usize {
  const block = span * MR;
  h = work;
  c = work + block;
  dh = c + block;
  dc = dh + block;
  room = dc + block;
  return room + block * gates;
}
export function setBlock(first: i32, count: i32): void {
  row0 = first;
  rows = count;
}

/** Number of a row and step, for operands `[batch, time, ...]`. */
@inline
export function stepOf(r: i32, t: i32): usize {
  return <usize>((row0 + r) * time + t);
}

/** Whether the step counts for row `r`. */
@inline
export function counts(r: i32, t: i32): bool {
  return mask == 0 || load<u8>(mask + stepOf(r, t)) != 0;
}

/** Bytes of a turn of the loops over units, which go on into the room behind a row, up to whole panels. */
const TURN: usize = WIDE ? 32 : 16;

/** `units` floats, in whole groups. */
export function copyUnits(to: usize, from: usize): void {
  const bytes = <usize>units << 2;
  for (let i: usize = 0; i < bytes; i += TURN) {
    const v = v128.load(from + i);
    if (WIDE) pair(to + i, v, v128.load(from + i, 16));
    else v128.store(to + i, v);
  }
}

/** `units` floats at any place, and nothing behind them. */
export function putUnits(to: usize, from: usize): void {
  let j = 0;
  if (WIDE) {
    for (; j + 8 <= units; j += 8, to += 32, from += 32) pair(to, v128.load(from), v128.load(from, 16));
  }
  for (; j < units; j += 4, to += 16, from += 16) storeLanes(to, v128.load(from), units - j);
}

export function zeroUnits(to: usize): void {
  const zero = i32x4.splat(0);
  const bytes = <usize>units << 2;
  for (let i: usize = 0; i < bytes; i += TURN) {
    v128.store(to + i, zero);
    if (WIDE) v128.store(to + i, zero, 16);
  }
}

/** Adds `units` floats. */
export function addUnits(to: usize, from: usize): void {
  const bytes = <usize>units << 2;
  for (let i: usize = 0; i < bytes; i += TURN) {
    const v = f32x4.add(v128.load(to + i), v128.load(from + i));
    if (WIDE) pair(to + i, v, f32x4.add(v128.load(to + i, 16), v128.load(from + i, 16)));
    else v128.store(to + i, v);
  }
}

/**
 * Gates before their activations, those of each of six rows one after another from `to` on: what `from` (the first row's, `fromStep` bytes to the
 * next) has for `gates` gates, plus the product of h, or what lies as h does, with their part of the recurrent kernel.
 * Rows that do not exist are those of the last.
 */
export function gateProduct(to: usize, toStep: usize, from: usize, fromStep: usize, gates: i32): void {
  const pointers = scratch();
  for (let r = 0; r < MR; r++) {
    const row = <usize>min(r, rows - 1);
    store<usize>(pointers + (<usize>r << 2), h + row * span);
    store<usize>(pointers + (<usize>r << 2), from + row * fromStep, 24);
  }
  const bytes = <usize>units << 2;
  const panels = <i32>(span >> 5);
  const whole = bytes == span;
  // Gates without a gap between them are one line of panels.
  const parts = WIDE && whole ? 1 : gates;
  const each = WIDE && whole ? gates * panels : panels;
  for (let g = 0; g < parts; g++) {
    const from = kernel + <usize>(g * panels) * (bytes << 3);
    product(units, pointers, from, each, <usize>g * bytes, to + <usize>g * span, toStep);
  }
}

/** The tiles of `panels` panels from `b` on, whose first columns are `column` bytes from the begin of what they are added to, and go to `to`. */
@inline
function product(count: i32, pointers: usize, b: usize, panels: i32, column: usize, to: usize, toStep: usize): void {
  const panel = <usize>count << 5;
  let p: usize = 0;
  if (WIDE) {
    for (; p + 1 < <usize>panels; p += 2, b += 2 * panel) {
      wideRecurrentTile(count, pointers, b, b + panel, column + (p << 5), to + (p << 5), toStep);
    }
  }
  for (; p < <usize>panels; p++, b += panel) {
    recurrentTile(count, pointers, b, column + (p << 5), to + (p << 5), toStep);
  }
}

/**
 * Adds to each of six rows of C the product of a row of A with a packed B of `panels` panels.
 * @param a the first row of A, of `count` floats, and `aStep` bytes to the next; rows that do not exist are read like the last
 */
export function addProduct(to: usize, toStep: usize, a: usize, aStep: usize, count: i32, b: usize, panels: i32): void {
  const pointers = scratch();
  for (let r = 0; r < MR; r++) {
    store<usize>(pointers + (<usize>r << 2), a + <usize>min(r, rows - 1) * aStep);
    store<usize>(pointers + (<usize>r << 2), to + <usize>r * toStep, 24);
  }
  product(count, pointers, b, panels, 0, to, toStep);
}

/** An activation by code, see `src/ops/recurrent-activations.ts`. */
export function curve(x: v128, code: i32): v128 {
  if (code == 1) return gateTanh(x);
  if (code == 2) return gateSigmoid(x);
  return otherCurve(x, code);
}

/** Its derivative, from its value. */
export function slope(y: v128, code: i32): v128 {
  if (code == 1) return f32x4.sub(f32x4.splat(1), f32x4.mul(y, y));
  if (code == 2) return f32x4.mul(y, f32x4.sub(f32x4.splat(1), y));
  return otherSlope(y, code);
}

@inline
function positive(y: v128): v128 {
  return f32x4.gt(y, f32x4.splat(0));
}

function bounded(x: v128, by: f32): v128 {
  const line = madd(x, f32x4.splat(by), f32x4.splat(0.5));
  return f32x4.pmin(f32x4.pmax(line, f32x4.splat(0)), f32x4.splat(1));
}

const SELU: f32 = 1.0507009873554805;
const SELU_ALPHA: f32 = 1.7580993408473766; // times the scale

function otherCurve(x: v128, code: i32): v128 {
  if (code == 3) return bounded(x, 1.0 / 6.0);
  if (code == 4) return bounded(x, 0.2);
  if (code == 5) return f32x4.pmax(x, f32x4.splat(0));
  if (code == 6) return f32x4.div(x, f32x4.add(f32x4.abs(x), f32x4.splat(1)));
  if (code == 7) return v128.bitselect(x, expm1(f32x4.pmin(x, f32x4.splat(0))), positive(x));
  if (code == 8) {
    const low = f32x4.mul(f32x4.splat(SELU_ALPHA), expm1(f32x4.pmin(x, f32x4.splat(0))));
    return v128.bitselect(f32x4.mul(f32x4.splat(SELU), x), low, positive(x));
  }
  if (code == 9) return softplus(x);
  if (code == 10) return exp(x);
  return x;
}

function otherSlope(y: v128, code: i32): v128 {
  const one = f32x4.splat(1);
  if (code == 3 || code == 4) {
    const inside = v128.and(positive(y), f32x4.lt(y, one));
    return v128.and(inside, f32x4.splat(code == 3 ? 1.0 / 6.0 : 0.2));
  }
  if (code == 5) return v128.and(positive(y), one);
  if (code == 6) {
    const rest = f32x4.sub(one, f32x4.abs(y));
    return f32x4.mul(rest, rest);
  }
  if (code == 7) return v128.bitselect(one, f32x4.add(y, one), positive(y));
  if (code == 8) {
    const up = f32x4.ge(y, f32x4.splat(0));
    return v128.bitselect(f32x4.splat(SELU), f32x4.add(y, f32x4.splat(SELU_ALPHA)), up);
  }
  if (code == 9) return f32x4.neg(expm1(f32x4.neg(y)));
  if (code == 10) return y;
  return one;
}
