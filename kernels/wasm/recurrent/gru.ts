/** GRU cells: the reset gate behind the recurrent product, as cuDNN has it, or before it. See `cells.ts`. */
import {
  act, addProduct, bias, copyUnits, counts, curve, dh, gateAct, gateProduct, h, kernel, kernelT, kernelT2, room, rows, slope, span, stepOf,
  time, units, z, zeroUnits,
} from './block';
import { usual, zeroRow } from './cells';
import {
  wideGatesBefore, wideGruRow, wideGruRowBack, wideResetBeforeBack, wideStateBefore, wideStateBeforeBack,
} from './gru-wide';
import { madd, storeLanes } from '../simd';
import { WIDE } from '../width';

/** `update * before + (1 - update) * fresh`. */
@inline
function mixed(update: v128, before: v128, fresh: v128): v128 {
  return madd(update, f32x4.sub(before, fresh), fresh);
}

/** Kept: update, reset, the product behind the reset gate, new value, h before the step. */
export class Gru {
  @inline get gates(): i32 { return 3; }
  @inline get states(): i32 { return 1; }
  @inline get kept(): i32 { return 5; }

  forward(t: i32, kept: usize): void {
    const bytes = <usize>units << 2;
    gateProduct(kept, 5 * span, bias, 0, 3);
    for (let r = 0; r < rows; r++) {
      if (!counts(r, t)) continue;
      const at = kept + <usize>r * 5 * span;
      const from = z + stepOf(r, t) * 3 * bytes;
      const state = h + <usize>r * span;
      if (WIDE && usual()) {
        wideGruRow(at, from, state, bytes);
        continue;
      }
      for (let j: usize = 0; j < bytes; j += 16) {
        const k = at + j;
        const update = curve(f32x4.add(v128.load(k), v128.load(from + j)), gateAct);
        const reset = curve(f32x4.add(v128.load(k + span), v128.load(from + bytes + j)), gateAct);
        const fresh = curve(madd(reset, v128.load(k + 2 * span), v128.load(from + 2 * bytes + j)), act);
        const before = v128.load(state + j);
        v128.store(k, update);
        v128.store(k + span, reset);
        v128.store(k + 3 * span, fresh);
        v128.store(k + 4 * span, before);
        v128.store(state + j, mixed(update, before, fresh));
      }
    }
  }

  back(t: i32, kept: usize, dz: usize, dzStep: usize): void {
    const bytes = <usize>units << 2;
    // Behind the reset gate the gradient differs from that of z.
    const innerStep = 3 * span;
    for (let r = 0; r < rows; r++) {
      const to = dz + <usize>r * dzStep;
      const inner = room + <usize>r * innerStep;
      const state = dh + <usize>r * span;
      if (!counts(r, t)) {
        zeroRow(to, 3 * units);
        zeroRow(inner, 3 * units);
        continue;
      }
      const at = kept + <usize>r * 5 * span;
      for (let j: usize = WIDE && usual() ? wideGruRowBack(at, state, to, inner, bytes) : 0; j < bytes; j += 16) {
        const k = at + j;
        const left = units - <i32>(j >> 2);
        const update = v128.load(k);
        const reset = v128.load(k + span);
        const fresh = v128.load(k + 3 * span);
        const d = v128.load(state + j);
        const change = f32x4.sub(v128.load(k + 4 * span), fresh);
        const toUpdate = f32x4.mul(f32x4.mul(d, change), slope(update, gateAct));
        const toFresh = f32x4.mul(f32x4.mul(d, f32x4.sub(f32x4.splat(1), update)), slope(fresh, act));
        const toReset = f32x4.mul(f32x4.mul(toFresh, v128.load(k + 2 * span)), slope(reset, gateAct));
        storeLanes(to + j, toUpdate, left);
        storeLanes(to + bytes + j, toReset, left);
        storeLanes(to + 2 * bytes + j, toFresh, left);
        storeLanes(inner + j, toUpdate, left);
        storeLanes(inner + bytes + j, toReset, left);
        storeLanes(inner + 2 * bytes + j, f32x4.mul(toFresh, reset), left);
        v128.store(state + j, f32x4.mul(d, update));
      }
    }
    addProduct(dh, span, room, innerStep, 3 * units, kernelT, <i32>(span >> 5));
  }
}

/** Kept: update, reset, new value, h before the step, reset times h. */
export class GruResetBefore {
  @inline get gates(): i32 { return 3; }
  @inline get states(): i32 { return 1; }
  @inline get kept(): i32 { return 5; }

  forward(t: i32, kept: usize): void {
    const bytes = <usize>units << 2;
    const panels = <i32>(span >> 5);
    const from = z + stepOf(0, t) * 3 * bytes;
    const step = <usize>time * 3 * bytes;
    for (let r = 0; r < rows; r++) {
      const to = kept + <usize>r * 5 * span;
      copyUnits(to + 2 * span, from + <usize>r * step + 2 * bytes);
      copyUnits(to + 3 * span, h + <usize>r * span);
    }
    gateProduct(kept, 5 * span, from, step, 2);
    for (let r = 0; r < rows; r++) {
      const at = kept + <usize>r * 5 * span;
      if (WIDE && usual()) {
        wideGatesBefore(at);
        continue;
      }
      for (let j: usize = 0; j < bytes; j += 16) {
        const k = at + j;
        const reset = curve(v128.load(k + span), gateAct);
        v128.store(k, curve(v128.load(k), gateAct));
        v128.store(k + span, reset);
        v128.store(k + 4 * span, f32x4.mul(reset, v128.load(k + 3 * span)));
      }
    }
    const last = kernel + <usize>(2 * panels * units) * 32;
    addProduct(kept + 2 * span, 5 * span, kept + 4 * span, 5 * span, units, last, panels);
    for (let r = 0; r < rows; r++) {
      if (!counts(r, t)) continue;
      const at = kept + <usize>r * 5 * span;
      if (WIDE && usual()) {
        wideStateBefore(at, h + <usize>r * span);
        continue;
      }
      for (let j: usize = 0; j < bytes; j += 16) {
        const k = at + j;
        const fresh = curve(v128.load(k + 2 * span), act);
        v128.store(k + 2 * span, fresh);
        v128.store(h + <usize>r * span + j, mixed(v128.load(k), v128.load(k + 3 * span), fresh));
      }
    }
  }

  back(t: i32, kept: usize, dz: usize, dzStep: usize): void {
    const bytes = <usize>units << 2;
    const panels = <i32>(span >> 5);
    for (let r = 0; r < rows; r++) {
      const to = dz + <usize>r * dzStep;
      zeroUnits(room + <usize>r * span);
      if (!counts(r, t)) {
        zeroRow(to, 3 * units);
        continue;
      }
      const at = kept + <usize>r * 5 * span;
      const state = dh + <usize>r * span;
      for (let j: usize = WIDE && usual() ? wideStateBeforeBack(at, state, to, bytes) : 0; j < bytes; j += 16) {
        const k = at + j;
        const left = units - <i32>(j >> 2);
        const update = v128.load(k);
        const fresh = v128.load(k + 2 * span);
        const d = v128.load(state + j);
        const change = f32x4.sub(v128.load(k + 3 * span), fresh);
        storeLanes(to + j, f32x4.mul(f32x4.mul(d, change), slope(update, gateAct)), left);
        const toFresh = f32x4.mul(f32x4.mul(d, f32x4.sub(f32x4.splat(1), update)), slope(fresh, act));
        storeLanes(to + 2 * bytes + j, toFresh, left);
      }
    }
    addProduct(room, span, dz + 2 * bytes, dzStep, units, kernelT2, panels);
    for (let r = 0; r < rows; r++) {
      if (!counts(r, t)) continue;
      const at = kept + <usize>r * 5 * span;
      const to = dz + <usize>r * dzStep + bytes;
      const state = dh + <usize>r * span;
      const products = room + <usize>r * span;
      for (let j: usize = WIDE && usual() ? wideResetBeforeBack(at, state, products, to, bytes) : 0; j < bytes; j += 16) {
        const k = at + j;
        const reset = v128.load(k + span);
        const product = v128.load(products + j);
        const toReset = f32x4.mul(f32x4.mul(product, v128.load(k + 3 * span)), slope(reset, gateAct));
        storeLanes(to + j, toReset, units - <i32>(j >> 2));
        v128.store(state + j, madd(v128.load(state + j), v128.load(k), f32x4.mul(product, reset)));
      }
    }
    addProduct(dh, span, dz, dzStep, 2 * units, kernelT, panels);
  }
}
