/**
 * PNG files to arrays of pixels in [0, 1], height x width x channels. fast-png inflates and unfilters; this file unpacks bit
 * depths and palettes, checks sizes before that, and lays transparent pictures over white.
 * Invariant: `channels` is 1 (grey) or 3 (RGB), and whatever was changed on the way is in `notices`.
 */
import { type DecodedPng, decode } from 'fast-png';
import { failure } from '../tensor/errors.ts';

export interface Picture {
  readonly height: number;
  readonly width: number;
  readonly channels: 1 | 3;
  /** Row-major, channels last, from 0 (black) to 1. */
  readonly data: Float64Array;
  /** What a user should know about how the file was read; empty if it was taken as it is. */
  readonly notices: readonly string[];
}

const MAX_PIXELS = 2 ** 26; // 8192 x 8192: one unpacked picture stays below 500 MB as 8-bit RGBA, inflated and copied

const otherFormats: readonly (readonly [string, readonly number[]])[] = [
  ['JPEG', [0xff, 0xd8, 0xff]],
  ['GIF', [0x47, 0x49, 0x46]],
  ['BMP', [0x42, 0x4d]],
  ['WebP', [0x52, 0x49, 0x46, 0x46]],
  ['PDF', [0x25, 0x50, 0x44, 0x46]],
];

/**
 * Reads a PNG of any colour type and bit depth.
 * @param name of the file, for errors and notices
 */
export function readPng(bytes: Uint8Array, name = 'image'): Picture {
  checkHeader(bytes, name);
  let png: DecodedPng;
  try {
    png = decode(bytes, { checkCrc: true });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw failure(name, `is a damaged PNG: ${reason}`, { bytes: bytes.length }, 'save the picture anew', error);
  }
  return flatten(png, name);
}

function checkHeader(bytes: Uint8Array, name: string): void {
  const signature = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
  if (!signature.every((byte, i) => bytes[i] === byte)) {
    const other = otherFormats.find(([, magic]) => magic.every((byte, i) => bytes[i] === byte))?.[0];
    const found = bytes.length === 0 ? 'is empty' : other ? `is a ${other} file, not a PNG` : 'is not a PNG file';
    throw failure(name, found, { bytes: bytes.length }, 'convert the picture to PNG');
  }
  if (bytes.length < 33) throw failure(name, 'is a damaged PNG: it ends within its header', { bytes: bytes.length });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const [width, height] = [view.getUint32(16), view.getUint32(20)];
  if (width * height > MAX_PIXELS) throw failure(name, 'is too large a picture', { width, height, limit: MAX_PIXELS });
  if (width * height === 0) throw failure(name, 'is a picture without pixels', { width, height });
}

/** Samples of one packed row-major plane as fractions of the largest value; palette indices stay as they are. */
function samplesOf(png: DecodedPng): Float64Array {
  const perRow = png.width * png.channels;
  const out = new Float64Array(perRow * png.height);
  const scale = png.palette ? 1 : 2 ** png.depth - 1;
  if (png.depth >= 8) return out.map((_, i) => png.data[i]! / scale);
  const rowBytes = Math.ceil((perRow * png.depth) / 8); // rows start on a byte
  for (let row = 0; row < png.height; row++) {
    for (let i = 0; i < perRow; i++) {
      const bit = i * png.depth;
      const byte = png.data[row * rowBytes + (bit >> 3)]!;
      out[row * perRow + i] = ((byte >> (8 - png.depth - (bit & 7))) & (2 ** png.depth - 1)) / scale;
    }
  }
  return out;
}

function flatten(png: DecodedPng, name: string): Picture {
  const samples = samplesOf(png);
  const pixels = png.width * png.height;
  const colours = png.palette || png.channels >= 3 ? 3 : 1;
  const key = png.transparency && png.transparency.length === colours ? png.transparency : null;
  const largest = 2 ** png.depth - 1;
  const data = new Float64Array(pixels * colours);
  let transparent = 0;
  for (let pixel = 0; pixel < pixels; pixel++) {
    const entry = png.palette?.[samples[pixel]!];
    if (png.palette && !entry) throw failure(name, 'is a damaged PNG: a pixel is outside its palette', { pixel });
    const at = pixel * png.channels;
    let alpha = entry ? (entry[3] ?? 255) / 255 : png.channels % 2 === 0 ? samples[at + png.channels - 1]! : 1;
    if (!entry && key?.every((value, c) => Math.round(samples[at + c]! * largest) === value)) alpha = 0;
    if (alpha < 1) transparent++;
    for (let c = 0; c < colours; c++) {
      const value = entry ? entry[c]! / 255 : samples[at + c]!;
      data[pixel * colours + c] = value * alpha + (1 - alpha);
    }
  }
  const notices = transparent > 0 ? [`${name}: ${transparent} transparent pixels are laid over white`] : [];
  return { height: png.height, width: png.width, channels: colours, data, notices };
}
