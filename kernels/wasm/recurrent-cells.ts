/**
 * LSTM and simple recurrent cell: one step of a block of rows, forward and back. `kept` is the step's own room, six rows one
 * after another; what `forward` leaves there `back` reads. The driver is in `recurrent.ts`.
 */
import {
  act, addProduct, c, copyUnits, counts, curve, dc, dh, gateAct, h, kernel, kernelT, rows, slope, span, stepOf, units, z, zeroUnits,
} from './recurrent-block';
import { madd, storeLanes } from './simd';

/** Kept: the gates input, forget, new and output, c before the step, the activation of c after it. */
export class Lstm {
  @inline get gates(): i32 { return 4; }
  @inline get states(): i32 { return 2; }
  @inline get kept(): i32 { return 6; }

  forward(t: i32, kept: usize): void {
    const bytes = <usize>units << 2;
    for (let r = 0; r < rows; r++) {
      const to = kept + <usize>r * 6 * span;
      const from = z + stepOf(r, t) * 4 * bytes;
      for (let g: usize = 0; g < 4; g++) copyUnits(to + g * span, from + g * bytes);
    }
    addProduct(kept, 6 * span, h, span, units, kernel, <i32>(span >> 5) * 4);
    for (let r = 0; r < rows; r++) {
      if (!counts(r, t)) continue;
      const at = kept + <usize>r * 6 * span;
      const state = <usize>r * span;
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
  }

  /** `dz` is the first row's gradient of z, `dzStep` bytes to the next row's. */
  back(t: i32, kept: usize, dz: usize, dzStep: usize): void {
    const bytes = <usize>units << 2;
    for (let r = 0; r < rows; r++) {
      const to = dz + <usize>r * dzStep;
      const state = <usize>r * span;
      if (!counts(r, t)) {
        zeroRow(to, 4 * units);
        continue;
      }
      const at = kept + <usize>r * 6 * span;
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
      zeroUnits(dh + state);
    }
    addProduct(dh, span, dz, dzStep, 4 * units, kernelT, <i32>(span >> 5));
  }
}

/** Kept: the value. */
export class Simple {
  @inline get gates(): i32 { return 1; }
  @inline get states(): i32 { return 1; }
  @inline get kept(): i32 { return 1; }

  forward(t: i32, kept: usize): void {
    const bytes = <usize>units << 2;
    for (let r = 0; r < rows; r++) copyUnits(kept + <usize>r * span, z + stepOf(r, t) * bytes);
    addProduct(kept, span, h, span, units, kernel, <i32>(span >> 5));
    for (let r = 0; r < rows; r++) {
      if (!counts(r, t)) continue;
      const at = <usize>r * span;
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
      for (let j: usize = 0; j < bytes; j += 16) {
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
