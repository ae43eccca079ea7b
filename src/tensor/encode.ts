/**
 * Numbers as the little-endian bytes of a type that files store. Invariant: floats are rounded once, to the nearest; an integer that
 * the type cannot hold is an error, never another integer.
 */
import { failure } from './errors.ts';
import { narrowed } from './narrow.ts';

const arrays = {
  ...{ float64: Float64Array, float32: Float32Array, float16: Uint16Array, bfloat16: Uint16Array },
  ...{ int64: BigInt64Array, int32: Int32Array, int16: Int16Array, int8: Int8Array },
  ...{ uint64: BigUint64Array, uint32: Uint32Array, uint16: Uint16Array, uint8: Uint8Array },
} as const;

/** Types of numbers that files store. */
export type NumberType = keyof typeof arrays;

const littleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

export function isNumberType(type: string): type is NumberType {
  return Object.hasOwn(arrays, type);
}

/** Bytes of one number. */
export function numberBytes(type: NumberType): number {
  return arrays[type].BYTES_PER_ELEMENT;
}

/**
 * The bytes of `values`, a view where they lie so already.
 * @param subject what the values are, for errors
 * @throws PathgradError naming a value that is no whole number, or too large, where the type holds whole ones
 */
export function encoded(
  subject: string,
  values: ArrayLike<number> | ArrayLike<bigint>,
  type: NumberType,
): Uint8Array<ArrayBuffer> {
  const array = arrays[type];
  const given = values as ArrayBufferView<ArrayBuffer> & (ArrayLike<number> | ArrayLike<bigint>);
  const halves = type === 'float16' || type === 'bfloat16';
  const out = values instanceof array && !halves ? given : converted(subject, values, type);
  const bytes = new Uint8Array(out.buffer, out.byteOffset, out.byteLength);
  return littleEndian ? bytes : swapped(bytes, array.BYTES_PER_ELEMENT);
}

function converted(
  subject: string,
  values: ArrayLike<number> | ArrayLike<bigint>,
  type: NumberType,
): ArrayBufferView<ArrayBuffer> {
  if (type === 'int64' || type === 'uint64') {
    const out = type === 'int64' ? new BigInt64Array(values.length) : new BigUint64Array(values.length);
    for (let i = 0; i < out.length; i++) {
      const value = values[i]!;
      if (typeof value === 'number' && !Number.isInteger(value)) throw unfit(subject, value, type);
      out[i] = BigInt(value);
      if (out[i] !== BigInt(value)) throw unfit(subject, value, type);
    }
    return out;
  }
  const numbers = typeof values[0] === 'bigint' ? Array.from(values, Number) : (values as ArrayLike<number>);
  if (type === 'float16' || type === 'bfloat16') return narrowed(numbers, type);
  const out = new arrays[type](numbers);
  if (type === 'float32' || type === 'float64') return out;
  for (let i = 0; i < out.length; i++) if (out[i] !== numbers[i]) throw unfit(subject, numbers[i], type);
  return out;
}

function unfit(subject: string, value: unknown, type: string): Error {
  return failure(subject, `holds a number that ${type} cannot`, { value: String(value) });
}

function swapped(bytes: Uint8Array<ArrayBuffer>, width: number): Uint8Array<ArrayBuffer> {
  const out = bytes.slice();
  for (let i = 0; i < out.length; i += width) out.subarray(i, i + width).reverse();
  return out;
}
