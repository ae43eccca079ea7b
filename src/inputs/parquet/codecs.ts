/**
 * What Parquet pages are packed with: Snappy (our own, 40 lines), gzip and zstd (fflate, fzstd). Invariant: the result has exactly the size that the
 * page's header says, which was counted before; data that would unpack to more are an error. Source: google/snappy, format_description.txt.
 */
import { Inflate } from 'fflate';
import { decompress as unzstd } from 'fzstd';
import { damaged as broken, failure } from '../../tensor/errors.ts';

const names: Readonly<Record<number, string>> = { 3: 'LZO', 4: 'Brotli', 5: 'LZ4 (Hadoop)', 7: 'LZ4' };

/** @param codec its number in Parquet's metadata */
export function unpack(bytes: Uint8Array, size: number, codec: number, subject: string): Uint8Array {
  const out = unpacked(bytes, size, codec, subject);
  if (out.length === size) return out;
  throw failure(subject, 'does not unpack to the size that it states', { states: size, unpacks: out.length });
}

function unpacked(bytes: Uint8Array, size: number, codec: number, subject: string): Uint8Array {
  switch (codec) {
    case 0:
      return bytes;
    case 1:
      return unsnap(bytes, size, subject);
    case 2:
      return ungzip(bytes, size, subject);
    case 6:
      return unzst(bytes, size, subject);
    default: {
      const hint = "write it with snappy, gzip or zstd: df.to_parquet(path, compression='snappy')";
      throw failure(subject, `is packed with ${names[codec] ?? `codec ${codec}`}, which is not read`, {}, hint);
    }
  }
}

function damaged(subject: string, how: string, cause?: unknown): Error {
  return broken(subject, `cannot be unpacked: its ${how} data are damaged`, {}, cause);
}

function ungzip(bytes: Uint8Array, size: number, subject: string): Uint8Array {
  const out = new Uint8Array(size);
  let at = 0;
  const head = gzipHeader(bytes);
  if (head < 0) throw damaged(subject, 'gzip');
  try {
    const stream = new Inflate((piece) => {
      if (at + piece.length > size) throw damaged(subject, 'gzip');
      out.set(piece, at);
      at += piece.length;
    });
    // Small pieces, so that little is unpacked beyond what may be.
    for (let from = head; from < bytes.length; from += 4096)
      stream.push(bytes.subarray(from, from + 4096), from + 4096 >= bytes.length);
  } catch (error) {
    throw damaged(subject, 'gzip', error);
  }
  return out.subarray(0, at);
}

/** Where the deflated data start: behind ten bytes, an extra field, a name and a comment. */
function gzipHeader(bytes: Uint8Array): number {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b || bytes[2] !== 8) return -1;
  const flags = bytes[3]!;
  let at = 10;
  if (flags & 4) at += 2 + bytes[at]! + 256 * bytes[at + 1]!;
  for (const bit of [8, 16]) if (flags & bit) at = bytes.indexOf(0, at) + 1;
  return at + (flags & 2 ? 2 : 0);
}

function unzst(bytes: Uint8Array, size: number, subject: string): Uint8Array {
  const stated = frameSize(bytes);
  // A frame that does not say its size could unpack to anything.
  if (stated !== size)
    throw failure(subject, 'does not unpack to the size that it states', { states: size, frame: stated });
  try {
    return unzstd(bytes, new Uint8Array(size));
  } catch (error) {
    throw damaged(subject, 'zstd', error);
  }
}

/** The size of its content that a zstd frame states, or null. Source: RFC 8878, 3.1.1.1. */
function frameSize(bytes: Uint8Array): number | null {
  const magic = bytes[0] === 0x28 && bytes[1] === 0xb5 && bytes[2] === 0x2f && bytes[3] === 0xfd;
  if (!magic || bytes.length < 6) return null;
  const head = bytes[4]!;
  const single = (head >> 5) & 1;
  const width = [single, 2, 4, 8][head >> 6]!;
  if (width === 0) return null;
  const at = 5 + (single ? 0 : 1) + [0, 1, 2, 4][head & 3]!;
  let value = 0;
  for (let i = width - 1; i >= 0; i--) value = value * 256 + (bytes[at + i] ?? 0);
  return width === 2 ? value + 256 : value;
}

function unsnap(bytes: Uint8Array, size: number, subject: string): Uint8Array {
  let at = 0;
  let stated = 0;
  for (let shift = 1; ; shift *= 128) {
    const byte = bytes[at++];
    if (byte === undefined || shift > 2 ** 32) throw damaged(subject, 'Snappy');
    stated += (byte & 127) * shift;
    if (byte < 128) break;
  }
  if (stated !== size) throw damaged(subject, 'Snappy');
  const out = new Uint8Array(size);
  let to = 0;
  const little = (count: number): number => {
    let value = 0;
    for (let i = count - 1; i >= 0; i--) value = value * 256 + (bytes[at + i] ?? 0);
    at += count;
    return value;
  };
  while (at < bytes.length) {
    const head = bytes[at++]!;
    if ((head & 3) === 0) {
      const short = head >> 2;
      const length = (short < 60 ? short : little(short - 59)) + 1;
      if (at + length > bytes.length || to + length > size) throw damaged(subject, 'Snappy');
      out.set(bytes.subarray(at, at + length), to);
      at += length;
      to += length;
      continue;
    }
    const near = (head & 3) === 1;
    const length = near ? ((head >> 2) & 7) + 4 : (head >> 2) + 1;
    const offset = near ? (head >> 5) * 256 + little(1) : little((head & 3) === 2 ? 2 : 4);
    if (at > bytes.length || offset === 0 || offset > to || to + length > size) throw damaged(subject, 'Snappy');
    for (let i = 0; i < length; i++, to++) out[to] = out[to - offset]!;
  }
  return out.subarray(0, to);
}
