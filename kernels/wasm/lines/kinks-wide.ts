/**
 * Kinks of convolutions of lines for engines that pair vectors (`WIDE`): what kinks-conv.ts does for sixteen filters, for 32. What the halves of a
 * pair are added up to goes through memory, where each half is read by itself.
 */
import { areFinite, ENDS_AT, LIST_AT, MOST_FALL, plus, ROOM_AT, sizes } from './kinks-conv';
import { madd, scratch } from '../simd';

/** Bytes of the scratch memory: sizes of terms and of sums, zeros, what sums are at least, and biases that change nothing. */
export const ROOM: usize = 320;

/** Loads the two halves of a pair, and adds them. */
@inline
function halves(at: usize): v128 {
  return f32x4.add(v128.load(at), v128.load(at, 16));
}

@inline
function put(at: usize, low: v128, high: v128): void {
  v128.store(at, low);
  v128.store(at, high, 16);
}

/** 32 filters of an output at all steps, with a relu (`act` 1) or without (0). @returns false where `follow` would for any sixteen of them */
export function followWide(to: usize, stride: usize, w: usize, bias: usize, act: i32, alpha: usize, steps: i32): bool {
  const ends = scratch() + ENDS_AT;
  const list = scratch() + LIST_AT;
  const room = scratch() + ROOM_AT;
  const zeros = room + 128, least = room + 160;
  put(zeros, f32x4.splat(0), f32x4.splat(0));
  put(least, f32x4.splat(act ? 0 : -Infinity), f32x4.splat(act ? 0 : -Infinity));
  if (bias == 0) {
    // What -0 is added to stays what it is, -0 too.
    bias = room + 192;
    for (let i: usize = 0; i < 128; i += 32) put(bias + i, f32x4.splat(-0.0), f32x4.splat(-0.0));
  }
  let a0 = v128.load(zeros), a1 = v128.load(zeros, 16), a2 = a0, a3 = a1, a4 = a0, a5 = a1, a6 = a0, a7 = a1;
  let b0 = a0, b1 = a1, b2 = a0, b3 = a1, b4 = a0, b5 = a1, b6 = a0, b7 = a1;
  let largest = f32x4.splat(0), others = largest;
  let at = list;
  for (let k: usize = 0; k < <usize>steps; k++, to += stride) {
    const changes = at;
    const end = list + (<usize>load<i32>(ends + (k << 2)) << 4);
    for (; at < end; at += 16) {
      const c = v128.load32_splat(at, 4), d = v128.load32_splat(at, 8);
      const row = w + load<usize>(at);
      const w0 = v128.load(row), w1 = v128.load(row, 16);
      a0 = madd(c, w0, a0), a1 = madd(c, w1, a1);
      b0 = madd(d, w0, b0), b1 = madd(d, w1, b1);
      const w2 = v128.load(row, 32), w3 = v128.load(row, 48);
      a2 = madd(c, w2, a2), a3 = madd(c, w3, a3);
      b2 = madd(d, w2, b2), b3 = madd(d, w3, b3);
      const w4 = v128.load(row, 64), w5 = v128.load(row, 80);
      a4 = madd(c, w4, a4), a5 = madd(c, w5, a5);
      b4 = madd(d, w4, b4), b5 = madd(d, w5, b5);
      const w6 = v128.load(row, 96), w7 = v128.load(row, 112);
      a6 = madd(c, w6, a6), a7 = madd(c, w7, a7);
      b6 = madd(d, w6, b6), b7 = madd(d, w7, b7);
    }
    const a = v128.load32_splat(alpha + (k << 2));
    if (changes < end) {
      put(room, sizes(a0, a2, b0, b2, a), sizes(a1, a3, b1, b3, a));
      put(room + 32, sizes(a4, a6, b4, b6, a), sizes(a5, a7, b5, b7, a));
      largest = f32x4.pmax(largest, halves(room));
      others = f32x4.pmax(others, halves(room + 32));
    }
    const z0 = f32x4.add(madd(a, b0, a0), v128.load(bias)), z1 = f32x4.add(madd(a, b1, a1), v128.load(bias, 16));
    const z2 = f32x4.add(madd(a, b2, a2), v128.load(bias, 32)), z3 = f32x4.add(madd(a, b3, a3), v128.load(bias, 48));
    const z4 = f32x4.add(madd(a, b4, a4), v128.load(bias, 64)), z5 = f32x4.add(madd(a, b5, a5), v128.load(bias, 80));
    const z6 = f32x4.add(madd(a, b6, a6), v128.load(bias, 96)), z7 = f32x4.add(madd(a, b7, a7), v128.load(bias, 112));
    const low0 = v128.load(least), low1 = v128.load(least, 16);
    put(room + 64, plus(f32x4.abs(z0), z2), plus(f32x4.abs(z1), z3));
    put(room + 96, plus(f32x4.abs(z4), z6), plus(f32x4.abs(z5), z7));
    put(to, f32x4.pmax(z0, low0), f32x4.pmax(z1, low1));
    put(to + 32, f32x4.pmax(z2, low0), f32x4.pmax(z3, low1));
    put(to + 64, f32x4.pmax(z4, low0), f32x4.pmax(z5, low1));
    put(to + 96, f32x4.pmax(z6, low0), f32x4.pmax(z7, low1));
    const most = f32x4.splat(MOST_FALL);
    const falls = f32x4.gt(largest, f32x4.mul(halves(room + 64), most));
    if (v128.any_true(v128.or(falls, f32x4.gt(others, f32x4.mul(halves(room + 96), most))))) return false;
  }
  put(room, f32x4.add(a0, a2), f32x4.add(a1, a3));
  put(room + 32, f32x4.add(b0, b2), f32x4.add(b1, b3));
  put(room + 64, f32x4.add(a4, a6), f32x4.add(a5, a7));
  put(room + 96, f32x4.add(b4, b6), f32x4.add(b5, b7));
  return areFinite(halves(room), halves(room + 32)) && areFinite(halves(room + 64), halves(room + 96));
}
