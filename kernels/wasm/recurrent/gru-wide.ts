/** GRU cells' inner loops with sigmoid gates and tanh for engines that pair vectors (`WIDE`), eight units a turn. See `gru.ts`. */
import { span } from './block';
import { c as constant, ONE } from '../elementwise/constants';
import { gateSigmoid, gateTanh } from '../elementwise/math';
import { pair } from './wide';
import { madd } from '../simd';

@inline
function mixed(update: v128, before: v128, fresh: v128): v128 {
  return madd(update, f32x4.sub(before, fresh), fresh);
}

@inline
function sigmoidSlope(y: v128): v128 {
  return f32x4.mul(y, f32x4.sub(constant(ONE), y));
}

@inline
function tanhSlope(y: v128): v128 {
  return f32x4.sub(constant(ONE), f32x4.mul(y, y));
}

/** A row's step forward; units that it does not have are computed too, in the room behind it. */
export function wideGruRow(at: usize, from: usize, state: usize, bytes: usize): void {
  const end = at + span;
  for (let k = at; k < end; k += 32, from += 32, state += 32) {
    const before = v128.load(state), before_ = v128.load(state, 16);
    const update = gateSigmoid(f32x4.add(v128.load(k), v128.load(from)));
    const update_ = gateSigmoid(f32x4.add(v128.load(k, 16), v128.load(from, 16)));
    const second = from + bytes;
    const reset = gateSigmoid(f32x4.add(v128.load(k + span), v128.load(second)));
    const reset_ = gateSigmoid(f32x4.add(v128.load(k + span, 16), v128.load(second, 16)));
    const third = second + bytes;
    const fresh = gateTanh(madd(reset, v128.load(k + 2 * span), v128.load(third)));
    const fresh_ = gateTanh(madd(reset_, v128.load(k + 2 * span, 16), v128.load(third, 16)));
    pair(k, update, update_);
    pair(k + span, reset, reset_);
    pair(k + 3 * span, fresh, fresh_);
    pair(k + 4 * span, before, before_);
    pair(state, mixed(update, before, fresh), mixed(update_, before_, fresh_));
  }
}

/** The way back as far as rows are whole groups of eight; returns the bytes that are done. */
export function wideGruRowBack(at: usize, state: usize, to: usize, inner: usize, bytes: usize): usize {
  const end = bytes & ~31;
  for (let j: usize = 0; j < end; j += 32) {
    const k = at + j;
    const update = v128.load(k), update_ = v128.load(k, 16);
    const reset = v128.load(k + span), reset_ = v128.load(k + span, 16);
    const product = v128.load(k + 2 * span), product_ = v128.load(k + 2 * span, 16);
    const fresh = v128.load(k + 3 * span), fresh_ = v128.load(k + 3 * span, 16);
    const before = v128.load(k + 4 * span), before_ = v128.load(k + 4 * span, 16);
    const d = v128.load(state + j), d_ = v128.load(state + j, 16);
    const one = constant(ONE);
    const toUpdate = f32x4.mul(f32x4.mul(d, f32x4.sub(before, fresh)), sigmoidSlope(update));
    const toUpdate_ = f32x4.mul(f32x4.mul(d_, f32x4.sub(before_, fresh_)), sigmoidSlope(update_));
    const toFresh = f32x4.mul(f32x4.mul(d, f32x4.sub(one, update)), tanhSlope(fresh));
    const toFresh_ = f32x4.mul(f32x4.mul(d_, f32x4.sub(one, update_)), tanhSlope(fresh_));
    const toReset = f32x4.mul(f32x4.mul(toFresh, product), sigmoidSlope(reset));
    const toReset_ = f32x4.mul(f32x4.mul(toFresh_, product_), sigmoidSlope(reset_));
    pair(to + j, toUpdate, toUpdate_);
    pair(to + bytes + j, toReset, toReset_);
    pair(to + 2 * bytes + j, toFresh, toFresh_);
    pair(inner + j, toUpdate, toUpdate_);
    pair(inner + bytes + j, toReset, toReset_);
    pair(inner + 2 * bytes + j, f32x4.mul(toFresh, reset), f32x4.mul(toFresh_, reset_));
    pair(state + j, f32x4.mul(d, update), f32x4.mul(d_, update_));
  }
  return end;
}

/** With the reset gate before the product: update, reset, and reset times h. */
export function wideGatesBefore(at: usize): void {
  const end = at + span;
  for (let k = at; k < end; k += 32) {
    const update = gateSigmoid(v128.load(k)), update_ = gateSigmoid(v128.load(k, 16));
    const reset = gateSigmoid(v128.load(k + span)), reset_ = gateSigmoid(v128.load(k + span, 16));
    const before = v128.load(k + 3 * span), before_ = v128.load(k + 3 * span, 16);
    pair(k, update, update_);
    pair(k + span, reset, reset_);
    pair(k + 4 * span, f32x4.mul(reset, before), f32x4.mul(reset_, before_));
  }
}

/** The same cell's new value and state. */
export function wideStateBefore(at: usize, state: usize): void {
  const end = at + span;
  for (let k = at; k < end; k += 32, state += 32) {
    const update = v128.load(k), update_ = v128.load(k, 16);
    const before = v128.load(k + 3 * span), before_ = v128.load(k + 3 * span, 16);
    const fresh = gateTanh(v128.load(k + 2 * span)), fresh_ = gateTanh(v128.load(k + 2 * span, 16));
    pair(k + 2 * span, fresh, fresh_);
    pair(state, mixed(update, before, fresh), mixed(update_, before_, fresh_));
  }
}

/** The same cell's way back to the new value and the update gate, as far as rows are whole groups of eight. */
export function wideStateBeforeBack(at: usize, state: usize, to: usize, bytes: usize): usize {
  const end = bytes & ~31;
  for (let j: usize = 0; j < end; j += 32) {
    const k = at + j;
    const one = constant(ONE);
    const update = v128.load(k), update_ = v128.load(k, 16);
    const fresh = v128.load(k + 2 * span), fresh_ = v128.load(k + 2 * span, 16);
    const before = v128.load(k + 3 * span), before_ = v128.load(k + 3 * span, 16);
    const d = v128.load(state + j), d_ = v128.load(state + j, 16);
    const toUpdate = f32x4.mul(f32x4.mul(d, f32x4.sub(before, fresh)), sigmoidSlope(update));
    const toUpdate_ = f32x4.mul(f32x4.mul(d_, f32x4.sub(before_, fresh_)), sigmoidSlope(update_));
    const toFresh = f32x4.mul(f32x4.mul(d, f32x4.sub(one, update)), tanhSlope(fresh));
    const toFresh_ = f32x4.mul(f32x4.mul(d_, f32x4.sub(one, update_)), tanhSlope(fresh_));
    pair(to + j, toUpdate, toUpdate_);
    pair(to + 2 * bytes + j, toFresh, toFresh_);
  }
  return end;
}

/** And to the reset gate and the state, whose gradient takes `product`. */
export function wideResetBeforeBack(at: usize, state: usize, product: usize, to: usize, bytes: usize): usize {
  const end = bytes & ~31;
  for (let j: usize = 0; j < end; j += 32) {
    const k = at + j;
    const update = v128.load(k), update_ = v128.load(k, 16);
    const reset = v128.load(k + span), reset_ = v128.load(k + span, 16);
    const before = v128.load(k + 3 * span), before_ = v128.load(k + 3 * span, 16);
    const p = v128.load(product + j), p_ = v128.load(product + j, 16);
    const d = v128.load(state + j), d_ = v128.load(state + j, 16);
    const toReset = f32x4.mul(f32x4.mul(p, before), sigmoidSlope(reset));
    pair(to + j, toReset, f32x4.mul(f32x4.mul(p_, before_), sigmoidSlope(reset_)));
    pair(state + j, madd(d, update, f32x4.mul(p, reset)), madd(d_, update_, f32x4.mul(p_, reset_)));
  }
  return end;
}
