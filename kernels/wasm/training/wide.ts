/**
 * Sums of gradients to weights for engines that pair vectors (`WIDE`): twelve or eight of 256 bits hide the latency of their additions, the four of
 * `products.ts` do not. An element is the same sum in the same order.
 */
import { madd, scratch } from '../simd';
import { ENTRY } from './products';

/** Adds what the entries `[list, end)` bring to 96 sums at `to`. */
export function addTwentyFour(to: usize, list: usize, end: usize, addresses: usize, shift: usize): void {
  const zeros = zeroPair();
  let s0 = v128.load(zeros), s1 = v128.load(zeros, 16);
  let s2 = v128.load(zeros), s3 = v128.load(zeros, 16);
  let s4 = v128.load(zeros), s5 = v128.load(zeros, 16);
  let s6 = v128.load(zeros), s7 = v128.load(zeros, 16);
  let s8 = v128.load(zeros), s9 = v128.load(zeros, 16);
  let s10 = v128.load(zeros), s11 = v128.load(zeros, 16);
  let s12 = v128.load(zeros), s13 = v128.load(zeros, 16);
  let s14 = v128.load(zeros), s15 = v128.load(zeros, 16);
  let s16 = v128.load(zeros), s17 = v128.load(zeros, 16);
  let s18 = v128.load(zeros), s19 = v128.load(zeros, 16);
  let s20 = v128.load(zeros), s21 = v128.load(zeros, 16);
  let s22 = v128.load(zeros), s23 = v128.load(zeros, 16);
  for (; list < end; list += ENTRY) {
    const v = v128.load32_splat(list);
    const from = load<usize>(addresses + load<usize>(list, 4)) + shift;
    s0 = madd(v128.load(from), v, s0);
    s1 = madd(v128.load(from, 16), v, s1);
    s2 = madd(v128.load(from, 32), v, s2);
    s3 = madd(v128.load(from, 48), v, s3);
    s4 = madd(v128.load(from, 64), v, s4);
    s5 = madd(v128.load(from, 80), v, s5);
    s6 = madd(v128.load(from, 96), v, s6);
    s7 = madd(v128.load(from, 112), v, s7);
    s8 = madd(v128.load(from, 128), v, s8);
    s9 = madd(v128.load(from, 144), v, s9);
    s10 = madd(v128.load(from, 160), v, s10);
    s11 = madd(v128.load(from, 176), v, s11);
    s12 = madd(v128.load(from, 192), v, s12);
    s13 = madd(v128.load(from, 208), v, s13);
    s14 = madd(v128.load(from, 224), v, s14);
    s15 = madd(v128.load(from, 240), v, s15);
    s16 = madd(v128.load(from, 256), v, s16);
    s17 = madd(v128.load(from, 272), v, s17);
    s18 = madd(v128.load(from, 288), v, s18);
    s19 = madd(v128.load(from, 304), v, s19);
    s20 = madd(v128.load(from, 320), v, s20);
    s21 = madd(v128.load(from, 336), v, s21);
    s22 = madd(v128.load(from, 352), v, s22);
    s23 = madd(v128.load(from, 368), v, s23);
  }
  addPair(to, s0, s1);
  addPair(to + 32, s2, s3);
  addPair(to + 64, s4, s5);
  addPair(to + 96, s6, s7);
  addPair(to + 128, s8, s9);
  addPair(to + 160, s10, s11);
  addPair(to + 192, s12, s13);
  addPair(to + 224, s14, s15);
  addPair(to + 256, s16, s17);
  addPair(to + 288, s18, s19);
  addPair(to + 320, s20, s21);
  addPair(to + 352, s22, s23);
}

/** The same for 64 sums. */
export function addSixteen(to: usize, list: usize, end: usize, addresses: usize, shift: usize): void {
  const zeros = zeroPair();
  let s0 = v128.load(zeros), s1 = v128.load(zeros, 16);
  let s2 = v128.load(zeros), s3 = v128.load(zeros, 16);
  let s4 = v128.load(zeros), s5 = v128.load(zeros, 16);
  let s6 = v128.load(zeros), s7 = v128.load(zeros, 16);
  let s8 = v128.load(zeros), s9 = v128.load(zeros, 16);
  let s10 = v128.load(zeros), s11 = v128.load(zeros, 16);
  let s12 = v128.load(zeros), s13 = v128.load(zeros, 16);
  let s14 = v128.load(zeros), s15 = v128.load(zeros, 16);
  for (; list < end; list += ENTRY) {
    const v = v128.load32_splat(list);
    const from = load<usize>(addresses + load<usize>(list, 4)) + shift;
    s0 = madd(v128.load(from), v, s0);
    s1 = madd(v128.load(from, 16), v, s1);
    s2 = madd(v128.load(from, 32), v, s2);
    s3 = madd(v128.load(from, 48), v, s3);
    s4 = madd(v128.load(from, 64), v, s4);
    s5 = madd(v128.load(from, 80), v, s5);
    s6 = madd(v128.load(from, 96), v, s6);
    s7 = madd(v128.load(from, 112), v, s7);
    s8 = madd(v128.load(from, 128), v, s8);
    s9 = madd(v128.load(from, 144), v, s9);
    s10 = madd(v128.load(from, 160), v, s10);
    s11 = madd(v128.load(from, 176), v, s11);
    s12 = madd(v128.load(from, 192), v, s12);
    s13 = madd(v128.load(from, 208), v, s13);
    s14 = madd(v128.load(from, 224), v, s14);
    s15 = madd(v128.load(from, 240), v, s15);
  }
  addPair(to, s0, s1);
  addPair(to + 32, s2, s3);
  addPair(to + 64, s4, s5);
  addPair(to + 96, s6, s7);
  addPair(to + 128, s8, s9);
  addPair(to + 160, s10, s11);
  addPair(to + 192, s12, s13);
  addPair(to + 224, s14, s15);
}

/** Zeros that are loaded, see `wide-tile.ts`. */
@inline
function zeroPair(): usize {
  const zeros = scratch();
  pair(zeros, f32x4.splat(0), f32x4.splat(0));
  return zeros;
}

/** Adds two neighbours to those at `to`. */
@inline
export function addPair(to: usize, a: v128, b: v128): void {
  pair(to, f32x4.add(v128.load(to), a), f32x4.add(v128.load(to, 16), b));
}

@inline
export function pair(at: usize, a: v128, b: v128): void {
  v128.store(at, a);
  v128.store(at, b, 16);
}
