/**
 * Inputs as pictures: `[N, H, W, C]`, or `[N, H, W]` where the user says so (`grey`), for methods that need to know which values are neighbours: of a
 * table over time, `[N, steps, features]`, features are none.
 */
import { failure } from '../../tensor/errors.ts';
import type { Shape } from '../../tensor/shape.ts';
import type { Picture } from './gaussian-blur.ts';

/** What asks, and what to use where these are no pictures. */
export interface Asking {
  readonly method: string;
  readonly instead: string;
  /** Whether `[N, H, W]` is a picture. */
  readonly grey: boolean;
}

/** The option of methods for pictures. */
export interface PictureOptions {
  /** Inputs `[N, H, W]` are grey pictures, too; false by default, since a table over time has as many axes. */
  readonly grey?: boolean;
}

/** @throws PathgradError where values of this shape are no pictures */
export function checkPicture(shape: Shape, { method, instead, grey }: Asking): void {
  if (shape.length === 4 || (shape.length === 3 && grey)) return;
  const problem = `needs pictures, [N, H, W, C]${grey ? ' or [N, H, W]' : ''}`;
  const toSay = shape.length === 3 ? 'say grey: true if these are pictures [N, H, W]; ' : '';
  throw failure(method, problem, { got: shape }, `${toSay}use ${instead} for anything else`);
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
