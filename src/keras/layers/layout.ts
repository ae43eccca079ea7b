/** Axes of Keras layers: `channels_first` inputs are turned to channels last, which the ops want, and results back. */
import { reshape, transpose } from '../../ops/movement.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { Options } from './options.ts';

/** The number of spatial axes that a class name states: 2 for `Conv2D`. */
export function spatialAxes(options: Options): number {
  return Number(/(\d)D/.exec(options.className)?.[1]);
}

/** `[batch, channels, ...space]` as `[batch, ...space, channels]`. */
export function toChannelsLast(x: Tensor): Tensor {
  return transpose(x, [0, ...x.shape.slice(2).map((_, i) => i + 2), 1]);
}

/** The way back. */
export function toChannelsFirst(x: Tensor): Tensor {
  return transpose(x, [0, x.rank - 1, ...x.shape.slice(2).map((_, i) => i + 1)]);
}

/** `f`, which works on channels last, for the layout that option `data_format` names. */
export function inLayout(channelsFirst: boolean, f: (x: Tensor) => Tensor): (x: Tensor) => Tensor {
  return channelsFirst ? (x) => toChannelsFirst(f(toChannelsLast(x))) : f;
}

/** A vector along `axis`, shaped to broadcast against `rank` axes. */
export function along(v: Tensor, axis: number, rank: number): Tensor {
  const at = axis < 0 ? axis + rank : axis;
  return reshape(
    v,
    Array.from({ length: rank }, (_, i) => (i === at ? v.size : 1)),
  );
}
