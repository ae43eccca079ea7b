/**
 * Turns stored bytes into typed arrays. float16 and bfloat16 widen to float32 exactly; 64-bit integers become numbers where a
 * double holds them exactly. Little-endian float32 at an aligned address is a view on the file's bytes, not a copy.
 */
import { failure } from '../tensor/errors.ts';
import { widened } from '../tensor/half.ts';
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
  const { dtype, size } = type;
  if (type.bits) return onDemand(subject).readSpareBits(view, offset, count, type, subject);
  const at = view.byteOffset + offset;
  const asStored = size === 1 || type.littleEndian === hostIsLittleEndian;
  if (dtype === 'float32' && asStored && at % 4 === 0) return new Float32Array(view.buffer as ArrayBuffer, at, count);
  const bytes = new Uint8Array(view.buffer.slice(at, at + size * count) as ArrayBuffer);
  if (!asStored) reverseElements(bytes, size);
  const { buffer } = bytes;
  if (dtype === 'float32') return new Float32Array(buffer);
  if (dtype === 'float64') return new Float64Array(buffer);
  if (dtype === 'float16' || dtype === 'bfloat16') return widened(new Uint16Array(buffer), dtype);
  if (type.kind !== 'int' && type.kind !== 'uint') throw failure(subject, `holds ${dtype}, not numbers`);
  const signed = type.kind === 'int';
  if (size === 1) return signed ? new Int8Array(buffer) : bytes;
  if (size === 2) return signed ? new Int16Array(buffer) : new Uint16Array(buffer);
  if (size === 4) return signed ? new Int32Array(buffer) : new Uint32Array(buffer);
  const wide = signed ? new BigInt64Array(buffer) : new BigUint64Array(buffer);
  const out = new Float64Array(count);
  for (let i = 0; i < count; i++) out[i] = exactNumber(wide[i]!, subject);
  return out;
}

function reverseElements(bytes: Uint8Array, size: number): void {
  for (let start = 0; start < bytes.length; start += size) {
    for (let [from, to] = [start, start + size - 1]; from < to; from++, to--) {
      const byte = bytes[from]!;
      bytes[from] = bytes[to]!;
      bytes[to] = byte;
    }
  }
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

function exactNumber(value: bigint, subject: string): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number) && BigInt(number) !== value)
    throw failure(subject, `the 64-bit integer ${value} is beyond what a double holds exactly`);
  return number;
}
