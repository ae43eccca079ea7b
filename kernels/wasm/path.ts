/**
 * Max pooling of points on straight lines, `start + alpha_k delta`; the points stay in registers. Channels go in blocks
 * of 16, four independent maxima at a time, which hides the latency of one. Going back, a window's maximum is found again
 * rather than stored, with the number of its ties where these share.
 */
import { Geometry } from './geometry';
import { madd, storeLanes } from './simd';

@inline
function pointAt(start: usize, delta: usize, at: usize, a: v128): v128 {
  return madd(a, v128.load(delta + at), v128.load(start + at));
}

/** All ones where `v` is NaN: `pmax` alone would lose it. */
@inline
function isNaN4(v: v128): v128 {
  return f32x4.ne(v, v);
}

/** Units: samples times blocks of 16 channels, so that a block stays in the cache while the steps go by. */
export function lerpMaxPool(
  first: i32, end: i32, out: usize, start: usize, delta: usize, alpha: usize, steps: i32, samples: i32, relu: i32,
  geometry: usize,
): void {
  const g = changetype<Geometry>(geometry);
  const channels = g.channels;
  const step = <usize>channels << 2;
  const blocks = (channels + 15) / 16;
  const inSize = <usize>(g.inputD * g.inputH * g.inputW) * step;
  const outSize = <usize>(g.outputD * g.outputH * g.outputW) * step;
  const low = f32x4.splat(relu ? 0 : -Infinity);
  for (let unit = first; unit < end; unit++) {
    const sample = unit / blocks;
    const c = (unit - sample * blocks) * 16;
    const left = channels - c;
    const base = <usize>sample * inSize + (<usize>c << 2);
    for (let k = 0; k < steps; k++) {
      const a = v128.load32_splat(alpha + (<usize>k << 2));
      let to = out + <usize>(k * samples + sample) * outSize + (<usize>c << 2);
      for (let od = 0; od < g.outputD; od++) {
        const d = od * g.strideD - g.beforeD, d0 = max(d, 0), d1 = min(d + g.windowD, g.inputD);
        for (let oh = 0; oh < g.outputH; oh++) {
          const h = oh * g.strideH - g.beforeH, h0 = max(h, 0), h1 = min(h + g.windowH, g.inputH);
          for (let ow = 0; ow < g.outputW; ow++, to += step) {
            const w = ow * g.strideW - g.beforeW, w0 = max(w, 0), w1 = min(w + g.windowW, g.inputW);
            let t0 = low, t1 = low, t2 = low, t3 = low;
            let n0 = i32x4.splat(0), n1 = n0, n2 = n0, n3 = n0;
            for (let i = d0; i < d1; i++) {
              for (let j = h0; j < h1; j++) {
                let at = base + <usize>((i * g.inputH + j) * g.inputW + w0) * step;
                for (let n = w0; n < w1; n++, at += step) {
                  const v0 = pointAt(start, delta, at, a), v1 = pointAt(start, delta, at + 16, a);
                  const v2 = pointAt(start, delta, at + 32, a), v3 = pointAt(start, delta, at + 48, a);
                  t0 = f32x4.pmax(t0, v0), t1 = f32x4.pmax(t1, v1), t2 = f32x4.pmax(t2, v2), t3 = f32x4.pmax(t3, v3);
                  n0 = v128.or(n0, isNaN4(v0)), n1 = v128.or(n1, isNaN4(v1));
                  n2 = v128.or(n2, isNaN4(v2)), n3 = v128.or(n3, isNaN4(v3));
                }
              }
            }
            storeLanes(to, v128.or(t0, n0), left);
            if (left > 4) storeLanes(to + 16, v128.or(t1, n1), left - 4);
            if (left > 8) storeLanes(to + 32, v128.or(t2, n2), left - 8);
            if (left > 12) storeLanes(to + 48, v128.or(t3, n3), left - 12);
          }
        }
      }
    }
  }
}

@inline
function atLeastOne(count: v128): v128 {
  return f32x4.convert_i32x4_s(i32x4.max_s(count, i32x4.splat(1)));
}

/**
 * Units: samples times blocks of 16 channels, each with gradients of its own. `ties`: 0 gives a window's gradient to its
 * first maximum, 1 to all in equal shares.
 */
export function lerpMaxPoolGrad(
  first: i32, end: i32, out: usize, start: usize, delta: usize, alpha: usize, gradient: usize,
  steps: i32, samples: i32, relu: i32, ties: i32, geometry: usize,
): void {
  const g = changetype<Geometry>(geometry);
  const channels = g.channels;
  const step = <usize>channels << 2;
  const blocks = (channels + 15) / 16;
  const places = g.inputD * g.inputH * g.inputW;
  const inSize = <usize>places * step;
  const outSize = <usize>(g.outputD * g.outputH * g.outputW) * step;
  const zero = f32x4.splat(0);
  const low = f32x4.splat(relu ? 0 : -Infinity);
  for (let unit = first; unit < end; unit++) {
    const sample = unit / blocks;
    const from = (unit - sample * blocks) * 16;
    const left = channels - from;
    const base = <usize>sample * inSize;
    for (let at = 0; at < places; at++) {
      for (let c = 0; c < min(left, 16); c += 4) storeLanes(out + base + <usize>(at * channels + from + c) * 4, zero, left - c);
    }
    for (let k = 0; k < steps; k++) {
      const a = v128.load32_splat(alpha + (<usize>k << 2));
      let row = gradient + <usize>(k * samples + sample) * outSize;
      for (let od = 0; od < g.outputD; od++) {
        const d = od * g.strideD - g.beforeD, d0 = max(d, 0), d1 = min(d + g.windowD, g.inputD);
        for (let oh = 0; oh < g.outputH; oh++) {
          const h = oh * g.strideH - g.beforeH, h0 = max(h, 0), h1 = min(h + g.windowH, g.inputH);
          for (let ow = 0; ow < g.outputW; ow++, row += step) {
            const w = ow * g.strideW - g.beforeW, w0 = max(w, 0), w1 = min(w + g.windowW, g.inputW);
            const channel = <usize>from << 2;
            const p0 = v128.load(row + channel), p1 = v128.load(row + channel, 16);
            const p2 = v128.load(row + channel, 32), p3 = v128.load(row + channel, 48);
            const any = v128.or(v128.or(f32x4.ne(p0, zero), f32x4.ne(p1, zero)), v128.or(f32x4.ne(p2, zero), f32x4.ne(p3, zero)));
            if (!v128.any_true(any)) continue;
            // Maxima first, then whoever equals them: a hit is rare, so that finding none costs a comparison.
            let t0 = low, t1 = low, t2 = low, t3 = low;
            let n0 = i32x4.splat(0), n1 = n0, n2 = n0, n3 = n0;
            for (let i = d0; i < d1; i++) {
              for (let j = h0; j < h1; j++) {
                let at = base + <usize>((i * g.inputH + j) * g.inputW + w0) * step + channel;
                for (let n = w0; n < w1; n++, at += step) {
                  const v0 = pointAt(start, delta, at, a), v1 = pointAt(start, delta, at + 16, a);
                  const v2 = pointAt(start, delta, at + 32, a), v3 = pointAt(start, delta, at + 48, a);
                  t0 = f32x4.pmax(t0, v0), t1 = f32x4.pmax(t1, v1), t2 = f32x4.pmax(t2, v2), t3 = f32x4.pmax(t3, v3);
                  n0 = v128.or(n0, isNaN4(v0)), n1 = v128.or(n1, isNaN4(v1));
                  n2 = v128.or(n2, isNaN4(v2)), n3 = v128.or(n3, isNaN4(v3));
                }
              }
            }
            // relu'(0) = 0: a window whose maximum is not above 0 passes nothing. NaN passes NaN.
            let s0 = v128.or(relu ? v128.and(p0, f32x4.gt(t0, zero)) : p0, n0);
            let s1 = v128.or(relu ? v128.and(p1, f32x4.gt(t1, zero)) : p1, n1);
            let s2 = v128.or(relu ? v128.and(p2, f32x4.gt(t2, zero)) : p2, n2);
            let s3 = v128.or(relu ? v128.and(p3, f32x4.gt(t3, zero)) : p3, n3);
            if (ties) {
              let c0 = i32x4.splat(0), c1 = c0, c2 = c0, c3 = c0;
              for (let i = d0; i < d1; i++) {
                for (let j = h0; j < h1; j++) {
                  let at = base + <usize>((i * g.inputH + j) * g.inputW + w0) * step + channel;
                  for (let n = w0; n < w1; n++, at += step) {
                    c0 = i32x4.sub(c0, f32x4.eq(pointAt(start, delta, at, a), t0));
                    c1 = i32x4.sub(c1, f32x4.eq(pointAt(start, delta, at + 16, a), t1));
                    c2 = i32x4.sub(c2, f32x4.eq(pointAt(start, delta, at + 32, a), t2));
                    c3 = i32x4.sub(c3, f32x4.eq(pointAt(start, delta, at + 48, a), t3));
                  }
                }
              }
              s0 = f32x4.div(s0, atLeastOne(c0)), s1 = f32x4.div(s1, atLeastOne(c1));
              s2 = f32x4.div(s2, atLeastOne(c2)), s3 = f32x4.div(s3, atLeastOne(c3));
            }
            // Whoever equals the maximum gets the share; without sharing, only the first does.
            let o0 = i32x4.splat(-1), o1 = o0, o2 = o0, o3 = o0;
            for (let i = d0; i < d1; i++) {
              for (let j = h0; j < h1; j++) {
                let at = base + <usize>((i * g.inputH + j) * g.inputW + w0) * step + channel;
                for (let n = w0; n < w1; n++, at += step) {
                  const e0 = v128.and(o0, v128.or(n0, f32x4.eq(pointAt(start, delta, at, a), t0)));
                  const e1 = v128.and(o1, v128.or(n1, f32x4.eq(pointAt(start, delta, at + 16, a), t1)));
                  const e2 = v128.and(o2, v128.or(n2, f32x4.eq(pointAt(start, delta, at + 32, a), t2)));
                  const e3 = v128.and(o3, v128.or(n3, f32x4.eq(pointAt(start, delta, at + 48, a), t3)));
                  if (v128.any_true(v128.or(v128.or(e0, e1), v128.or(e2, e3)))) {
                    const to = out + at;
                    storeLanes(to, f32x4.add(v128.load(to), v128.and(e0, s0)), left);
                    if (left > 4) storeLanes(to + 16, f32x4.add(v128.load(to, 16), v128.and(e1, s1)), left - 4);
                    if (left > 8) storeLanes(to + 32, f32x4.add(v128.load(to, 32), v128.and(e2, s2)), left - 8);
                    if (left > 12) storeLanes(to + 48, f32x4.add(v128.load(to, 48), v128.and(e3, s3)), left - 12);
                    if (!ties) o0 = v128.andnot(o0, e0), o1 = v128.andnot(o1, e1), o2 = v128.andnot(o2, e2), o3 = v128.andnot(o3, e3);
                  }
                }
              }
            }
          }
        }
      }
    }
  }
}
