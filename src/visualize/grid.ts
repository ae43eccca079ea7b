/**
 * The picture of the MNIST document: a row per sample, in four columns the image, all its attributions, the positive and the negative
 * ones, on one symmetric scale for the whole picture with a colour bar that names it. White page, whole square pixels.
 */

import { failure } from '../tensor/errors.ts';
import { largest } from '../tensor/largest.ts';
import { checkOptions } from '../tensor/options.ts';
import { type ArrayLikeWithShape, asImage, sumChannels } from './arrays.ts';
import { type ColormapName, colormap, type Rgb } from './colors.ts';
import { CAPITAL_HEIGHT, textWidth } from './font.ts';
import { plain, signed } from './format.ts';
import { attributionRaster, checkSameSize, type ImageRange, imageRaster } from './image.ts';
import { sharedScale } from './normalize.ts';
import { createRaster, drawCentred, drawRaster, drawText, fillRect, frameRect, type Raster } from './raster.ts';

/** A row of a grid: a picture and its attributions. */
export type GridSample = {
  readonly image: ArrayLikeWithShape;
  readonly attribution: ArrayLikeWithShape;
  /** Lines of ASCII to the left of the row; the first is the heading. */
  readonly label?: string | readonly string[] | undefined;
};

/** Title, caption and scale of a grid of pictures. */
export type GridOptions = {
  readonly title?: string | undefined;
  /** A line under the picture, e.g. what the colours mean. Default: that for the colour map. */
  readonly caption?: string | undefined;
  /** What the numbers mean, for the default caption, where it is not that they raise and lower the score. */
  readonly meaning?: string | undefined;
  readonly colormap?: ColormapName | undefined;
  /** Attribution that gets the full colour; default the largest absolute one of all samples. */
  readonly scale?: number | undefined;
  /** Values of the images that are black and white; default guessed per image. */
  readonly range?: ImageRange | undefined;
  /** Wanted side of an image in picture pixels; images are magnified by whole factors to at least this. Default 112. */
  readonly cell?: number | undefined;
};

const PAGE: Rgb = [255, 255, 255];
const INK: Rgb = [24, 26, 31];
const MUTED: Rgb = [96, 102, 112];
const LINE: Rgb = [214, 218, 224];
const COLUMNS = ['original', 'all', 'positive', 'negative'] as const;
const MARGIN = 28;
/** The short side of a picture is no less than this part of the side that is wanted, where there is room. */
const SHORT = 5;
/** Between columns, and between rows. */
const SPACE = 20;
const BAR_WIDTH = 14;
/** Text is drawn at twice the font's pixels, headings too: 14-pixel capitals read well beside 112-pixel images. */
const ZOOM = 2;
const TEXT_HEIGHT: number = CAPITAL_HEIGHT * ZOOM;
const LINE_HEIGHT: number = TEXT_HEIGHT + 10;

/**
 * Draws the grid.
 * @throws PathgradError when there are no samples, an attribution does not fit its image, or the picture would be too large
 */
export function attributionGrid(samples: readonly GridSample[], options: GridOptions = {}): Raster {
  const names = { title: 1, caption: 1, meaning: 1, colormap: 1, scale: 1, range: 1, cell: 1 } as const;
  checkOptions<GridOptions>('attributionGrid', options, names);
  if (samples.length === 0) throw failure('attributionGrid', 'needs at least one sample');
  const { cell: wanted = 112, title, colormap: map = 'PiYG', range } = options;
  if (!(wanted >= 1 && wanted <= 4096)) throw failure('cell', 'must lie in 1 to 4096 pixels', { got: wanted });
  const sums = samples.map(({ image, attribution }) => {
    const over = asImage(attribution, 'attribution');
    checkSameSize(asImage(image, 'image'), over);
    return sumChannels(over);
  });
  const scale = options.scale ?? sharedScale(sums);
  // Of numbers that have no sign, one picture says all.
  const signs = options.meaning === undefined || sums.some((values) => values.some((v) => v < 0));
  const columns = COLUMNS.slice(0, signs ? 4 : 2);
  const rows = samples.map(({ image, attribution, label = [] }) => {
    const shown = { colormap: map, shared: scale };
    const original = imageRaster(image, { range });
    const cells = [
      original,
      attributionRaster(attribution, shown),
      attributionRaster(attribution, { ...shown, sign: 'positive' }),
      attributionRaster(attribution, { ...shown, sign: 'negative' }),
    ].slice(0, columns.length);
    const [long, short] = [Math.max(original.width, original.height), Math.min(original.width, original.height)];
    const usual = Math.max(1, Math.ceil(wanted / long));
    // A flat picture is magnified until its short side is seen, or its long one takes the room of three; then it is stretched.
    const zoom = Math.max(usual, Math.min(Math.ceil(wanted / SHORT / short), Math.floor((3 * wanted) / long)));
    const thick = Math.max(1, Math.ceil(wanted / SHORT / (short * zoom)));
    const [across, down] = original.width > original.height ? [1, thick] : [thick, 1];
    const size = { width: original.width * across * zoom, height: original.height * down * zoom };
    const lines = typeof label === 'string' ? label.split('\n') : label;
    return { cells: cells.map((cell) => stretched(cell, across, down)), lines, zoom, ...size };
  });

  const cellWidth = largest([...rows.map(({ width }) => width), ...columns.map((name) => textWidth(name) * ZOOM)]);
  const rowHeight = largest(rows.map(({ height, lines }) => Math.max(height, lines.length * LINE_HEIGHT)));
  const labelWidth = largest(
    rows.flatMap(({ lines }) => lines.map((line) => textWidth(line) * ZOOM)),
    0,
  );
  const left = MARGIN + (labelWidth > 0 ? labelWidth + SPACE : 0);
  const top = MARGIN + (title === undefined ? 0 : LINE_HEIGHT + 12) + LINE_HEIGHT;
  const gridRight = left + columns.length * (cellWidth + SPACE) - SPACE;
  const gridBottom = top + rows.length * (rowHeight + SPACE) - SPACE;
  const barHeight = Math.min(gridBottom - top, 320);
  const marks = barHeight < 160 ? [1, 0, -1] : [1, 0.5, 0, -0.5, -1];
  const ticks = scale > 0 ? marks.map((v) => signed(v * scale)) : ['0'];
  const barRight = gridRight + SPACE + 8 + BAR_WIDTH + 10 + Math.max(...ticks.map((t) => textWidth(t) * ZOOM));
  const caption = wrap(options.caption ?? defaultCaption(map, scale, options.meaning), barRight - MARGIN);
  const height = gridBottom + 18 + caption.length * (LINE_HEIGHT - 2) + MARGIN - 10;
  const page = createRaster(barRight + MARGIN, height, PAGE);

  if (title !== undefined) drawText(page, title, MARGIN, MARGIN, INK, ZOOM);
  columns.forEach((name, c) => {
    drawCentred(page, name, left + c * (cellWidth + SPACE) + cellWidth / 2, top - LINE_HEIGHT, MUTED, ZOOM);
  });
  rows.forEach((row, r) => {
    const y = top + r * (rowHeight + SPACE);
    if (r > 0) fillRect(page, MARGIN, y - SPACE / 2, gridRight - MARGIN, 1, LINE);
    const firstLine = y + Math.round((rowHeight - row.lines.length * LINE_HEIGHT + LINE_HEIGHT - TEXT_HEIGHT) / 2);
    row.lines.forEach((line, l) => {
      drawText(page, line, MARGIN, firstLine + l * LINE_HEIGHT, l === 0 ? INK : MUTED, ZOOM);
    });
    row.cells.forEach((cell, c) => {
      const x = left + c * (cellWidth + SPACE) + ((cellWidth - row.width) >> 1);
      const cellTop = y + ((rowHeight - row.height) >> 1);
      drawRaster(page, cell, x, cellTop, row.zoom);
      frameRect(page, x, cellTop, row.width, row.height, LINE);
    });
  });
  drawBar(page, map, gridRight + SPACE + 8, top, barHeight, ticks);
  caption.forEach((line, l) => {
    drawText(page, line, MARGIN, gridBottom + 18 + l * (LINE_HEIGHT - 2), MUTED, ZOOM);
  });
  return page;
}

/** Each pixel `across` times beside itself and `down` times below. */
function stretched(source: Raster, across: number, down: number): Raster {
  if (across * down === 1) return source;
  const raster = createRaster(source.width * across, source.height * down, PAGE);
  const from = new Uint32Array(source.data.buffer, source.data.byteOffset, source.width * source.height);
  const to = new Uint32Array(raster.data.buffer, raster.data.byteOffset, raster.width * raster.height);
  for (let i = 0; i < to.length; i++) {
    const [x, y] = [i % raster.width, Math.floor(i / raster.width)];
    to[i] = from[Math.floor(y / down) * source.width + Math.floor(x / across)]!;
  }
  return raster;
}

function drawBar(
  page: Raster,
  map: ColormapName,
  left: number,
  top: number,
  height: number,
  ticks: readonly string[],
): void {
  for (let y = 0; y < height; y++) {
    fillRect(page, left, top + y, BAR_WIDTH, 1, colormap(map, 1 - (2 * y) / (height - 1)));
  }
  frameRect(page, left, top, BAR_WIDTH, height, LINE);
  ticks.forEach((tick, i) => {
    const y = ticks.length === 1 ? (height - 1) / 2 : (i * (height - 1)) / (ticks.length - 1);
    const textTop = Math.max(0, Math.min(height - TEXT_HEIGHT, y - TEXT_HEIGHT / 2));
    fillRect(page, left + BAR_WIDTH, top + Math.round(y), 4, 1, MUTED);
    drawText(page, tick, left + BAR_WIDTH + 10, top + Math.round(textTop), MUTED, ZOOM);
  });
}

function defaultCaption(map: ColormapName, scale: number, meaning: string | undefined): string {
  if (meaning !== undefined) {
    const signs = scale === 0 ? 'all numbers are 0' : `full colour is ${plain(scale)}, the same in every row`;
    return `${signs}; ${meaning}`;
  }
  if (scale === 0) return 'All attributions are 0: moving from the baseline to the image does not change the score.';
  const negative = map === 'PiYG' ? 'pink' : 'red';
  return `green raises the score, ${negative} lowers it; full colour is ${plain(scale)}, the same in every row`;
}

/** Breaks a line between words so that it fits. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const longer = lines.length === 0 ? word : `${lines.at(-1)} ${word}`;
    if (lines.length > 0 && textWidth(longer) * ZOOM <= width) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}
