/**
 * The rare elementwise cases, one element at a time: int32 and bool arithmetic, logic, and casts. Values are computed in
 * double and stored as JavaScript's typed arrays store them, which is what the reference backend does.
 */
import { offsetOf } from '../simd';

/** Element types: 0 float32, 1 int32, 2 bool. */
@inline
export function read(at: usize, type: i32): f64 {
  if (type == 0) return load<f32>(at);
  if (type == 1) return load<i32>(at);
  return load<u8>(at);
}

/** Stores modulo 2^32 (NaN and infinities as 0), or the truth of a bool. */
@inline
function write(at: usize, type: i32, value: f64): void {
  if (type == 0) store<f32>(at, <f32>value);
  else if (type == 1) store<i32>(at, abs(value) < 9.2e18 ? <i32>(<i64>value) : 0);
  else store<u8>(at, value != 0 ? 1 : 0);
}

@inline
function sizeOfType(type: i32): i32 {
  return type == 2 ? 1 : 4;
}

/** Elements `[start, end)` in units of 1024: `out = x` in another type, or neg, square, abs, sign, relu, not of it. */
export function exactUnary(
  start: i32, end: i32, out: usize, x: usize, n: i32, code: i32, typeOut: i32, type: i32, low: f64, high: f64,
): void {
  const last = min(end * 1024, n);
  for (let i = start * 1024; i < last; i++) {
    const v = read(x + <usize>(i * sizeOfType(type)), type);
    let y = v;
    if (code == 1) y = -v;
    else if (code == 2) y = v * v;
    else if (code == 3) y = abs(v);
    else if (code == 4) y = v > 0 ? 1 : v < 0 ? -1 : v;
    else if (code == 5) y = max(v, 0);
    else if (code == 6) y = v == 0 ? 1 : 0;
    else if (code == 7) y = min(max(v, low), high);
    write(out + <usize>(i * sizeOfType(typeOut)), typeOut, y);
  }
}

function pair(code: i32, a: f64, b: f64): f64 {
  switch (code) {
    case 0: return a + b;
    case 1: return a - b;
    case 2: return a * b;
    case 3: return a / b;
    case 4: return max(a, b);
    case 5: return min(a, b);
    case 6: return a == b ? 1 : 0;
    case 7: return a != b ? 1 : 0;
    case 8: return a < b ? 1 : 0;
    case 9: return a <= b ? 1 : 0;
    case 10: return a > b ? 1 : 0;
    case 11: return a >= b ? 1 : 0;
    case 12: return a != 0 && b != 0 ? 1 : 0;
    default: return a != 0 || b != 0 ? 1 : 0;
  }
}

/** Rows `[start, end)` of a binary function by code, operands as in `elementwise.ts` with steps in bytes. */
export function exactBinary(
  start: i32, end: i32, out: usize, a: usize, b: usize, n: i32, width: i32, stepA: i32, stepB: i32, rank: i32, layout: usize,
  code: i32, typeOut: i32, type: i32,
): void {
  const size = sizeOfType(typeOut);
  for (let row = start; row < end; row++) {
    let to = out + <usize>(row * width * size);
    let p = a + <usize>(rank == 0 ? row * width * stepA : offsetOf(row, rank, layout, layout + (<usize>rank << 2)));
    let q = b + <usize>(rank == 0 ? row * width * stepB : offsetOf(row, rank, layout, layout + (<usize>rank << 3)));
    for (let rest = min(width, n - row * width); rest > 0; rest--, to += size, p += stepA, q += stepB) {
      write(to, typeOut, pair(code, read(p, type), read(q, type)));
    }
  }
}

/** `out = condition ? a : b` for bool operands. */
export function whereBytes(
  start: i32, end: i32, out: usize, condition: usize, a: usize, b: usize, n: i32, width: i32, stepC: i32, stepA: i32,
  stepB: i32, rank: i32, layout: usize,
): void {
  for (let row = start; row < end; row++) {
    let to = out + <usize>(row * width);
    let c = condition + <usize>(rank == 0 ? row * width * stepC : offsetOf(row, rank, layout, layout + (<usize>rank << 2)));
    let p = a + <usize>(rank == 0 ? row * width * stepA : offsetOf(row, rank, layout, layout + (<usize>rank << 3)));
    let q = b + <usize>(rank == 0 ? row * width * stepB : offsetOf(row, rank, layout, layout + <usize>rank * 12));
    for (let rest = min(width, n - row * width); rest > 0; rest--, to++, c += stepC, p += stepA, q += stepB) {
      store<u8>(to, load<u8>(c) != 0 ? load<u8>(p) : load<u8>(q));
    }
  }
}

/** Results `[start, end)` of a sum (0), maximum (1) or minimum (2) over the middle of `[outer, count, inner]`. */
export function exactReduce(
  start: i32, end: i32, out: usize, x: usize, count: i32, inner: i32, code: i32, type: i32,
): void {
  const size = <usize>sizeOfType(type);
  for (let i = start; i < end; i++) {
    const outer = i / inner;
    let from = x + (<usize>outer * <usize>count * <usize>inner + (i - outer * inner)) * size;
    let y: f64 = code == 0 ? 0 : code == 1 ? -Infinity : Infinity;
    for (let t = 0; t < count; t++, from += <usize>inner * size) {
      const v = read(from, type);
      y = code == 0 ? y + v : code == 1 ? max(y, v) : min(y, v);
    }
    write(out + <usize>i * size, type, y);
  }
}
