/**
 * LocallyConnected1D and 2D (Keras 1 and 2): a convolution whose kernel differs from place to place. Keras stored the kernel in three
 * ways (`implementation` 1: patches, 2: a full matrix under a mask, 3: the mask's values in index order); all become patches here.
 * Source: `locally_connected*.py` of tf_keras 2.21.
 */
import { add } from '../../../ops/binary.ts';
import { matmul } from '../../../ops/matmul.ts';
import { reshape, transpose } from '../../../ops/movement.ts';
import { pad, slice, stack } from '../../../ops/slicing.ts';
import { failure } from '../../../tensor/errors.ts';
import { checkSize, type Shape, sizeOf, TABLE_LIMIT } from '../../../tensor/shape.ts';
import { type Tensor, tensor } from '../../../tensor/tensor.ts';
import { defineLayer, type LayerClass } from '../layer.ts';
import { toChannelsFirst, toChannelsLast } from '../layout.ts';
import { channelsOf, commonOptions } from './plain.ts';

/** Sizes of one layer: all per spatial axis. */
interface Geometry {
  readonly input: Shape;
  readonly output: Shape;
  readonly window: Shape;
  readonly strides: Shape;
  readonly pads: readonly (readonly [number, number])[];
  readonly channels: number;
  readonly filters: number;
  readonly channelsFirst: boolean;
}

/** Every multi-index of `shape` in row-major order. */
function indices(shape: Shape): number[][] {
  checkSize('convolution', shape, TABLE_LIMIT);
  return Array.from({ length: sizeOf(shape) }, (_, flat) => {
    const index = new Array<number>(shape.length);
    let rest = flat;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis] = rest % shape[axis]!;
      rest = Math.floor(rest / shape[axis]!);
    }
    return index;
  });
}

function flatIndex(index: readonly number[], shape: Shape): number {
  return index.reduce((flat, at, axis) => flat * shape[axis]! + at, 0);
}

/** Each use of a kernel element: where it lies in the patches, and which input and output elements it joins (null outside). */
function* uses(g: Geometry): Generator<{ patch: number; input: number | null; output: number }> {
  const order = (space: readonly number[], channel: number): number[] =>
    g.channelsFirst ? [channel, ...space] : [...space, channel];
  const [inShape, outShape] = [order(g.input, g.channels), order(g.output, g.filters)];
  let patch = 0;
  for (const at of indices(g.output)) {
    for (const offset of indices(g.window)) {
      const from = offset.map((by, axis) => at[axis]! * g.strides[axis]! + by - g.pads[axis]![0]);
      const inside = from.every((i, axis) => i >= 0 && i < g.input[axis]!);
      for (let c = 0; c < g.channels; c++) {
        const input = inside ? flatIndex(order(from, c), inShape) : null;
        for (let f = 0; f < g.filters; f++) {
          yield { patch: patch++, input, output: flatIndex(order(at, f), outShape) };
        }
      }
    }
  }
}

/** `[places, window * channels, filters]` with window before channels, from what `implementation` stored. */
function patchesFrom(stored: Tensor, implementation: number, g: Geometry): Tensor {
  const [places, window] = [sizeOf(g.output), sizeOf(g.window)];
  const shape = [places, window * g.channels, g.filters];
  if (implementation === 1) {
    if (!g.channelsFirst || stored.shape.join() !== shape.join()) return stored;
    const split = reshape(stored, [places, g.channels, window, g.filters]);
    return reshape(transpose(split, [0, 2, 1, 3]), shape);
  }
  checkSize('kernel', shape, TABLE_LIMIT);
  const [inSize, outSize] = [sizeOf(g.input) * g.channels, places * g.filters];
  const all = [...uses(g)];
  const inner = all.filter((use) => use.input !== null);
  if (stored.size !== (implementation === 2 ? inSize * outSize : inner.length)) return stored;
  const data = new Float64Array(sizeOf(shape));
  if (implementation === 2)
    for (const { patch, input, output } of inner) data[patch] = stored.data[input! * outSize + output]!;
  else {
    inner.sort((a, b) => a.output - b.output || a.input! - b.input!);
    inner.forEach(({ patch }, i) => {
      data[patch] = stored.data[i]!;
    });
  }
  return tensor(data, shape, stored.dtype);
}

/** `x [batch, ...space, channels]` as `[places, batch, window * channels]`. */
function patchesOf(x: Tensor, g: Geometry): Tensor {
  const padded = pad(x, [[0, 0], ...g.pads, [0, 0]]);
  const views = indices(g.window).map((offset) => {
    const ranges = offset.map((from, axis): [number, readonly [number, number, number]] => {
      const stride = g.strides[axis]!;
      return [axis + 1, [from, from + (g.output[axis]! - 1) * stride + 1, stride]];
    });
    return reshape(slice(padded, Object.fromEntries(ranges)), [x.shape[0]!, sizeOf(g.output), g.channels]);
  });
  const joined = stack(views, 2); // [batch, places, window, channels]
  return transpose(reshape(joined, [x.shape[0]!, sizeOf(g.output), views.length * g.channels]), [1, 0, 2]);
}

export const locallyConnected: LayerClass = defineLayer({
  classes: ['LocallyConnected1D', 'LocallyConnected2D'],
  create: (o) => {
    const c = commonOptions(o);
    const filters = o.count('filters');
    const padding = o.choice('padding', ['valid', 'same'], 'valid');
    const implementation = o.number('implementation', 1);
    if (![1, 2, 3].includes(implementation)) throw o.wrong('implementation', implementation, '1, 2 or 3');
    const geometry = (x: Shape): Geometry => {
      const input = c.channelsFirst ? x.slice(2) : x.slice(1, -1);
      // Unlike convolutions, `same` centres the window at `place * stride`, with the larger half in front.
      const same = padding === 'same';
      const output = input.map((dim, i) => Math.floor((dim - (same ? 1 : c.window[i]!)) / c.strides[i]!) + 1);
      const pads = input.map((dim, i): readonly [number, number] => {
        const before = same ? Math.floor(c.window[i]! / 2) : 0;
        return [before, same ? Math.max(0, (output[i]! - 1) * c.strides[i]! + c.window[i]! - before - dim) : 0];
      });
      if (output.some((dim) => dim < 1)) throw failure(o.subject, 'the window is larger than the input', { input: x });
      const { window, strides, channelsFirst } = c;
      return { input, output, window, strides, pads, channels: channelsOf(x, channelsFirst), filters, channelsFirst };
    };
    return {
      rank: c.axes + 2,
      weights: ([x]) => {
        const g = geometry(x!);
        const kernel = [sizeOf(g.output), sizeOf(g.window) * g.channels, filters];
        const convert = (stored: Tensor): Tensor => patchesFrom(stored, implementation, g);
        const bias = { name: 'bias', shape: [...g.output, filters] };
        return [{ name: 'kernel', shape: kernel, convert }, ...(c.useBias ? [bias] : [])];
      },
      call: ([x], w) => {
        const g = geometry(x!.shape);
        const product = matmul(patchesOf(c.channelsFirst ? toChannelsLast(x!) : x!, g), w['kernel']!);
        const y = reshape(transpose(product, [1, 0, 2]), [x!.shape[0]!, ...g.output, filters]);
        const placed = c.channelsFirst ? toChannelsFirst(y) : y;
        // Keras reads the bias [...space, filters] as [filters, ...space] there, without moving its elements.
        const bias = w['bias'] && (c.channelsFirst ? reshape(w['bias'], [filters, ...g.output]) : w['bias']);
        return c.activation(bias ? add(placed, bias) : placed);
      },
    };
  },
});
