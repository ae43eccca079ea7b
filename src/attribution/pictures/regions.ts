/**
 * The regions of XRAI (Kapishnikov et al. 2019): segments are added to the picture one by one, first the one whose pixels gain most on average. All
 * pixels that a segment adds get that average, so that the map has the sum of what went in.
 */
import type { Segment } from './segments.ts';

export interface RegionOptions {
  /** 'full' measures segments anew by the pixels that they would still add; 'fast' orders them once, by all of their pixels. */
  readonly algorithm: 'full' | 'fast';
  /** A segment that adds fewer pixels is left out. */
  readonly minPixels: number;
  /** Share of the picture at which 'full' stops; the rest is one region. */
  readonly areaThreshold: number;
}

/** @param values one per pixel */
export function rankRegions(
  values: Float64Array,
  segments: readonly Segment[],
  { algorithm, minPixels, areaThreshold }: RegionOptions,
): Float64Array {
  const covered = new Uint8Array(values.length);
  const out = new Float64Array(values.length);
  let area = 0;
  const cover = (pixels: Segment, gain: number): void => {
    for (const pixel of pixels) {
      covered[pixel] = 1;
      out[pixel] = gain;
    }
    area += pixels.length;
  };
  const uncovered = (pixels: Segment): Segment => pixels.filter((pixel) => covered[pixel] === 0);

  if (algorithm === 'fast') {
    const gains = segments.map((pixels) => mean(values, pixels));
    // Equal gains keep their order.
    const order = [...segments.keys()].sort((a, b) => gains[b]! - gains[a]! || a - b);
    for (const at of order) {
      const added = uncovered(segments[at]!);
      if (added.length >= minPixels && added.length > 0) cover(added, mean(values, added));
    }
  } else {
    let left = segments.map((pixels) => ({ pixels, gain: mean(values, pixels) }));
    while (area / values.length <= areaThreshold) {
      left = left
        .map((one) => {
          const pixels = uncovered(one.pixels);
          return pixels.length === one.pixels.length ? one : { pixels, gain: mean(values, pixels) };
        })
        .filter(({ pixels }) => pixels.length >= minPixels && pixels.length > 0);
      const best = left.reduce<(typeof left)[number] | null>((a, b) => (a === null || b.gain > a.gain ? b : a), null);
      if (!best) break;
      cover(best.pixels, best.gain);
    }
  }
  const rest = uncovered(Int32Array.from(values.keys()));
  if (rest.length > 0) cover(rest, mean(values, rest));
  return out;
}

function mean(values: Float64Array, pixels: Segment): number {
  let sum = 0;
  for (const pixel of pixels) sum += values[pixel]!;
  return pixels.length > 0 ? sum / pixels.length : Number.NEGATIVE_INFINITY;
}
