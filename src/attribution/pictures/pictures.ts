/** Inputs as pictures: `[N, H, W, C]` or `[N, H, W]`, for methods that need to know which values are neighbours. */
import { failure } from '../../tensor/errors.ts';
import type { Shape } from '../../tensor/shape.ts';
import type { Picture } from './gaussian-blur.ts';

/** What asks, and what to use where these are no pictures. */
interface Asking {
  readonly method: string;
  readonly instead: string;
}

/** @throws PathgradError where values of this shape are no pictures */
export function checkPicture(shape: Shape, { method, instead }: Asking): void {
  if (shape.length === 3 || shape.length === 4) return;
  const problem = 'needs pictures, [N, H, W, C] or [N, H, W]';
  throw failure(method, problem, { got: shape }, `use ${instead} for anything else`);
}

/**
 * Sample `sample` of flat values of this shape.
 * @throws PathgradError where they are not
 */
export function pictureOf(values: ArrayLike<number>, shape: Shape, sample: number, asking: Asking): Picture {
  checkPicture(shape, asking);
  const [, height = 1, width = 1, channels = 1] = shape;
  const size = height * width * channels;
  const own = Float64Array.from({ length: size }, (_, i) => values[sample * size + i]!);
  return { height, width, channels, values: own };
}
