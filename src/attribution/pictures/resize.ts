/**
 * Pictures in another size: by interpolating cubic splines (Unser, "Splines: a perfect fit for signal and image processing", 1999), with black
 * beyond the edge and smoothed before where they shrink; and maps of whole numbers by the nearest place. Pixels are areas: place `i` of `n`
 * stands for the middle of its n-th of the picture. The numbers are those of skimage.transform.resize, orders 3 and 0, mode constant.
 */
import { gaussianBlur, type Picture } from './gaussian-blur.ts';

/** Zeros put at both ends of a line before its spline is made, so that its end is smooth. */
const MARGIN = 12;

/** The picture in `height` times `width`, its values within the range that they had. */
export function resizeSmoothly(picture: Picture, height: number, width: number): Picture {
  const sigma = (from: number, to: number): number => Math.max(0, (from / to - 1) / 2);
  const smooth = gaussianBlur(picture, [sigma(picture.height, height), sigma(picture.width, width)], 'zeros');
  const { channels } = picture;
  const tall = zoomLines(smooth, { outer: 1, count: picture.height, inner: picture.width * channels }, height);
  const values = zoomLines(tall, { outer: height, count: picture.width, inner: channels }, width);
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of picture.values) [low, high] = [Math.min(low, value), Math.max(high, value)];
  return { height, width, channels, values: values.map((value) => Math.min(high, Math.max(low, value))) };
}

/** Each place of the new map from the old one's place in whose area its middle lies. */
export function resizeMap(
  map: Int32Array,
  from: readonly [height: number, width: number],
  to: readonly [height: number, width: number],
): Int32Array {
  const [rows, columns] = [0, 1].map((axis) =>
    Int32Array.from({ length: to[axis]! }, (_, i) => Math.floor(middle(i, from[axis]!, to[axis]!) + 0.5)),
  ) as [Int32Array, Int32Array];
  return Int32Array.from({ length: to[0] * to[1] }, (_, i) => {
    return map[rows[Math.floor(i / to[1])]! * from[1] + columns[i % to[1]]!]!;
  });
}

/** Where the middle of place `i` of `to` lies among `from` places. */
const middle = (i: number, from: number, to: number): number => (i + 0.5) * (from / to) - 0.5;

interface Lines {
  readonly outer: number;
  readonly count: number;
  readonly inner: number;
}

/** Every line along the middle axis of `[outer, count, inner]` in `size` places. */
function zoomLines(values: Float64Array, { outer, count, inner }: Lines, size: number): Float64Array {
  if (size === count) return values;
  const out = new Float64Array(outer * size * inner);
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      const line = new Float64Array(count + 2 * MARGIN);
      for (let k = 0; k < count; k++) line[k + MARGIN] = values[(o * count + k) * inner + i]!;
      const knots = splineOf(line);
      for (let k = 0; k < size; k++) out[(o * size + k) * inner + i] = splineAt(knots, middle(k, count, size) + MARGIN);
    }
  }
  return out;
}

/**
 * The coefficients `c` of the cubic spline through `line`: `(c[i-1] + 4 c[i] + c[i+1]) / 6 = line[i]`, mirrored at both ends. A system of three
 * diagonals, solved by one sweep down and one back (Thomas).
 */
function splineOf(line: Float64Array): Float64Array {
  const last = line.length - 1;
  const ratio = new Float64Array(line.length);
  const c = new Float64Array(line.length);
  for (let i = 0; i <= last; i++) {
    const before = i === 0 ? 0 : i === last ? 2 : 1;
    const pivot = 4 - before * (ratio[i - 1] ?? 0);
    ratio[i] = (i === 0 ? 2 : 1) / pivot;
    c[i] = (6 * line[i]! - before * (c[i - 1] ?? 0)) / pivot;
  }
  for (let i = last - 1; i >= 0; i--) c[i]! -= ratio[i]! * c[i + 1]!;
  return c;
}

/** The spline's value at `x`, at least one place from either end. */
function splineAt(knots: Float64Array, x: number): number {
  const first = Math.floor(x);
  const t = x - first;
  const s = 1 - t;
  const weights = [s ** 3 / 6, (t * t * (t - 2) * 3 + 4) / 6, (s * s * (s - 2) * 3 + 4) / 6, t ** 3 / 6];
  return weights.reduce((sum, weight, k) => sum + weight * knots[first - 1 + k]!, 0);
}
