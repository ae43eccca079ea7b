/**
 * Exponential functions, logarithms and erf of four floats at a time: the argument is reduced to a small interval, a
 * polynomial is summed there. Results are within about 2 units in the last place; infinities, NaN, zeros and denormals
 * as in IEEE 754.
 */
import {
  c, EIGHT, ERF, EXP, EXP_LEAST, EXP_MINUS, EXP_SHORT, GATE_OVER, GATE_UNDER, HALF, LN2_HIGH, LN2_LOW, LOG, LOG2E, LOG_ERFC, MILLS, MILLS_STEP,
  MINUS_EIGHT, MINUS_HALF, MINUS_LN2_HIGH, MINUS_LN2_LOW, MINUS_LOG2E, ONE, ROUND, ROUND_BIASED, SIGMOID_LEAST, SIGMOID_MOST, TANH, polynomial,
} from './constants';
import { copySign, madd } from '../simd';

/** x / ln 2 rounded to an integer n, as 1.5 * 2^23 + n: the sum has n in its low bits. */
@inline
function octaves(x: v128): v128 {
  return madd(x, c(LOG2E), c(ROUND));
}

/** x - n ln 2 in two steps; the first product is exact. */
@inline
function withinOctave(x: v128, n: v128): v128 {
  return madd(n, c(MINUS_LN2_LOW), madd(n, c(MINUS_LN2_HIGH), x));
}

/** exp(r) - 1 for |r| <= ln 2 / 2. */
@inline
function expm1Core(r: v128): v128 {
  const p = polynomial(r, EXP, 4);
  return madd(f32x4.mul(r, r), p, r);
}

/** 2^(shift) as a float, from an integer whose low bits hold it (only they survive the shift into the exponent). */
@inline
function powerOfTwo(bits: v128): v128 {
  return i32x4.shl(i32x4.add(bits, i32x4.splat(127)), 23);
}

// pmin and pmax are one instruction each and pass a NaN that comes first, where min and max are several.

/** In two factors, since 2^128 and powers below 2^-126 have no float32 of their own. */
@inline
export function expInline(x: v128): v128 {
  x = f32x4.pmax(f32x4.pmin(x, f32x4.splat(89)), f32x4.splat(-104));
  const t = octaves(x);
  const p = f32x4.add(expm1Core(withinOctave(x, f32x4.sub(t, c(ROUND)))), c(ONE));
  const whole = i32x4.sub(t, c(ROUND));
  const half = i32x4.shr_s(whole, 1);
  return f32x4.mul(f32x4.mul(p, powerOfTwo(half)), powerOfTwo(i32x4.sub(whole, half)));
}

export function exp(x: v128): v128 {
  return expInline(x);
}

/** exp(x) for -88 <= x <= 0, and 0 for -88; NaN stays. The polynomial is one degree shorter (1e-7) than that of `exp`. */
@inline
function expWithin(x: v128): v128 {
  const t = madd(x, c(LOG2E), c(ROUND_BIASED));
  const r = withinOctave(x, f32x4.sub(t, c(ROUND_BIASED)));
  // The low bits of t are the exponent of the power of two, which 0 makes 0.
  return f32x4.mul(polynomial(r, EXP_SHORT, 5), i32x4.shl(t, 23));
}

/** exp(x) for x <= 0, with 0 for results below 8e-39: softmax and tanh spend most of their time here. */
@inline
export function expNegative(x: v128): v128 {
  return expWithin(f32x4.pmax(x, c(EXP_LEAST)));
}

/** 2^n (q + 1) - 1, halved so that n = 128 does not overflow early. */
export function expm1(x: v128): v128 {
  x = f32x4.pmax(f32x4.pmin(x, f32x4.splat(89)), f32x4.splat(-20));
  const t = octaves(x);
  const q = expm1Core(withinOctave(x, f32x4.sub(t, c(ROUND))));
  const s = powerOfTwo(i32x4.sub(t, i32x4.splat(1)));
  const half = f32x4.add(f32x4.mul(s, q), f32x4.sub(s, c(HALF)));
  return f32x4.add(half, half);
}

export function log(x: v128): v128 {
  const tiny = f32x4.lt(x, f32x4.splat(1.1754943508222875e-38));
  const y = v128.bitselect(f32x4.mul(x, f32x4.splat(8388608)), x, tiny);
  // y = 2^e (1 + f) with 1 + f in [sqrt 1/2, sqrt 2), read off the bits.
  const e = i32x4.shr_s(i32x4.sub(y, i32x4.splat(0x3f3504f3)), 23);
  const f = f32x4.sub(i32x4.sub(y, i32x4.shl(e, 23)), c(ONE));
  const n = f32x4.sub(f32x4.convert_i32x4_s(e), v128.and(tiny, f32x4.splat(23)));
  const p = polynomial(f, LOG, 8);
  const f2 = f32x4.mul(f, f);
  let r = madd(f32x4.mul(f2, f), p, f32x4.mul(n, c(LN2_LOW)));
  r = f32x4.sub(r, f32x4.mul(f2, c(HALF)));
  r = f32x4.add(f32x4.add(f, r), f32x4.mul(n, c(LN2_HIGH)));
  r = v128.bitselect(f32x4.splat(-Infinity), r, f32x4.eq(x, f32x4.splat(0)));
  r = v128.bitselect(r, f32x4.splat(NaN), f32x4.ge(x, f32x4.splat(0)));
  return v128.bitselect(x, r, f32x4.eq(x, f32x4.splat(Infinity)));
}

/** log(u) with u = 1 + x, plus what the rounding of u lost. */
export function log1p(x: v128): v128 {
  const u = f32x4.add(x, c(ONE));
  const lost = f32x4.div(f32x4.sub(x, f32x4.sub(u, c(ONE))), u);
  const usable = v128.and(f32x4.gt(u, f32x4.splat(0)), f32x4.lt(u, f32x4.splat(Infinity)));
  return f32x4.add(log(u), v128.and(lost, usable));
}

@inline
export function tanhInline(x: v128): v128 {
  const size = f32x4.abs(x);
  const z = f32x4.mul(x, x);
  const p = polynomial(z, TANH, 4);
  const near = madd(f32x4.mul(x, z), p, x);
  const e = expNegative(f32x4.mul(size, f32x4.splat(-2)));
  const far = f32x4.div(f32x4.sub(c(ONE), e), f32x4.add(c(ONE), e));
  return v128.bitselect(near, copySign(far, x), f32x4.lt(size, f32x4.splat(0.625)));
}

export function tanh(x: v128): v128 {
  return tanhInline(x);
}

/** 1 / (1 + exp(-x)), where the exponential may be infinite. */
@inline
export function sigmoidInline(x: v128): v128 {
  const y = f32x4.pmax(f32x4.pmin(x, c(SIGMOID_MOST)), c(SIGMOID_LEAST));
  const t = madd(y, c(MINUS_LOG2E), c(ROUND_BIASED));
  const n = f32x4.sub(t, c(ROUND_BIASED));
  // That of -x - n ln 2, from x + n ln 2.
  const p = polynomial(madd(n, c(LN2_LOW), madd(n, c(LN2_HIGH), y)), EXP_MINUS, 5);
  return f32x4.div(c(ONE), madd(p, i32x4.shl(t, 23), c(ONE)));
}

export function sigmoid(x: v128): v128 {
  return sigmoidInline(x);
}

/** exp(-a^2 / 2) for -13.26 <= a <= 0, and 0 for -13.26. */
@inline
export function bell(a: v128): v128 {
  return expWithin(f32x4.mul(f32x4.mul(a, a), c(MINUS_HALF)));
}

/** The normal distribution function of a <= 0 by its `bell`: Mills' ratio is a polynomial of 1 / (1 - a / 4) within 1e-8. */
@inline
export function normalBelow(a: v128, density: v128): v128 {
  return f32x4.mul(density, polynomial(f32x4.div(c(ONE), madd(a, c(MILLS_STEP), c(ONE))), MILLS, 7));
}

/** Where the quotient of the gates holds. */
@inline
export function gateInside(x: v128): v128 {
  return f32x4.pmax(f32x4.pmin(x, c(EIGHT)), c(MINUS_EIGHT));
}

/**
 * tanh of recurrent nets, which spend most of their time here: one quotient without cases, half the work of `tanh`, within 3e-7 of
 * the value (5 units in the last place). It ends at 1 - 6e-8, below 1, so that no slope is negative.
 */
@inline
export function gateTanh(x: v128): v128 {
  const y = gateInside(x);
  const z = f32x4.mul(y, y);
  return f32x4.div(f32x4.mul(y, polynomial(z, GATE_OVER, 4)), polynomial(z, GATE_UNDER, 4));
}

/** Within 2e-7. */
@inline
export function gateSigmoid(x: v128): v128 {
  return madd(gateTanh(f32x4.mul(x, c(HALF))), c(HALF), c(HALF));
}

export function softplus(x: v128): v128 {
  return f32x4.add(f32x4.pmax(x, f32x4.splat(0)), log1p(expNegative(f32x4.neg(f32x4.abs(x)))));
}

/** Below 1 an odd polynomial; from there 1 - exp(log erfc), the logarithm being a polynomial up to 4. */
@inline
export function erfInline(x: v128): v128 {
  const size = f32x4.abs(x);
  const z = f32x4.mul(x, x);
  const p = polynomial(z, ERF, 6);
  const t = f32x4.sub(f32x4.pmin(size, f32x4.splat(4)), c(ONE));
  const l = polynomial(t, LOG_ERFC, 6);
  const far = copySign(f32x4.sub(c(ONE), expNegative(l)), x);
  return v128.bitselect(f32x4.mul(x, p), far, f32x4.lt(size, c(ONE)));
}

export function erf(x: v128): v128 {
  return erfInline(x);
}
