/** Max pooling of points on straight lines: `start + alpha_k delta` for every step `k`, never stored. */
import type { TypedArray } from '../../src/tensor/dtype.ts';
import { forEachWindow, type PoolGeometry } from './pool.ts';

/** Calls `visit` with the flat index of every element of a window, for one channel. */
function forEachElement(geo: PoolGeometry, from: number, bounds: readonly number[], visit: (i: number) => void): void {
  const [d0, d1, h0, h1, w0, w1] = bounds as [number, number, number, number, number, number];
  for (let d = d0; d < d1; d++) {
    for (let h = h0; h < h1; h++) {
      for (let w = w0; w < w1; w++) visit(from + ((d * geo.input[1] + h) * geo.input[2] + w) * geo.channels);
    }
  }
}

export function lerpMaxPool(
  out: TypedArray,
  start: TypedArray,
  delta: TypedArray,
  alpha: TypedArray,
  geo: PoolGeometry,
  relu: boolean,
): void {
  const perStep = out.length / alpha.length;
  alpha.forEach((a, k) => {
    forEachWindow(geo, (at, sample, ...bounds) => {
      for (let c = 0; c < geo.channels; c++) {
        let best = relu ? 0 : Number.NEGATIVE_INFINITY;
        forEachElement(geo, sample * geo.channels + c, bounds, (i) => {
          best = Math.max(best, start[i]! + a * delta[i]!);
        });
        out[k * perStep + at + c] = best;
      }
    });
  });
}

/** `operands`: start, delta, alpha, and the gradient of the pooled points. */
export function lerpMaxPoolGrad(
  out: TypedArray,
  operands: readonly TypedArray[],
  geo: PoolGeometry,
  relu: boolean,
  share: boolean,
): void {
  const [start, delta, alpha, g] = operands as [TypedArray, TypedArray, TypedArray, TypedArray];
  const perStep = g.length / alpha.length;
  out.fill(0);
  alpha.forEach((a, k) => {
    forEachWindow(geo, (at, sample, ...bounds) => {
      for (let c = 0; c < geo.channels; c++) {
        const gradient = g[k * perStep + at + c]!;
        let best = Number.NEGATIVE_INFINITY;
        let hits: number[] = [];
        forEachElement(geo, sample * geo.channels + c, bounds, (i) => {
          const value = start[i]! + a * delta[i]!;
          if (value > best) [best, hits] = [value, [i]];
          else if (value === best && share) hits.push(i);
        });
        // relu'(0) = 0, and a window whose best is below 0 passes nothing.
        if (relu && best <= 0) continue;
        for (const i of hits) out[i]! += gradient / hits.length;
      }
    });
  });
}
