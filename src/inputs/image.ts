/**
 * PNG files to arrays of pixels in [0, 1], height x width x channels. png.ts checks the file, fast-png inflates and unfilters; this file
 * unpacks bit depths and palettes, and lays transparent pictures over white.
 * Invariant: `channels` is 1 (grey) or 3 (RGB), and whatever was changed on the way is in `notices`.
 */
import { type DecodedPng, decode } from 'fast-png';
import { notA } from '../guard/content.ts';
import { damaged, failure } from '../tensor/errors.ts';
import { checkedPng } from './png.ts';

/** A decoded picture: `[height, width, channels]`, row by row, each value from black (0) to white (1). */
export interface Picture {
  readonly height: number;
  readonly width: number;
  readonly channels: 1 | 3;
  /** Row-major, channels last, from 0 (black) to 1. */
  readonly data: Float64Array;
  /** What a user should know about how the file was read; empty if it was taken as it is. */
  readonly notices: readonly string[];
}

/**
 * Reads a PNG of any colour type and bit depth.
 * @param name of the file, for errors and notices
 */
export function readPng(bytes: Uint8Array, name = 'image'): Picture {
  const signature = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
  if (!signature.every((byte, i) => bytes[i] === byte)) {
    throw notA(name, 'a PNG', bytes, 'readPicture reads PNG and JPEG; save other pictures as one of these');
  }
  const plain = checkedPng(bytes, name);
  let png: DecodedPng;
  try {
    png = decode(plain);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw failure(name, `is a damaged PNG: ${reason}`, { bytes: bytes.length }, 'save the picture anew', error);
  }
  return flatten(png, name);
}

/** The number of a sample as it is stored: of a palette picture the index. Rows of packed samples start on a byte. */
function sampleReader({ data, width, channels, depth }: DecodedPng): (row: number, sample: number) => number {
  const perRow = width * channels;
  if (depth >= 8) return (row, sample) => data[row * perRow + sample]!;
  const rowBytes = Math.ceil((perRow * depth) / 8);
  return (row, sample) => {
    const bit = sample * depth;
    return (data[row * rowBytes + (bit >> 3)]! >> (8 - depth - (bit & 7))) & (2 ** depth - 1);
  };
}

/** Straight from the stored samples to the result: a picture may be large, and is held once. */
function flatten(png: DecodedPng, name: string): Picture {
  const { width, height, channels, depth, palette } = png;
  const read = sampleReader(png);
  const colours = palette || channels >= 3 ? 3 : 1;
  const key = png.transparency && png.transparency.length === colours ? png.transparency : null;
  const largest = 2 ** depth - 1;
  const data = new Float64Array(width * height * colours);
  let transparent = 0;
  for (let row = 0, to = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const at = column * channels;
      const entry = palette?.[read(row, at)];
      if (palette && !entry) {
        throw damaged(name, 'is a damaged PNG: a pixel is outside its palette', { pixel: row * width + column });
      }
      let alpha = entry ? (entry[3] ?? 255) / 255 : channels % 2 === 0 ? read(row, at + channels - 1) / largest : 1;
      if (!entry && key?.every((value, c) => read(row, at + c) === value)) alpha = 0;
      if (alpha < 1) transparent++;
      for (let c = 0; c < colours; c++) {
        const value = entry ? entry[c]! / 255 : read(row, at + c) / largest;
        data[to++] = value * alpha + (1 - alpha);
      }
    }
  }
  const notices = transparent > 0 ? [`${name}: ${transparent} transparent pixels are laid over white`] : [];
  return { height, width, channels: colours, data, notices };
}
