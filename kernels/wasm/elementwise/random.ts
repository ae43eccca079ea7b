/**
 * Random numbers and dropout: Philox 4x32-10 (Salmon et al. 2011), four counters at a time; the bits are those of `kernels/reference/random.ts`.
 */
import { scratch, storeLanes } from '../simd';

/** High halves of the products of four words, from the products of the first two and of the last two; and low halves. */
@inline
function highs(first: v128, second: v128): v128 {
  return v128.shuffle<i32>(first, second, 1, 3, 5, 7);
}

@inline
function lows(first: v128, second: v128): v128 {
  return v128.shuffle<i32>(first, second, 0, 2, 4, 6);
}

/**
 * The four words of counters `(4 unit + lane, 0, stream, kind)` of unit `unit` and of the next one in the scratch memory, a vector per word. Two at
 * a time, since each round waits for its products.
 */
function draw(unit: i32, seed: usize, stream: i32, kind: i32): void {
  const m0 = i32x4.splat(0xd2511f53);
  const m1 = i32x4.splat(0xcd9e8d57);
  let a0 = i32x4.add(i32x4.splat(unit * 4), i32x4(0, 1, 2, 3));
  let b0 = i32x4.add(a0, i32x4.splat(4));
  let a1 = i32x4.splat(0), b1 = a1;
  let a2 = i32x4.splat(stream), b2 = a2;
  let a3 = i32x4.splat(kind), b3 = a3;
  let k0 = i32x4.splat(load<i32>(seed));
  let k1 = i32x4.splat(load<i32>(seed, 4));
  const step0 = i32x4.splat(0x9e3779b9);
  const step1 = i32x4.splat(0xbb67ae85);
  for (let round = 0; round < 10; round++) {
    let first = i64x2.extmul_low_i32x4_u(a0, m0), second = i64x2.extmul_high_i32x4_u(a0, m0);
    let third = i64x2.extmul_low_i32x4_u(a2, m1), fourth = i64x2.extmul_high_i32x4_u(a2, m1);
    a0 = v128.xor(v128.xor(highs(third, fourth), a1), k0);
    a1 = lows(third, fourth);
    a2 = v128.xor(v128.xor(highs(first, second), a3), k1);
    a3 = lows(first, second);
    first = i64x2.extmul_low_i32x4_u(b0, m0), second = i64x2.extmul_high_i32x4_u(b0, m0);
    third = i64x2.extmul_low_i32x4_u(b2, m1), fourth = i64x2.extmul_high_i32x4_u(b2, m1);
    b0 = v128.xor(v128.xor(highs(third, fourth), b1), k0);
    b1 = lows(third, fourth);
    b2 = v128.xor(v128.xor(highs(first, second), b3), k1);
    b3 = lows(first, second);
    k0 = i32x4.add(k0, step0);
    k1 = i32x4.add(k1, step1);
  }
  const to = scratch();
  v128.store(to, a0);
  v128.store(to, a1, 16);
  v128.store(to, a2, 32);
  v128.store(to, a3, 48);
  v128.store(to, b0, 64);
  v128.store(to, b1, 80);
  v128.store(to, b2, 96);
  v128.store(to, b3, 112);
}

/** Sixteen numbers in [0, 1) per unit: the 24 high bits of a word, which float32 holds exactly. */
export function randomUniform(start: i32, end: i32, out: usize, seed: usize, count: i32, stream: i32): void {
  const scale = f32x4.splat(1.0 / 16777216.0);
  for (let unit = start; unit < end; unit++) {
    const words = scratch() + (<usize>((unit - start) & 1) << 6);
    if (words == scratch()) draw(unit, seed, stream, 0);
    const c0 = v128.load(words), c1 = v128.load(words, 16), c2 = v128.load(words, 32), c3 = v128.load(words, 48);
    // From a vector per word to a vector per counter.
    const a = v128.shuffle<i32>(c0, c1, 0, 4, 1, 5);
    const b = v128.shuffle<i32>(c2, c3, 0, 4, 1, 5);
    const c = v128.shuffle<i32>(c0, c1, 2, 6, 3, 7);
    const d = v128.shuffle<i32>(c2, c3, 2, 6, 3, 7);
    const at = unit * 16;
    number(out, at, count, v128.shuffle<i32>(a, b, 0, 1, 4, 5), scale);
    number(out, at + 4, count, v128.shuffle<i32>(a, b, 2, 3, 6, 7), scale);
    number(out, at + 8, count, v128.shuffle<i32>(c, d, 0, 1, 4, 5), scale);
    number(out, at + 12, count, v128.shuffle<i32>(c, d, 2, 3, 6, 7), scale);
  }
}

@inline
function number(out: usize, at: i32, count: i32, bits: v128, scale: v128): void {
  const left = count - at;
  if (left <= 0) return;
  storeLanes(out + (<usize>at << 2), f32x4.mul(f32x4.convert_i32x4_s(i32x4.shr_u(bits, 8)), scale), left);
}

@inline
function keep(out: usize, x: usize, at: i32, count: i32, bits: v128, dropped: v128, scale: v128): void {
  const left = count - at;
  if (left <= 0) return;
  const shift = <usize>at << 2;
  storeLanes(out + shift, v128.and(f32x4.mul(v128.load(x + shift), scale), i32x4.ge_s(bits, dropped)), left);
}

/** Whether all of 32 floats are 0: nothing needs to be drawn for them. */
@inline
function isZero(x: usize): bool {
  let any = v128.or(v128.load(x), v128.load(x, 16));
  any = v128.or(any, v128.or(v128.load(x, 32), v128.load(x, 48)));
  any = v128.or(any, v128.or(v128.load(x, 64), v128.load(x, 80)));
  return !v128.any_true(v128.or(any, v128.or(v128.load(x, 96), v128.load(x, 112))));
}

/** Each float zero with probability `dropped / 2^16`, else times `scale`; 32 to a unit. `out` may be `x`. */
export function dropout(
  start: i32, end: i32, out: usize, x: usize, seed: usize, count: i32, stream: i32, dropped: i32, scale: f32,
): void {
  const low = i32x4.splat(0xffff);
  const bound = i32x4.splat(dropped);
  const factor = f32x4.splat(scale);
  let drawn = start;
  for (let unit = start; unit < end; unit++) {
    const at = unit * 32;
    const whole = count - at >= 32;
    if (whole && isZero(x + (<usize>at << 2))) {
      memory.fill(out + (<usize>at << 2), 0, 128);
      continue;
    }
    if (unit >= drawn) {
      draw(unit, seed, stream, 2);
      drawn = unit + 2;
    }
    const words = scratch() + (<usize>(unit + 2 - drawn) << 6);
    for (let w = 0; w < 4; w++) {
      const bits = v128.load(words + (<usize>w << 4));
      keep(out, x, at + 8 * w, count, v128.and(bits, low), bound, factor);
      keep(out, x, at + 8 * w + 4, count, i32x4.shr_u(bits, 16), bound, factor);
    }
  }
}

/** All ones, or zeros where dropped, of eight elements that share a vector of words. */
@inline
function eightKept(words: usize, bound: v128): v128 {
  const bits = v128.load(words);
  return i16x8.narrow_i32x4_s(
    i32x4.ge_s(v128.and(bits, i32x4.splat(0xffff)), bound),
    i32x4.ge_s(i32x4.shr_u(bits, 16), bound),
  );
}

/**
 * What `dropout` keeps of elements `[from, from + count)`, a byte of ones for each and of zeros for the others; at `to` and up to 63 bytes on,
 * beginning where the result says. 0 where there is no seed: all are kept.
 */
export function dropBytes(to: usize, from: i32, count: i32, seed: usize, stream: i32, dropped: i32): usize {
  if (seed == 0) return 0;
  const bound = i32x4.splat(dropped);
  const words = scratch();
  const first = from / 32;
  const last = (from + count + 31) / 32;
  let put = to;
  for (let unit = first; unit < last; unit += 2, put += 64) {
    draw(unit, seed, stream, 2);
    v128.store(put, i8x16.narrow_i16x8_s(eightKept(words, bound), eightKept(words + 16, bound)));
    v128.store(put, i8x16.narrow_i16x8_s(eightKept(words + 32, bound), eightKept(words + 48, bound)), 16);
    v128.store(put, i8x16.narrow_i16x8_s(eightKept(words + 64, bound), eightKept(words + 80, bound)), 32);
    v128.store(put, i8x16.narrow_i16x8_s(eightKept(words + 96, bound), eightKept(words + 112, bound)), 48);
  }
  return to + <usize>(from - first * 32);
}
