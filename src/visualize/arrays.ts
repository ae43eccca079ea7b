/**
 * What pictures are made from: plain data with a shape, so that a constant Tensor, an explanation's array or a literal all fit.
 * An image is [H, W], [H, W, C] or the same with a leading axis of 1, channels last; C is 1 or 3 for pictures to be shown.
 */

import { failure } from '../tensor/errors.ts';

/** Row-major numbers and their shape. A constant `Tensor` is one. */
export type ArrayLikeWithShape = { readonly data: ArrayLike<number>; readonly shape: readonly number[] };

/** An image with its axes named. */
export type ImageArray = {
  readonly data: ArrayLike<number>;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
};

/**
 * Reads an array as one image.
 * @param subject the argument's name, for the error text
 * @throws PathgradError when the shape is not an image's, the data does not fit it, or a value is not finite
 */
export function asImage(array: ArrayLikeWithShape, subject: string): ImageArray {
  const { data, shape } = array;
  const axes = (shape.length === 4 || (shape.length === 3 && shape[2]! > 4)) && shape[0] === 1 ? shape.slice(1) : shape;
  const [height, width, channels = 1] = axes;
  const sound = axes.length >= 2 && axes.length <= 3 && axes.every((size) => Number.isInteger(size) && size >= 1);
  if (!sound || height === undefined || width === undefined) {
    const hint = 'one picture at a time: slice a batch first, e.g. sample 0 of [N,H,W,C]';
    throw failure(subject, 'is not an image: expected [H,W], [H,W,C] or [1,H,W,C]', { shape: [...shape] }, hint);
  }
  if (data.length !== height * width * channels) {
    throw failure(subject, 'data does not fit the shape', { values: data.length, shape: [...shape] });
  }
  for (let i = 0; i < data.length; i++) {
    if (!Number.isFinite(data[i]))
      throw failure(subject, 'has a value that is not finite', { index: i, value: data[i] });
  }
  return { data, height, width, channels };
}

/** Sum over channels: attributions add up, so this keeps completeness. One number per pixel. */
export function sumChannels(image: ImageArray): Float64Array {
  const out = new Float64Array(image.height * image.width);
  for (let i = 0; i < image.data.length; i++) {
    const pixel = Math.floor(i / image.channels);
    out[pixel] = out[pixel]! + image.data[i]!;
  }
  return out;
}

/** Numbers that must be finite, as float64. @throws PathgradError naming the first that is not */
export function finiteNumbers(values: ArrayLike<number>, subject: string): Float64Array {
  const out = Float64Array.from(values);
  const bad = out.findIndex((v) => !Number.isFinite(v));
  if (bad >= 0) throw failure(subject, 'has a value that is not finite', { index: bad, value: out[bad] });
  return out;
}
