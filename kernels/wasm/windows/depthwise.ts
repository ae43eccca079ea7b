/**
 * Depthwise convolution (each input channel has its own `multiplier` filters), vectorised over channels. A window is summed row by row.
 */
import { finishLine } from '../product/activation';
import { Geometry } from './geometry';
import { madd, scratch, storeLanes } from '../simd';
import { Slide, slide, touch } from './slide';

/** Bytes of a result that are computed before they are finished. */
const GROUP: i32 = 16384;

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

/** How sums slide along a row. */
class AnyTaps {
  @inline of(s: Slide, to: usize, count: i32, x: usize, first: i32, kernel: usize): void { slide(s, to, count, x, first, kernel); }
}

/** A row of windows with one filter a channel; `x` points at the sample. */
function direct<F>(to: usize, x: usize, kernel: usize, tapStep: usize, g: Geometry, d: i32, h: i32, line: usize): void {
  const s = changetype<Slide>(scratch());
  const d0 = firstTap(d, g.dilationD), h0 = firstTap(h, g.dilationH);
  s.hop = s.line = line;
  s.channels = g.channels;
  s.width = g.inputW;
  s.every = g.strideW;
  s.step = g.dilationW;
  s.taps = g.windowW;
  s.tapHop = tapStep;
  s.rowDown = line * <usize>(g.dilationH * g.inputW);
  s.rowHop = tapStep * <usize>g.windowW;
  s.rows = max(0, tapAfter(h, g.dilationH, g.inputH, g.windowH) - h0);
  s.planes = max(0, tapAfter(d, g.dilationD, g.inputD, g.windowD) - d0);
  s.planeDown = line * <usize>(g.dilationD * g.inputH * g.inputW) - <usize>s.rows * s.rowDown;
  s.planeHop = <usize>(g.windowH - s.rows) * s.rowHop;
  for (let i = max(0, g.windowH - g.strideH); i < g.windowH; i++) {
    const at = h + i * g.dilationH;
    if (s.planes > 0 && <u32>at < <u32>g.inputH) touch(x + <usize>(((d + d0 * g.dilationD) * g.inputH + at) * g.inputW) * line, <usize>g.inputW * line);
  }
  const row = (d + d0 * g.dilationD) * g.inputH + h + h0 * g.dilationH;
  const tap = kernel + <usize>(d0 * g.windowH + h0) * s.rowHop;
  changetype<F>(0).of(s, to, g.outputW, x + <usize>(row * g.inputW) * line, -g.beforeW, tap);
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

/** How many rows are computed before they are finished. */
@inline
function groupOf(rowBytes: usize): i32 {
  return max(1, GROUP / <i32>rowBytes);
}

/**
 * Units are rows of output positions along the last axis. `tapStep` is the distance from one tap of the kernel to the next in
 * bytes: negative, with `kernel` at the last one, for the gradient to the input of a convolution with stride 1.
 * @param bias 0 or a float per filter
 * @param act what follows, by the codes of `finishRows`
 */
export function depthwise(
  start: i32, end: i32, out: usize, x: usize, kernel: usize, geometry: usize, tapStep: i32, bias: usize, act: i32,
): void { slideRows<AnyTaps>(start, end, out, x, kernel, geometry, tapStep, bias, act); }

/** The same with what slides along a row. */
export function slideRows<F>(
  start: i32, end: i32, out: usize, x: usize, kernel: usize, geometry: usize, tapStep: i32, bias: usize, act: i32,
): void {
  const g = changetype<Geometry>(geometry);
  const channels = g.channels;
  const filters = channels * g.multiplier;
  const line = <usize>channels << 2;
  const rowBytes = <usize>(g.outputW * filters) << 2;
  const sampleBytes = <usize>(g.inputD * g.inputH * g.inputW) * line;
  const group = groupOf(rowBytes);
  for (let unit = start; unit < end; unit += group) {
    const count = min(group, end - unit);
    for (let u = unit; u < unit + count; u++) {
      const slab = u / g.outputH;
      const sample = slab / g.outputD;
      const d = (slab - sample * g.outputD) * g.strideD - g.beforeD;
      const h = (u - slab * g.outputH) * g.strideH - g.beforeH;
      const from = x + <usize>sample * sampleBytes;
      const to = out + <usize>u * rowBytes;
      if (g.multiplier == 1) direct<F>(to, from, kernel, tapStep, g, d, h, line);
      else several(to, from, kernel, tapStep, g, d, h);
    }
    if (bias != 0 || act != 0) finishLine(out + <usize>unit * rowBytes, count * g.outputW, filters, bias, act);
  }
}

/** The first tap of windows that may be on position `at`, counted from where the first one begins; none: `taps`. */
@inline
function tapOn(at: i32, period: i32, dilation: i32, stride: i32, taps: i32): i32 {
  let k = 0;
  while (k < period && (at - k * dilation) % stride != 0) k++;
  return k < period ? min(k, taps) : taps;
}

/** After how many taps the next one meets the same position of another window. */
@inline
function periodOf(dilation: i32, stride: i32): i32 {
  let period = 1;
  while (period * dilation % stride != 0) period++;
  return period;
}

/** Adds up what the windows give a row of input positions; `grad` points at the sample. */
function gather(to: usize, grad: usize, kernel: usize, g: Geometry, d: i32, h: i32, line: usize): void {
  const s = changetype<Slide>(scratch());
  const everyD = periodOf(g.dilationD, g.strideD), everyH = periodOf(g.dilationH, g.strideH), everyW = periodOf(g.dilationW, g.strideW);
  const stepD = everyD * g.dilationD / g.strideD, stepH = everyH * g.dilationH / g.strideH;
  let i = tapOn(d, everyD, g.dilationD, g.strideD, g.windowD), j = tapOn(h, everyH, g.dilationH, g.strideH, g.windowH);
  let od = (d - i * g.dilationD) / g.strideD, oh = (h - j * g.dilationH) / g.strideH;
  for (; od >= g.outputD; od -= stepD) i += everyD;
  for (; oh >= g.outputH; oh -= stepH) j += everyH;
  s.rows = j < g.windowH && oh >= 0 ? min((g.windowH - j + everyH - 1) / everyH, oh / stepH + 1) : 0;
  s.planes = i < g.windowD && od >= 0 ? min((g.windowD - i + everyD - 1) / everyD, od / stepD + 1) : 0;
  touch(to, <usize>g.inputW * line);
  // From right to left: so the columns go from tap to tap as they do from result to result.
  s.hop = -<usize>g.strideW * line;
  s.line = line;
  s.channels = g.channels;
  s.width = g.outputW;
  s.every = -1;
  s.step = -everyW * g.dilationW / g.strideW;
  s.tapHop = <usize>everyW * line;
  s.rowDown = -<usize>(stepH * g.outputW) * line;
  s.rowHop = <usize>(everyH * g.windowW) * line;
  s.planeDown = -<usize>(stepD * g.outputH * g.outputW) * line - <usize>s.rows * s.rowDown;
  s.planeHop = <usize>(everyD * g.windowH * g.windowW) * line - <usize>s.rows * s.rowHop;
  const x = grad + <usize>((od * g.outputH + oh) * g.outputW) * line;
  const tap = kernel + <usize>((i * g.windowH + j) * g.windowW) * line;
  for (let phase = 0; phase < min(g.strideW, g.inputW); phase++) {
    const count = (g.inputW - phase + g.strideW - 1) / g.strideW;
    const last = phase + (count - 1) * g.strideW;
    const k = tapOn(last + g.beforeW, everyW, g.dilationW, g.strideW, g.windowW);
    s.taps = (g.windowW - k + everyW - 1) / everyW;
    slide(s, to + <usize>last * line, count, x, (last + g.beforeW - k * g.dilationW) / g.strideW, tap + <usize>k * line);
  }
}

/** The same with several filters a channel, position by position. */
function gatherSeveral(to: usize, grad: usize, kernel: usize, g: Geometry, d: i32, h: i32): void {
  const channels = g.channels, m = g.multiplier;
  memory.fill(to, 0, <usize>(g.inputW * channels) << 2);
  for (let w = 0; w < g.inputW; w++, to += <usize>channels << 2) {
    let tap = kernel;
    for (let i = 0; i < g.windowD; i++) {
      const od = outputAt(d - i * g.dilationD, g.strideD, g.outputD);
      for (let j = 0; j < g.windowH; j++) {
        const oh = outputAt(h - j * g.dilationH, g.strideH, g.outputH);
        for (let k = 0; k < g.windowW; k++, tap += <usize>(channels * m) << 2) {
          const ow = outputAt(w + g.beforeW - k * g.dilationW, g.strideW, g.outputW);
          if ((od | oh | ow) < 0) continue;
          let from = grad + (<usize>(((od * g.outputH + oh) * g.outputW + ow) * channels * m) << 2), by = tap;
          for (let c: usize = 0; c < <usize>channels; c++) {
            let total = load<f32>(to + (c << 2));
            for (let n = 0; n < m; n++, from += 4, by += 4) total += load<f32>(from) * load<f32>(by);
            store<f32>(to + (c << 2), total);
          }
        }
      }
    }
  }
}

/** The window that begins at `at`, counted in strides, or -1. */
@inline
function outputAt(at: i32, stride: i32, count: i32): i32 {
  const o = at / stride;
  return at >= 0 && o * stride == at && o < count ? o : -1;
}

/** Units are rows of input positions along the last axis; `bias` and `act` as above, with one filter a channel. */
export function depthwiseGradInput(
  start: i32, end: i32, out: usize, grad: usize, kernel: usize, geometry: usize, bias: usize, act: i32,
): void {
  const g = changetype<Geometry>(geometry);
  const channels = g.channels;
  const line = <usize>channels << 2;
  const rowBytes = <usize>g.inputW * line;
  const sampleBytes = <usize>(g.outputD * g.outputH * g.outputW * g.multiplier) * line;
  const group = groupOf(rowBytes);
  for (let unit = start; unit < end; unit += group) {
    const count = min(group, end - unit);
    for (let u = unit; u < unit + count; u++) {
      const slab = u / g.inputH;
      const sample = slab / g.inputD;
      const d = slab - sample * g.inputD + g.beforeD;
      const h = u - slab * g.inputH + g.beforeH;
      const from = grad + <usize>sample * sampleBytes;
      const to = out + <usize>u * rowBytes;
      if (g.multiplier == 1) gather(to, from, kernel, g, d, h, line);
      else gatherSeveral(to, from, kernel, g, d, h);
    }
    if (bias != 0 || act != 0) finishLine(out + <usize>unit * rowBytes, count * g.inputW, channels, bias, act);
  }
}
