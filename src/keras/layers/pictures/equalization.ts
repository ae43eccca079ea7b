/**
 * ContrastLimitedAdaptiveHistogramEqualization: pictures are cut into tiles, a tile's histogram of 256 values says where each value goes, and pixels go
 * between what the four nearest tiles say. It works when a model predicts, too. Values are looked up by whole numbers, so that nothing of the output
 * depends on a pixel differentiably; TensorFlow gives no gradient either. Source: `clahe.py` of Keras 3.15.
 */
import { add, div, equal, mul, sub, where } from '../../../ops/binary.ts';
import { cumsum } from '../../../ops/cumulative.ts';
import { gather, oneHot } from '../../../ops/indexing.ts';
import { reshape } from '../../../ops/movement.ts';
import { min, sum } from '../../../ops/reduce.ts';
import { concat, reverse, slice } from '../../../ops/slicing.ts';
import { clip } from '../../../ops/unary.ts';
import { failure } from '../../../tensor/errors.ts';
import { type Tensor, tensor } from '../../../tensor/tensor.ts';
import { defineLayer, type LayerClass } from '../layer.ts';
import { along, inLayout } from '../layout.ts';
import { moved, type Range } from './auto-contrast.ts';

const VALUES = 256;

/** Where the pixels of one axis lie: the tiles before and after each, and the weight of the one after. */
interface Places {
  readonly before: Int32Array;
  readonly after: Int32Array;
  readonly weight: Float32Array;
}

/** Pixels beyond the middle of the outermost tiles see these alone: Keras repeats them at the edges. */
function placesOf(tiles: number, extent: number): Places {
  const at = (i: number): number => Math.fround(Math.fround(Math.fround(i - extent / 2) / extent) + 1);
  const tile = (padded: number): number => Math.min(Math.max(padded - 1, 0), tiles - 1);
  const grid = Float32Array.from({ length: tiles * extent }, (_, i) => at(i));
  return {
    before: Int32Array.from(grid, (v) => tile(Math.floor(v))),
    after: Int32Array.from(grid, (v) => tile(Math.floor(v) + 1)),
    weight: grid.map((v) => v - Math.floor(v)),
  };
}

/** `by` more rows or columns, mirrored with the last one. */
function mirrored(x: Tensor, axis: number, by: number, subject: string): Tensor {
  if (by === 0) return x;
  const dim = x.shape[axis]!;
  if (by > dim) {
    const hint = 'Keras mirrors the picture at its end, once: take a smaller tile_grid_size or a larger picture';
    throw failure(subject, 'the picture is too small for its tiles', { picture: x.shape, axis, missing: by }, hint);
  }
  return concat([x, reverse(slice(x, { [axis]: [dim - by, dim] }), [axis])], axis);
}

/** Where each of 256 values goes, by tile: the histogram, cut off at `limit` with the rest spread, summed and stretched. */
function tables(histograms: Tensor, pixels: number, clipLimit: number): Tensor {
  const cut = (h: Tensor): Tensor => {
    const low = clip(h, 0, Math.fround((clipLimit * pixels) / VALUES));
    return add(low, div(sum(sub(h, low), { axes: -1, keepDims: true }), VALUES));
  };
  const summed = cumsum(clipLimit > 0 ? cut(histograms) : histograms, -1);
  const least = min(summed, { axes: -1, keepDims: true });
  const rest = sub(pixels, least);
  return clip(div(mul(sub(summed, least), 255), where(equal(rest, 0), 1, rest)), 0, 255);
}

export const contrastLimited: LayerClass = defineLayer({
  classes: ['ContrastLimitedAdaptiveHistogramEqualization'],
  create: (o) => {
    const given = o.raw('value_range') ?? [0, 255];
    const fits = Array.isArray(given) && given.length === 2 && given.every(Number.isFinite) && given[0] !== given[1];
    if (!fits) throw o.wrong('value_range', given, 'two numbers');
    const [range, bytes]: [Range, Range] = [given as unknown as Range, [0, 255]];
    const clipLimit = o.number('clip_limit', 4);
    const [rows, columns] = o.perAxis('tile_grid_size', 2, 8) as [number, number];
    o.ignore('bounding_box_format');

    const equalized = inLayout(o.channelsFirst, (x) => {
      const [batch, height, width, channels] = x.shape as [number, number, number, number];
      const [tall, wide] = [Math.ceil(height / rows), Math.ceil(width / columns)];
      const more: readonly [number, number] = [tall * rows - height, wide * columns - width];
      const padded = mirrored(mirrored(moved(x, range, bytes), 1, more[0], o.subject), 2, more[1], o.subject);
      const float = x.dtype === 'float64' ? 'float64' : 'float32';
      // Ones where a pixel has the value. Keras's histograms need as much memory; places in one long list would mix the samples of a batch.
      const hits = oneHot(clip(padded, 0, 255), VALUES, float);
      const tiled = reshape(hits, [batch, rows, tall, columns, wide, channels, VALUES]);
      const table = tables(sum(tiled, { axes: [2, 4] }), tall * wide, clipLimit);
      const spread = (t: Tensor, { before, after, weight }: Places, axis: 1 | 2): Tensor => {
        const at = (tiles: Int32Array): Tensor => gather(t, tensor(tiles, [tiles.length], 'int32'), axis);
        const w = along(tensor(weight, [weight.length], float), axis, 5);
        return add(mul(at(before), sub(1, w)), mul(at(after), w));
      };
      const everywhere = spread(spread(table, placesOf(columns, wide), 2), placesOf(rows, tall), 1);
      const whole = sum(mul(hits, everywhere), { axes: -1 });
      return moved(slice(whole, { 1: [0, height], 2: [0, width] }), bytes, range);
    });
    return { rank: 4, call: ([x]) => equalized(x!) };
  },
});
