/**
 * Max and average pooling, channels last, four channels at a time. The first maximum of a window wins and NaN wins over
 * everything; an average counts what lies inside the input. Units of work are rows of positions along the last axis.
 */
import { Geometry } from './geometry';
import { storeLanes } from './simd';

@inline
function maxWindows(start: i32, end: i32, out: usize, x: usize, at: usize, wantIndex: bool): void {
  const g = changetype<Geometry>(at);
  const channels = g.channels;
  const step = <usize>channels << 2;
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
      const to = out + <usize>(unit * g.outputW + o) * step;
      for (let c = 0; c < channels; c += 4) {
        let best = f32x4.splat(-Infinity);
        const lanes = i32x4(c, c + 1, c + 2, c + 3);
        let where = i32x4.add(i32x4.splat((((sample * g.inputD + d0) * g.inputH + h0) * g.inputW + w0) * channels), lanes);
        for (let i = d0; i < d1; i++) {
          for (let j = h0; j < h1; j++) {
            let index = (((sample * g.inputD + i) * g.inputH + j) * g.inputW + w0) * channels;
            for (let k = w0; k < w1; k++, index += channels) {
              const v = v128.load(x + (<usize>(index + c) << 2));
              if (wantIndex) {
                const newNaN = v128.and(f32x4.ne(v, v), f32x4.eq(best, best));
                const better = v128.or(f32x4.gt(v, best), newNaN);
                best = v128.bitselect(v, best, better);
                where = v128.bitselect(i32x4.add(i32x4.splat(index), lanes), where, better);
              } else best = f32x4.max(best, v);
            }
          }
        }
        storeLanes(to + (<usize>c << 2), wantIndex ? where : best, channels - c);
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
      for (let c = 0; c < channels; c += 4) {
        let total = f32x4.splat(0);
        for (let i = d0; i <= d1; i++) {
          const deep = inside(i, g.windowD, g.strideD, g.beforeD, g.inputD);
          for (let j = h0; j <= h1; j++) {
            const area = deep * inside(j, g.windowH, g.strideH, g.beforeH, g.inputH);
            for (let k = w0; k <= w1; k++) {
              const count = area * inside(k, g.windowW, g.strideW, g.beforeW, g.inputW);
              const at = (((sample * g.outputD + i) * g.outputH + j) * g.outputW + k) * channels + c;
              total = f32x4.add(total, f32x4.mul(v128.load(grad + (<usize>at << 2)), f32x4.splat(1 / <f32>count)));
            }
          }
        }
        storeLanes(to + (<usize>c << 2), total, channels - c);
      }
    }
  }
}
