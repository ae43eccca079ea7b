/**
 * Types, shapes and values as the messages and bytes of HDF5. Source: HDF5 specification 3.0, IV.A.2.b (dataspace, version 1) and
 * IV.A.2.d (datatype, version 1).
 */
import { encoded, type NumberType, numberBytes } from '../../tensor/encode.ts';
import type { TextHeap } from './heap.ts';
import { Fields } from './sink.ts';
import type { NumbersToWrite, ValuesToWrite } from './tree.ts';

/** Bits of exponent and fraction, and the exponent's bias. */
const floats = { float64: [11, 52, 1023], float32: [8, 23, 127], float16: [5, 10, 15] } as const;

const classes = { integer: 0x10, float: 0x11, string: 0x13, opaque: 0x15, variable: 0x19 } as const;

/** Bytes of one value in the file. */
export function widthOf(values: ValuesToWrite, heap: TextHeap): number {
  if (values.dtype === 'text') return 16;
  if (values.dtype === 'fixed-text')
    return values.data.reduce((most, text) => Math.max(most, heap.utf8(text).length), 1);
  return numberBytes(values.dtype);
}

export function datatype(values: ValuesToWrite, heap: TextHeap): Uint8Array {
  const { dtype } = values;
  const width = widthOf(values, heap);
  if (dtype === 'text') return new Fields(20).u8(classes.variable, 1, 1, 0).u32(width).raw(integer('uint8')).bytes;
  if (dtype === 'fixed-text') {
    const ascii = values.data.every((text) => /^[\0-\x7f]*$/.test(text));
    return new Fields(8).u8(classes.string, ascii ? 0x01 : 0x11, 0, 0).u32(width).bytes;
  }
  if (dtype === 'bfloat16') return new Fields(8).u8(classes.opaque, 0, 0, 0).u32(width).bytes;
  if (dtype !== 'float64' && dtype !== 'float32' && dtype !== 'float16') return integer(dtype);
  const [exponent, fraction, bias] = floats[dtype];
  // 0x20: the leading 1 of the fraction is not stored.
  const head = new Fields(20).u8(classes.float, 0x20, 8 * width - 1, 0).u32(width);
  return head
    .u16(0)
    .u16(8 * width)
    .u8(fraction, exponent, 0, fraction)
    .u32(bias).bytes;
}

function integer(dtype: NumberType): Uint8Array {
  const width = numberBytes(dtype);
  const signed = dtype.startsWith('int') ? 8 : 0;
  return new Fields(12)
    .u8(classes.integer, signed, 0, 0)
    .u32(width)
    .u16(0)
    .u16(8 * width).bytes;
}

export function dataspace(shape: readonly number[]): Uint8Array {
  return new Fields(8 + 8 * shape.length).u8(1, shape.length, 0, 0, 0, 0, 0, 0).u64(...shape).bytes;
}

/** The values' bytes; numbers are a view on what was given where they lie so already. */
export function valueBytes(subject: string, values: ValuesToWrite, heap: TextHeap): Uint8Array {
  if (values.dtype === 'text') {
    const out = new Fields(16 * values.data.length);
    for (const text of values.data) {
      const { address, index, length } = heap.place(text);
      out.u32(length).u64(address).u32(index);
    }
    return out.bytes;
  }
  if (values.dtype !== 'fixed-text') return encoded(subject, (values as NumbersToWrite).data, values.dtype);
  const width = widthOf(values, heap);
  const out = new Uint8Array(width * values.data.length);
  for (const [i, text] of values.data.entries()) out.set(heap.utf8(text), i * width);
  return out;
}
