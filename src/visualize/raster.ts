/**
 * An RGBA picture in memory and the few things drawn into it: rectangles, magnified pixels, labels. Pixels are whole and square: nothing is
 * resampled, so a picture is the same bytes everywhere. Drawing outside the picture is cut off.
 */

import { encode } from 'fast-png';
import { failure } from '../tensor/errors.ts';
import type { Rgb } from './colors.ts';
import { forEachPixel, textWidth } from './font.ts';

/** Row-major RGBA, 8 bits a channel. */
export type Raster = { readonly width: number; readonly height: number; readonly data: Uint8Array };

/** More pixels than this are refused: 64 megapixels are 256 MB before compression. */
const MAX_PIXELS = 2 ** 26;

/** An opaque picture of one colour. @throws PathgradError when it would have no pixels or more than 64 megapixels */
export function createRaster(width: number, height: number, color: Rgb): Raster {
  if (!(width >= 1 && height >= 1 && width * height <= MAX_PIXELS)) {
    const hint = 'show fewer samples, or smaller cells';
    throw failure('picture', `must have 1 to ${MAX_PIXELS} pixels`, { width, height }, hint);
  }
  const raster = { width, height, data: new Uint8Array(width * height * 4) };
  fillRect(raster, 0, 0, width, height, color);
  return raster;
}

export function fillRect(raster: Raster, left: number, top: number, width: number, height: number, color: Rgb): void {
  const right = Math.min(raster.width, left + width);
  const bottom = Math.min(raster.height, top + height);
  for (let y = Math.max(0, top); y < bottom; y++) {
    for (let x = Math.max(0, left); x < right; x++) {
      const at = (y * raster.width + x) * 4;
      raster.data[at] = color[0];
      raster.data[at + 1] = color[1];
      raster.data[at + 2] = color[2];
      raster.data[at + 3] = 255;
    }
  }
}

/** Copies a picture, each of its pixels as a square of `zoom` pixels. */
export function drawRaster(raster: Raster, source: Raster, left: number, top: number, zoom: number): void {
  for (let y = 0; y < source.height; y++) {
    for (let x = 0; x < source.width; x++) {
      const at = (y * source.width + x) * 4;
      const color: Rgb = [source.data[at]!, source.data[at + 1]!, source.data[at + 2]!];
      fillRect(raster, left + x * zoom, top + y * zoom, zoom, zoom, color);
    }
  }
}

/** A hair line around a rectangle, just outside it. */
export function frameRect(raster: Raster, left: number, top: number, width: number, height: number, color: Rgb): void {
  fillRect(raster, left - 1, top - 1, width + 2, 1, color);
  fillRect(raster, left - 1, top + height, width + 2, 1, color);
  fillRect(raster, left - 1, top, 1, height, color);
  fillRect(raster, left + width, top, 1, height, color);
}

/** Writes one line of ASCII; (left, top) is the corner of its capitals. */
export function drawText(raster: Raster, text: string, left: number, top: number, color: Rgb, zoom = 1): void {
  forEachPixel(text, (x, y) => {
    fillRect(raster, left + x * zoom, top + y * zoom, zoom, zoom, color);
  });
}

/** Writes one line centred on `middle`. */
export function drawCentred(raster: Raster, text: string, middle: number, top: number, color: Rgb, zoom = 1): void {
  drawText(raster, text, Math.round(middle - (textWidth(text) * zoom) / 2), top, color, zoom);
}

/** The same picture with each pixel as a square of `zoom` pixels. */
export function magnify(source: Raster, zoom: number): Raster {
  if (!Number.isInteger(zoom) || zoom < 1) throw failure('zoom', 'must be a whole number of 1 or more', { got: zoom });
  const raster = createRaster(source.width * zoom, source.height * zoom, [255, 255, 255]);
  drawRaster(raster, source, 0, 0, zoom);
  return raster;
}

/** PNG bytes of a picture; the same picture gives the same bytes. Opaque pictures, as all of ours are, are stored as RGB. */
export function encodePng(raster: Raster): Uint8Array {
  const { width, height, data } = raster;
  if (data.length !== width * height * 4) {
    throw failure('picture', 'data does not fit the size', { bytes: data.length, width, height });
  }
  for (let i = 3; i < data.length; i += 4) if (data[i] !== 255) return encode({ width, height, data, channels: 4 });
  const opaque = new Uint8Array(width * height * 3);
  for (let i = 0; i < opaque.length; i++) opaque[i] = data[Math.floor(i / 3) * 4 + (i % 3)]!;
  return encode({ width, height, data: opaque, channels: 3 });
}
