/** Pooling windows over three spatial axes, channels last; lower ranks have sizes of 1 in front. */
import type { TypedArray } from '../../src/tensor/dtype.ts';

type Three = readonly [number, number, number];

export interface PoolGeometry {
  readonly batch: number;
  readonly channels: number;
  readonly input: Three;
  readonly output: Three;
  readonly window: Three;
  readonly stride: Three;
  readonly before: Three;
}

/** Per window: its output offset, and the bounds `[from, to)` of what lies inside the input on each axis. */
export type Visit = (
  out: number,
  sample: number,
  d0: number,
  d1: number,
  h0: number,
  h1: number,
  w0: number,
  w1: number,
) => void;

export function forEachWindow(geo: PoolGeometry, visit: Visit): void {
  const { batch, channels, input, output, window, stride, before } = geo;
  let out = 0;
  for (let n = 0; n < batch; n++) {
    for (let od = 0; od < output[0]; od++) {
      const d = od * stride[0] - before[0];
      for (let oh = 0; oh < output[1]; oh++) {
        const h = oh * stride[1] - before[1];
        for (let ow = 0; ow < output[2]; ow++, out += channels) {
          const w = ow * stride[2] - before[2];
          visit(
            out,
            n * input[0] * input[1] * input[2],
            Math.max(d, 0),
            Math.min(d + window[0], input[0]),
            Math.max(h, 0),
            Math.min(h + window[1], input[1]),
            Math.max(w, 0),
            Math.min(w + window[2], input[2]),
          );
        }
      }
    }
  }
}

/** Writes the maximum of each window, or the flat index of the first one. */
export function maxPool(out: TypedArray, x: TypedArray, geo: PoolGeometry, wantIndex: boolean): void {
  const { channels, input } = geo;
  forEachWindow(geo, (at, sample, d0, d1, h0, h1, w0, w1) => {
    for (let c = 0; c < channels; c++) {
      let best = Number.NEGATIVE_INFINITY;
      let where = (sample + (d0 * input[1] + h0) * input[2] + w0) * channels + c;
      for (let d = d0; d < d1; d++) {
        for (let h = h0; h < h1; h++) {
          let i = (sample + (d * input[1] + h) * input[2] + w0) * channels + c;
          for (let w = w0; w < w1; w++, i += channels) {
            const value = x[i]!;
            // The first maximum wins; NaN wins over everything and stays.
            if (value > best || (Number.isNaN(value) && !Number.isNaN(best))) [best, where] = [value, i];
          }
        }
      }
      out[at + c] = wantIndex ? where : best;
    }
  });
}

/** Each window's gradient to its first maximum; with `rectified` only where that is above 0. */
export function maxPoolGrad(
  out: TypedArray,
  x: TypedArray,
  g: TypedArray,
  where: TypedArray,
  rectified: boolean,
): void {
  out.fill(0);
  where.forEach((at, i) => {
    if (!rectified || x[at]! > 0) out[at]! += g[i]!;
  });
}

/** The mean over each window's elements inside the input. */
export function avgPool(out: TypedArray, x: TypedArray, geo: PoolGeometry): void {
  const { channels, input } = geo;
  forEachWindow(geo, (at, sample, d0, d1, h0, h1, w0, w1) => {
    const share = 1 / ((d1 - d0) * (h1 - h0) * (w1 - w0));
    for (let c = 0; c < channels; c++) {
      let total = 0;
      for (let d = d0; d < d1; d++) {
        for (let h = h0; h < h1; h++) {
          let i = (sample + (d * input[1] + h) * input[2] + w0) * channels + c;
          for (let w = w0; w < w1; w++, i += channels) total += x[i]!;
        }
      }
      out[at + c] = total * share;
    }
  });
}

/** Spreads each gradient in equal shares over its window's elements inside the input. */
export function avgPoolGrad(dx: TypedArray, g: TypedArray, geo: PoolGeometry): void {
  const { channels, input } = geo;
  dx.fill(0);
  forEachWindow(geo, (at, sample, d0, d1, h0, h1, w0, w1) => {
    const share = 1 / ((d1 - d0) * (h1 - h0) * (w1 - w0));
    for (let d = d0; d < d1; d++) {
      for (let h = h0; h < h1; h++) {
        for (let w = w0; w < w1; w++) {
          const i = (sample + (d * input[1] + h) * input[2] + w) * channels;
          for (let c = 0; c < channels; c++) dx[i + c]! += g[at + c]! * share;
        }
      }
    }
  });
}
