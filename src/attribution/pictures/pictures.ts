/** Inputs as pictures: `[N, H, W, C]` or `[N, H, W]`, for methods that need to know which values are neighbours. */
import { failure } from '../../tensor/errors.ts';
import type { Shape } from '../../tensor/shape.ts';
import type { Picture } from './gaussian-blur.ts';

/**
 * Sample `sample` of flat values of this shape.
 * @param method and `instead`: what asks, and what to use where these are no pictures
 * @throws PathgradError where they are not
 */
export function pictureOf(
  values: ArrayLike<number>,
  shape: Shape,
  sample: number,
  { method, instead }: { readonly method: string; readonly instead: string },
): Picture {
  if (shape.length !== 3 && shape.length !== 4) {
    const problem = 'needs pictures, [N, H, W, C] or [N, H, W]';
    throw failure(method, problem, { got: shape }, `use ${instead} for anything else`);
  }
  const [, height = 1, width = 1, channels = 1] = shape;
  const size = height * width * channels;
  const own = Float64Array.from({ length: size }, (_, i) => values[sample * size + i]!);
  return { height, width, channels, values: own };
}
