/**
 * What bytes look like that are not what was wanted, for errors: told by the first bytes alone, and nothing of them is opened.
 * Sources: the magic numbers of each format.
 */
import { failure, type PathgradError } from '../tensor/errors.ts';
import { shortened } from '../tensor/visible.ts';

/** Bytes at places that only one format has there. */
const magic: readonly (readonly [what: string, at: number, bytes: string])[] = [
  ['a PNG file', 0, '\x89PNG'],
  ['a JPEG file', 0, '\xff\xd8\xff'],
  ['a GIF file', 0, 'GIF8'],
  ['a WebP file', 8, 'WEBP'],
  ['a WAV file', 8, 'WAVE'],
  ['a BMP file', 0, 'BM'],
  ['a TIFF file', 0, 'II*\0'],
  ['a TIFF file', 0, 'MM\0*'],
  ['a HEIC or AVIF file', 4, 'ftyp'],
  ['a PDF file', 0, '%PDF'],
  ['an HDF5 file', 0, '\x89HDF'],
  ['a NumPy array', 0, '\x93NUMPY'],
  ['a Parquet file', 0, 'PAR1'],
  ['a file of safetensors', 8, '{"'],
  ['a zip archive', 0, 'PK\x03\x04'],
  ['gzip data', 0, '\x1f\x8b'],
  ['bzip2 data', 0, 'BZh'],
  ['xz data', 0, '\xfd7zXZ'],
];

/** Bytes that are looked at. */
const LOOKED = 512;

/** `a PNG file`, `plain text ('age,income')`; null for what is unknown. @param start the first bytes, or all */
export function contentOf(start: Uint8Array): string | null {
  const raw = String.fromCharCode(...start.subarray(0, LOOKED));
  const text = textIn(start.subarray(0, LOOKED));
  // A text may hold a format's letters: what is binary has other bytes beside them.
  const found = magic.find(
    ([, at, bytes]) =>
      raw.startsWith(bytes, at) &&
      (text === null || (at === 0 && bytes.length > 2)) &&
      (bytes !== 'BM' || raw.startsWith('\0\0\0\0', 6)),
  );
  if (found) return found[0];
  if (text === null) return null;
  if (/^<(!doctype|html)/i.test(text)) return 'a web page';
  if (text.startsWith('<')) return 'XML';
  if (/^[{[]/.test(text)) return 'JSON';
  return `plain text ('${shortened(text.split(/[\r\n]/)[0]!, 30)}')`;
}

/** The first signs, where the bytes are UTF-8 and hold none that text has not; null for other bytes. */
function textIn(start: Uint8Array): string | null {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(start, { stream: true }).trimStart();
    // biome-ignore lint/suspicious/noControlCharactersInRegex: what holds them is no text
    return text === '' || /[\0-\x08\x0e-\x1f\x7f]/.test(text) ? null : text;
  } catch {
    return null;
  }
}

/** `unknown content (starts 01 02 03)` */
export function unknownContent(start: Uint8Array): string {
  const head = Array.from(start.subarray(0, 8), (byte) => byte.toString(16).padStart(2, '0')).join(' ');
  return `unknown content (starts ${head})`;
}

/**
 * The error of a reader that was given something else, saying what it looks like.
 * @param wanted what is read, as `an .npy file`
 * @param start the first bytes of the file, or all
 * @param hint what to do: which formats are read, or how to make one
 */
export function notA(
  name: string,
  wanted: string,
  start: Uint8Array,
  hint: string,
  size: number = start.length,
): PathgradError {
  if (size === 0) return failure(name, 'is empty', { bytes: 0 }, hint);
  return failure(name, `is not ${wanted}: ${contentOf(start) ?? unknownContent(start)}`, { bytes: size }, hint);
}

/** The error of a reader of text: another format by its name, else another encoding. */
export function notText(name: string, start: Uint8Array, cause?: unknown): PathgradError {
  const found = contentOf(start);
  if (found) return failure(name, `is not text: ${found}`, {}, 'give a text file, saved as UTF-8', cause);
  return failure(name, 'is not UTF-8 text', {}, 'save it as UTF-8', cause);
}
