/**
 * Segments of a picture after Felzenszwalb and Huttenlocher, "Efficient graph-based image segmentation", 2004. Every pixel is a node with
 * edges to its eight neighbours, which weigh the difference in colour. Edges are taken from the lightest on, and one joins two
 * segments where it weighs less than the heaviest edge within either, plus `scale` over that segment's size.
 * Results are scikit-image's: its smoothing, its single precision of the bound, its order of edges. Edges of equal weight keep their order
 * here; numpy sorts them in an order that depends on the processor, so that pictures full of ties may differ there from machine to machine.
 */
import { failure } from '../../tensor/errors.ts';
import { checkOptions } from '../../tensor/options.ts';
import { adopt, type Tensor } from '../../tensor/tensor.ts';
import { toTensor } from '../frame/arrays.ts';
import type { ArrayInput } from '../frame/types.ts';
import { gaussianBlur, type Picture } from './gaussian-blur.ts';

/** How finely `felzenszwalb` cuts a picture; the names and defaults are scikit-image's. */
export interface FelzenszwalbOptions {
  /** Larger values give larger segments; 1 by default. It is for values from 0 to 1, and divided by 255. */
  readonly scale?: number;
  /** Standard deviation of the Gaussian that smooths the picture before; 0.8 by default. */
  readonly sigma?: number;
  /** Segments of fewer pixels are joined to a neighbor; 20 by default. */
  readonly minSize?: number;
}

/** The edges between neighbouring pixels, from the lightest to the heaviest. */
export interface SortedEdges {
  readonly pixels: number;
  readonly from: Int32Array;
  readonly to: Int32Array;
  readonly weights: Float64Array;
}

/**
 * The segment of each pixel, from 0 up in the order in which segments are met, row by row.
 * @param picture `[H, W]` or `[H, W, C]`; the scale is meant for values from 0 to 1
 * @returns int32 `[H, W]`, as the option `segments` of `XRAI` takes it
 * @throws PathgradError for what is no picture, and options that are unknown or make no sense
 */
export function felzenszwalb(picture: ArrayInput, options: FelzenszwalbOptions = {}): Tensor {
  checkOptions<FelzenszwalbOptions>('felzenszwalb', options, { scale: 1, sigma: 1, minSize: 1 });
  const { scale = 1, sigma = 0.8, minSize = 20 } = options;
  for (const [name, value] of Object.entries({ scale, sigma, minSize })) {
    if (!(value >= 0 && Number.isFinite(value))) {
      throw failure('felzenszwalb', `${name} is a number from 0 up`, { got: value });
    }
  }
  const { data, shape } = toTensor('felzenszwalb', picture, 'float64', 'float64');
  const [height = 0, width = 0, channels = 1] = shape;
  if ((shape.length !== 2 && shape.length !== 3) || data.length === 0) {
    throw failure('felzenszwalb', 'needs one picture, [H, W] or [H, W, C]', { got: shape });
  }
  const edges = sortedEdges({ height, width, channels, values: Float64Array.from(data) }, sigma);
  return adopt(joinSegments(edges, scale, minSize), [height, width]);
}

/** To which neighbours edges lead, in the order in which ties are taken: left, up, up to the left, up to the right. */
const around = [
  [0, 1],
  [1, 0],
  [1, 1],
  [1, -1],
] as const;

/** The edges of the smoothed picture. They do not depend on the scale: several scales share them. */
export function sortedEdges(picture: Picture, sigma: number): SortedEdges {
  const { height, width, channels } = picture;
  const values = gaussianBlur(picture, sigma, 'reflect');
  const size = 4 * height * width;
  const [from, to, weights] = [new Int32Array(size), new Int32Array(size), new Float64Array(size)];
  let count = 0;
  for (const [down, right] of around) {
    for (let row = down; row < height; row++) {
      const last = right < 0 ? width + right : width;
      for (let column = Math.max(0, right); column < last; column++) {
        const one = row * width + column;
        const other = (row - down) * width + (column - right);
        let square = 0;
        for (let c = 0; c < channels; c++) {
          const difference = values[one * channels + c]! - values[other * channels + c]!;
          square += difference * difference;
        }
        from[count] = one;
        to[count] = other;
        weights[count++] = Math.sqrt(square);
      }
    }
  }
  const order = Int32Array.from({ length: count }, (_, at) => at).sort((a, b) => weights[a]! - weights[b]! || a - b);
  return {
    pixels: height * width,
    from: order.map((at) => from[at]!),
    to: order.map((at) => to[at]!),
    weights: Float64Array.from(order, (at) => weights[at]!),
  };
}

/** The segments that the edges come to. */
export function joinSegments({ pixels, from, to, weights }: SortedEdges, scale: number, minSize: number): Int32Array {
  const parent = Int32Array.from({ length: pixels }, (_, i) => i);
  const sizes = new Int32Array(pixels).fill(1);
  const heaviest = new Float64Array(pixels);
  const bound = (segment: number): number => Math.fround(heaviest[segment]! + scale / 255 / sizes[segment]!);
  const join = (a: number, b: number): number => {
    const root = Math.min(a, b);
    sizes[root] = sizes[a]! + sizes[b]!;
    parent[a] = root;
    parent[b] = root;
    return root;
  };
  for (let e = 0; e < weights.length; e++) {
    const [a, b] = [rootOf(parent, from[e]!), rootOf(parent, to[e]!)];
    if (a !== b && weights[e]! < Math.min(bound(a), bound(b))) heaviest[join(a, b)] = weights[e]!;
  }
  for (let e = 0; e < weights.length; e++) {
    const [a, b] = [rootOf(parent, from[e]!), rootOf(parent, to[e]!)];
    if (a !== b && (sizes[a]! < minSize || sizes[b]! < minSize)) join(a, b);
  }
  // A root is the first pixel of its segment.
  const numbers = new Int32Array(pixels);
  let met = 0;
  for (let pixel = 0; pixel < pixels; pixel++) {
    const root = rootOf(parent, pixel);
    numbers[pixel] = root === pixel ? met++ : numbers[root]!;
  }
  return numbers;
}

/** The first pixel of the segment; the way there is shortened for the next who asks (path halving). */
function rootOf(parent: Int32Array, pixel: number): number {
  let at = pixel;
  while (parent[at] !== at) {
    parent[at] = parent[parent[at]!]!;
    at = parent[at]!;
  }
  return at;
}
