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
  /** Whether a fixed string is padded with spaces. */
  readonly spaces?: boolean;
  /** Of an integer whose element has bits to spare: where its own begin, and how many they are. */
  readonly bits?: readonly [offset: number, precision: number];
  /** `float32`, `int64`, `bfloat16`, `string`, …; an opaque type of 2 bytes is how h5py stores bfloat16. */
  readonly dtype: string;
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
      return { kind: 'string', size, littleEndian, dtype: 'string', spaces: (bits & 15) === 2 };
    case 5:
      return { kind: 'opaque', size, littleEndian: true, dtype: size === 2 ? 'bfloat16' : `opaque${size}` };
    case 8:
      // An enumeration (h5py's bool) reads as its base type, an integer, which follows.
      if ((view.getUint8(offset + 8) & 0x0f) !== 0) throw failure(subject, 'an enumeration of no integers');
      return readType(view, offset + 8, subject);
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
  const { size, littleEndian } = raw;
  const first = view.getUint16(offset + 8, true);
  const precision = view.getUint16(offset + 10, true);
  if (![1, 2, 4, 8].includes(size) || precision === 0 || first + precision > 8 * size) {
    throw failure(subject, `integers of ${size} bytes and ${precision} bits are not supported`);
  }
  const kind = (raw.bits & 8) !== 0 ? 'int' : 'uint';
  const type = { kind, size, littleEndian, dtype: `${kind}${8 * size}` } as const;
  return precision === 8 * size ? type : { ...type, bits: [first, precision] };
}

/** IEEE half, single and double, and bfloat16, told apart by the width of the exponent; every other field follows from it. */
function floatType(view: DataView, offset: number, raw: RawNumber, subject: string): ElementType {
  const byte = (at: number): number => view.getUint8(offset + at);
  const exponentBits = byte(13);
  const { size, littleEndian } = raw;
  const width = 8 * size;
  const mantissaBits = width - exponentBits - 1;
  const plain =
    (raw.bits & 0x70) === 0x20 && // the leading 1 is implied, the order of the bytes is not the VAX's
    byte(2) === width - 1 &&
    view.getUint32(offset + 8, true) === width * 65536 &&
    byte(12) === mantissaBits &&
    byte(14) === 0 &&
    byte(15) === mantissaBits &&
    view.getUint32(offset + 16, true) === 2 ** (exponentBits - 1) - 1;
  const kind = `${size}:${exponentBits}`;
  if (plain && kind === '2:8') return { kind: 'bfloat16', size, littleEndian, dtype: 'bfloat16' };
  if (!plain || !['2:5', '4:8', '8:11'].includes(kind)) {
    throw failure(subject, `floats of ${size} bytes with ${exponentBits} exponent bits are not supported`);
  }
  return { kind: 'float', size, littleEndian, dtype: `float${width}` };
}

/** Where the values lie, if in one run of bytes: contiguous or compact. */
export interface Run {
  readonly offset: number;
  readonly bytes: number;
}

/** Undefined where the values are in chunks, in other datasets, or were never written; on-demand/layout.ts reads those. */
export function readRun(view: DataView, offset: number): Run | undefined {
  const version = view.getUint8(offset);
  const modern = version >= 3;
  const kind = view.getUint8(offset + (modern ? 1 : 2));
  if (kind === 0 && modern) return { offset: offset + 4, bytes: view.getUint16(offset + 2, true) };
  if (kind !== 1 || version < 1 || version > 5) return undefined;
  const at = offset + (modern ? 2 : 8);
  const address = uint64(view, at);
  const bytes = modern ? uint64(view, at + 8) : Number.POSITIVE_INFINITY;
  return isAddress(address) ? { offset: address, bytes } : undefined;
}
