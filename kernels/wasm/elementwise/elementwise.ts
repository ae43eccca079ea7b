/**
 * Elementwise functions of two tensors with broadcasting, and `where`. The result is taken in rows of `width` elements;
 * along a row each operand steps by one element or stays (its element is then spread over four lanes first), and from
 * row to row it moves by strides. Dense operands are rows of a fixed width that follow each other.
 */
import { pow as powerOf } from './power';
import { offsetOf, scratch, storeLanes } from '../simd';
import { WIDE } from '../width';

/** Byte offset of an operand's row: dense with `rank` 0, else by `[dims, strides of a, of b, ...]` at `layout`. */
@inline
function rowAt(row: i32, width: i32, step: i32, rank: i32, layout: usize, operand: i32): usize {
  if (rank == 0) return <usize>(row * width * step);
  return offsetOf(row, rank, layout, layout + (<usize>(rank * (operand + 1)) << 2));
}

/** `at`, or the scratch copy of the one element there in four lanes. */
@inline
function spread(at: usize, step: i32, slot: usize): usize {
  if (step != 0) return at;
  const copy = scratch() + slot;
  v128.store(copy, v128.load32_splat(at));
  return copy;
}

/**
 * Rows `[start, end)` of `out = F(a, b)` on four-byte elements.
 * @param n elements of the whole result; only the last row may be shorter than `width`
 * @param stepA bytes per element along a row: 4, or 0 where the operand is stretched
 */
@inline
function zip<F>(
  start: i32, end: i32, out: usize, a: usize, b: usize, n: i32, width: i32, stepA: i32, stepB: i32, rank: i32, layout: usize,
): void {
  for (let row = start; row < end; row++) {
    let to = out + (<usize>(row * width) << 2);
    let p = spread(a + rowAt(row, width, stepA, rank, layout, 0), stepA, 0);
    let q = spread(b + rowAt(row, width, stepB, rank, layout, 1), stepB, 16);
    let rest = min(width, n - row * width);
    // `pow` is a call, of which mapPairs (unary.ts) tells.
    if (WIDE && idof<F>() != idof<Pow>()) {
      if (stepA != 0 && stepB != 0) {
        for (; rest >= 8; rest -= 8, to += 32, p += 32, q += 32) {
          const u = changetype<F>(0).of(v128.load(p), v128.load(q)), v = changetype<F>(0).of(v128.load(p, 16), v128.load(q, 16));
          v128.store(to, u);
          v128.store(to, v, 16);
        }
      } else if (stepA != 0) {
        const one = v128.load32_splat(q);
        for (; rest >= 8; rest -= 8, to += 32, p += 32) {
          const u = changetype<F>(0).of(v128.load(p), one), v = changetype<F>(0).of(v128.load(p, 16), one);
          v128.store(to, u);
          v128.store(to, v, 16);
        }
      }
    }
    for (; rest >= 4; rest -= 4) {
      v128.store(to, changetype<F>(0).of(v128.load(p), v128.load(q)));
      to += 16;
      p += stepA << 2;
      q += stepB << 2;
    }
    if (rest > 0) storeLanes(to, changetype<F>(0).of(v128.load(p), v128.load(q)), rest);
  }
}

/** As `zip`, for functions that give masks: the result is a byte of 0 or 1 per element. */
@inline
function test<F>(
  start: i32, end: i32, out: usize, a: usize, b: usize, n: i32, width: i32, stepA: i32, stepB: i32, rank: i32, layout: usize,
): void {
  for (let row = start; row < end; row++) {
    let to = out + <usize>(row * width);
    let p = spread(a + rowAt(row, width, stepA, rank, layout, 0), stepA, 0);
    let q = spread(b + rowAt(row, width, stepB, rank, layout, 1), stepB, 16);
    for (let rest = min(width, n - row * width); rest > 0; rest -= 4) {
      const bits = v128.and(changetype<F>(0).of(v128.load(p), v128.load(q)), i32x4.splat(1));
      const pairs = i16x8.narrow_i32x4_u(bits, bits);
      let bytes = i32x4.extract_lane(i8x16.narrow_i16x8_u(pairs, pairs), 0);
      if (rest >= 4) {
        store<i32>(to, bytes);
      } else {
        for (let i = 0; i < rest; i++, bytes >>= 8) store<u8>(to + i, <u8>bytes);
      }
      to += 4;
      p += stepA << 2;
      q += stepB << 2;
    }
  }
}

class Add {
  @inline of(a: v128, b: v128): v128 { return f32x4.add(a, b); }
}
class Sub {
  @inline of(a: v128, b: v128): v128 { return f32x4.sub(a, b); }
}
class Mul {
  @inline of(a: v128, b: v128): v128 { return f32x4.mul(a, b); }
}
class Div {
  @inline of(a: v128, b: v128): v128 { return f32x4.div(a, b); }
}
class Pow {
  @inline of(a: v128, b: v128): v128 { return powerOf(a, b); }
}
class Maximum {
  @inline of(a: v128, b: v128): v128 { return f32x4.max(a, b); }
}
class Minimum {
  @inline of(a: v128, b: v128): v128 { return f32x4.min(a, b); }
}
class Equal {
  @inline of(a: v128, b: v128): v128 { return f32x4.eq(a, b); }
}
class NotEqual {
  @inline of(a: v128, b: v128): v128 { return f32x4.ne(a, b); }
}
class Less {
  @inline of(a: v128, b: v128): v128 { return f32x4.lt(a, b); }
}
class LessEqual {
  @inline of(a: v128, b: v128): v128 { return f32x4.le(a, b); }
}
class EqualInt {
  @inline of(a: v128, b: v128): v128 { return i32x4.eq(a, b); }
}
class NotEqualInt {
  @inline of(a: v128, b: v128): v128 { return i32x4.ne(a, b); }
}
class LessInt {
  @inline of(a: v128, b: v128): v128 { return i32x4.lt_s(a, b); }
}
class LessEqualInt {
  @inline of(a: v128, b: v128): v128 { return i32x4.le_s(a, b); }
}

export function add(
  start: i32, end: i32, out: usize, a: usize, b: usize, n: i32, width: i32, stepA: i32, stepB: i32, rank: i32, layout: usize,
): void { zip<Add>(start, end, out, a, b, n, width, stepA, stepB, rank, layout); }
export function sub(
  start: i32, end: i32, out: usize, a: usize, b: usize, n: i32, width: i32, stepA: i32, stepB: i32, rank: i32, layout: usize,
): void { zip<Sub>(start, end, out, a, b, n, width, stepA, stepB, rank, layout); }
export function mul(
  start: i32, end: i32, out: usize, a: usize, b: usize, n: i32, width: i32, stepA: i32, stepB: i32, rank: i32, layout: usize,
): void { zip<Mul>(start, end, out, a, b, n, width, stepA, stepB, rank, layout); }
export function div(
  start: i32, end: i32, out: usize, a: usize, b: usize, n: i32, width: i32, stepA: i32, stepB: i32, rank: i32, layout: usize,
): void { zip<Div>(start, end, out, a, b, n, width, stepA, stepB, rank, layout); }
export function pow(
  start: i32, end: i32, out: usize, a: usize, b: usize, n: i32, width: i32, stepA: i32, stepB: i32, rank: i32, layout: usize,
): void { zip<Pow>(start, end, out, a, b, n, width, stepA, stepB, rank, layout); }
export function maximum(
  start: i32, end: i32, out: usize, a: usize, b: usize, n: i32, width: i32, stepA: i32, stepB: i32, rank: i32, layout: usize,
): void { zip<Maximum>(start, end, out, a, b, n, width, stepA, stepB, rank, layout); }
export function minimum(
  start: i32, end: i32, out: usize, a: usize, b: usize, n: i32, width: i32, stepA: i32, stepB: i32, rank: i32, layout: usize,
): void { zip<Minimum>(start, end, out, a, b, n, width, stepA, stepB, rank, layout); }
export function equal(
  start: i32, end: i32, out: usize, a: usize, b: usize, n: i32, width: i32, stepA: i32, stepB: i32, rank: i32, layout: usize,
): void { test<Equal>(start, end, out, a, b, n, width, stepA, stepB, rank, layout); }
export function equalInt(
  start: i32, end: i32, out: usize, a: usize, b: usize, n: i32, width: i32, stepA: i32, stepB: i32, rank: i32, layout: usize,
): void { test<EqualInt>(start, end, out, a, b, n, width, stepA, stepB, rank, layout); }
export function notEqual(
  start: i32, end: i32, out: usize, a: usize, b: usize, n: i32, width: i32, stepA: i32, stepB: i32, rank: i32, layout: usize,
): void { test<NotEqual>(start, end, out, a, b, n, width, stepA, stepB, rank, layout); }
export function notEqualInt(
  start: i32, end: i32, out: usize, a: usize, b: usize, n: i32, width: i32, stepA: i32, stepB: i32, rank: i32, layout: usize,
): void { test<NotEqualInt>(start, end, out, a, b, n, width, stepA, stepB, rank, layout); }
export function less(
  start: i32, end: i32, out: usize, a: usize, b: usize, n: i32, width: i32, stepA: i32, stepB: i32, rank: i32, layout: usize,
): void { test<Less>(start, end, out, a, b, n, width, stepA, stepB, rank, layout); }
export function lessInt(
  start: i32, end: i32, out: usize, a: usize, b: usize, n: i32, width: i32, stepA: i32, stepB: i32, rank: i32, layout: usize,
): void { test<LessInt>(start, end, out, a, b, n, width, stepA, stepB, rank, layout); }
export function lessEqual(
  start: i32, end: i32, out: usize, a: usize, b: usize, n: i32, width: i32, stepA: i32, stepB: i32, rank: i32, layout: usize,
): void { test<LessEqual>(start, end, out, a, b, n, width, stepA, stepB, rank, layout); }
export function lessEqualInt(
  start: i32, end: i32, out: usize, a: usize, b: usize, n: i32, width: i32, stepA: i32, stepB: i32, rank: i32, layout: usize,
): void { test<LessEqualInt>(start, end, out, a, b, n, width, stepA, stepB, rank, layout); }

/** Masks of four bytes that are not 0. */
@inline
function maskOf(bytes: u32): v128 {
  const low = i16x8.extend_low_i8x16_u(i32x4.splat(bytes));
  return i32x4.ne(i32x4.extend_low_i16x8_u(low), i32x4.splat(0));
}

/** `out = condition ? a : b` on four-byte elements; operands as in `zip`, the condition's step is 1 or 0. */
export function where(
  start: i32, end: i32, out: usize, condition: usize, a: usize, b: usize, n: i32, width: i32, stepC: i32, stepA: i32,
  stepB: i32, rank: i32, layout: usize,
): void {
  for (let row = start; row < end; row++) {
    let to = out + (<usize>(row * width) << 2);
    let from = condition + rowAt(row, width, stepC, rank, layout, 0);
    let p = spread(a + rowAt(row, width, stepA, rank, layout, 1), stepA, 0);
    let q = spread(b + rowAt(row, width, stepB, rank, layout, 2), stepB, 16);
    const one = <u32>load<u8>(from) * 0x01010101;
    for (let rest = min(width, n - row * width); rest > 0; rest -= 4) {
      const mask = maskOf(stepC == 0 ? one : load<u32>(from));
      storeLanes(to, v128.bitselect(v128.load(p), v128.load(q), mask), rest);
      to += 16;
      from += stepC << 2;
      p += stepA << 2;
      q += stepB << 2;
    }
  }
}

/** `out[k] = start + alpha[k] delta` for `count` elements per step. Units are 1024 elements of a step. */
export function lerp(start: i32, end: i32, out: usize, from: usize, delta: usize, alpha: usize, count: i32): void {
  const chunks = (count + 1023) / 1024;
  for (let unit = start; unit < end; unit++) {
    const step = unit / chunks;
    const begin = (unit - step * chunks) * 1024;
    const last = min(begin + 1024, count);
    const to = out + (<usize>step * <usize>count << 2);
    const a = v128.load32_splat(alpha + (<usize>step << 2));
    for (let i = begin; i < last; i += 4) {
      const at = <usize>i << 2;
      storeLanes(to + at, f32x4.add(v128.load(from + at), f32x4.mul(a, v128.load(delta + at))), last - i);
    }
  }
}
