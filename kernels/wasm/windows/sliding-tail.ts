/**
 * What follows a depthwise convolution, while a row of sums is brought from the scratch memory to its place: bias and relu, or the gradient of the activation
 * in front. The same bits as steps of their own.
 */
import { sigmoidInline } from '../elementwise/math';
import { scratch, storeLanes } from '../simd';

/** The gradient of an activation of `x`, as `src/backends/wasm/bind/sliding.ts` lays it out. */
@unmanaged
class Tail {
  /**
   * 0: what passes where `low < min(max(x, least), most) < high`, else `other`, with what is added before or after. 1: the gradient of `x * sigmoid(x)`,
   * `other` being 1. 2: of `x * min(max(x + third, least), most) * sixth`. 3: nothing but the sum with x.
   */
  kind: i32;
  /** The result, and beside it x and what is added (or 0). */
  out: usize;
  x: usize;
  before: usize;
  after: usize;
  /** Where the numbers are; no `high`: 0. */
  low: usize;
  high: usize;
  other: usize;
  third: usize;
  sixth: usize;
  least: f32;
  most: f32;
}

/** In the scratch memory, for a bias and a relu, which have no table. */
const TAIL_AT: usize = 320;

/** Where the sums of a row are, in groups of eight channels. */
@unmanaged
export class Sums {
  at: usize;
  /** Bytes from group to group. */
  step: usize;
  /** Positions of a row, and channels. */
  width: i32;
  channels: i32;
  /** Positions `p`, `p + phases`, ... follow each other, from the last to the first if `back`; phases are `apart` bytes from each other. */
  phases: i32;
  back: bool;
  apart: usize;
}

/** The vector at `at`, or the one behind it: V8 pairs loads whose addresses are constants apart. */
@inline
function pick(at: usize, behind: bool): v128 {
  return behind ? v128.load(at, 16) : v128.load(at);
}

// What is done to four sums, by what lies at two addresses.
class Plain {
  @inline biased(): bool { return false; }
  @inline of(v: v128, first: usize, second: usize, behind: bool, low: v128, high: v128, other: v128, least: v128, most: v128, third: v128, sixth: v128): v128 { return v; }
}
class Clamped {
  @inline biased(): bool { return false; }
  @inline of(v: v128, first: usize, second: usize, behind: bool, low: v128, high: v128, other: v128, least: v128, most: v128, third: v128, sixth: v128): v128 {
    return f32x4.pmin(f32x4.pmax(v, least), most);
  }
}
class Biased {
  @inline biased(): bool { return true; }
  @inline of(v: v128, first: usize, second: usize, behind: bool, low: v128, high: v128, other: v128, least: v128, most: v128, third: v128, sixth: v128): v128 {
    return f32x4.pmin(f32x4.pmax(f32x4.add(v, pick(first, behind)), least), most);
  }
}
class Gate {
  @inline biased(): bool { return false; }
  @inline of(v: v128, first: usize, second: usize, behind: bool, low: v128, high: v128, other: v128, least: v128, most: v128, third: v128, sixth: v128): v128 {
    const x = f32x4.pmin(f32x4.pmax(pick(first, behind), least), most);
    return v128.bitselect(v, other, v128.andnot(f32x4.gt(x, low), f32x4.ge(x, high)));
  }
}
class GateOfSum {
  @inline biased(): bool { return false; }
  @inline of(v: v128, first: usize, second: usize, behind: bool, low: v128, high: v128, other: v128, least: v128, most: v128, third: v128, sixth: v128): v128 {
    return changetype<Gate>(0).of(f32x4.add(pick(second, behind), v), first, 0, behind, low, high, other, least, most, third, sixth);
  }
}
class GateAndSum {
  @inline biased(): bool { return false; }
  @inline of(v: v128, first: usize, second: usize, behind: bool, low: v128, high: v128, other: v128, least: v128, most: v128, third: v128, sixth: v128): v128 {
    return f32x4.add(pick(second, behind), changetype<Gate>(0).of(v, first, 0, behind, low, high, other, least, most, third, sixth));
  }
}
class WithSum {
  @inline biased(): bool { return false; }
  @inline of(v: v128, first: usize, second: usize, behind: bool, low: v128, high: v128, other: v128, least: v128, most: v128, third: v128, sixth: v128): v128 {
    return f32x4.add(pick(first, behind), v);
  }
}
class SiluSlope {
  @inline biased(): bool { return false; }
  @inline of(v: v128, first: usize, second: usize, behind: bool, low: v128, high: v128, other: v128, least: v128, most: v128, third: v128, sixth: v128): v128 {
    const x = pick(first, behind), s = sigmoidInline(x);
    return f32x4.add(f32x4.mul(v, s), f32x4.mul(f32x4.mul(v, x), f32x4.mul(s, f32x4.sub(other, s))));
  }
}
class HardSlope {
  @inline biased(): bool { return false; }
  @inline of(v: v128, first: usize, second: usize, behind: bool, low: v128, high: v128, other: v128, least: v128, most: v128, third: v128, sixth: v128): v128 {
    const x = pick(first, behind), y = f32x4.pmin(f32x4.pmax(f32x4.add(x, third), least), most);
    const passed = v128.bitselect(f32x4.mul(f32x4.mul(v, x), sixth), other, v128.andnot(f32x4.gt(y, low), f32x4.ge(y, high)));
    return f32x4.add(f32x4.mul(v, f32x4.mul(y, sixth)), passed);
  }
}

/** Brings the sums of a row to `to`. `act`: 0 none, 1 relu, above that the bits of a relu's bound; `bias` and `act` only without `tail`. */
export function pass(to: usize, s: Sums, bias: usize, act: i32, tail: usize): void {
  if (tail != 0) {
    const t = changetype<Tail>(tail);
    const x = t.x - t.out;
    if (t.kind == 1) each<SiluSlope>(to, s, x, 0, t);
    else if (t.kind == 2) each<HardSlope>(to, s, x, 0, t);
    else if (t.kind == 3) each<WithSum>(to, s, x, 0, t);
    else if (t.before != 0) each<GateOfSum>(to, s, x, t.before - t.out, t);
    else if (t.after != 0) each<GateAndSum>(to, s, x, t.after - t.out, t);
    else each<Gate>(to, s, x, 0, t);
    return;
  }
  const t = changetype<Tail>(scratch() + TAIL_AT);
  memory.fill(scratch() + TAIL_AT, 0, offsetof<Tail>());
  t.least = act == 0 ? -Infinity : 0;
  t.most = act < 2 ? Infinity : reinterpret<f32>(act);
  if (bias != 0) each<Biased>(to, s, bias, 0, t);
  else if (act != 0) each<Clamped>(to, s, 0, 0, t);
  else each<Plain>(to, s, 0, 0, t);
}

@inline
function numberAt(at: usize, none: f32): v128 {
  return f32x4.splat(at == 0 ? none : load<f32>(at));
}

/**
 * Numbers are spread here: V8 fails on parameters that are vectors.
 * @param first the bias, or from the result to what is read beside it, as `second`
 */
function each<F>(to: usize, s: Sums, first: usize, second: usize, t: Tail): void {
  const low = numberAt(t.low, 0), high = numberAt(t.high, NaN), other = numberAt(t.other, 0);
  const third = numberAt(t.third, 0), sixth = numberAt(t.sixth, 0), least = f32x4.splat(t.least), most = f32x4.splat(t.most);
  const line = <usize>s.channels << 2, step = s.step, phases = s.phases;
  for (let phase = 0; phase < phases; phase++) {
    let from = s.at + <usize>phase * s.apart;
    let at = to + <usize>phase * line, count = (s.width - phase + phases - 1) / phases, hop = <usize>phases * line;
    if (s.back) {
      at += <usize>(count - 1) * hop;
      hop = -hop;
    }
    hop -= line;
    for (; count > 0; count--, at += hop, from += 32) {
      const end = at + line;
      let p = from, x = changetype<F>(0).biased() ? first : at + first;
      for (; at + 32 <= end; at += 32, x += 32, p += step) {
        const y = at + second;
        const a = changetype<F>(0).of(v128.load(p), x, y, false, low, high, other, least, most, third, sixth);
        const b = changetype<F>(0).of(v128.load(p, 16), x, y, true, low, high, other, least, most, third, sixth);
        v128.store(at, a);
        v128.store(at, b, 16);
      }
      for (; at < end; at += 16, x += 16, p += 16) {
        storeLanes(at, changetype<F>(0).of(v128.load(p), x, at + second, false, low, high, other, least, most, third, sixth), <i32>((end - at) >> 2));
      }
      at = end;
    }
  }
}
