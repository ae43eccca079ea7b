/**
 * Max pooling of points on straight lines, `start + alpha_k delta`, four channels at a time; the points stay in
 * registers. Going back, a window's maximum is computed again rather than stored: it is the same sum of the same numbers,
 * so it compares equal to the elements it came from.
 */
import { Geometry } from './geometry';
import { madd, storeLanes } from './simd';

/** The bounds of one window inside the input: what both directions walk over. */
let d0: i32 = 0, d1: i32 = 0, h0: i32 = 0, h1: i32 = 0, w0: i32 = 0, w1: i32 = 0;

@inline
function placeWindow(g: Geometry, od: i32, oh: i32, ow: i32): void {
  const d = od * g.strideD - g.beforeD, h = oh * g.strideH - g.beforeH, w = ow * g.strideW - g.beforeW;
  d0 = max(d, 0), d1 = min(d + g.windowD, g.inputD);
  h0 = max(h, 0), h1 = min(h + g.windowH, g.inputH);
  w0 = max(w, 0), w1 = min(w + g.windowW, g.inputW);
}

/** The largest point of the window; `base` is the byte offset of the sample's channels. */
@inline
function best(g: Geometry, start: usize, delta: usize, base: usize, a: v128, low: v128): v128 {
  const step = <usize>g.channels << 2;
  let top = low;
  for (let d = d0; d < d1; d++) {
    for (let h = h0; h < h1; h++) {
      let at = base + <usize>((d * g.inputH + h) * g.inputW + w0) * step;
      for (let w = w0; w < w1; w++, at += step) {
        top = f32x4.max(top, madd(a, v128.load(delta + at), v128.load(start + at)));
      }
    }
  }
  return top;
}

/** Units: rows of the result, which are steps times samples. */
export function lerpMaxPool(
  first: i32, end: i32, out: usize, start: usize, delta: usize, alpha: usize, samples: i32, relu: i32, geometry: usize,
): void {
  const g = changetype<Geometry>(geometry);
  const channels = g.channels;
  const inSize = <usize>(g.inputD * g.inputH * g.inputW * channels) << 2;
  const outSize = <usize>(g.outputD * g.outputH * g.outputW * channels) << 2;
  const low = f32x4.splat(relu ? 0 : -Infinity);
  for (let unit = first; unit < end; unit++) {
    const step = unit / samples;
    const from = <usize>(unit - step * samples) * inSize;
    const a = v128.load32_splat(alpha + (<usize>step << 2));
    let to = out + <usize>unit * outSize;
    for (let od = 0; od < g.outputD; od++) {
      for (let oh = 0; oh < g.outputH; oh++) {
        for (let ow = 0; ow < g.outputW; ow++, to += <usize>channels << 2) {
          placeWindow(g, od, oh, ow);
          for (let c = 0; c < channels; c += 4) {
            const offset = <usize>c << 2;
            storeLanes(to + offset, best(g, start, delta, from + offset, a, low), channels - c);
          }
        }
      }
    }
  }
}

/** How many elements of the window equal its maximum, per lane. */
@inline
function countTies(g: Geometry, start: usize, delta: usize, base: usize, a: v128, top: v128): v128 {
  const step = <usize>g.channels << 2;
  let count = i32x4.splat(0);
  for (let d = d0; d < d1; d++) {
    for (let h = h0; h < h1; h++) {
      let at = base + <usize>((d * g.inputH + h) * g.inputW + w0) * step;
      for (let w = w0; w < w1; w++, at += step) {
        count = i32x4.sub(count, f32x4.eq(top, madd(a, v128.load(delta + at), v128.load(start + at))));
      }
    }
  }
  return count;
}

/** Adds `share` to the gradient of the elements that equal `top`: of the first one, or of all. */
@inline
function spread(
  g: Geometry, out: usize, start: usize, delta: usize, base: usize, a: v128, top: v128, share: v128, all: bool, lanes: i32,
): void {
  const step = <usize>g.channels << 2;
  let open = i32x4.splat(-1);
  for (let d = d0; d < d1; d++) {
    for (let h = h0; h < h1; h++) {
      let at = base + <usize>((d * g.inputH + h) * g.inputW + w0) * step;
      for (let w = w0; w < w1; w++, at += step) {
        const hit = v128.and(open, f32x4.eq(top, madd(a, v128.load(delta + at), v128.load(start + at))));
        if (v128.any_true(hit)) {
          storeLanes(out + at, f32x4.add(v128.load(out + at), v128.and(hit, share)), lanes);
          if (!all) open = v128.andnot(open, hit);
        }
      }
    }
  }
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
  const blocks = (channels + 15) / 16;
  const inSize = <usize>(g.inputD * g.inputH * g.inputW * channels) << 2;
  const outSize = <usize>(g.outputD * g.outputH * g.outputW * channels) << 2;
  const zero = f32x4.splat(0);
  const low = f32x4.splat(relu ? 0 : -Infinity);
  for (let unit = first; unit < end; unit++) {
    const sample = unit / blocks;
    const from = (unit - sample * blocks) * 16;
    const until = min(from + 16, channels);
    for (let at = 0; at < g.inputD * g.inputH * g.inputW; at++) {
      const row = out + <usize>sample * inSize + (<usize>(at * channels) << 2);
      for (let c = from; c < until; c += 4) storeLanes(row + (<usize>c << 2), zero, until - c);
    }
    let place: usize = <usize>sample * outSize;
    for (let od = 0; od < g.outputD; od++) {
      for (let oh = 0; oh < g.outputH; oh++) {
        for (let ow = 0; ow < g.outputW; ow++, place += <usize>channels << 2) {
          placeWindow(g, od, oh, ow);
          for (let k = 0; k < steps; k++) {
            const a = v128.load32_splat(alpha + (<usize>k << 2));
            const row = gradient + place + <usize>(k * samples) * outSize;
            for (let c = from; c < until; c += 4) {
              const offset = <usize>c << 2;
              const pull = v128.load(row + offset);
              if (!v128.any_true(f32x4.ne(pull, zero))) continue;
              const base = <usize>sample * inSize + offset;
              const top = best(g, start, delta, base, a, low);
              // relu'(0) = 0: a window whose maximum is 0 passes nothing.
              let share = relu ? v128.and(pull, f32x4.gt(top, zero)) : pull;
              if (!v128.any_true(f32x4.ne(share, zero))) continue;
              if (ties) {
                const count = f32x4.convert_i32x4_s(countTies(g, start, delta, base, a, top));
                share = v128.and(f32x4.div(share, f32x4.max(count, f32x4.splat(1))), f32x4.ne(share, zero));
              }
              spread(g, out, start, delta, base, a, top, share, ties != 0, until - c);
            }
          }
        }
      }
    }
  }
}
