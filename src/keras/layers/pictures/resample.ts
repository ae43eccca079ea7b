/**
 * Resampling along an axis as a matrix `[in, out]`, with the numbers of `tf.image.resize`: pixel centres lie at half integers.
 * Source: TensorFlow's resize_nearest_neighbor, resize_bilinear, resize_bicubic and scale_and_translate kernels.
 */
import { gather } from '../../../ops/indexing.ts';
import { matmul } from '../../../ops/matmul.ts';
import { transpose } from '../../../ops/movement.ts';
import { checkSize, TABLE_LIMIT } from '../../../tensor/shape.ts';
import { type Tensor, tensor } from '../../../tensor/tensor.ts';

export const interpolations = [
  'nearest',
  'bilinear',
  'bicubic',
  'lanczos3',
  'lanczos5',
  'gaussian',
  'mitchellcubic',
  'area',
] as const;
export type Interpolation = (typeof interpolations)[number];
type Smooth = Exclude<Interpolation, 'nearest' | 'area'>;

interface Kernel {
  readonly radius: number;
  readonly at: (distance: number) => number;
}

/** Keys's cubic convolution with a = -1/2. */
const cubic = (x: number): number =>
  x < 1 ? (1.5 * x - 2.5) * x * x + 1 : x < 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0;

const lanczos = (radius: number): Kernel => ({
  radius,
  at: (x) => {
    if (x > radius) return 0;
    if (x <= 1e-3) return 1;
    const angle = Math.PI * x;
    return (radius * Math.sin(angle) * Math.sin(angle / radius)) / (angle * angle);
  },
});

const kernels: Readonly<Record<Smooth, Kernel>> = {
  bilinear: { radius: 1, at: (x) => Math.max(0, 1 - x) },
  bicubic: { radius: 2, at: cubic },
  lanczos3: lanczos(3),
  lanczos5: lanczos(5),
  gaussian: { radius: 1.5, at: (x) => (x >= 1.5 ? 0 : Math.exp(-(x * x) / (2 * 0.5 ** 2))) },
  mitchellcubic: {
    radius: 2,
    at: (x) =>
      x < 1 ? ((7 / 6) * x - 2) * x * x + 16 / 18 : x < 2 ? (((-7 / 18) * x + 2) * x - 10 / 3) * x + 16 / 9 : 0,
  },
};

/** Per output element its weights by input element. */
function weights(from: number, to: number, method: Smooth, antialias: boolean): Map<number, number>[] {
  const step = from / to;
  const { radius, at } = kernels[method];
  const plain = !antialias && (method === 'bilinear' || method === 'bicubic');
  const wide = antialias ? Math.max(step, 1) : 1;
  return Array.from({ length: to }, (_, i) => {
    const found = new Map<number, number>();
    const centre = (i + 0.5) * step;
    if (plain && method === 'bilinear') {
      const position = Math.min(Math.max(centre - 0.5, 0), from - 1);
      const low = Math.floor(position);
      found.set(low, 1 - (position - low));
      if (position > low) found.set(low + 1, position - low);
      return found;
    }
    const low = Math.floor(centre - 0.5);
    // TensorFlow's bicubic looks its weights up in a table of 1,024 steps between two pixels.
    const share = plain ? Math.round((centre - 0.5 - low) * 1024) / 1024 : 0;
    const first = plain ? low - 1 : Math.ceil(centre - radius * wide - 0.5);
    const last = plain ? low + 2 : Math.floor(centre + radius * wide - 0.5);
    for (let j = Math.max(first, 0); j <= Math.min(last, from - 1); j++) {
      const distance = plain ? Math.abs(j - low - share) : Math.abs(j + 0.5 - centre) / wide;
      found.set(j, at(distance));
    }
    const total = [...found.values()].reduce((a, b) => a + b, 0);
    for (const [j, weight] of found) found.set(j, weight / total);
    return found;
  });
}

/** Shares of the input elements that an output element covers. */
function areaWeights(from: number, to: number): Map<number, number>[] {
  const step = from / to;
  return Array.from({ length: to }, (_, i) => {
    const [start, end] = [i * step, (i + 1) * step];
    const found = new Map<number, number>();
    for (let j = Math.floor(start); j < Math.min(from, Math.ceil(end)); j++) {
      found.set(j, (Math.min(end, j + 1) - Math.max(start, j)) / step);
    }
    return found;
  });
}

/** `x` with `size` elements along `axis`. */
export function resample(x: Tensor, axis: number, size: number, method: Interpolation, antialias = false): Tensor {
  const from = x.shape[axis]!;
  if (from === size) return x;
  checkSize('resize', [(x.size / from) * size]);
  checkSize('resize', [method === 'nearest' ? 1 : from, size], TABLE_LIMIT);
  if (method === 'nearest') {
    const index = Array.from({ length: size }, (_, i) => Math.min(Math.floor((i + 0.5) * (from / size)), from - 1));
    return gather(x, tensor(index, [size], 'int32'), axis);
  }
  const matrix = new Float64Array(from * size);
  const rows = method === 'area' ? areaWeights(from, size) : weights(from, size, method, antialias);
  rows.forEach((row, i) => {
    for (const [j, weight] of row) matrix[j * size + i] = weight;
  });
  return alongLast(x, axis, (last) => matmul(last, tensor(matrix, [from, size], x.dtype)));
}

/** `f`, which works on the last axis, for `axis`. */
function alongLast(x: Tensor, axis: number, f: (x: Tensor) => Tensor): Tensor {
  const order = [...x.shape.keys()].filter((i) => i !== axis).concat(axis);
  return transpose(
    f(transpose(x, order)),
    order.map((_, i) => order.indexOf(i)),
  );
}
