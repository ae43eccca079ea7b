/**
 * Turns stored bytes into typed arrays. float16 and bfloat16 widen to float32 exactly; 64-bit integers become numbers where a
 * double holds them exactly. Little-endian float32 at an aligned address is a view on the file's bytes, not a copy.
 * Source: IEEE 754-2019 3.4 (binary16); bfloat16 is the upper half of a binary32.
 */
import { failure } from '../tensor/errors.ts';
import type { ElementType } from './messages.ts';
import { onDemand } from './parts.ts';

export type NumericArray =
  | Float32Array
  | Float64Array
  | Int32Array
  | Uint32Array
  | Int16Array
  | Uint16Array
  | Int8Array
  | Uint8Array;

const hostIsLittleEndian = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;

/** Value of an IEEE half given by its 16 bits. */
export function halfToNumber(bits: number): number {
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  const sign = (bits & 0x8000) === 0 ? 1 : -1;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/**
 * @param view the whole file
 * @param offset first byte of the values; the caller has checked that `count * type.size` bytes lie in the file
 */
export function readNumbers(
  view: DataView,
  offset: number,
  count: number,
  type: ElementType,
  subject: string,
): NumericArray {
  const { littleEndian: le, size } = type;
  if (type.bits) return onDemand(subject).readSpareBits(view, offset, count, type, subject);
  if (type.dtype === 'float32') return readFloat32(view, offset, count, le);
  if (type.dtype === 'float64') return fill(new Float64Array(count), (i) => view.getFloat64(offset + 8 * i, le));
  if (type.dtype === 'float16') {
    return fill(new Float32Array(count), (i) => halfToNumber(view.getUint16(offset + 2 * i, le)));
  }
  if (type.dtype === 'bfloat16') {
    const words = fill(new Uint32Array(count), (i) => view.getUint16(offset + 2 * i, le) << 16);
    return new Float32Array(words.buffer);
  }
  if (type.kind === 'int') {
    if (size === 1) return fill(new Int8Array(count), (i) => view.getInt8(offset + i));
    if (size === 2) return fill(new Int16Array(count), (i) => view.getInt16(offset + 2 * i, le));
    if (size === 4) return fill(new Int32Array(count), (i) => view.getInt32(offset + 4 * i, le));
    return fill(new Float64Array(count), (i) => exactNumber(view.getBigInt64(offset + 8 * i, le), subject));
  }
  if (type.kind === 'uint') {
    if (size === 1) return fill(new Uint8Array(count), (i) => view.getUint8(offset + i));
    if (size === 2) return fill(new Uint16Array(count), (i) => view.getUint16(offset + 2 * i, le));
    if (size === 4) return fill(new Uint32Array(count), (i) => view.getUint32(offset + 4 * i, le));
    return fill(new Float64Array(count), (i) => exactNumber(view.getBigUint64(offset + 8 * i, le), subject));
  }
  throw failure(subject, `holds ${type.dtype}, not numbers`);
}

function readFloat32(view: DataView, offset: number, count: number, littleEndian: boolean): Float32Array {
  const at = view.byteOffset + offset;
  if (littleEndian === hostIsLittleEndian) {
    if (at % 4 === 0) return new Float32Array(view.buffer as ArrayBuffer, at, count);
    return new Float32Array(view.buffer.slice(at, at + 4 * count) as ArrayBuffer);
  }
  return fill(new Float32Array(count), (i) => view.getFloat32(offset + 4 * i, littleEndian));
}

/**
 * Text up to the first NUL: fixed strings are padded with NULs, and h5py 2 stored name lists so.
 * @param spaces whether it is padded with spaces instead
 */
export function readText(bytes: Uint8Array, spaces = false): string {
  let end = bytes.indexOf(0);
  if (end < 0) end = bytes.length;
  while (spaces && bytes[end - 1] === 32) end--;
  return new TextDecoder().decode(bytes.subarray(0, end));
}

function fill<A extends NumericArray>(out: A, value: (index: number) => number): A {
  for (let i = 0; i < out.length; i++) out[i] = value(i);
  return out;
}

function exactNumber(value: bigint, subject: string): number {
  const number = Number(value);
  if (BigInt(number) !== value)
    throw failure(subject, `the 64-bit integer ${value} is beyond what a double holds exactly`);
  return number;
}
