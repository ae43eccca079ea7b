/**
 * IDX, the format of the MNIST files: two zero bytes, a type, the number of axes, one big-endian uint32 per axis, then the
 * elements, big-endian. Plain or gzipped. The sizes in the header are compared with the file before anything is allocated.
 */
import { notA } from '../guard/content.ts';
import { damaged, failure } from '../tensor/errors.ts';
import type { NumericArray, NumericData } from './array.ts';
import { gunzip } from './gzip.ts';

interface Kind {
  readonly bytes: number;
  readonly make: (length: number) => NumericData;
  readonly read: (view: DataView, at: number) => number;
}

const kinds: Readonly<Record<number, Kind>> = {
  8: { bytes: 1, make: (n) => new Uint8Array(n), read: (view, at) => view.getUint8(at) },
  9: { bytes: 1, make: (n) => new Int8Array(n), read: (view, at) => view.getInt8(at) },
  11: { bytes: 2, make: (n) => new Int16Array(n), read: (view, at) => view.getInt16(at) },
  12: { bytes: 4, make: (n) => new Int32Array(n), read: (view, at) => view.getInt32(at) },
  13: { bytes: 4, make: (n) => new Float32Array(n), read: (view, at) => view.getFloat32(at) },
  14: { bytes: 8, make: (n) => new Float64Array(n), read: (view, at) => view.getFloat64(at) },
};

/**
 * Reads an IDX file of any of its six element types, gzipped or not.
 * @param name of the file, for errors
 */
export function readIdx(file: Uint8Array, name = 'IDX file'): NumericArray {
  const bytes = gunzip(file, name);
  const kind = kinds[bytes[2] ?? -1];
  const rank = bytes[3] ?? 0;
  if (bytes.length < 4 || bytes[0] !== 0 || bytes[1] !== 0 || !kind) {
    throw notA(name, 'an IDX file', bytes, 'an IDX file (MNIST), plain or gzipped, starts with the bytes 00 00 08');
  }
  const start = 4 + 4 * rank;
  if (bytes.length < start) throw damaged(name, 'ends within its header', { bytes: bytes.length, axes: rank });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const shape = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis));
  const length = shape.reduce((product, dim) => product * dim, 1);
  if (start + length * kind.bytes !== bytes.length) {
    const expected = start + length * kind.bytes;
    throw failure(
      name,
      'has another length than its header says',
      { shape, expected, found: bytes.length },
      'get the file anew',
    );
  }
  if (kind.bytes === 1) {
    // What was inflated is nobody else's: pixels of a large file are not copied once more.
    const own = bytes === file ? bytes.slice(start) : bytes.subarray(start);
    return { data: bytes[2] === 9 ? new Int8Array(own.buffer, own.byteOffset, length) : own, shape };
  }
  const data = kind.make(length);
  for (let i = 0; i < length; i++) data[i] = kind.read(view, start + i * kind.bytes);
  return { data, shape };
}
