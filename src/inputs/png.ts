/**
 * Checks a PNG before it is decoded: the checksum of every chunk, one header, and image data that inflates to what the header says.
 * Only chunks that a picture is made of are handed on: profiles and texts are not unpacked.
 * Invariant: what decoding allocates is bounded by the header, and the header by the file. Source: PNG specification, third edition.
 */
import { Unzlib } from 'fflate';
import { crc32 } from '../guard/crc32.ts';
import { failure, PathgradError } from '../tensor/errors.ts';

/** Samples (pixels times channels) that any file may hold: as float64 they are 128 MiB. A file of more bytes may hold 20 per byte. */
const SAMPLES = 2 ** 24;
const SAMPLES_PER_BYTE = 20;
const MOST_PIXELS = 2 ** 26;

/** Channels by colour type. */
const CHANNELS: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
const KEPT = ['IHDR', 'PLTE', 'tRNS', 'IDAT', 'IEND'];
/** Start and step of Adam7's passes, across and down. */
const ADAM7 = [
  [0, 8, 0, 8],
  [4, 8, 0, 8],
  [0, 4, 4, 8],
  [2, 4, 0, 4],
  [0, 2, 2, 4],
  [1, 2, 0, 2],
  [0, 1, 1, 2],
] as const;
const PIECE = 1 << 12;

/** The file without the chunks that no pixel depends on. */
export function checkedPng(bytes: Uint8Array, name: string): Uint8Array {
  const damaged = (what: string, cause?: unknown): PathgradError =>
    failure(name, `is a damaged PNG: ${what}`, { bytes: bytes.length }, 'save the picture anew', cause);
  if (bytes.length < 33) throw damaged('it ends within its header');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const expected = inflatedBytes(view, name, damaged);
  let inflated = 0;
  const stream = new Unzlib((piece) => {
    inflated += piece.length;
    if (inflated > expected) throw damaged('it holds more image data than its header says');
  });
  const kept: Uint8Array[] = [bytes.subarray(0, 8)];
  for (let at = 8, type = ''; type !== 'IEND'; ) {
    if (at + 12 > bytes.length) throw damaged('it is cut short');
    const length = view.getUint32(at);
    const end = at + 12 + length;
    type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    if (end > bytes.length) throw damaged('it is cut short');
    if (view.getUint32(end - 4) !== crc32(bytes.subarray(at + 4, end - 4))) {
      throw damaged(`the checksum of its ${/^\w{4}$/.test(type) ? type : 'unknown'} chunk does not match`);
    }
    if ((type === 'IHDR') !== (at === 8)) throw damaged('it has no header, or two');
    if (type === 'PLTE' && length > 3 * 256) throw damaged('its palette is too large');
    if (type === 'IDAT') inflate(stream, bytes.subarray(at + 8, end - 4), damaged);
    if (KEPT.includes(type)) kept.push(bytes.subarray(at, end));
    at = end;
  }
  inflate(stream, null, damaged);
  if (inflated < expected) throw damaged('its image data is cut short');
  const plain = new Uint8Array(kept.reduce((sum, part) => sum + part.length, 0));
  let to = 0;
  for (const part of kept) {
    plain.set(part, to);
    to += part.length;
  }
  return plain;
}

/** Pushes data, or the end of it; pieces are small, so that little is unpacked beyond what may be. */
function inflate(
  stream: Unzlib,
  data: Uint8Array | null,
  damaged: (what: string, cause: unknown) => PathgradError,
): void {
  try {
    if (data === null) stream.push(new Uint8Array(0), true);
    for (let at = 0; data !== null && at < data.length; at += PIECE) stream.push(data.subarray(at, at + PIECE), false);
  } catch (error) {
    if (error instanceof PathgradError) throw error;
    throw damaged(error instanceof Error ? error.message : String(error), error);
  }
}

/** What the image data of a file with this header inflates to: a byte per row for its filter, and the samples. */
function inflatedBytes(view: DataView, name: string, damaged: (what: string) => PathgradError): number {
  const [width, height] = [view.getUint32(16), view.getUint32(20)];
  const [depth, colour, interlaced] = [view.getUint8(24), view.getUint8(25), view.getUint8(28)];
  const channels = CHANNELS[colour];
  const depths = colour === 0 ? [1, 2, 4, 8, 16] : colour === 3 ? [1, 2, 4, 8] : [8, 16];
  if (channels === undefined || !depths.includes(depth) || interlaced > 1) throw damaged('its header is none of a PNG');
  if (width * height === 0) throw failure(name, 'is a picture without pixels', { width, height });
  const samples = width * height * (colour === 3 ? 3 : channels);
  const limit = Math.max(SAMPLES, SAMPLES_PER_BYTE * view.byteLength);
  if (width * height > MOST_PIXELS || samples > limit) {
    throw failure(name, 'is too large a picture', { width, height, samples, limit, pixels: MOST_PIXELS });
  }
  const passBytes = (columns: number, rows: number): number =>
    columns === 0 ? 0 : rows * (1 + Math.ceil((columns * channels * depth) / 8));
  if (interlaced === 0) return passBytes(width, height);
  const count = (size: number, start: number, step: number): number => Math.ceil(Math.max(0, size - start) / step);
  return ADAM7.reduce((sum, [x, dx, y, dy]) => sum + passBytes(count(width, x, dx), count(height, y, dy)), 0);
}
