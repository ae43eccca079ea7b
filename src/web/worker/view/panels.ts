/** A picture's attributions as the pictures that the page shows. */
import { attributionRaster, imageRaster, overlay } from '../../../visualize/image.ts';
import type { Raster } from '../../../visualize/raster.ts';
import type { Panel } from '../../protocol/index.ts';
import type { Sample, Shown } from '../state.ts';

/** Attributions over the picture: of its own values, or one number per pixel, as maps of layers are that were brought to its size. */
export function overPicture(
  { pixels, arrange }: NonNullable<Sample['image']>,
  values: Float64Array,
  [, ...shape]: readonly number[],
): Shown['attribution'] {
  const { height, width, channels } = pixels;
  if (values.length === pixels.data.length) return { data: arrange(values), shape: [height, width, channels] };
  const map = shape[0] === height && shape[1] === width && values.length === height * width;
  return map ? { data: values, shape: [height, width, 1] } : null;
}

/** @param both whether there is something to split by sign @param moves whether numbers raise and lower the score */
export function panelsOf(
  { image }: Sample,
  array: NonNullable<Shown['attribution']>,
  scale: number,
  both: boolean,
  moves: boolean,
): Panel[] {
  const { pixels } = image!;
  const picture = { data: pixels.data, shape: [pixels.height, pixels.width, pixels.channels] };
  const panel = (title: string, description: string, { data }: Raster): Panel => ({
    title,
    description,
    data: new Uint8Array(data),
  });
  const all = [
    panel('Input', 'the picture as the model gets it', imageRaster(picture, { range: [0, 1] })),
    panel(
      'Attribution',
      moves
        ? 'green pixels raise the score, pink pixels lower it'
        : `green: positive numbers${both ? ', pink: negative ones' : ''}`,
      overlay(picture, array, { range: [0, 1], shared: scale }),
    ),
  ];
  if (!both)
    return [...all, panel('Numbers', 'the same without the picture', attributionRaster(array, { shared: scale }))];
  const [up, down] = moves
    ? [panelWords('Raises', 'only what raises the score'), panelWords('Lowers', 'only what lowers the score')]
    : [panelWords('Positive', 'only the positive numbers'), panelWords('Negative', 'only the negative numbers')];
  return [
    ...all,
    panel(...up, attributionRaster(array, { sign: 'positive', shared: scale })),
    panel(...down, attributionRaster(array, { sign: 'negative', shared: scale })),
  ];
}

const panelWords = (title: string, description: string): [string, string] => [title, description];
