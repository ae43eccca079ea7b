/** Powers, through logarithm and exponential in double: exact to the rounding of float32, whatever the exponent. */

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
