/**
 * LSTM and simple recurrent cell: one step of a block of rows, forward and back. `kept` is the step's own room, six rows one
 * after another; what `forward` leaves there `back` reads. The driver is in `recurrent.ts`.
 */
import {
  act, addProduct, c, counts, curve, dc, dh, gateAct, gateProduct, h, kernelT, rows, slope, span, stepOf, time, units, z, zeroUnits,
} from './block';
import { c as constant, GATE_OVER, GATE_UNDER, HALF } from '../elementwise/constants';
import { gateInside, gateTanh } from '../elementwise/math';
import { wideLstmRow, wideLstmRowBack, wideSimpleRow, wideSimpleRowBack } from './wide';
import { madd, storeLanes } from '../simd';
import { WIDE } from '../width';

/** Whether gates are sigmoids and new values tanh. */
@inline
export function usual(): bool {
  return act == 1 && gateAct == 2;
}

/** Kept: the gates input, forget, new and output, c before the step, the activation of c after it. */
export class Lstm {
  @inline get gates(): i32 { return 4; }
  @inline get states(): i32 { return 2; }
  @inline get kept(): i32 { return 6; }

  forward(t: i32, kept: usize): void {
    const bytes = <usize>units << 2;
    gateProduct(kept, 6 * span, z + stepOf(0, t) * 4 * bytes, <usize>time * 4 * bytes, 4);
    const known = usual();
    for (let r = 0; r < rows; r++) {
      if (!counts(r, t)) continue;
      const at = kept + <usize>r * 6 * span;
      const state = <usize>r * span;
      if (WIDE && known) wideLstmRow(at, state);
      else if (known) usualLstmRow(at, state, bytes);
      else lstmRow(at, state, bytes);
    }
  }

  /** `dz` is the first row's gradient of z, `dzStep` bytes to the next row's. */
  back(t: i32, kept: usize, dz: usize, dzStep: usize): void {
    const bytes = <usize>units << 2;
    const whole = usual() && (units & 3) == 0;
    for (let r = 0; r < rows; r++) {
      const to = dz + <usize>r * dzStep;
      const state = <usize>r * span;
      if (!counts(r, t)) {
        zeroRow(to, 4 * units);
        continue;
      }
      const at = kept + <usize>r * 6 * span;
      if (whole) usualLstmRowBack(at, state, to, bytes);
      else lstmRowBack(at, state, to, bytes);
      zeroUnits(dh + state);
    }
    addProduct(dh, span, dz, dzStep, 4 * units, kernelT, <i32>(span >> 5));
  }
}

function lstmRow(at: usize, state: usize, bytes: usize): void {
  for (let j: usize = 0; j < bytes; j += 16) {
    const k = at + j;
    const i = curve(v128.load(k), gateAct);
    const f = curve(v128.load(k + span), gateAct);
    const n = curve(v128.load(k + 2 * span), act);
    const o = curve(v128.load(k + 3 * span), gateAct);
    const before = v128.load(c + state + j);
    const next = madd(f, before, f32x4.mul(i, n));
    const shown = curve(next, act);
    v128.store(k, i);
    v128.store(k + span, f);
    v128.store(k + 2 * span, n);
    v128.store(k + 3 * span, o);
    v128.store(k + 4 * span, before);
    v128.store(k + 5 * span, shown);
    v128.store(c + state + j, next);
    v128.store(h + state + j, f32x4.mul(o, shown));
  }
}

/**
 * A row's gates and states with sigmoid gates and tanh: the four quotients side by side, so that each coefficient is read once for all.
 * Sigmoids are tanh of half the number, see `gateSigmoid`.
 */
function usualLstmRow(at: usize, state: usize, bytes: usize): void {
  for (let j: usize = 0; j < bytes; j += 16) {
    const k = at + j;
    const half = constant(HALF);
    let i = gateInside(f32x4.mul(v128.load(k), half));
    let f = gateInside(f32x4.mul(v128.load(k + span), half));
    let n = gateInside(v128.load(k + 2 * span));
    let o = gateInside(f32x4.mul(v128.load(k + 3 * span), half));
    const i2 = f32x4.mul(i, i), f2 = f32x4.mul(f, f), n2 = f32x4.mul(n, n), o2 = f32x4.mul(o, o);
    let pi = constant(GATE_OVER), pf = pi, pn = pi, po = pi;
    for (let term = GATE_OVER + 1; term < GATE_UNDER; term++) {
      const add = constant(term);
      pi = madd(pi, i2, add);
      pf = madd(pf, f2, add);
      pn = madd(pn, n2, add);
      po = madd(po, o2, add);
    }
    i = f32x4.mul(i, pi);
    f = f32x4.mul(f, pf);
    n = f32x4.mul(n, pn);
    o = f32x4.mul(o, po);
    pi = constant(GATE_UNDER), pf = pi, pn = pi, po = pi;
    for (let term = GATE_UNDER + 1; term < GATE_UNDER + 5; term++) {
      const add = constant(term);
      pi = madd(pi, i2, add);
      pf = madd(pf, f2, add);
      pn = madd(pn, n2, add);
      po = madd(po, o2, add);
    }
    i = madd(f32x4.div(i, pi), half, half);
    f = madd(f32x4.div(f, pf), half, half);
    n = f32x4.div(n, pn);
    o = madd(f32x4.div(o, po), half, half);
    const before = v128.load(c + state + j);
    const after = madd(f, before, f32x4.mul(i, n));
    const shown = gateTanh(after);
    v128.store(k, i);
    v128.store(k + span, f);
    v128.store(k + 2 * span, n);
    v128.store(k + 3 * span, o);
    v128.store(k + 4 * span, before);
    v128.store(k + 5 * span, shown);
    v128.store(c + state + j, after);
    v128.store(h + state + j, f32x4.mul(o, shown));
  }
}

function lstmRowBack(at: usize, state: usize, to: usize, bytes: usize): void {
  for (let j: usize = 0; j < bytes; j += 16) {
    const k = at + j;
    const left = units - <i32>(j >> 2);
    const i = v128.load(k);
    const f = v128.load(k + span);
    const n = v128.load(k + 2 * span);
    const o = v128.load(k + 3 * span);
    const shown = v128.load(k + 5 * span);
    const d = v128.load(dh + state + j);
    const all = madd(f32x4.mul(d, o), slope(shown, act), v128.load(dc + state + j));
    storeLanes(to + j, f32x4.mul(f32x4.mul(all, n), slope(i, gateAct)), left);
    storeLanes(to + bytes + j, f32x4.mul(f32x4.mul(all, v128.load(k + 4 * span)), slope(f, gateAct)), left);
    storeLanes(to + 2 * bytes + j, f32x4.mul(f32x4.mul(all, i), slope(n, act)), left);
    storeLanes(to + 3 * bytes + j, f32x4.mul(f32x4.mul(d, shown), slope(o, gateAct)), left);
    v128.store(dc + state + j, f32x4.mul(all, f));
  }
}

/** The same where rows are whole groups of four. */
function usualLstmRowBack(at: usize, state: usize, to: usize, bytes: usize): void {
  const one = f32x4.splat(1);
  for (let j: usize = WIDE ? wideLstmRowBack(at, state, to, bytes) : 0; j < bytes; j += 16) {
    const k = at + j;
    const i = v128.load(k);
    const f = v128.load(k + span);
    const n = v128.load(k + 2 * span);
    const o = v128.load(k + 3 * span);
    const shown = v128.load(k + 5 * span);
    const d = v128.load(dh + state + j);
    const all = madd(f32x4.mul(d, o), f32x4.sub(one, f32x4.mul(shown, shown)), v128.load(dc + state + j));
    const put = to + j;
    const ai = f32x4.mul(all, i), af = f32x4.mul(all, f);
    v128.store(put, f32x4.mul(f32x4.mul(ai, n), f32x4.sub(one, i)));
    v128.store(put + bytes, f32x4.mul(f32x4.mul(af, v128.load(k + 4 * span)), f32x4.sub(one, f)));
    v128.store(put + 2 * bytes, f32x4.mul(ai, f32x4.sub(one, f32x4.mul(n, n))));
    v128.store(put + 3 * bytes, f32x4.mul(f32x4.mul(d, shown), f32x4.mul(o, f32x4.sub(one, o))));
    v128.store(dc + state + j, af);
  }
}

/** Kept: the value. */
export class Simple {
  @inline get gates(): i32 { return 1; }
  @inline get states(): i32 { return 1; }
  @inline get kept(): i32 { return 1; }

  forward(t: i32, kept: usize): void {
    const bytes = <usize>units << 2;
    gateProduct(kept, span, z + stepOf(0, t) * bytes, <usize>time * bytes, 1);
    for (let r = 0; r < rows; r++) {
      if (!counts(r, t)) continue;
      const at = <usize>r * span;
      if (WIDE && act == 1) {
        wideSimpleRow(kept + at, h + at);
        continue;
      }
      for (let j: usize = 0; j < bytes; j += 16) {
        const y = curve(v128.load(kept + at + j), act);
        v128.store(kept + at + j, y);
        v128.store(h + at + j, y);
      }
    }
  }

  back(t: i32, kept: usize, dz: usize, dzStep: usize): void {
    const bytes = <usize>units << 2;
    for (let r = 0; r < rows; r++) {
      const to = dz + <usize>r * dzStep;
      const state = <usize>r * span;
      if (!counts(r, t)) {
        zeroRow(to, units);
        continue;
      }
      for (let j: usize = WIDE && act == 1 ? wideSimpleRowBack(kept + state, dh + state, to, bytes) : 0; j < bytes; j += 16) {
        const d = f32x4.mul(v128.load(dh + state + j), slope(v128.load(kept + state + j), act));
        storeLanes(to + j, d, units - <i32>(j >> 2));
      }
      zeroUnits(dh + state);
    }
    addProduct(dh, span, dz, dzStep, units, kernelT, <i32>(span >> 5));
  }
}

/** `count` zeros, and nothing behind them. */
export function zeroRow(to: usize, count: i32): void {
  for (let j = 0; j < count; j += 4) storeLanes(to + (<usize>j << 2), i32x4.splat(0), count - j);
}
