/**
 * Gunzip with a bound: sizes that a file claims are not trusted, so it is inflated piece by piece (fflate) and given up when
 * it outgrows the limit. The CRC-32 behind each member (RFC 1952) is checked, since a flipped bit would otherwise pass as data.
 */
import { Gunzip } from 'fflate';
import { crc32 } from '../guard/crc32.ts';
import { failure, PathgradError } from '../tensor/errors.ts';

const PIECE = 1 << 12; // deflate grows data 1032-fold at most, so one piece makes 4 MB at most
const DEFAULT_LIMIT = 2 ** 29;
/** What a file must have in bytes for what it says that it inflates to. */
const MOST_FROM_BYTE = 1032;

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
  const damaged = (what: string, cause?: unknown): PathgradError =>
    failure(name, `is a damaged gzip file: ${what}`, { bytes: bytes.length }, 'get the file anew', cause);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  // The last four bytes say how long it is (of several members the last): a guess that saves a copy where it is right.
  const stated = bytes.length < 18 ? 0 : view.getUint32(bytes.length - 4, true);
  let out = new Uint8Array(Math.min(stated, limit, MOST_FROM_BYTE * bytes.length));
  let total = 0;
  let member = 0;
  /** Compares a member with the trailer that ends at `end`. */
  const check = (end: number): void => {
    if (end < 18) throw damaged('it is cut short');
    const whole = view.getUint32(end - 8, true) === crc32(out.subarray(member, total));
    if (!whole || view.getUint32(end - 4, true) !== (total - member) % 2 ** 32)
      throw damaged('its checksum does not match');
    member = total;
  };
  const stream = new Gunzip((piece) => {
    if (total + piece.length > limit) throw failure(name, 'inflates to more than is read at once', { limit });
    if (total + piece.length > out.length) {
      const more = new Uint8Array(Math.min(limit, 2 * (total + piece.length)));
      more.set(out.subarray(0, total));
      out = more;
    }
    out.set(piece, total);
    total += piece.length;
  });
  stream.onmember = check;
  try {
    for (let at = 0; at < bytes.length; at += PIECE) {
      stream.push(bytes.subarray(at, at + PIECE), at + PIECE >= bytes.length);
    }
  } catch (error) {
    if (error instanceof PathgradError) throw error;
    throw damaged(messageOf(error), error);
  }
  check(bytes.length);
  return out.subarray(0, total);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
