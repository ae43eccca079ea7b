/**
 * Elementwise functions of one float32 tensor. Elements go four at a time and the last group may be incomplete: the
 * allocator's blocks are padded to 64 bytes, so that it is computed and stored like any other.
 */
import * as math from './math';
import * as trigonometry from './trigonometry';
import { WIDE } from '../width';

/** Elements per unit of work. */
const UNIT: i32 = 1024;

/** Units `[start, end)` of `out = F(x)`. Methods on a null pointer are static calls here: the loop inlines them. */
@inline
function map<F>(start: i32, end: i32, out: usize, x: usize, n: i32): void {
  const to = <usize>min(end * UNIT, n) << 2;
  for (let i = <usize>(start * UNIT) << 2; i < to; i += 16) v128.store(out + i, changetype<F>(0).of(v128.load(x + i)));
}

/**
 * The same, two neighbours at a time for engines that pair vectors. `F` must be inlined down to operations: of two calls whose results are stored
 * side by side V8 (14.x) does not only make no pair, it ends the process.
 */
@inline
export function mapPairs<F>(start: i32, end: i32, out: usize, x: usize, n: i32): void {
  let i = <usize>(start * UNIT) << 2;
  const to = <usize>min(end * UNIT, n) << 2;
  if (WIDE) {
    for (; i + 32 <= to; i += 32) {
      const a = changetype<F>(0).of(v128.load(x + i)), b = changetype<F>(0).of(v128.load(x + i, 16));
      v128.store(out + i, a);
      v128.store(out + i, b, 16);
    }
  }
  for (; i < to; i += 16) v128.store(out + i, changetype<F>(0).of(v128.load(x + i)));
}

class Neg {
  @inline of(x: v128): v128 { return f32x4.neg(x); }
}
class Exp {
  @inline of(x: v128): v128 { return WIDE ? math.expInline(x) : math.exp(x); }
}
class Expm1 {
  @inline of(x: v128): v128 { return math.expm1(x); }
}
class Log {
  @inline of(x: v128): v128 { return math.log(x); }
}
class Log1p {
  @inline of(x: v128): v128 { return math.log1p(x); }
}
class Sqrt {
  @inline of(x: v128): v128 { return f32x4.sqrt(x); }
}
class Rsqrt {
  @inline of(x: v128): v128 { return f32x4.div(f32x4.splat(1), f32x4.sqrt(x)); }
}
class Square {
  @inline of(x: v128): v128 { return f32x4.mul(x, x); }
}
class Reciprocal {
  @inline of(x: v128): v128 { return f32x4.div(f32x4.splat(1), x); }
}
class Abs {
  @inline of(x: v128): v128 { return f32x4.abs(x); }
}
class Sin {
  @inline of(x: v128): v128 { return trigonometry.sin(x); }
}
class Cos {
  @inline of(x: v128): v128 { return trigonometry.cos(x); }
}
class Tan {
  @inline of(x: v128): v128 { return trigonometry.tan(x); }
}
class Atan {
  @inline of(x: v128): v128 { return trigonometry.atan(x); }
}
class Tanh {
  @inline of(x: v128): v128 { return WIDE ? math.tanhInline(x) : math.tanh(x); }
}
class Erf {
  @inline of(x: v128): v128 { return WIDE ? math.erfInline(x) : math.erf(x); }
}
class Sigmoid {
  @inline of(x: v128): v128 { return WIDE ? math.sigmoidInline(x) : math.sigmoid(x); }
}
class Softplus {
  @inline of(x: v128): v128 { return math.softplus(x); }
}
/** NaN and both zeros stay what they are. */
class Sign {
  @inline of(x: v128): v128 {
    const up = v128.bitselect(f32x4.splat(1), x, f32x4.gt(x, f32x4.splat(0)));
    return v128.bitselect(f32x4.splat(-1), up, f32x4.lt(x, f32x4.splat(0)));
  }
}
class Floor {
  @inline of(x: v128): v128 { return f32x4.floor(x); }
}
class Ceil {
  @inline of(x: v128): v128 { return f32x4.ceil(x); }
}
class Round {
  @inline of(x: v128): v128 { return f32x4.nearest(x); }
}
class Relu {
  @inline of(x: v128): v128 { return f32x4.pmax(x, f32x4.splat(0)); }
}

export function neg(start: i32, end: i32, out: usize, x: usize, n: i32): void { mapPairs<Neg>(start, end, out, x, n); }
export function exp(start: i32, end: i32, out: usize, x: usize, n: i32): void { mapPairs<Exp>(start, end, out, x, n); }
export function expm1(start: i32, end: i32, out: usize, x: usize, n: i32): void { map<Expm1>(start, end, out, x, n); }
export function log(start: i32, end: i32, out: usize, x: usize, n: i32): void { map<Log>(start, end, out, x, n); }
export function log1p(start: i32, end: i32, out: usize, x: usize, n: i32): void { map<Log1p>(start, end, out, x, n); }
export function sqrt(start: i32, end: i32, out: usize, x: usize, n: i32): void { mapPairs<Sqrt>(start, end, out, x, n); }
export function rsqrt(start: i32, end: i32, out: usize, x: usize, n: i32): void { mapPairs<Rsqrt>(start, end, out, x, n); }
export function square(start: i32, end: i32, out: usize, x: usize, n: i32): void { mapPairs<Square>(start, end, out, x, n); }
export function reciprocal(start: i32, end: i32, out: usize, x: usize, n: i32): void { mapPairs<Reciprocal>(start, end, out, x, n); }
export function abs(start: i32, end: i32, out: usize, x: usize, n: i32): void { mapPairs<Abs>(start, end, out, x, n); }
export function sin(start: i32, end: i32, out: usize, x: usize, n: i32): void { map<Sin>(start, end, out, x, n); }
export function cos(start: i32, end: i32, out: usize, x: usize, n: i32): void { map<Cos>(start, end, out, x, n); }
export function tan(start: i32, end: i32, out: usize, x: usize, n: i32): void { map<Tan>(start, end, out, x, n); }
export function atan(start: i32, end: i32, out: usize, x: usize, n: i32): void { map<Atan>(start, end, out, x, n); }
export function tanh(start: i32, end: i32, out: usize, x: usize, n: i32): void { mapPairs<Tanh>(start, end, out, x, n); }
export function erf(start: i32, end: i32, out: usize, x: usize, n: i32): void { mapPairs<Erf>(start, end, out, x, n); }
export function sigmoid(start: i32, end: i32, out: usize, x: usize, n: i32): void { mapPairs<Sigmoid>(start, end, out, x, n); }
export function softplus(start: i32, end: i32, out: usize, x: usize, n: i32): void { map<Softplus>(start, end, out, x, n); }
export function sign(start: i32, end: i32, out: usize, x: usize, n: i32): void { mapPairs<Sign>(start, end, out, x, n); }
export function floor(start: i32, end: i32, out: usize, x: usize, n: i32): void { mapPairs<Floor>(start, end, out, x, n); }
export function ceil(start: i32, end: i32, out: usize, x: usize, n: i32): void { mapPairs<Ceil>(start, end, out, x, n); }
export function round(start: i32, end: i32, out: usize, x: usize, n: i32): void { mapPairs<Round>(start, end, out, x, n); }
export function relu(start: i32, end: i32, out: usize, x: usize, n: i32): void { mapPairs<Relu>(start, end, out, x, n); }

export function clip(start: i32, end: i32, out: usize, x: usize, n: i32, low: f32, high: f32): void {
  let i = <usize>(start * UNIT) << 2;
  const to = <usize>min(end * UNIT, n) << 2;
  const least = f32x4.splat(low), most = f32x4.splat(high);
  if (WIDE) {
    for (; i + 32 <= to; i += 32) {
      const a = f32x4.pmin(f32x4.pmax(v128.load(x + i), least), most);
      const b = f32x4.pmin(f32x4.pmax(v128.load(x + i, 16), least), most);
      v128.store(out + i, a);
      v128.store(out + i, b, 16);
    }
  }
  for (; i < to; i += 16) v128.store(out + i, f32x4.pmin(f32x4.pmax(v128.load(x + i), least), most));
}
