/**
 * The gradient of max pooling for engines that pair vectors (`WIDE`): what pool-grad.ts does, a vector with the one behind it. Both tell where
 * there are numbers that are not finite, and leave those windows to it.
 */
import { Geometry } from './geometry';
import { madd, scratch } from '../simd';

/** In the scratch memory: zeros, what maxima must be above to take a gradient, all ones where they need not be; then room. */
const LOW_AT: usize = 32;
const ALWAYS_AT: usize = 64;
const ROOM_AT: usize = 96;

@inline
function put(at: usize, low: v128, high: v128): void {
  v128.store(at, low);
  v128.store(at, high, 16);
}

/** Fills in the scratch memory. */
export function preparePool(rectified: i32): void {
  const room = scratch();
  const zero = f32x4.splat(0), always = i32x4.splat(rectified ? 0 : -1);
  put(room, zero, zero);
  put(room + LOW_AT, zero, zero);
  put(room + ALWAYS_AT, always, always);
}

/** Whether both halves of a pair of sums of `0 * x` are zeros. */
@inline
function areZeros(n0: v128, n1: v128): bool {
  const room = scratch() + ROOM_AT;
  put(room, n0, n1);
  return i32x4.all_true(f32x4.eq(f32x4.add(v128.load(room), v128.load(room, 16)), f32x4.splat(0)));
}

/** A row of windows of 2x2 that lie side by side; channels are a multiple of eight. @returns false where some input is not finite */
export function giveFour(out: usize, x: usize, grad: usize, g: Geometry): bool {
  const room = scratch();
  const step = <usize>g.channels << 2;
  const line = <usize>g.inputW * step;
  let n0 = v128.load(room), n1 = v128.load(room, 16);
  for (let o = 0; o < g.outputW; o++, out += step, x += step) {
    for (let c: usize = 0; c < step; c += 32, out += 32, x += 32, grad += 32) {
      const right = x + step, below = x + line, last = below + step;
      const v0 = v128.load(x), w0 = v128.load(x, 16), v1 = v128.load(right), w1 = v128.load(right, 16);
      const v2 = v128.load(below), w2 = v128.load(below, 16), v3 = v128.load(last), w3 = v128.load(last, 16);
      const zero = v128.load(room), also = v128.load(room, 16);
      n0 = madd(f32x4.add(f32x4.add(v0, v1), f32x4.add(v2, v3)), zero, n0);
      n1 = madd(f32x4.add(f32x4.add(w0, w1), f32x4.add(w2, w3)), also, n1);
      const t = f32x4.pmax(f32x4.pmax(v0, v1), f32x4.pmax(v2, v3)), u = f32x4.pmax(f32x4.pmax(w0, w1), f32x4.pmax(w2, w3));
      let s = v128.and(v128.load(grad), v128.or(v128.load(room, ALWAYS_AT), f32x4.gt(t, v128.load(room, LOW_AT))));
      let r = v128.and(v128.load(grad, 16), v128.or(v128.load(room, ALWAYS_AT + 16), f32x4.gt(u, v128.load(room, LOW_AT + 16))));
      const e0 = f32x4.eq(v0, t), f0 = f32x4.eq(w0, u), e1 = f32x4.eq(v1, t), f1 = f32x4.eq(w1, u);
      const e2 = f32x4.eq(v2, t), f2 = f32x4.eq(w2, u);
      put(out, v128.and(s, e0), v128.and(r, f0));
      s = v128.andnot(s, e0), r = v128.andnot(r, f0);
      put(out + step, v128.and(s, e1), v128.and(r, f1));
      s = v128.andnot(s, e1), r = v128.andnot(r, f1);
      put(out + line, v128.and(s, e2), v128.and(r, f2));
      put(out + line + step, v128.andnot(s, e2), v128.andnot(r, f2));
    }
  }
  return areZeros(n0, n1);
}

/** One window of sixteen channels (see `giveToFirst`). @returns false, with nothing given, where some input is not finite */
@inline
export function giveSixteen(
  adds: bool, out: usize, x: usize, grad: usize, g: Geometry, d0: i32, d1: i32, h0: i32, h1: i32, w0: i32, w1: i32,
): bool {
  const room = scratch();
  const step = <usize>g.channels << 2;
  put(room + ROOM_AT + 32, f32x4.splat(-Infinity), f32x4.splat(-Infinity));
  let n0 = v128.load(room), n1 = v128.load(room, 16), n2 = n0, n3 = n1;
  let t0 = v128.load(room, ROOM_AT + 32), t1 = v128.load(room, ROOM_AT + 48), t2 = t0, t3 = t1;
  for (let i = d0; i < d1; i++) {
    for (let j = h0; j < h1; j++) {
      let at = x + <usize>((i * g.inputH + j) * g.inputW + w0) * step;
      for (let k = w0; k < w1; k++, at += step) {
        const v0 = v128.load(at), v1 = v128.load(at, 16), v2 = v128.load(at, 32), v3 = v128.load(at, 48);
        const zero = v128.load(room), also = v128.load(room, 16);
        t0 = f32x4.pmax(t0, v0), t1 = f32x4.pmax(t1, v1), t2 = f32x4.pmax(t2, v2), t3 = f32x4.pmax(t3, v3);
        n0 = madd(v0, zero, n0), n1 = madd(v1, also, n1), n2 = madd(v2, zero, n2), n3 = madd(v3, also, n3);
      }
    }
  }
  if (!areZeros(f32x4.add(n0, n2), f32x4.add(n1, n3))) return false;
  const low0 = v128.load(room, LOW_AT), low1 = v128.load(room, LOW_AT + 16);
  const any0 = v128.load(room, ALWAYS_AT), any1 = v128.load(room, ALWAYS_AT + 16);
  let s0 = v128.and(v128.load(grad), v128.or(any0, f32x4.gt(t0, low0))), s1 = v128.and(v128.load(grad, 16), v128.or(any1, f32x4.gt(t1, low1)));
  let s2 = v128.and(v128.load(grad, 32), v128.or(any0, f32x4.gt(t2, low0)));
  let s3 = v128.and(v128.load(grad, 48), v128.or(any1, f32x4.gt(t3, low1)));
  for (let i = d0; i < d1; i++) {
    for (let j = h0; j < h1; j++) {
      const shift = <usize>((i * g.inputH + j) * g.inputW + w0) * step;
      let at = x + shift, to = out + shift;
      for (let k = w0; k < w1; k++, at += step, to += step) {
        const e0 = f32x4.eq(v128.load(at), t0), e1 = f32x4.eq(v128.load(at, 16), t1);
        const e2 = f32x4.eq(v128.load(at, 32), t2), e3 = f32x4.eq(v128.load(at, 48), t3);
        if (adds) {
          const o0 = v128.load(to), o1 = v128.load(to, 16), o2 = v128.load(to, 32), o3 = v128.load(to, 48);
          put(to, f32x4.add(o0, v128.and(e0, s0)), f32x4.add(o1, v128.and(e1, s1)));
          put(to + 32, f32x4.add(o2, v128.and(e2, s2)), f32x4.add(o3, v128.and(e3, s3)));
        } else {
          put(to, v128.and(e0, s0), v128.and(e1, s1));
          put(to + 32, v128.and(e2, s2), v128.and(e3, s3));
        }
        s0 = v128.andnot(s0, e0), s1 = v128.andnot(s1, e1), s2 = v128.andnot(s2, e2), s3 = v128.andnot(s3, e3);
      }
    }
  }
  return true;
}
