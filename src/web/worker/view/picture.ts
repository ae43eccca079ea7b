/** What is shown of a picture: its panels, the scale of their colours, and a number for each pixel. */
import { thresholdByMass } from '../../../visualize/normalize.ts';
import type { ResultView } from '../../protocol/index.ts';
import type { Sample, Shown } from '../state.ts';
import { overPicture, panelsOf } from './panels.ts';

/** Per cent of a picture's attribution beyond full colour: a few strong pixels would make all others pale. */
const OUTLIERS = 5;

export interface PictureParts {
  readonly attribution: Shown['attribution'];
  readonly scale: number;
  readonly picture: ResultView['picture'];
  readonly perPixel: readonly number[];
  /** What a pixel is called. */
  readonly name: (pixel: number) => string;
}

/** @param moves whether numbers raise and lower the score @returns null where the numbers are not those of pixels */
export function pictureParts(
  sample: Sample,
  values: Float64Array,
  shape: readonly number[],
  moves: boolean,
): PictureParts | null {
  const attribution = overPicture(sample.image!, values, shape);
  if (!attribution) return null;
  const { data, shape: lies } = attribution;
  const [height = 1, width = 1, channels = 1] = lies;
  const perPixel = Array.from({ length: width * height }, (_, pixel) =>
    data.subarray(pixel * channels, (pixel + 1) * channels).reduce((sum, v) => sum + v, 0),
  );
  const scale = thresholdByMass(perPixel, OUTLIERS);
  const panels = panelsOf(sample, attribution, scale, moves || perPixel.some((v) => v < 0), moves);
  const name = (pixel: number): string => `row ${Math.floor(pixel / width) + 1}, column ${(pixel % width) + 1}`;
  return { attribution, scale, picture: { width, height, panels }, perPixel, name };
}
