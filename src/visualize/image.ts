/**
 * One image and its attributions as pictures of the image's own size: the image itself, the attributions in a diverging colour map, and
 * both in one. Channels of attributions are summed, which keeps completeness; magnify the result by whole factors only.
 */

import { failure } from '../tensor/errors.ts';
import { checkOptions } from '../tensor/options.ts';
import { type ArrayLikeWithShape, asImage, type ImageArray, sumChannels } from './arrays.ts';
import { type ColormapName, colormap, mix, type Rgb } from './colors.ts';
import { type NormalizeOptions, normalized, normalizeNames } from './normalize.ts';
import { createRaster, fillRect, magnify, type Raster } from './raster.ts';

/** Values that are black and white. */
export type ImageRange = readonly [black: number, white: number];

/** Which values are black and white. */
export type ImageOptions = {
  /** Default: [0, 1], [-1, 1] or [0, 255], the first that holds the values, else their smallest and largest. */
  readonly range?: ImageRange | undefined;
};

/** An image as it is: one channel grey, three channels colour. @throws PathgradError for other channel counts */
export function imageRaster(array: ArrayLikeWithShape, options: ImageOptions = {}): Raster {
  checkOptions<ImageOptions>('imageRaster', options, { range: 1 });
  const image = asImage(array, 'image');
  return paint(image, pixelColor(image, options));
}

/** How attributions become colours. */
export type AttributionImageOptions = NormalizeOptions & { readonly colormap?: ColormapName | undefined };

/** Attributions summed over channels, in a diverging colour map; one sign keeps its end of the map. */
export function attributionRaster(array: ArrayLikeWithShape, options: AttributionImageOptions = {}): Raster {
  checkOptions<AttributionImageOptions>('attributionRaster', options, { ...normalizeNames, colormap: 1 });
  const image = asImage(array, 'attribution');
  const { values } = normalized(sumChannels(image), options);
  const direction = options.sign === 'negative' ? -1 : 1;
  return paint(image, (pixel) => colormap(options.colormap ?? 'PiYG', direction * values[pixel]!));
}

/** How attributions lie over their picture. */
export type OverlayOptions = AttributionImageOptions &
  ImageOptions & {
    /** Share of the colour where the attribution is strongest, 0 to 1; default 0.9. It falls with the strength. */
    readonly alpha?: number | undefined;
    /** Under the colours: the image's greys (default; colours then mean attributions only) or its own colours. */
    readonly under?: 'grey' | 'color' | undefined;
    /** Whole number of picture pixels per image pixel, default 1. */
    readonly zoom?: number | undefined;
  };

/** How far the image under an overlay is lifted towards white: on black, a dark colour could not be seen. */
const LIFT = 0.4;
/** Place in the colour map of the overlay's colour: short of the end, which is nearly as dark as a black pixel. */
const VIVID = 0.72;

/**
 * Attributions blended over the image: each pixel takes the colour of its sign, the more the stronger it is.
 * @throws PathgradError when the two differ in size, or an option is out of range
 */
export function overlay(
  image: ArrayLikeWithShape,
  attribution: ArrayLikeWithShape,
  options: OverlayOptions = {},
): Raster {
  const names = { ...normalizeNames, colormap: 1, range: 1, alpha: 1, under: 1, zoom: 1 } as const;
  checkOptions<OverlayOptions>('overlay', options, names);
  const under = asImage(image, 'image');
  const over = asImage(attribution, 'attribution');
  checkSameSize(under, over);
  const { alpha = 0.9 } = options;
  if (!(alpha >= 0 && alpha <= 1)) throw failure('alpha', 'must lie in 0 to 1', { got: alpha });
  const { values } = normalized(sumChannels(over), options);
  const direction = options.sign === 'negative' ? -1 : 1;
  const map = options.colormap ?? 'PiYG';
  const base = pixelColor(under, options);
  const blended = paint(under, (pixel) => {
    const color = base(pixel);
    const lifted = mix(options.under === 'color' ? color : grey(color), [255, 255, 255], LIFT);
    const strength = Math.min(1, Math.abs(values[pixel]!));
    return mix(lifted, colormap(map, Math.sign(values[pixel]!) * direction * VIVID), alpha * strength);
  });
  return options.zoom === undefined ? blended : magnify(blended, options.zoom);
}

/** @throws PathgradError naming both sizes */
export function checkSameSize(image: ImageArray, attribution: ImageArray): void {
  if (image.height === attribution.height && image.width === attribution.width) return;
  throw failure('attribution', 'must have the height and width of the image', {
    attribution: [attribution.height, attribution.width],
    image: [image.height, image.width],
  });
}

function paint(image: ImageArray, color: (pixel: number) => Rgb): Raster {
  const raster = createRaster(image.width, image.height, [255, 255, 255]);
  for (let y = 0; y < image.height; y++) {
    for (let x = 0; x < image.width; x++) fillRect(raster, x, y, 1, 1, color(y * image.width + x));
  }
  return raster;
}

function pixelColor(image: ImageArray, options: ImageOptions): (pixel: number) => Rgb {
  const { data, channels } = image;
  if (channels !== 1 && channels !== 3) {
    const hint = 'show other data by its attributions alone: attributionRaster sums channels';
    throw failure('image', 'must have 1 or 3 channels to be shown', { channels }, hint);
  }
  const [black, white] = options.range ?? guessRange(data);
  if (!(white > black)) throw failure('range', 'white must be above black', { black, white });
  const level = (i: number): number => Math.round(255 * Math.max(0, Math.min(1, (data[i]! - black) / (white - black))));
  return channels === 1
    ? (pixel) => [level(pixel), level(pixel), level(pixel)]
    : (pixel) => [level(3 * pixel), level(3 * pixel + 1), level(3 * pixel + 2)];
}

function guessRange(data: ArrayLike<number>): ImageRange {
  let low = data[0]!;
  let high = data[0]!;
  for (let i = 1; i < data.length; i++) {
    low = Math.min(low, data[i]!);
    high = Math.max(high, data[i]!);
  }
  const usual: readonly ImageRange[] = [
    [0, 1],
    [-1, 1],
    [0, 255],
  ];
  return usual.find(([black, white]) => low >= black && high <= white) ?? [low, high > low ? high : low + 1];
}

/** Luma of BT.601. */
function grey([r, g, b]: Rgb): Rgb {
  const luma = Math.round(0.299 * r + 0.587 * g + 0.114 * b);
  return [luma, luma, luma];
}
