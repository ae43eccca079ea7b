/**
 * The gradient to the kernel of a depthwise convolution (`depthwise.ts`), vectorised over channels. All other convolutions run as matrix
 * products: see `panels.ts` for how their windows are read.
 */
import { spreadChannels } from './depthwise';
import { Geometry } from './geometry';
import { addBlock, clearTotals, storeTotals } from '../elementwise/reduce';
import { madd } from '../simd';

/** Units are strips of 16 filters of one tap; `batch` samples are summed in float32 blocks, the blocks in double. */
export function depthwiseGradKernel(
  start: i32, end: i32, out: usize, x: usize, grad: usize, geometry: usize, batch: i32,
): void {
  const g = changetype<Geometry>(geometry);
  const channels = g.channels;
  const m = g.multiplier;
  const filters = channels * m;
  const strips = (filters + 15) / 16;
  for (let unit = start; unit < end; unit++) {
    const tap = unit / strips;
    const f = (unit - tap * strips) * 16;
    const plane = tap / g.windowW;
    const d = (plane / g.windowH) * g.dilationD - g.beforeD;
    const h = (plane % g.windowH) * g.dilationH - g.beforeH;
    const w = (tap - plane * g.windowW) * g.dilationW - g.beforeW;
    clearTotals();
    let s0 = f32x4.splat(0), s1 = f32x4.splat(0), s2 = f32x4.splat(0), s3 = f32x4.splat(0);
    let terms = 0;
    for (let row = 0; row < batch * g.outputD * g.outputH; row++) {
      const slab = row / g.outputH;
      const sample = slab / g.outputD;
      const id = (slab - sample * g.outputD) * g.strideD + d;
      const ih = (row - slab * g.outputH) * g.strideH + h;
      if (<u32>id >= <u32>g.inputD || <u32>ih >= <u32>g.inputH) continue;
      for (let o = 0; o < g.outputW; o++) {
        const iw = o * g.strideW + w;
        if (<u32>iw >= <u32>g.inputW) continue;
        const from = x + (<usize>((((sample * g.inputD + id) * g.inputH + ih) * g.inputW + iw) * channels) << 2);
        const by = grad + (<usize>((row * g.outputW + o) * filters + f) << 2);
        s0 = madd(spreadChannels(from, f, m), v128.load(by), s0);
        s1 = madd(spreadChannels(from, f + 4, m), v128.load(by, 16), s1);
        s2 = madd(spreadChannels(from, f + 8, m), v128.load(by, 32), s2);
        s3 = madd(spreadChannels(from, f + 12, m), v128.load(by, 48), s3);
        if (++terms == 128) {
          addBlock(s0, s1, s2, s3);
          s0 = s1 = s2 = s3 = f32x4.splat(0);
          terms = 0;
        }
      }
    }
    addBlock(s0, s1, s2, s3);
    storeTotals(out + (<usize>(tap * filters + f) << 2), min(16, filters - f));
  }
}

/**
 * Units are positions of the input: each is the sum of what `taps` of the windows give it. `table` lists their byte offsets
 * within a sample of `shares`, -1 for none; `targets` the positions' own, or is 0 where they follow each other.
 */
export function sumTaps(
  start: i32, end: i32, out: usize, shares: usize, outSample: i32, sample: i32, count: i32, table: usize, taps: i32,
  targets: usize, channels: i32,
): void {
  const q = start / count;
  let p = start - q * count;
  let from = shares + q * sample;
  let to = out + q * outSample;
  for (let unit = start; unit < end; unit++) {
    const entry = table + (<usize>(p * taps) << 2);
    let put = to + (targets == 0 ? <usize>(p * channels) << 2 : load<i32>(targets + (<usize>p << 2)));
    for (let c = 0; c < channels; c++, put += 4) {
      let total: f32 = 0;
      for (let i = 0; i < taps; i++) {
        const at = load<i32>(entry + (<usize>i << 2));
        if (at >= 0) total += load<f32>(from + at + (<usize>c << 2));
      }
      store<f32>(put, total);
    }
    if (++p == count) {
      p = 0;
      from += sample;
      to += outSample;
    }
  }
}
