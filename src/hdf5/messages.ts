/**
 * Decodes the header messages that say what a dataset or attribute holds: dataspace, datatype, data layout.
 * Invariant: nothing is allocated from a size found in the file. Source: HDF5 file format specification 3.0, IV.A.2.b, d and i.
 */
import { failure } from '../tensor/errors.ts';
import { isAddress, uint64 } from './bytes.ts';

/** What one element is. `size` is in bytes. */
export interface ElementType {
  readonly kind: 'int' | 'uint' | 'float' | 'bfloat16' | 'string' | 'vlen-string' | 'opaque';
  readonly size: number;
  readonly littleEndian: boolean;
  /** `float32`, `int64`, `bfloat16`, `string`, …; an opaque type of 2 bytes is how h5py stores bfloat16. */
  readonly dtype: string;
}

export type Layout =
  | { readonly kind: 'bytes'; readonly offset: number; readonly bytes: number }
  | { readonly kind: 'unallocated' }
  | { readonly kind: 'chunked'; readonly chunking: Chunking };

export interface Chunking {
  /** Address of the version 1 tree of the chunks. */
  readonly tree: number;
  /** Shape of a chunk, in elements. */
  readonly shape: readonly number[];
}

/** Dimensions of a dataspace message; `null` is the null dataspace (no elements at all). */
export function readShape(view: DataView, offset: number, subject: string): number[] | null {
  const version = view.getUint8(offset);
  const rank = view.getUint8(offset + 1);
  if (version !== 1 && version !== 2) throw failure(subject, `unknown dataspace version ${version}`);
  if (rank > 32) throw failure(subject, `${rank} dimensions, HDF5 allows 32`);
  if (version === 2 && view.getUint8(offset + 3) === 2) return null;
  const start = offset + (version === 1 ? 8 : 4);
  return Array.from({ length: rank }, (_, axis) => uint64(view, start + 8 * axis));
}

/** The element type of a datatype message. Compound, array, reference, bit-field and time types are refused by name. */
export function readType(view: DataView, offset: number, subject: string): ElementType {
  const kind = view.getUint8(offset) & 0x0f;
  const bits = view.getUint8(offset + 1);
  const size = view.getUint32(offset + 4, true);
  const littleEndian = (bits & 1) === 0;
  switch (kind) {
    case 0:
      return integerType(view, offset, { bits, size, littleEndian }, subject);
    case 1:
      return floatType(view, offset, { bits, size, littleEndian }, subject);
    case 3:
      if (size === 0) throw failure(subject, 'a string type of 0 bytes');
      return { kind: 'string', size, littleEndian, dtype: 'string' };
    case 5:
      return { kind: 'opaque', size, littleEndian: true, dtype: size === 2 ? 'bfloat16' : `opaque${size}` };
    case 8:
      return readType(view, offset + 8, subject); // an enumeration (h5py's bool) reads as its base type, which follows
    case 9:
      if ((bits & 0x0f) === 1) return { kind: 'vlen-string', size: 16, littleEndian: true, dtype: 'string' };
      throw failure(subject, 'variable-length sequences are not supported');
    default: {
      const name = { 2: 'time', 4: 'bit-field', 6: 'compound', 7: 'reference', 10: 'array' }[kind] ?? `class ${kind}`;
      throw failure(subject, `element type not supported: ${name}`);
    }
  }
}

interface RawNumber {
  readonly bits: number;
  readonly size: number;
  readonly littleEndian: boolean;
}

function integerType(view: DataView, offset: number, raw: RawNumber, subject: string): ElementType {
  const precision = view.getUint16(offset + 10, true);
  if (![1, 2, 4, 8].includes(raw.size) || precision !== 8 * raw.size || view.getUint16(offset + 8, true) !== 0) {
    throw failure(subject, `integers of ${raw.size} bytes and ${precision} bits are not supported`);
  }
  const kind = (raw.bits & 8) !== 0 ? 'int' : 'uint';
  return { kind, size: raw.size, littleEndian: raw.littleEndian, dtype: `${kind}${precision}` };
}

/** IEEE half, single and double, told apart from bfloat16 by the width of the exponent. */
function floatType(view: DataView, offset: number, raw: RawNumber, subject: string): ElementType {
  const exponentBits = view.getUint8(offset + 13);
  const mantissaBits = view.getUint8(offset + 15);
  const { size, littleEndian } = raw;
  const layout = `${size}:${exponentBits}:${mantissaBits}`;
  if (layout === '2:8:7') return { kind: 'bfloat16', size, littleEndian, dtype: 'bfloat16' };
  if ((raw.bits & 0x40) !== 0 || !['2:5:10', '4:8:23', '8:11:52'].includes(layout)) {
    throw failure(subject, `floats of ${size} bytes with ${exponentBits} exponent bits are not supported`);
  }
  return { kind: 'float', size, littleEndian, dtype: `float${8 * size}` };
}

/** Where the values lie: in one run of bytes (contiguous or compact), nowhere, or in chunks. */
export function readLayout(view: DataView, offset: number, subject: string): Layout {
  const version = view.getUint8(offset);
  if (version < 1 || version > 4) throw failure(subject, `unknown data layout version ${version}`);
  const modern = version >= 3;
  const kind = view.getUint8(offset + (modern ? 1 : 2));
  if (kind === 2) return readChunking(view, offset, version, subject);
  if (kind === 0 && modern) return { kind: 'bytes', offset: offset + 4, bytes: view.getUint16(offset + 2, true) };
  if (kind !== 1) throw failure(subject, `data layout class ${kind} (version ${version}) is not supported`);
  const at = offset + (modern ? 2 : 8);
  const address = uint64(view, at);
  if (!isAddress(address)) return { kind: 'unallocated' };
  return { kind: 'bytes', offset: address, bytes: modern ? uint64(view, at + 8) : Number.POSITIVE_INFINITY };
}

function readChunking(view: DataView, offset: number, version: number, subject: string): Layout {
  if (version === 4) throw failure(subject, "chunks in the newest format (libver 'latest') are not supported");
  const old = version < 3;
  const rank = view.getUint8(offset + (old ? 1 : 2)) - 1;
  const tree = uint64(view, offset + (old ? 8 : 3));
  const shape = Array.from({ length: rank }, (_, axis) => view.getUint32(offset + (old ? 16 : 11) + 4 * axis, true));
  return isAddress(tree) ? { kind: 'chunked', chunking: { tree, shape } } : { kind: 'unallocated' };
}
