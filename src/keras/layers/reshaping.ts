/** Layers that move elements and compute nothing: Flatten, Reshape, Permute, RepeatVector, padding and cropping. */
import { expandDims, repeat, reshape, transpose } from '../../ops/movement.ts';
import { pad, slice } from '../../ops/slicing.ts';
import { failure } from '../../tensor/errors.ts';
import { sizeOf } from '../../tensor/shape.ts';
import { defineLayer, type LayerClass } from './layer.ts';
import { inLayout, spatialAxes, toChannelsLast } from './layout.ts';
import type { Options } from './options.ts';

export const flatten: LayerClass = defineLayer({
  classes: ['Flatten'],
  create: (o) => {
    // Since Keras 2.2 a channels_first input is flattened in channels-last order, so that Dense weights fit either.
    const first = o.channelsFirst;
    return {
      anyDType: true,
      call: ([x]) => {
        const y = first && x!.rank > 2 ? toChannelsLast(x!) : x!;
        return reshape(y, [y.shape[0]!, sizeOf(y.shape.slice(1))]);
      },
    };
  },
});

export const reshapeLayer: LayerClass = defineLayer({
  classes: ['Reshape'],
  create: (o) => {
    const target = o.integers('target_shape');
    return {
      anyDType: true,
      call: ([x]) => {
        const size = sizeOf(x!.shape.slice(1));
        const known = sizeOf(target.filter((dim) => dim !== -1));
        if (target.includes(-1) ? size % known !== 0 : size !== known) {
          throw failure(o.subject, `${size} elements do not fit target_shape`, { input: x!.shape, target });
        }
        return reshape(x!, [x!.shape[0]!, ...target.map((dim) => (dim === -1 ? size / known : dim))]);
      },
    };
  },
});

export const permute: LayerClass = defineLayer({
  classes: ['Permute'],
  create: (o) => {
    const dims = o.integers('dims'); // counted from 1: the batch axis stays
    return { anyDType: true, rank: dims.length + 1, call: ([x]) => transpose(x!, [0, ...dims]) };
  },
});

export const repeatVector: LayerClass = defineLayer({
  classes: ['RepeatVector'],
  create: (o) => {
    const count = o.count('n');
    return { anyDType: true, rank: 2, call: ([x]) => repeat(expandDims(x!, 1), count, 1) };
  },
});

/** One number, one per axis, or `[before, after]` per axis; in one dimension also just `[before, after]`. */
function margins(o: Options, key: string, axes: number): (readonly [number, number])[] {
  const value = o.raw(key) ?? 1;
  const list: readonly unknown[] = Array.isArray(value)
    ? axes === 1 && value.length === 2 && value.every((v) => typeof v === 'number')
      ? [value]
      : value
    : new Array<unknown>(axes).fill(value);
  const pairs = list.map((v) => (Array.isArray(v) ? v : [v, v]));
  const fits =
    pairs.length === axes && pairs.every((p) => p.length === 2 && p.every((n) => Number.isInteger(n) && n >= 0));
  if (!fits) throw o.wrong(key, value, `numbers from 0 up for ${axes} axes`);
  return pairs as unknown as (readonly [number, number])[];
}

export const zeroPadding: LayerClass = defineLayer({
  classes: ['ZeroPadding1D', 'ZeroPadding2D', 'ZeroPadding3D'],
  create: (o) => {
    const axes = spatialAxes(o);
    const around = margins(o, 'padding', axes);
    const run = inLayout(o.channelsFirst, (x) => pad(x, [[0, 0], ...around, [0, 0]]));
    return { anyDType: true, rank: axes + 2, call: ([x]) => run(x!) };
  },
});

export const cropping: LayerClass = defineLayer({
  classes: ['Cropping1D', 'Cropping2D', 'Cropping3D'],
  create: (o) => {
    const axes = spatialAxes(o);
    const cut = margins(o, 'cropping', axes);
    const run = inLayout(o.channelsFirst, (x) => {
      const space = x.shape.slice(1, -1);
      if (space.some((dim, i) => dim <= cut[i]![0] + cut[i]![1])) {
        throw failure(o.subject, 'nothing is left after cropping', { input: x.shape, cropping: cut });
      }
      return slice(x, Object.fromEntries(space.map((dim, i) => [i + 1, [cut[i]![0], dim - cut[i]![1]] as const])));
    });
    return { anyDType: true, rank: axes + 2, call: ([x]) => run(x!) };
  },
});
