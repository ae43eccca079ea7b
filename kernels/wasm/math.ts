/**
 * Elementary functions on four floats at a time. Each reduces its argument to a small interval and sums a polynomial
 * fitted there for this project (weighted minimax by Lawson's iteration, errors below 1e-8 before rounding), so that the
 * float32 results are within about 2 units in the last place; infinities, NaN, zeros and denormals as in IEEE 754.
 */
import { madd } from './simd';

@inline
function c(x: f32): v128 {
  return f32x4.splat(x);
}

/** 2^n for integers n in [-126, 127], built as bits of the exponent. */
@inline
function powerOfTwo(n: v128): v128 {
  return i32x4.shl(i32x4.add(n, i32x4.splat(127)), 23);
}

/** The nearest integer to x / ln 2. */
@inline
function octaves(x: v128): v128 {
  return f32x4.nearest(f32x4.mul(x, c(1.4426950408889634)));
}

/** x - n ln 2 in two steps; the first product is exact. */
@inline
function withinOctave(x: v128, n: v128): v128 {
  const r = f32x4.sub(x, f32x4.mul(n, c(0.693359375)));
  return f32x4.sub(r, f32x4.mul(n, c(-2.1219444005469057e-4)));
}

/** exp(r) - 1 for |r| <= ln 2 / 2. */
@inline
function expm1Core(r: v128): v128 {
  let p = c(0.0013951719738543034);
  p = madd(p, r, c(0.008369598537683487));
  p = madd(p, r, c(0.0416661873459816));
  p = madd(p, r, c(0.16666512191295624));
  p = madd(p, r, c(0.5));
  return madd(f32x4.mul(r, r), p, r);
}

@inline
export function exp(x: v128): v128 {
  x = f32x4.max(f32x4.min(x, c(89)), c(-104));
  const n = octaves(x);
  const p = f32x4.add(expm1Core(withinOctave(x, n)), c(1));
  // Two factors, since 2^128 and powers below 2^-126 have no float32 of their own.
  const whole = i32x4.trunc_sat_f32x4_s(n);
  const half = i32x4.shr_s(whole, 1);
  return f32x4.mul(f32x4.mul(p, powerOfTwo(half)), powerOfTwo(i32x4.sub(whole, half)));
}

export function expm1(x: v128): v128 {
  x = f32x4.max(f32x4.min(x, c(89)), c(-20));
  const n = octaves(x);
  const q = expm1Core(withinOctave(x, n));
  // 2^n (q + 1) - 1, halved so that n = 128 does not overflow early.
  const s = powerOfTwo(i32x4.sub(i32x4.trunc_sat_f32x4_s(n), i32x4.splat(1)));
  const half = f32x4.add(f32x4.mul(s, q), f32x4.sub(s, c(0.5)));
  return f32x4.add(half, half);
}

export function log(x: v128): v128 {
  const tiny = f32x4.lt(x, c(1.1754943508222875e-38));
  const y = v128.bitselect(f32x4.mul(x, c(8388608)), x, tiny);
  // y = 2^e (1 + f) with 1 + f in [sqrt 1/2, sqrt 2), read off the bits.
  const e = i32x4.shr_s(i32x4.sub(y, i32x4.splat(0x3f3504f3)), 23);
  const f = f32x4.sub(i32x4.sub(y, i32x4.shl(e, 23)), c(1));
  const n = f32x4.sub(f32x4.convert_i32x4_s(e), v128.and(tiny, c(23)));
  let p = c(0.067477285861969);
  p = madd(p, f, c(-0.11677515506744385));
  p = madd(p, f, c(0.11888697743415833));
  p = madd(p, f, c(-0.12405340373516083));
  p = madd(p, f, c(0.14219452440738678));
  p = madd(p, f, c(-0.16668005287647247));
  p = madd(p, f, c(0.20002123713493347));
  p = madd(p, f, c(-0.25000008940696716));
  p = madd(p, f, c(0.3333331346511841));
  const f2 = f32x4.mul(f, f);
  let r = madd(f32x4.mul(f2, f), p, f32x4.mul(n, c(-2.1219444005469057e-4)));
  r = f32x4.sub(r, f32x4.mul(f2, c(0.5)));
  r = f32x4.add(f32x4.add(f, r), f32x4.mul(n, c(0.693359375)));
  r = v128.bitselect(c(-Infinity), r, f32x4.eq(x, c(0)));
  r = v128.bitselect(r, c(NaN), f32x4.ge(x, c(0)));
  return v128.bitselect(x, r, f32x4.eq(x, c(Infinity)));
}

/** log(u) with u = 1 + x, plus what the rounding of u lost. */
export function log1p(x: v128): v128 {
  const u = f32x4.add(x, c(1));
  const lost = f32x4.div(f32x4.sub(x, f32x4.sub(u, c(1))), u);
  const usable = v128.and(f32x4.gt(u, c(0)), f32x4.lt(u, c(Infinity)));
  return f32x4.add(log(u), v128.and(lost, usable));
}

/** The sign of `like` on the magnitude `x`. */
@inline
function copySign(x: v128, like: v128): v128 {
  return v128.bitselect(x, like, i32x4.splat(0x7fffffff));
}

export function tanh(x: v128): v128 {
  const size = f32x4.abs(x);
  const z = f32x4.mul(x, x);
  let p = c(-0.0056039136834442616);
  p = madd(p, z, c(0.020551718771457672));
  p = madd(p, z, c(-0.05371410772204399));
  p = madd(p, z, c(0.13331152498722076));
  p = madd(p, z, c(-0.33333271741867065));
  const near = madd(f32x4.mul(x, z), p, x);
  const e = exp(f32x4.min(f32x4.add(size, size), c(40)));
  const far = f32x4.sub(c(1), f32x4.div(c(2), f32x4.add(e, c(1))));
  return v128.bitselect(near, copySign(far, x), f32x4.lt(size, c(0.625)));
}

export function sigmoid(x: v128): v128 {
  const e = exp(f32x4.neg(f32x4.abs(x)));
  return f32x4.div(v128.bitselect(c(1), e, f32x4.ge(x, c(0))), f32x4.add(e, c(1)));
}

export function softplus(x: v128): v128 {
  return f32x4.add(f32x4.max(x, c(0)), log1p(exp(f32x4.neg(f32x4.abs(x)))));
}

/** Below 1 an odd polynomial; from there 1 - exp(log erfc), the logarithm being a polynomial up to 4. */
export function erf(x: v128): v128 {
  const size = f32x4.abs(x);
  const z = f32x4.mul(x, x);
  let p = c(7.853860734030604e-5);
  p = madd(p, z, c(-8.010193123482168e-4));
  p = madd(p, z, c(0.005188327748328447));
  p = madd(p, z, c(-0.026853810995817184));
  p = madd(p, z, c(0.1128358542919159));
  p = madd(p, z, c(-0.3761262595653534));
  p = madd(p, z, c(1.1283791065216064));
  const t = f32x4.sub(f32x4.min(size, c(4)), c(1));
  let l = c(1.8557407020125538e-4);
  l = madd(l, t, c(-0.0018261634977534413));
  l = madd(l, t, c(0.009890892542898655));
  l = madd(l, t, c(-0.04150068759918213));
  l = madd(l, t, c(-0.8431183099746704));
  l = madd(l, t, c(-2.6389667987823486));
  l = madd(l, t, c(-1.8496055603027344));
  const far = copySign(f32x4.sub(c(1), exp(l)), x);
  return v128.bitselect(f32x4.mul(x, p), far, f32x4.lt(size, c(1)));
}

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
  let s = c(-1.9516656175255775e-4);
  s = madd(s, z, c(0.008332173340022564));
  s = madd(s, z, c(-0.16666655242443085));
  s = madd(f32x4.mul(r, z), s, r);
  let k = c(2.4437729734927416e-5);
  k = madd(k, z, c(-0.001388736185617745));
  k = madd(k, z, c(0.04166664555668831));
  k = madd(f32x4.mul(z, z), k, f32x4.sub(c(1), f32x4.mul(z, c(0.5))));
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
  const big = f32x4.gt(size, c(2.414213562373095));
  const middle = v128.andnot(f32x4.gt(size, c(0.4142135623730951)), big);
  let t = v128.bitselect(f32x4.div(f32x4.sub(size, c(1)), f32x4.add(size, c(1))), size, middle);
  t = v128.bitselect(f32x4.div(c(-1), size), t, big);
  const from = v128.or(v128.and(c(1.5707963267948966), big), v128.and(c(0.7853981633974483), middle));
  const z = f32x4.mul(t, t);
  let p = c(0.0805787667632103);
  p = madd(p, z, c(-0.1387915164232254));
  p = madd(p, z, c(0.19977867603302002));
  p = madd(p, z, c(-0.33332952857017517));
  return copySign(f32x4.add(from, madd(f32x4.mul(t, z), p, t)), x);
}

/** log2 of a positive finite double, to about 1e-13: the series of atanh in s = (m - 1) / (m + 1). */
function log2(x: f64): f64 {
  const bits = reinterpret<i64>(x);
  const e = (bits - 0x3fe6a09e667f3bcd) >> 52;
  const m = reinterpret<f64>(bits - (e << 52));
  const s = (m - 1) / (m + 1);
  const z = s * s;
  let p: f64 = 0.023908045476284206;
  p = p * z + 0.2808165755058601;
  p = p * z + 0.31997372474183977;
  p = p * z + 0.4122082298946795;
  p = p * z + 0.5770779493009994;
  p = p * z + 0.96179669409617;
  p = p * z + 2.8853900817778566;
  return <f64>e + s * p;
}

/** 2^x for |x| <= 1000, to about 1e-13. */
function exp2(x: f64): f64 {
  const n = nearest(x);
  const r = x - n;
  let p: f64 = 1.0212383879506605e-7;
  p = p * r + 1.3260543468791205e-6;
  p = p * r + 1.5252636795915943e-5;
  p = p * r + 1.5403429784715533e-4;
  p = p * r + 0.0013333558267968186;
  p = p * r + 0.009618129199293784;
  p = p * r + 0.05550410866418834;
  p = p * r + 0.24022650695617923;
  p = p * r + 0.693147180559955;
  p = p * r + 1.0000000000000149;
  return p * reinterpret<f64>((<i64>n + 1023) << 52);
}

/** a to the power b with JavaScript's special cases, in double: one float at a time, as powers are rare. */
function powOne(a: f64, b: f64): f64 {
  if (b == 0) return 1;
  const size = abs(a);
  if (a != a || b != b || (size == 1 && abs(b) == Infinity)) return NaN;
  const whole = floor(b) == b;
  const odd = whole && abs(b) < 9007199254740992 && floor(b * 0.5) != b * 0.5;
  if (a < 0 && !whole && size != Infinity) return NaN;
  let y: f64;
  if (size == 0 || size == Infinity) y = (size == 0) == b < 0 ? Infinity : 0;
  else y = exp2(max(min(b * log2(size), 1000), -1000));
  return odd && reinterpret<i64>(a) < 0 ? -y : y;
}

export function pow(a: v128, b: v128): v128 {
  let y = f32x4.splat(<f32>powOne(f32x4.extract_lane(a, 0), f32x4.extract_lane(b, 0)));
  y = f32x4.replace_lane(y, 1, <f32>powOne(f32x4.extract_lane(a, 1), f32x4.extract_lane(b, 1)));
  y = f32x4.replace_lane(y, 2, <f32>powOne(f32x4.extract_lane(a, 2), f32x4.extract_lane(b, 2)));
  return f32x4.replace_lane(y, 3, <f32>powOne(f32x4.extract_lane(a, 3), f32x4.extract_lane(b, 3)));
}
