/**
 * Numbers packed in fewer bits than their type has: the filters n-bit and scale-offset, and integers with bits to spare.
 * Source: the HDF5 library's H5Znbit.c and H5Zscaleoffset.c (what their numbers mean and how bits are laid out), H5Tconv.c.
 */
import { damaged, failure } from '../../tensor/errors.ts';
import type { ElementType } from '../messages.ts';
import { type NumericArray, readNumbers } from '../values.ts';
import type { Unpacked } from './filters.ts';

type Bytes = Uint8Array<ArrayBuffer>;

/** From a stream of bits, most significant first, to the number that the next ones (32 at most) are. */
function bitReader(bytes: Uint8Array, subject: string): (count: number) => number {
  let at = 0;
  let room = 8; // bits of the byte at `at` that were not taken
  return (count) => {
    let value = 0;
    for (let left = count; left > 0; ) {
      const byte = bytes[at];
      if (byte === undefined) throw damaged(subject, 'a chunk of packed numbers is cut short');
      const used = Math.min(room, left);
      value = value * (1 << used) + ((byte >> (room - used)) & ((1 << used) - 1));
      room -= used;
      left -= used;
      if (room > 0) continue;
      at++;
      room = 8;
    }
    return value;
  };
}

/** Elements of one size as unsigned integers, those of 8 bytes as BigInt: what bits are put in does not depend on their meaning. */
function elements(view: DataView, size: number, littleEndian: boolean) {
  const set = (i: number, value: number): void => {
    if (size === 1) view.setUint8(i, value);
    else if (size === 2) view.setUint16(2 * i, value, littleEndian);
    else view.setUint32(4 * i, value, littleEndian);
  };
  return { set, setWide: (i: number, value: bigint): void => view.setBigUint64(8 * i, value, littleEndian) };
}

/** The n-bit filter: of every element its own bits only. */
export function unpackBits(bytes: Bytes, values: readonly number[], to: Unpacked, subject: string): Bytes {
  const [, asIs, count = 0, kind, size = 0, bigEndian, precision = 0, offset = 0] = values;
  if (asIs === 1) return bytes;
  const fits = [1, 2, 4, 8].includes(size) && size === to.elementBytes && count * size === to.bytes;
  if (kind !== 1 || !fits || precision === 0 || offset + precision > 8 * size) {
    throw failure(subject, 'its packed numbers do not fit its type', { kind, size, count });
  }
  const out = new Uint8Array(to.bytes);
  const take = bitReader(bytes, subject);
  const { set, setWide } = elements(new DataView(out.buffer), size, bigEndian !== 1);
  for (let i = 0; i < count; i++) {
    if (size < 8) set(i, take(precision) << offset);
    else setWide(i, takeWide(take, precision) << BigInt(offset));
  }
  return out;
}

function takeWide(take: (count: number) => number, width: number): bigint {
  const high = BigInt(take(Math.max(0, width - 32)));
  return (high << 32n) | BigInt(take(Math.min(32, width)));
}

/** Integers whose own bits are fewer than the element's; the sign is the highest of them. */
export function readSpareBits(
  view: DataView,
  offset: number,
  count: number,
  { kind, size, littleEndian, dtype, bits = [0, 8 * size] }: ElementType,
  subject: string,
): NumericArray {
  const plain = { kind, size, littleEndian, dtype };
  const out = new DataView(new ArrayBuffer(count * size));
  const { set, setWide } = elements(out, size, littleEndian);
  const [first, precision] = bits;
  const above = 32 - precision;
  for (let i = 0; i < count; i++) {
    const at = offset + i * size;
    if (size === 8) {
      const own = view.getBigUint64(at, littleEndian) >> BigInt(first);
      setWide(i, kind === 'int' ? BigInt.asIntN(precision, own) : BigInt.asUintN(precision, own));
      continue;
    }
    const all =
      size === 1 ? view.getUint8(at) : size === 2 ? view.getUint16(at, littleEndian) : view.getUint32(at, littleEndian);
    const up = (all >>> first) << above;
    set(i, kind === 'int' ? up >> above : up >>> above);
  }
  return readNumbers(out, 0, count, plain, subject);
}

/** Bytes before the packed numbers: how many bits each has, and the least value. */
const HEAD = 21;

/**
 * The scale-offset filter: what numbers are above the least one, in as few bits as the largest needs; of floats after they were
 * multiplied by a power of ten and rounded. All bits set mean the fill value, where there is one.
 */
export function scaled(bytes: Bytes, values: readonly number[], to: Unpacked, subject: string): Bytes {
  const [scaling, digits = 0, count = 0, kind, size = 0, , bigEndian, hasFill, fill = 0, fillHigh = 0] = values;
  const fits = (kind === 1 ? [4, 8] : [1, 2, 4, 8]).includes(size) && size === to.elementBytes;
  if (kind === undefined || kind > 1 || !fits || count * size !== to.bytes) {
    throw failure(subject, 'its scaled numbers do not fit its type', { kind, size, count });
  }
  if (kind === 1 && scaling !== 0) throw failure(subject, 'floats scaled by a power of two are not supported');
  const head = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const width = head.getUint32(0, true);
  const packed = bytes.subarray(HEAD);
  if (width > 8 * size || head.getUint8(4) !== 8) throw damaged(subject, 'its scaled numbers are damaged', { width });
  // As they are, in the byte order of the machine that wrote them: little-endian.
  if (width === 8 * size)
    return bigEndian === 1 ? swapped(packed.subarray(0, to.bytes), size) : packed.subarray(0, to.bytes);
  const out = new Uint8Array(to.bytes);
  const view = new DataView(out.buffer);
  const { set, setWide } = elements(view, size, bigEndian !== 1);
  const take = bitReader(packed, subject);
  const power = 10 ** (digits | 0);
  if (size === 8) {
    const least = head.getBigUint64(5, true);
    const leastFloat = head.getFloat64(5, true);
    const wholeFill = (BigInt(fillHigh) << 32n) | BigInt(fill);
    const all = hasFill === 1 ? (1n << BigInt(width)) - 1n : -1n;
    for (let i = 0; i < count; i++) {
      const code = takeWide(take, width);
      if (code === all) setWide(i, wholeFill);
      else if (kind === 0) setWide(i, least + code);
      else view.setFloat64(8 * i, Number(BigInt.asIntN(64, code)) / power + leastFloat, bigEndian !== 1);
    }
    return out;
  }
  const { fround } = Math;
  const least = head.getUint32(5, true);
  const leastFloat = head.getFloat32(5, true);
  const power32 = fround(power);
  const all = hasFill === 1 ? 2 ** width - 1 : -1;
  for (let i = 0; i < count; i++) {
    const code = take(width);
    if (code === all) set(i, fill);
    else if (kind === 0) set(i, least + code);
    else view.setFloat32(4 * i, fround(fround(fround(code | 0) / power32) + leastFloat), bigEndian !== 1);
  }
  return out;
}

function swapped(bytes: Bytes, size: number): Bytes {
  const out = bytes.slice();
  for (let at = 0; at < out.length; at += size) out.subarray(at, at + size).reverse();
  return out;
}
