/**
 * The windows of occlusion (Zeiler and Fergus, "Visualizing and understanding convolutional networks", 2014): boxes of one size
 * that slide over the axes of a row. Every feature lies in at least one window: the last ones are cut off at the border.
 */
import { failure } from '../../tensor/errors.ts';
import { type Shape, sizeOf, stridesOf } from '../../tensor/shape.ts';

/** Extents along the axes of a row (without the batch); a number stands for the same along every axis. */
export type Extents = number | readonly number[];

export interface Windows {
  readonly count: number;
  /** The features of window `index`: flat places in a row, rising. */
  features(index: number): Int32Array;
}

/**
 * @param shape of a row
 * @param window extents of the box, at most those of the row
 * @param strides how far it moves, at most its own extents, so that nothing is passed over; 1 when left out
 * @throws PathgradError naming the axis that does not fit
 */
export function slideWindows(subject: string, shape: Shape, window: Extents, strides: Extents = 1): Windows {
  const size = extents(`${subject} window`, window, shape);
  const step = extents(`${subject} strides`, strides, shape);
  shape.forEach((extent, axis) => {
    const details = { axis: axis + 1, window: size, strides: step, row: shape };
    if (size[axis]! > extent) {
      const hint = `an extent per axis, for example ${shape.map((most, i) => Math.min(most, size[i]!)).join(',')}`;
      throw failure(subject, 'the window is larger than the row', details, hint);
    }
    // A window as wide as the axis never moves along it, whatever its stride.
    if (size[axis]! < extent && step[axis]! > size[axis]!) {
      const problem = 'a stride beyond the window passes over features';
      throw failure(`${subject} strides`, problem, details, 'make it at most the window');
    }
  });
  const places = shape.map((extent, axis) => 1 + Math.ceil((extent - size[axis]!) / step[axis]!));
  const [strideOfPlace, strideOfRow] = [stridesOf(places), stridesOf(shape)];
  return {
    count: sizeOf(places),
    features: (index) => {
      const first = shape.map((_, axis) => (Math.floor(index / strideOfPlace[axis]!) % places[axis]!) * step[axis]!);
      let found = [0];
      shape.forEach((extent, axis) => {
        const end = Math.min(extent, first[axis]! + size[axis]!);
        const along = Array.from({ length: end - first[axis]! }, (_, i) => (first[axis]! + i) * strideOfRow[axis]!);
        found = found.flatMap((at) => along.map((offset) => at + offset));
      });
      return Int32Array.from(found);
    },
  };
}

/**
 * A window where none is asked for: one feature of a row without places, else about an eighth of every axis with all channels (the last axis),
 * which is one token of an embedded text and a patch of a picture. It moves by half its size.
 */
export function usualWindow(shape: Shape): { readonly window: number[]; readonly strides: number[] } {
  const channels = shape.length > 1 ? shape.length - 1 : -1;
  const window = shape.map((extent, axis) => {
    if (axis === channels) return extent;
    return shape.length === 1 || shape.length === 2 ? 1 : Math.max(1, Math.round(extent / 8));
  });
  return { window, strides: window.map((extent) => Math.ceil(extent / 2)) };
}

function extents(subject: string, given: Extents, shape: Shape): number[] {
  const list = typeof given === 'number' ? shape.map(() => given) : given;
  if (!Array.isArray(list) || list.length !== shape.length) {
    const got = Array.isArray(list) ? list : typeof list;
    throw failure(subject, 'needs one extent per axis of a row', { got, row: shape }, 'the batch axis is left out');
  }
  if (list.every((extent) => Number.isInteger(extent) && extent >= 1)) return [...list];
  throw failure(subject, 'extents are whole numbers from 1 up', { got: list }, 'e.g. [3, 3, 1] for pictures');
}
