/**
 * A picture with its attributions in panels: the picture, the colours on it, the outlines of what counts most, all numbers, and each sign alone,
 * on one scale with its numbers. Pixels are whole squares. The scale leaves out the few strongest pixels that would make all others pale, and
 * says how many they are and how far they go.
 */
import { failure } from '../../tensor/errors.ts';
import { checkOptions, type OptionNames } from '../../tensor/options.ts';
import { type ArrayLikeWithShape, asImage, sumChannels } from '../arrays.ts';
import { panelLayout } from '../flat.ts';
import { escapeHtml, percent, plain } from '../format.ts';
import { attributionRaster, type ImageRange, imageRaster, overlay } from '../image.ts';
import { thresholdByMass } from '../normalize.ts';
import { encodePng, type Raster } from '../raster.ts';
import { type Outline, outlines } from './outlines.ts';
import { pictureBarAt } from './picture-bar.ts';
import { type ChartOptions, chart, fitted, measured, roomIn, textAt } from './svg.ts';

/** What a panel shows. */
export type PictureMode = 'image' | 'overlay' | 'outlines' | 'all' | 'positive' | 'negative' | 'absolute';

/** A picture and its attributions. */
export type PictureData = {
  /** `[H, W]` or `[H, W, C]` with 1 or 3 channels. */
  readonly image: ArrayLikeWithShape;
  /** Of the same height and width; channels are summed. */
  readonly attribution: ArrayLikeWithShape;
  /** Values of the image that are black and white; default guessed. */
  readonly range?: ImageRange | undefined;
  /** Attribution that gets the full colour; default `pictureScale`. */
  readonly scale?: number | undefined;
  /** Panels, in their order; default image, overlay, outlines, all, positive and negative, or without the single signs where none is negative. */
  readonly modes?: readonly PictureMode[] | undefined;
};

/** Per cent of the sum of sizes that may lie beyond the full colour. */
const BEYOND = 2;

/** What full colour stands for, and what lies beyond it. */
export type PictureScale = {
  /** Attribution with the full colour. */
  readonly full: number;
  /** Pixels beyond it, and the largest of them in size. */
  readonly beyond: number;
  readonly largest: number;
};

/**
 * The scale of a picture's attributions: the size up to which all but 2 per cent of their sum lies (captum's outlier rule), and what lies beyond.
 * @param scale one that is given instead
 */
export function pictureScale(attribution: ArrayLikeWithShape, scale?: number): PictureScale {
  const sums = sumChannels(asImage(attribution, 'attribution'));
  const full = scale ?? thresholdByMass(sums, BEYOND);
  let [beyond, largest] = [0, 0];
  for (const v of sums) {
    if (Math.abs(v) > full) beyond++;
    largest = Math.max(largest, Math.abs(v));
  }
  return { full, beyond, largest };
}

/** `full colour 0.12; 3 pixels are beyond, up to 0.31` */
export function scaleWords({ full, beyond, largest }: PictureScale): string {
  if (largest === 0) return 'all attributions are 0';
  if (beyond === 0) return `full colour ${plain(full)}`;
  return `full colour ${plain(full)}; ${beyond} pixel${beyond === 1 ? ' is' : 's are'} beyond, up to ${plain(largest)}`;
}

/** One picture of several. */
export type Panel = {
  readonly mode: PictureMode;
  readonly caption: string;
  /** In words, for screen readers. */
  readonly says: string;
  readonly raster: Raster;
  /** Paths over the raster. */
  readonly paths: readonly { readonly sign: 'positive' | 'negative'; readonly outline: Outline }[];
};

const CAPTIONS: Readonly<Record<PictureMode, readonly [caption: string, says: string]>> = {
  image: ['image', 'the image itself'],
  overlay: ['on the image', 'attributions over the image'],
  outlines: ['outlines', 'outlines of the strongest pixels on the image'],
  all: ['all', 'all attributions'],
  positive: ['positive', 'positive attributions'],
  negative: ['negative', 'negative attributions'],
  absolute: ['by size', 'sizes of the attributions'],
};

/** What stands below each panel. */
export const PANEL_NAMES: Readonly<Record<PictureMode, string>> = Object.fromEntries(
  Object.entries(CAPTIONS).map(([mode, [caption]]) => [mode, caption]),
) as Record<PictureMode, string>;

/** The panels as pictures of the image's own size. @throws PathgradError where image and attribution differ in size, or a mode is not there */
export function picturePanels(data: PictureData, map: ChartOptions['colormap'] = 'PiYG'): Panel[] {
  const { image, attribution, range } = data;
  const sums = sumChannels(asImage(attribution, 'attribution'));
  const signs = sums.some((v) => v < 0);
  const modes =
    data.modes ??
    (signs ? ['image', 'overlay', 'outlines', 'all', 'positive', 'negative'] : ['image', 'overlay', 'outlines', 'all']);
  const shared = pictureScale(attribution, data.scale).full;
  const shown = { colormap: map, shared };
  return modes.map((mode): Panel => {
    if (!Object.hasOwn(CAPTIONS, mode))
      throw failure('modes', `there is no '${mode}'`, {}, `one of ${Object.keys(CAPTIONS).join(', ')}`);
    const [caption, says] = CAPTIONS[mode];
    const base = { mode, caption, says, paths: [] };
    if (mode === 'image') return { ...base, raster: imageRaster(image, { range }) };
    if (mode === 'overlay') return { ...base, raster: overlay(image, attribution, { ...shown, range }) };
    if (mode !== 'outlines') return { ...base, raster: attributionRaster(attribution, { ...shown, sign: mode }) };
    const paths = (['negative', 'positive'] as const)
      .map((sign) => ({ sign, outline: outlines(attribution, { sign }) }))
      .filter(({ outline }) => outline.pixels > 0);
    const parts = paths.map(
      ({ sign, outline }) => `${outline.pixels} ${sign} pixels hold ${percent(outline.share)} of all`,
    );
    return {
      ...base,
      says: parts.length === 0 ? says : `${says}: ${parts.join('; ')}`,
      raster: imageRaster(image, { range }),
      paths,
    };
  });
}

/** The panel as an `<svg>` in pixels of the image, which scales as a picture does. */
export function panelSvg({ raster, paths, says }: Panel, name: string, size: string): string {
  const { width, height } = raster;
  // On any ground: a pale line under the coloured one.
  const lines = paths.map(
    ({ sign, outline }) =>
      `<path d="${outline.path}" class="halo-line"/><path d="${outline.path}" class="${sign === 'positive' ? 'up-line' : 'down-line'}"/>`,
  );
  const label = escapeHtml(`${name}: ${says}`);
  return `<svg role="img" aria-label="${label}" class="panel" ${size} viewBox="0 0 ${width} ${height}"><title>${label}</title><image href="${dataUri(encodePng(raster))}" width="${width}" height="${height}"/>${lines.join('')}</svg>`;
}

/** Lines of outlines, for pages that show panels. */
export const PANEL_STYLE =
  '.panel{image-rendering:pixelated;display:block}.panel path{fill:none;vector-effect:non-scaling-stroke;stroke-linejoin:round}.panel .halo-line{stroke:#fff;stroke-width:3.5}.panel .up-line{stroke:#2c7a12;stroke-width:1.8}.panel .down-line{stroke:#c2187a;stroke-width:1.8;stroke-dasharray:4 2}';

/** `data:` address of a PNG. */
export function dataUri(png: Uint8Array): string {
  let binary = '';
  for (const byte of png) binary += String.fromCharCode(byte);
  return `data:image/png;base64,${btoa(binary)}`;
}

const SPACE = 12;
/** Where words beside the scale begin. */
const BESIDE = 175;
/** Least width of a panel in a file. */
const PANEL = 136;

/** How a picture is drawn. */
export type PictureOptions = ChartOptions;

export const pictureNames: OptionNames<PictureOptions> = { title: 1, width: 1, colormap: 1 };

/**
 * The panels as one SVG file, in as many columns as the width has room for, with the scale and its numbers.
 * @throws PathgradError where image and attribution differ in size, and for the width `fluid` (a page lays panels out itself)
 */
export function pictureChart(data: PictureData, options: PictureOptions = {}): string {
  checkOptions<PictureOptions>('pictureChart', options, pictureNames);
  if (options.width === 'fluid')
    throw failure(
      'width',
      "cannot be 'fluid' for a picture: its panels are laid out for one width",
      {},
      'show picturePanels in a page',
    );
  const room = roomIn({ width: options.width ?? 760 });
  const panels = picturePanels(data, options.colormap);
  const { raster } = panels[0] ?? { raster: { width: 1, height: 1 } };
  const { columns, step, side, tall } = panelLayout(panels.length, raster, { room, least: PANEL, space: SPACE });
  const cells = panels.map((panel, i) => {
    const x = (i % columns) * step;
    const y = Math.floor(i / columns) * (tall + 30);
    const place = `x="${x}" y="${y}" width="${side}" height="${tall}" preserveAspectRatio="none"`;
    const frame = `<rect class="l" x="${x - 0.5}" y="${y - 0.5}" width="${side + 1}" height="${tall + 1}" shape-rendering="crispEdges"/>`;
    const caption = textAt({ x, y: y + tall + 13, text: panel.caption, style: 'm s' });
    return `${panelSvg(panel, options.title ?? 'picture', place)}${frame}${caption}`;
  });
  const bottom = Math.ceil(panels.length / columns) * (tall + 30) + 6;
  const scale = pictureScale(data.attribution, data.scale);
  const words = scaleWords(scale);
  // Beside the scale, or below it where there is no room.
  const beside = scale.full > 0 && BESIDE + measured(words, 12) <= room;
  const [left, down] = scale.full === 0 ? [0, 5] : beside ? [BESIDE, 5] : [0, 46];
  const note = textAt({ x: left, y: bottom + down, text: fitted(words, room - left, 12), full: words, style: 'm s' });
  const says = `${panels.map((panel) => panel.says).join(', ')}; ${scaleWords(scale)}.`;
  const body = `<style>${PANEL_STYLE}</style>${cells.join('')}${scale.full > 0 ? pictureBarAt(scale.full, options.colormap ?? 'PiYG', bottom) : ''}${note}`;
  return chart(
    'pictureChart',
    { height: bottom + (down === 46 ? 56 : 30), body, says, parts: true },
    { ...options, width: options.width ?? 760 },
  );
}
