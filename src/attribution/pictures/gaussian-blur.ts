/**
 * Pictures smoothed by a Gaussian: `blurred[p] = sum_q g(q) picture[p + q]` with `g(q) ~ exp(-q^2 / (2 sigma^2))`, cut at four sigma and
 * summing to 1, one axis after the other. The radius, the order of the sum and the values beyond the edge are those of
 * scipy.ndimage.gaussian_filter, so that its numbers are met to the last bits.
 */

/** Values beyond the edge: those within in a mirror (`d c b a | a b c d | d c b a`), or zeros. */
export type Edge = 'reflect' | 'zeros';

/** `channels` values at each of `height` times `width` places, row-major: `[H, W, C]`. */
export interface Picture {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly values: Float64Array;
}

/** Standard deviations beyond which the Gaussian is cut. */
const TRUNCATE = 4;
/** A Gaussian narrower than this is none. */
const NARROWEST = 1e-15;

/**
 * The picture smoothed along both axes, channels apart; a new array.
 * @param sigma standard deviation in pixels, down and across, or one for both
 */
export function gaussianBlur(
  { height, width, channels, values }: Picture,
  sigma: number | readonly [down: number, across: number],
  edge: Edge,
): Float64Array {
  const [down, across] = typeof sigma === 'number' ? [sigma, sigma] : sigma;
  let from = values.slice();
  // Columns first, as axis 0 comes first.
  if (down > NARROWEST) {
    const [half, into] = [halfKernel(down), new Float64Array(values.length)];
    for (let at = 0; at < width * channels; at++) filterLine(from, into, at, width * channels, height, half, edge);
    from = into;
  }
  if (across > NARROWEST) {
    const [half, into] = [halfKernel(across), new Float64Array(values.length)];
    for (let row = 0; row < height; row++) {
      for (let c = 0; c < channels; c++)
        filterLine(from, into, row * width * channels + c, channels, width, half, edge);
    }
    from = into;
  }
  return from;
}

/** The weights of a Gaussian from its middle outwards: `half[q]` counts for the places `q` before and behind. */
function halfKernel(sigma: number): Float64Array {
  const radius = Math.floor(TRUNCATE * sigma + 0.5);
  const half = Float64Array.from({ length: radius + 1 }, (_, q) => Math.exp((-0.5 / (sigma * sigma)) * q * q));
  let total = half[0]!;
  for (let q = 1; q <= radius; q++) total += 2 * half[q]!;
  return half.map((weight) => weight / total);
}

/** Filters `count` values from `first` on, `step` apart: the outermost pair of each sum first, after the middle. */
function filterLine(
  from: Float64Array,
  into: Float64Array,
  first: number,
  step: number,
  count: number,
  half: Float64Array,
  edge: Edge,
): void {
  const radius = half.length - 1;
  const line = new Float64Array(count + 2 * radius);
  for (let i = -radius; i < count + radius; i++) {
    const place = edge === 'reflect' ? mirrored(i, count) : i;
    if (place >= 0 && place < count) line[i + radius] = from[first + place * step]!;
  }
  for (let i = 0; i < count; i++) {
    let sum = line[i + radius]! * half[0]!;
    for (let q = radius; q > 0; q--) sum += (line[i + radius - q]! + line[i + radius + q]!) * half[q]!;
    into[first + i * step] = sum;
  }
}

/** The place within that stands in the mirror at `i`; lines shorter than the kernel are mirrored again and again. */
function mirrored(i: number, count: number): number {
  const period = 2 * count;
  const place = ((i % period) + period) % period;
  return place < count ? place : period - 1 - place;
}
