/**
 * The recurrent kernels' inner loops for engines that pair vectors (`WIDE`): the product of six rows with two panels of the recurrent kernel, which
 * is the tile of `wide-tile.ts` in a place of its own, and a row of the usual LSTM, eight units at a time. Sums are those of the other builds, in
 * their order.
 */
import { c, dc, dh, h, span } from './block';
import { c as constant, GATE_OVER, GATE_UNDER, HALF, ONE } from '../elementwise/constants';
import { gateInside, gateTanh } from '../elementwise/math';
import { madd } from '../simd';

/**
 * `recurrentTile` for sixteen columns.
 * @param b0 the first panel, and `b1` the second
 */
export function wideRecurrentTile(count: i32, table: usize, b0: usize, b1: usize, column: usize, to: usize, step: usize): void {
  const c0 = load<usize>(table, 24) + column;
  let w0 = v128.load(c0), x0 = v128.load(c0, 16), y0 = v128.load(c0, 32), z0 = v128.load(c0, 48);
  const c1 = load<usize>(table, 28) + column;
  let w1 = v128.load(c1), x1 = v128.load(c1, 16), y1 = v128.load(c1, 32), z1 = v128.load(c1, 48);
  const c2 = load<usize>(table, 32) + column;
  let w2 = v128.load(c2), x2 = v128.load(c2, 16), y2 = v128.load(c2, 32), z2 = v128.load(c2, 48);
  const c3 = load<usize>(table, 36) + column;
  let w3 = v128.load(c3), x3 = v128.load(c3, 16), y3 = v128.load(c3, 32), z3 = v128.load(c3, 48);
  const c4 = load<usize>(table, 40) + column;
  let w4 = v128.load(c4), x4 = v128.load(c4, 16), y4 = v128.load(c4, 32), z4 = v128.load(c4, 48);
  const c5 = load<usize>(table, 44) + column;
  let w5 = v128.load(c5), x5 = v128.load(c5, 16), y5 = v128.load(c5, 32), z5 = v128.load(c5, 48);
  let a0 = load<usize>(table), a1 = load<usize>(table, 4), a2 = load<usize>(table, 8);
  let a3 = load<usize>(table, 12), a4 = load<usize>(table, 16), a5 = load<usize>(table, 20);
  for (let i = count; i > 0; i--, b0 += 32, b1 += 32) {
    const first = v128.load(b0), second = v128.load(b0, 16), third = v128.load(b1), fourth = v128.load(b1, 16);
    let v: v128;
    v = v128.load32_splat(a0);
    a0 += 4;
    w0 = madd(v, first, w0);
    x0 = madd(v, second, x0);
    y0 = madd(v, third, y0);
    z0 = madd(v, fourth, z0);
    v = v128.load32_splat(a1);
    a1 += 4;
    w1 = madd(v, first, w1);
    x1 = madd(v, second, x1);
    y1 = madd(v, third, y1);
    z1 = madd(v, fourth, z1);
    v = v128.load32_splat(a2);
    a2 += 4;
    w2 = madd(v, first, w2);
    x2 = madd(v, second, x2);
    y2 = madd(v, third, y2);
    z2 = madd(v, fourth, z2);
    v = v128.load32_splat(a3);
    a3 += 4;
    w3 = madd(v, first, w3);
    x3 = madd(v, second, x3);
    y3 = madd(v, third, y3);
    z3 = madd(v, fourth, z3);
    v = v128.load32_splat(a4);
    a4 += 4;
    w4 = madd(v, first, w4);
    x4 = madd(v, second, x4);
    y4 = madd(v, third, y4);
    z4 = madd(v, fourth, z4);
    v = v128.load32_splat(a5);
    a5 += 4;
    w5 = madd(v, first, w5);
    x5 = madd(v, second, x5);
    y5 = madd(v, third, y5);
    z5 = madd(v, fourth, z5);
  }
  put(to, w0, x0, y0, z0);
  to += step;
  put(to, w1, x1, y1, z1);
  to += step;
  put(to, w2, x2, y2, z2);
  to += step;
  put(to, w3, x3, y3, z3);
  to += step;
  put(to, w4, x4, y4, z4);
  to += step;
  put(to, w5, x5, y5, z5);
}

@inline
function put(at: usize, w: v128, x: v128, y: v128, z: v128): void {
  v128.store(at, w);
  v128.store(at, x, 16);
  v128.store(at, y, 32);
  v128.store(at, z, 48);
}
/** `usualLstmRow` of eight units a turn; units that a row does not have are computed too, in the room behind it. */
export function wideLstmRow(at: usize, state: usize): void {
  const end = at + span;
  let states = c + state;
  const shift = h - c;
  for (let k = at; k < end; k += 32, states += 32) {
    const half = constant(HALF);
    let i = gateInside(f32x4.mul(v128.load(k), half)), i_ = gateInside(f32x4.mul(v128.load(k, 16), half));
    let f = gateInside(f32x4.mul(v128.load(k + span), half)), f_ = gateInside(f32x4.mul(v128.load(k + span, 16), half));
    let n = gateInside(v128.load(k + 2 * span)), n_ = gateInside(v128.load(k + 2 * span, 16));
    let o = gateInside(f32x4.mul(v128.load(k + 3 * span), half)), o_ = gateInside(f32x4.mul(v128.load(k + 3 * span, 16), half));
    const i2 = f32x4.mul(i, i), f2 = f32x4.mul(f, f), n2 = f32x4.mul(n, n), o2 = f32x4.mul(o, o);
    const j2 = f32x4.mul(i_, i_), g2 = f32x4.mul(f_, f_), m2 = f32x4.mul(n_, n_), p2 = f32x4.mul(o_, o_);
    let pi = constant(GATE_OVER), pf = pi, pn = pi, po = pi, qi = pi, qf = pi, qn = pi, qo = pi;
    for (let term = GATE_OVER + 1; term < GATE_UNDER; term++) {
      const add = constant(term);
      pi = madd(pi, i2, add);
      qi = madd(qi, j2, add);
      pf = madd(pf, f2, add);
      qf = madd(qf, g2, add);
      pn = madd(pn, n2, add);
      qn = madd(qn, m2, add);
      po = madd(po, o2, add);
      qo = madd(qo, p2, add);
    }
    i = f32x4.mul(i, pi), i_ = f32x4.mul(i_, qi);
    f = f32x4.mul(f, pf), f_ = f32x4.mul(f_, qf);
    n = f32x4.mul(n, pn), n_ = f32x4.mul(n_, qn);
    o = f32x4.mul(o, po), o_ = f32x4.mul(o_, qo);
    pi = constant(GATE_UNDER), pf = pi, pn = pi, po = pi, qi = pi, qf = pi, qn = pi, qo = pi;
    for (let term = GATE_UNDER + 1; term < GATE_UNDER + 5; term++) {
      const add = constant(term);
      pi = madd(pi, i2, add);
      qi = madd(qi, j2, add);
      pf = madd(pf, f2, add);
      qf = madd(qf, g2, add);
      pn = madd(pn, n2, add);
      qn = madd(qn, m2, add);
      po = madd(po, o2, add);
      qo = madd(qo, p2, add);
    }
    i = madd(f32x4.div(i, pi), half, half), i_ = madd(f32x4.div(i_, qi), half, half);
    f = madd(f32x4.div(f, pf), half, half), f_ = madd(f32x4.div(f_, qf), half, half);
    n = f32x4.div(n, pn), n_ = f32x4.div(n_, qn);
    o = madd(f32x4.div(o, po), half, half), o_ = madd(f32x4.div(o_, qo), half, half);
    const before = v128.load(states), before_ = v128.load(states, 16);
    const after = madd(f, before, f32x4.mul(i, n)), after_ = madd(f_, before_, f32x4.mul(i_, n_));
    const shown = gateTanh(after), shown_ = gateTanh(after_);
    pair(k, i, i_);
    pair(k + span, f, f_);
    pair(k + 2 * span, n, n_);
    pair(k + 3 * span, o, o_);
    pair(k + 4 * span, before, before_);
    pair(k + 5 * span, shown, shown_);
    pair(states, after, after_);
    pair(states + shift, f32x4.mul(o, shown), f32x4.mul(o_, shown_));
  }
}

@inline
export function pair(at: usize, left: v128, right: v128): void {
  v128.store(at, left);
  v128.store(at, right, 16);
}

/** `usualLstmRowBack` as far as rows are whole groups of eight; returns the bytes that are done. */
export function wideLstmRowBack(at: usize, state: usize, to: usize, bytes: usize): usize {
  const one = constant(ONE);
  const end = bytes & ~31;
  for (let j: usize = 0; j < end; j += 32) {
    const k = at + j;
    const i = v128.load(k), i_ = v128.load(k, 16);
    const f = v128.load(k + span), f_ = v128.load(k + span, 16);
    const n = v128.load(k + 2 * span), n_ = v128.load(k + 2 * span, 16);
    const o = v128.load(k + 3 * span), o_ = v128.load(k + 3 * span, 16);
    const before = v128.load(k + 4 * span), before_ = v128.load(k + 4 * span, 16);
    const shown = v128.load(k + 5 * span), shown_ = v128.load(k + 5 * span, 16);
    const d = v128.load(dh + state + j), d_ = v128.load(dh + state + j, 16);
    const passed = dc + state + j;
    const all = madd(f32x4.mul(d, o), f32x4.sub(one, f32x4.mul(shown, shown)), v128.load(passed));
    const all_ = madd(f32x4.mul(d_, o_), f32x4.sub(one, f32x4.mul(shown_, shown_)), v128.load(passed, 16));
    const put = to + j;
    const ai = f32x4.mul(all, i), af = f32x4.mul(all, f);
    const ai_ = f32x4.mul(all_, i_), af_ = f32x4.mul(all_, f_);
    pair(put, f32x4.mul(f32x4.mul(ai, n), f32x4.sub(one, i)), f32x4.mul(f32x4.mul(ai_, n_), f32x4.sub(one, i_)));
    const toForget = f32x4.mul(f32x4.mul(af, before), f32x4.sub(one, f));
    pair(put + bytes, toForget, f32x4.mul(f32x4.mul(af_, before_), f32x4.sub(one, f_)));
    const toNew = f32x4.mul(ai, f32x4.sub(one, f32x4.mul(n, n)));
    pair(put + 2 * bytes, toNew, f32x4.mul(ai_, f32x4.sub(one, f32x4.mul(n_, n_))));
    const toOut = f32x4.mul(f32x4.mul(d, shown), f32x4.mul(o, f32x4.sub(one, o)));
    pair(put + 3 * bytes, toOut, f32x4.mul(f32x4.mul(d_, shown_), f32x4.mul(o_, f32x4.sub(one, o_))));
    pair(passed, af, af_);
  }
  return end;
}

/** A simple cell's row with tanh. */
export function wideSimpleRow(at: usize, state: usize): void {
  const end = at + span;
  for (; at < end; at += 32, state += 32) {
    const y = gateTanh(v128.load(at)), y_ = gateTanh(v128.load(at, 16));
    pair(at, y, y_);
    pair(state, y, y_);
  }
}

/** And its way back as far as rows are whole groups of eight; returns the bytes that are done. */
export function wideSimpleRowBack(at: usize, state: usize, to: usize, bytes: usize): usize {
  const one = constant(ONE);
  const end = bytes & ~31;
  for (let j: usize = 0; j < end; j += 32) {
    const y = v128.load(at + j), y_ = v128.load(at + j, 16);
    const d = v128.load(state + j), d_ = v128.load(state + j, 16);
    pair(to + j, f32x4.mul(d, f32x4.sub(one, f32x4.mul(y, y))), f32x4.mul(d_, f32x4.sub(one, f32x4.mul(y_, y_))));
  }
  return end;
}
