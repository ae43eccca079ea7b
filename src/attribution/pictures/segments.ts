/**
 * The segments that XRAI chooses among (Kapishnikov et al. 2019): Felzenszwalb's at six scales, each widened by a disk of five pixels so that
 * edges belong to both sides. They are found at 224 x 224 and values from -1 to 1, so that the scales mean the same for every picture.
 */
import { joinSegments, sortedEdges } from './felzenszwalb.ts';
import type { Picture } from './gaussian-blur.ts';
import { resizeMap, resizeSmoothly } from './resize.ts';

const SCALES = [50, 100, 150, 250, 500, 1200] as const;
const SIGMA = 0.8;
const LEAST_PIXELS = 150;
const SIDE = 224;
const RADIUS = 5;
/** How far the disk reaches to either side, by rows from its middle. */
const reaches = [5, 4, 4, 4, 3, 0] as const;

/** Pixels that belong together, by their places in `height * width`, rising. */
export type Segment = Int32Array;

/** All segments of a picture, scale by scale; they overlap. A picture of a single value is one segment. */
export function overlappingSegments(picture: Picture): Segment[] {
  const { height, width } = picture;
  const scaled = inRange(picture);
  if (!scaled) return [Int32Array.from({ length: height * width }, (_, i) => i)];
  const edges = sortedEdges(resizeSmoothly(scaled, SIDE, SIDE), SIGMA);
  return SCALES.flatMap((scale) => {
    const map = resizeMap(joinSegments(edges, scale, LEAST_PIXELS), [SIDE, SIDE], [height, width]);
    return segmentsOf(map).map((segment) => widened(segment, height, width));
  });
}

/** Values from -1 to 1; null where they are all the same. */
function inRange(picture: Picture): Picture | null {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of picture.values) [low, high] = [Math.min(low, value), Math.max(high, value)];
  if (low === high) return null;
  return { ...picture, values: picture.values.map((value) => ((value - low) / (high - low)) * 2 - 1) };
}

/** The pixels of each number of a map, in the order of the numbers. */
export function segmentsOf(map: ArrayLike<number>): Segment[] {
  const found = new Map<number, number[]>();
  for (let pixel = 0; pixel < map.length; pixel++) {
    const pixels = found.get(map[pixel]!);
    if (pixels) pixels.push(pixel);
    else found.set(map[pixel]!, [pixel]);
  }
  return [...found].sort(([a], [b]) => a - b).map(([, pixels]) => Int32Array.from(pixels));
}

/** With all pixels within the radius of one of its own. */
function widened(segment: Segment, height: number, width: number): Segment {
  const within = new Uint8Array(height * width);
  for (const pixel of segment) within[pixel] = 1;
  const own = within.slice();
  const inside = (pixel: number, column: number): boolean =>
    column > 0 &&
    column < width - 1 &&
    own[pixel - 1] === 1 &&
    own[pixel + 1] === 1 &&
    own[pixel - width] === 1 &&
    own[pixel + width] === 1;
  for (const pixel of segment) {
    const [row, column] = [Math.floor(pixel / width), pixel % width];
    // What is surrounded by its own reaches no farther than those around it do, together with itself.
    if (inside(pixel, column)) continue;
    for (let r = Math.max(0, row - RADIUS); r <= Math.min(height - 1, row + RADIUS); r++) {
      const reach = reaches[Math.abs(r - row)]!;
      within.fill(1, r * width + Math.max(0, column - reach), r * width + Math.min(width - 1, column + reach) + 1);
    }
  }
  let count = 0;
  for (const one of within) count += one;
  const pixels = new Int32Array(count);
  count = 0;
  for (let pixel = 0; pixel < within.length; pixel++) if (within[pixel] === 1) pixels[count++] = pixel;
  return pixels;
}
