/**
 * Depthwise convolution (each input channel has its own `multiplier` filters), vectorised over channels, position by position, so that memory is
 * read in order. A window is summed row by row: column by column an attribution of the corpus was off (docs/architecture.md).
 */
import { finishLine } from './activation';
import { Geometry } from './geometry';
import { madd, storeLanes } from './simd';

/** Bytes of a result that are computed before they are finished. */
const GROUP: i32 = 16384;

@inline
function storeEight(to: usize, a: v128, b: v128, count: i32): void {
  storeLanes(to, a, count);
  if (count > 4) storeLanes(to + 16, b, count - 4);
}

/** The first of the window's taps that lies inside where the window begins at `at`. */
@inline
function firstTap(at: i32, dilation: i32): i32 {
  return at >= 0 ? 0 : (dilation - 1 - at) / dilation;
}

/** The tap after the last one inside. */
@inline
function tapAfter(at: i32, dilation: i32, size: i32, window: i32): i32 {
  return at >= size ? 0 : min(window, (size - at + dilation - 1) / dilation);
}

/** A row of windows of any kind, position by position, eight channels at a time; `x` points at the sample. */
function direct(to: usize, x: usize, kernel: usize, tapStep: usize, g: Geometry, d: i32, h: i32, line: usize): void {
  const channels = g.channels;
  const d0 = firstTap(d, g.dilationD), d1 = tapAfter(d, g.dilationD, g.inputD, g.windowD);
  const h0 = firstTap(h, g.dilationH), h1 = tapAfter(h, g.dilationH, g.inputH, g.windowH);
  const hop = line * <usize>g.dilationW;
  const down = line * <usize>(g.dilationH * g.inputW);
  const nextRow = tapStep * <usize>g.windowW;
  for (let o = 0; o < g.outputW; o++) {
    const w = o * g.strideW - g.beforeW;
    const w0 = firstTap(w, g.dilationW);
    const across = tapAfter(w, g.dilationW, g.inputW, g.windowW) - w0;
    for (let f = 0; f < channels; f += 8, to += 32) {
      const shift = <usize>f << 2;
      let a = f32x4.splat(0), b = f32x4.splat(0);
      for (let i = d0; i < d1; i++) {
        const row = ((d + i * g.dilationD) * g.inputH + h + h0 * g.dilationH) * g.inputW + w + w0 * g.dilationW;
        let p = x + shift + <usize>row * line;
        let t = kernel + shift + <usize>((i * g.windowH + h0) * g.windowW + w0) * tapStep;
        for (let j = h0; j < h1; j++, p += down, t += nextRow) {
          let q = p, s = t;
          for (let k = 0; k < across; k++, q += hop, s += tapStep) {
            a = madd(v128.load(q), v128.load(s), a);
            b = madd(v128.load(q, 16), v128.load(s, 16), b);
          }
        }
      }
      storeEight(to, a, b, channels - f);
    }
    to -= <usize>((channels + 7) / 8 * 8 - channels) << 2;
  }
}

/** Four output channels' worth of input from channel `c / multiplier` on. */
@inline
export function spreadChannels(x: usize, c: i32, multiplier: i32): v128 {
  if (multiplier == 1) return v128.load(x + (<usize>c << 2));
  let v = f32x4.splat(load<f32>(x + (<usize>(c / multiplier) << 2)));
  v = f32x4.replace_lane(v, 1, load<f32>(x + (<usize>((c + 1) / multiplier) << 2)));
  v = f32x4.replace_lane(v, 2, load<f32>(x + (<usize>((c + 2) / multiplier) << 2)));
  return f32x4.replace_lane(v, 3, load<f32>(x + (<usize>((c + 3) / multiplier) << 2)));
}

/** A row of windows with several filters a channel; `x` points at the sample. */
function several(to: usize, x: usize, kernel: usize, tapStep: usize, g: Geometry, d: i32, h: i32): void {
  const filters = g.channels * g.multiplier;
  for (let o = 0; o < g.outputW; o++, to += <usize>filters << 2) {
    const w = o * g.strideW - g.beforeW;
    for (let f = 0; f < filters; f += 4) {
      let total = f32x4.splat(0);
      let tap = kernel + (<usize>f << 2);
      for (let i = 0; i < g.windowD; i++) {
        const id = d + i * g.dilationD;
        for (let j = 0; j < g.windowH; j++) {
          const ih = h + j * g.dilationH;
          const open = <u32>id < <u32>g.inputD && <u32>ih < <u32>g.inputH;
          for (let k = 0; k < g.windowW; k++, tap += tapStep) {
            const iw = w + k * g.dilationW;
            if (!open || <u32>iw >= <u32>g.inputW) continue;
            const at = ((id * g.inputH + ih) * g.inputW + iw) * g.channels;
            total = madd(spreadChannels(x + (<usize>at << 2), f, g.multiplier), v128.load(tap), total);
          }
        }
      }
      storeLanes(to + (<usize>f << 2), total, filters - f);
    }
  }
}

/**
 * Units are rows of output positions along the last axis. `tapStep` is the distance from one tap of the kernel to the next in
 * bytes: negative, with `kernel` at the last one, for the gradient to the input of a convolution with stride 1.
 * @param bias 0 or a float per filter
 * @param act what follows, by the codes of `finishRows`
 */
export function depthwise(
  start: i32, end: i32, out: usize, x: usize, kernel: usize, geometry: usize, tapStep: i32, bias: usize, act: i32,
): void {
  const g = changetype<Geometry>(geometry);
  const channels = g.channels;
  const filters = channels * g.multiplier;
  const line = <usize>channels << 2;
  const rowBytes = <usize>(g.outputW * filters) << 2;
  const group = max(1, GROUP / <i32>rowBytes);
  const sampleBytes = <usize>(g.inputD * g.inputH * g.inputW) * line;
  for (let first = start; first < end; first += group) {
    const after = min(first + group, end);
    for (let unit = first; unit < after; unit++) {
      const slab = unit / g.outputH;
      const sample = slab / g.outputD;
      const d = (slab - sample * g.outputD) * g.strideD - g.beforeD;
      const h = (unit - slab * g.outputH) * g.strideH - g.beforeH;
      const from = x + <usize>sample * sampleBytes;
      const to = out + <usize>unit * rowBytes;
      if (g.multiplier == 1) direct(to, from, kernel, tapStep, g, d, h, line);
      else several(to, from, kernel, tapStep, g, d, h);
    }
    if (bias == 0 && act == 0) continue;
    for (let unit = first; unit < after; unit++) finishLine(out + <usize>unit * rowBytes, g.outputW, filters, bias, act);
  }
}
