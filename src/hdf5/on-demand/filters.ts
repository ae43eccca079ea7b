/**
 * The filters that a chunk went through, undone: deflate, shuffle, Fletcher's checksum, lzf, and those of packed.ts.
 * Invariant: no step makes more than the chunk's size and what a filter may add to it; checksums are verified.
 * Source: HDF5 file format specification 3.0, IV.A.2.l; the HDF5 library's H5Zshuffle.c and H5checksum.c; RFC 1950; LibLZF's format.
 */
import { unzlibSync } from 'fflate';
import { damaged, failure } from '../../tensor/errors.ts';
import { scaled, unpackBits } from './packed.ts';

export interface Filter {
  readonly id: number;
  /** The filter's own numbers; shuffle's is the length of an element. */
  readonly values: readonly number[];
}

/** What a chunk is unpacked to. */
export interface Unpacked {
  readonly bytes: number;
  readonly elementBytes: number;
}

type Bytes = Uint8Array<ArrayBuffer>;
type Undo = (bytes: Bytes, values: readonly number[], to: Unpacked, subject: string) => Bytes;

/** What filters add at most to what they get: a checksum, the head of scaled values. */
const ROOM = 64;

const UNDO: Readonly<Record<number, Undo>> = {
  1: inflate,
  2: unshuffle,
  3: (bytes, _values, _to, subject) => withoutChecksum(bytes, subject),
  5: unpackBits,
  6: scaled,
  32000: lzf,
};

const OTHERS: Readonly<Record<number, string>> = {
  4: 'szip',
  307: 'bzip2',
  32001: 'blosc',
  32004: 'lz4',
  32015: 'zstd',
};

/** The filters of a pipeline message, in the order in which they were applied. */
export function readFilters(view: DataView, offset: number, elementBytes: number, subject: string): Filter[] {
  const version = view.getUint8(offset);
  if (version !== 1 && version !== 2) throw failure(subject, `unknown version ${version} of the list of filters`);
  let at = offset + (version === 1 ? 8 : 2);
  const filters = Array.from({ length: view.getUint8(offset + 1) }, () => {
    const id = view.getUint16(at, true);
    const named = version === 1 || id >= 256;
    const nameBytes = named ? view.getUint16(at + 2, true) : 0;
    at += named ? 4 : 2;
    const count = view.getUint16(at + 2, true);
    at += 4 + (version === 1 ? Math.ceil(nameBytes / 8) * 8 : nameBytes);
    const values = Array.from({ length: count }, (_, i) => view.getUint32(at + 4 * i, true));
    at += 4 * (version === 1 ? count + (count % 2) : count);
    return { id, values };
  });
  for (const [i, { id, values }] of filters.entries()) {
    if (!UNDO[id]) {
      const hint = 'copy the file with h5repack -f GZIP=6';
      throw failure(subject, `its values are compressed by '${OTHERS[id] ?? id}', which is not supported`, {}, hint);
    }
    if (filters.findIndex((other) => other.id === id) !== i) throw failure(subject, 'lists a filter twice', { id });
    if (id === 2 && values[0] !== elementBytes) {
      const details = { shuffled: values[0] ?? 0, needs: elementBytes };
      throw failure(subject, 'its bytes were shuffled for elements of another length', details, 'the file is damaged');
    }
  }
  return filters;
}

/** @param used those filters that the chunk did not skip */
export function unfiltered(stored: Bytes, used: readonly Filter[], to: Unpacked, subject: string): Bytes {
  let bytes = stored;
  for (const { id, values } of used.toReversed()) bytes = UNDO[id]!(bytes, values, to, subject);
  if (bytes.length !== to.bytes) {
    throw damaged(subject, 'a chunk does not have its size', { bytes: bytes.length, needs: to.bytes });
  }
  return bytes;
}

function inflate(bytes: Bytes, _values: readonly number[], to: Unpacked, subject: string): Bytes {
  const out = unzlibSync(bytes, { out: new Uint8Array(to.bytes + ROOM) });
  if (out.length === to.bytes + ROOM) {
    throw damaged(subject, 'a chunk does not have its size', { bytes: out.length, needs: to.bytes });
  }
  let [a, b] = [1, 0];
  for (let at = 0; at < out.length; ) {
    // So many bytes fit before the sums leave 32 bits.
    for (const end = Math.min(at + 3800, out.length); at < end; at++) {
      a += out[at]!;
      b += a;
    }
    a %= 65521;
    b %= 65521;
  }
  const sum = new DataView(bytes.buffer, bytes.byteOffset).getUint32(bytes.length - 4);
  if (sum !== b * 65536 + a) throw failure(subject, 'the checksum of a compressed chunk is wrong');
  return out;
}

/** Shuffled bytes: all first bytes of the elements, then all second ones, ...; a remainder stays where it is. */
function unshuffle(bytes: Bytes, _values: readonly number[], { elementBytes }: Unpacked): Bytes {
  const out = bytes.slice();
  const count = Math.floor(bytes.length / elementBytes);
  for (let part = 0; part < elementBytes; part++) {
    for (let i = 0; i < count; i++) out[i * elementBytes + part] = bytes[part * count + i]!;
  }
  return out;
}

/** The bytes without the Fletcher checksum behind them: two sums modulo 65535 of the big-endian 16-bit words. */
export function withoutChecksum(bytes: Bytes, subject: string): Bytes {
  const data = bytes.subarray(0, Math.max(0, bytes.length - 4));
  let low = 0;
  let high = 0;
  for (let i = 0; i < data.length; i += 2) {
    low = (low + data[i]! * 256 + (data[i + 1] ?? 0)) % 65535;
    high = (high + low) % 65535;
  }
  const stored = [3, 2, 1, 0].reduce((value, i) => value * 256 + (bytes[data.length + i] ?? 0), 0);
  const [storedHigh, storedLow] = [Math.floor(stored / 65536), stored % 65536];
  // 0 and 65535 are the same remainder, and the library may have stored either.
  if (storedLow % 65535 !== low || storedHigh % 65535 !== high)
    throw failure(subject, 'the checksum of a chunk is wrong');
  return data;
}

/** Runs of bytes as they are, and copies of up to 264 bytes from at most 8,192 before. */
function lzf(bytes: Bytes, _values: readonly number[], to: Unpacked, subject: string): Bytes {
  const out = new Uint8Array(to.bytes + ROOM);
  let done = 0;
  const byte = (at: number): number => {
    if (at >= bytes.length) throw damaged(subject, 'a chunk compressed by lzf is cut short');
    return bytes[at]!;
  };
  for (let at = 0; at < bytes.length; ) {
    const control = bytes[at++]!;
    let length = control < 32 ? control + 1 : control >> 5;
    if (control < 32) {
      byte(at + length - 1);
      if (done + length <= out.length) out.set(bytes.subarray(at, at + length), done);
      at += length;
    } else {
      if (length === 7) length += byte(at++);
      length += 2;
      const from = done - ((control & 31) << 8) - byte(at++) - 1;
      if (from < 0) throw failure(subject, 'a chunk compressed by lzf refers to what is before it');
      for (let i = 0; i < length && done + i < out.length; i++) out[done + i] = out[from + i]!;
    }
    done += length;
    if (done > out.length) throw damaged(subject, 'a chunk does not have its size', { needs: to.bytes });
  }
  return out.subarray(0, done);
}
