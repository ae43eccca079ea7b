/**
 * Gunzip with a bound: sizes that a file claims are not trusted, so it is inflated piece by piece (fflate) and given up when
 * it outgrows the limit. The CRC-32 at the end (RFC 1952) is checked, since a flipped bit would otherwise pass as data.
 */
import { Gunzip } from 'fflate';
import { crc32 } from '../guard/crc32.ts';
import { failure, PathgradError } from '../tensor/errors.ts';

const PIECE = 1 << 16; // deflate grows data 1032-fold at most, so one piece makes 68 MB at most
const DEFAULT_LIMIT = 2 ** 29;

/** Whether the bytes start as a gzip file does. */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/**
 * The inflated bytes; bytes that are no gzip file come back as they are.
 * @param name of the file, for errors
 * @param limit in bytes of the result
 */
export function gunzip(bytes: Uint8Array, name: string, limit: number = DEFAULT_LIMIT): Uint8Array {
  if (!isGzip(bytes)) return bytes;
  const pieces: Uint8Array[] = [];
  let total = 0;
  let members = 0;
  const stream = new Gunzip((piece) => {
    total += piece.length;
    if (total > limit) throw failure(name, 'inflates to more than is read at once', { limit });
    pieces.push(piece);
  });
  stream.onmember = () => members++;
  try {
    for (let at = 0; at < bytes.length; at += PIECE) {
      stream.push(bytes.subarray(at, at + PIECE), at + PIECE >= bytes.length);
    }
  } catch (error) {
    if (error instanceof PathgradError) throw error;
    throw failure(
      name,
      `is a damaged gzip file: ${messageOf(error)}`,
      { bytes: bytes.length },
      'get the file anew',
      error,
    );
  }
  const inflated = new Uint8Array(total);
  let at = 0;
  for (const piece of pieces) {
    inflated.set(piece, at);
    at += piece.length;
  }
  const trailer = new DataView(bytes.buffer, bytes.byteOffset + bytes.length - 8, 8);
  const whole = trailer.getUint32(0, true) === crc32(inflated) && trailer.getUint32(4, true) === total % 2 ** 32;
  if (members <= 1 && !whole) {
    throw failure(
      name,
      'is a damaged gzip file: its checksum does not match',
      { bytes: bytes.length },
      'get the file anew',
    );
  }
  return inflated;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
