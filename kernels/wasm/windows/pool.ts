/**
 * Max and average pooling, channels last, four channels at a time. The first maximum of a window wins and NaN wins over
 * everything; an average counts what lies inside the input. Units of work are rows of positions along the last axis.
 */
import { Geometry } from './geometry';
import { storeLanes } from '../simd';

/**
 * The maximum over one window of four channels from `c` on, or of sixteen (`Wide` of eight bytes). The bounds are what
 * lies inside the input; `base` counts the slabs of the samples before.
 */
@inline
function maxOfWindow<Wide>(
  to: usize, x: usize, g: Geometry, base: i32, c: i32, d0: i32, d1: i32, h0: i32, h1: i32, w0: i32, w1: i32,
): void {
  const channels = g.channels;
  let m0 = f32x4.splat(-Infinity), m1 = m0, m2 = m0, m3 = m0;
  // All ones where a NaN was seen: `pmax` is one instruction but passes over some of them.
  let n0 = i32x4.splat(0), n1 = n0, n2 = n0, n3 = n0;
  for (let i = d0; i < d1; i++) {
    for (let j = h0; j < h1; j++) {
      let from = x + (<usize>((((base + i) * g.inputH + j) * g.inputW + w0) * channels + c) << 2);
      for (let k = w0; k < w1; k++, from += <usize>channels << 2) {
        const v0 = v128.load(from);
        m0 = f32x4.pmax(m0, v0);
        n0 = v128.or(n0, f32x4.ne(v0, v0));
        if (sizeof<Wide>() == 8) {
          const v1 = v128.load(from, 16);
          const v2 = v128.load(from, 32);
          const v3 = v128.load(from, 48);
          m1 = f32x4.pmax(m1, v1);
          n1 = v128.or(n1, f32x4.ne(v1, v1));
          m2 = f32x4.pmax(m2, v2);
          n2 = v128.or(n2, f32x4.ne(v2, v2));
          m3 = f32x4.pmax(m3, v3);
          n3 = v128.or(n3, f32x4.ne(v3, v3));
        }
      }
    }
  }
  if (sizeof<Wide>() == 8) {
    v128.store(to, v128.or(m0, n0));
    v128.store(to, v128.or(m1, n1), 16);
    v128.store(to, v128.or(m2, n2), 32);
    v128.store(to, v128.or(m3, n3), 48);
  } else storeLanes(to, v128.or(m0, n0), channels - c);
}

/** As above, the index of the first maximum in the whole of `x`. */
@inline
function argmaxOfWindow(
  to: usize, x: usize, g: Geometry, base: i32, c: i32, d0: i32, d1: i32, h0: i32, h1: i32, w0: i32, w1: i32,
): void {
  const channels = g.channels;
  let best = f32x4.splat(-Infinity);
  const lanes = i32x4.add(i32x4.splat(c), i32x4(0, 1, 2, 3));
  let where = i32x4.add(i32x4.splat((((base + d0) * g.inputH + h0) * g.inputW + w0) * channels), lanes);
  for (let i = d0; i < d1; i++) {
    for (let j = h0; j < h1; j++) {
      let index = (((base + i) * g.inputH + j) * g.inputW + w0) * channels;
      for (let k = w0; k < w1; k++, index += channels) {
        const v = v128.load(x + (<usize>(index + c) << 2));
        // Not (v <= best) holds for a larger value and for a NaN; a NaN that is already best stays.
        const better = v128.andnot(f32x4.eq(best, best), f32x4.le(v, best));
        best = v128.bitselect(v, best, better);
        where = v128.bitselect(i32x4.add(i32x4.splat(index), lanes), where, better);
      }
    }
  }
  storeLanes(to, where, channels - c);
}

@inline
function maxWindows(start: i32, end: i32, out: usize, x: usize, at: usize, wantIndex: bool): void {
  const g = changetype<Geometry>(at);
  const channels = g.channels;
  for (let unit = start; unit < end; unit++) {
    const slab = unit / g.outputH;
    const sample = slab / g.outputD;
    const base = sample * g.inputD;
    const d = (slab - sample * g.outputD) * g.strideD - g.beforeD;
    const h = (unit - slab * g.outputH) * g.strideH - g.beforeH;
    const d0 = max(d, 0), d1 = min(d + g.windowD, g.inputD);
    const h0 = max(h, 0), h1 = min(h + g.windowH, g.inputH);
    for (let o = 0; o < g.outputW; o++) {
      const w = o * g.strideW - g.beforeW;
      const w0 = max(w, 0), w1 = min(w + g.windowW, g.inputW);
      const to = out + (<usize>((unit * g.outputW + o) * channels) << 2);
      let c = 0;
      if (!wantIndex) {
        for (; c + 16 <= channels; c += 16) {
          maxOfWindow<i64>(to + (<usize>c << 2), x, g, base, c, d0, d1, h0, h1, w0, w1);
        }
      }
      for (; c < channels; c += 4) {
        if (wantIndex) argmaxOfWindow(to + (<usize>c << 2), x, g, base, c, d0, d1, h0, h1, w0, w1);
        else maxOfWindow<i32>(to + (<usize>c << 2), x, g, base, c, d0, d1, h0, h1, w0, w1);
      }
    }
  }
}

export function maxPool(start: i32, end: i32, out: usize, x: usize, geometry: usize): void {
  maxWindows(start, end, out, x, geometry, false);
}

/** The index of each window's first maximum in the whole of `x`. */
export function maxPoolArgmax(start: i32, end: i32, out: usize, x: usize, geometry: usize): void {
  maxWindows(start, end, out, x, geometry, true);
}

export function avgPool(start: i32, end: i32, out: usize, x: usize, geometry: usize): void {
  const g = changetype<Geometry>(geometry);
  const channels = g.channels;
  for (let unit = start; unit < end; unit++) {
    const slab = unit / g.outputH;
    const sample = slab / g.outputD;
    const d = (slab - sample * g.outputD) * g.strideD - g.beforeD;
    const h = (unit - slab * g.outputH) * g.strideH - g.beforeH;
    const d0 = max(d, 0), d1 = min(d + g.windowD, g.inputD);
    const h0 = max(h, 0), h1 = min(h + g.windowH, g.inputH);
    for (let o = 0; o < g.outputW; o++) {
      const w = o * g.strideW - g.beforeW;
      const w0 = max(w, 0), w1 = min(w + g.windowW, g.inputW);
      const share = f32x4.splat(1 / <f32>((d1 - d0) * (h1 - h0) * (w1 - w0)));
      const to = out + (<usize>((unit * g.outputW + o) * channels) << 2);
      for (let c = 0; c < channels; c += 4) {
        let total = f32x4.splat(0);
        for (let i = d0; i < d1; i++) {
          for (let j = h0; j < h1; j++) {
            let from = x + (<usize>((((sample * g.inputD + i) * g.inputH + j) * g.inputW + w0) * channels + c) << 2);
            for (let k = w0; k < w1; k++, from += <usize>channels << 2) total = f32x4.add(total, v128.load(from));
          }
        }
        storeLanes(to + (<usize>c << 2), f32x4.mul(total, share), channels - c);
      }
    }
  }
}

/** The first and the last window along an axis that hold position `at`; `before` counts the padding. */
@inline
function firstWindow(at: i32, window: i32, stride: i32, before: i32): i32 {
  return max(0, (at + before - window + stride) / stride);
}

@inline
function lastWindow(at: i32, stride: i32, before: i32, count: i32): i32 {
  return min(count - 1, (at + before) / stride);
}

/** How many positions of window `o` lie inside the input. */
@inline
function inside(o: i32, window: i32, stride: i32, before: i32, size: i32): i32 {
  const from = o * stride - before;
  return min(from + window, size) - max(from, 0);
}

/** Units are rows of the input: each position collects the shares of the windows that held it. */
export function avgPoolGrad(start: i32, end: i32, out: usize, grad: usize, geometry: usize): void {
  const g = changetype<Geometry>(geometry);
  const channels = g.channels;
  for (let unit = start; unit < end; unit++) {
    const slab = unit / g.inputH;
    const sample = slab / g.inputD;
    const d = slab - sample * g.inputD;
    const h = unit - slab * g.inputH;
    const d0 = firstWindow(d, g.windowD, g.strideD, g.beforeD), d1 = lastWindow(d, g.strideD, g.beforeD, g.outputD);
    const h0 = firstWindow(h, g.windowH, g.strideH, g.beforeH), h1 = lastWindow(h, g.strideH, g.beforeH, g.outputH);
    for (let w = 0; w < g.inputW; w++) {
      const w0 = firstWindow(w, g.windowW, g.strideW, g.beforeW), w1 = lastWindow(w, g.strideW, g.beforeW, g.outputW);
      const to = out + (<usize>((unit * g.inputW + w) * channels) << 2);
      memory.fill(to, 0, <usize>channels << 2);
      for (let i = d0; i <= d1; i++) {
        const deep = inside(i, g.windowD, g.strideD, g.beforeD, g.inputD);
        for (let j = h0; j <= h1; j++) {
          const area = deep * inside(j, g.windowH, g.strideH, g.beforeH, g.inputH);
          for (let k = w0; k <= w1; k++) {
            const share = f32x4.splat(1 / <f32>(area * inside(k, g.windowW, g.strideW, g.beforeW, g.inputW)));
            const from = grad + (<usize>((((sample * g.outputD + i) * g.outputH + j) * g.outputW + k) * channels) << 2);
            for (let c = 0; c < channels; c += 4) {
              const at = <usize>c << 2;
              const more = f32x4.mul(v128.load(from + at), share);
              storeLanes(to + at, f32x4.add(v128.load(to + at), more), channels - c);
            }
          }
        }
      }
    }
  }
}
