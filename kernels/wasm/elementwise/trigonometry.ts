/** Sine, cosine, tangent and its inverse, of four floats at a time, within about 2 units in the last place. */
import { c, ATAN, COS, HALF, ONE, SIN, polynomial } from './constants';
import { copySign, madd } from '../simd';

/** n such that x is near n pi/2, for two doubles. */
@inline
function quarters(x: v128): v128 {
  return f64x2.nearest(f64x2.mul(x, f64x2.splat(0.6366197723675814)));
}

/** x - n pi/2; exact products while n is below 2^25. */
@inline
function withinQuarter(x: v128, n: v128): v128 {
  let r = f64x2.sub(x, f64x2.mul(n, f64x2.splat(1.570796325802803)));
  r = f64x2.sub(r, f64x2.mul(n, f64x2.splat(9.920935739593517e-10)));
  return f64x2.sub(r, f64x2.mul(n, f64x2.splat(5.721188726109832e-18)));
}

/** n modulo 4 as two int32 in the low lanes. */
@inline
function modulo4(n: v128): v128 {
  const whole = f64x2.floor(f64x2.mul(n, f64x2.splat(0.25)));
  return i32x4.trunc_sat_f64x2_s_zero(f64x2.sub(n, f64x2.mul(whole, f64x2.splat(4))));
}

/**
 * sin(x + shift pi/2). The argument is reduced in double, which is exact up to |x| = 5e7; beyond, the absolute error
 * grows with |x|.
 */
function sinShifted(x: v128, shift: i32): v128 {
  const x0 = f64x2.promote_low_f32x4(x);
  const x1 = f64x2.promote_low_f32x4(v128.shuffle<i64>(x, x, 1, 0));
  const n0 = quarters(x0);
  const n1 = quarters(x1);
  const r0 = f32x4.demote_f64x2_zero(withinQuarter(x0, n0));
  const r1 = f32x4.demote_f64x2_zero(withinQuarter(x1, n1));
  const r = v128.shuffle<i64>(r0, r1, 0, 2);
  const q = i32x4.add(v128.shuffle<i64>(modulo4(n0), modulo4(n1), 0, 2), i32x4.splat(shift));
  const z = f32x4.mul(r, r);
  const s = madd(f32x4.mul(r, z), polynomial(z, SIN, 2), r);
  const k = madd(f32x4.mul(z, z), polynomial(z, COS, 2), f32x4.sub(c(ONE), f32x4.mul(z, c(HALF))));
  const odd = i32x4.shr_s(i32x4.shl(q, 31), 31);
  const flip = i32x4.shl(i32x4.shr_u(q, 1), 31);
  return v128.xor(v128.bitselect(k, s, odd), flip);
}

export function sin(x: v128): v128 {
  return sinShifted(x, 0);
}

export function cos(x: v128): v128 {
  return sinShifted(x, 1);
}

export function tan(x: v128): v128 {
  return f32x4.div(sinShifted(x, 0), sinShifted(x, 1));
}

/** atan(x) = pi/4 + atan((x - 1) / (x + 1)), or pi/2 - atan(1 / x), brings the argument below tan(pi/8). */
export function atan(x: v128): v128 {
  const size = f32x4.abs(x);
  const big = f32x4.gt(size, f32x4.splat(2.414213562373095));
  const middle = v128.andnot(f32x4.gt(size, f32x4.splat(0.4142135623730951)), big);
  let t = v128.bitselect(f32x4.div(f32x4.sub(size, c(ONE)), f32x4.add(size, c(ONE))), size, middle);
  t = v128.bitselect(f32x4.div(f32x4.splat(-1), size), t, big);
  const from = v128.or(v128.and(f32x4.splat(1.5707963267948966), big), v128.and(f32x4.splat(0.7853981633974483), middle));
  const z = f32x4.mul(t, t);
  const p = polynomial(z, ATAN, 3);
  return copySign(f32x4.add(from, madd(f32x4.mul(t, z), p, t)), x);
}
