/**
 * NumPy's .npy files, versions 1 to 3 (numpy.lib.format): a magic, a header that is a Python dict literal, then the elements.
 * Both byte orders and Fortran order are read. Pickled objects are refused: reading them would mean running a file's code.
 */
import { notA } from '../guard/content.ts';
import { damaged, failure } from '../tensor/errors.ts';
import { type Shape, sizeOf } from '../tensor/shape.ts';
import type { NumericArray, NumericData } from './array.ts';

type Read = (view: DataView, at: number, little: boolean) => number;
interface Kind {
  readonly bytes: number;
  readonly make: (length: number) => NumericData;
  readonly read: Read;
}

/** 64-bit integers become int32 where all of them fit, else float64 (exactly, or the file is refused). */
const kinds: Readonly<Record<string, Kind>> = {
  b1: { bytes: 1, make: (n) => new Uint8Array(n), read: (view, at) => (view.getUint8(at) ? 1 : 0) },
  u1: { bytes: 1, make: (n) => new Uint8Array(n), read: (view, at) => view.getUint8(at) },
  i1: { bytes: 1, make: (n) => new Int8Array(n), read: (view, at) => view.getInt8(at) },
  u2: { bytes: 2, make: (n) => new Uint16Array(n), read: (view, at, le) => view.getUint16(at, le) },
  i2: { bytes: 2, make: (n) => new Int16Array(n), read: (view, at, le) => view.getInt16(at, le) },
  u4: { bytes: 4, make: (n) => new Uint32Array(n), read: (view, at, le) => view.getUint32(at, le) },
  i4: { bytes: 4, make: (n) => new Int32Array(n), read: (view, at, le) => view.getInt32(at, le) },
  u8: { bytes: 8, make: (n) => new Float64Array(n), read: (view, at, le) => Number(view.getBigUint64(at, le)) },
  i8: { bytes: 8, make: (n) => new Float64Array(n), read: (view, at, le) => Number(view.getBigInt64(at, le)) },
  f2: { bytes: 2, make: (n) => new Float32Array(n), read: (view, at, le) => fromHalf(view.getUint16(at, le)) },
  f4: { bytes: 4, make: (n) => new Float32Array(n), read: (view, at, le) => view.getFloat32(at, le) },
  f8: { bytes: 8, make: (n) => new Float64Array(n), read: (view, at, le) => view.getFloat64(at, le) },
};

/** NumPy 2's own limits. */
const AXES_LIMIT = 64;
const HEADER_LIMIT = 2 ** 16;

/** Reads a .npy file. `name` is the file's, for errors. */
export function readNpy(bytes: Uint8Array, name = 'npy file'): NumericArray {
  const { descr, fortran, shape, start } = readHeader(bytes, name);
  const order = descr[0]!;
  const kind = kinds[descr.slice(1)];
  if (!kind || !'<>|='.includes(order)) throw refuse(name, descr);
  const length = sizeOf(shape);
  const found = bytes.length - start;
  if (found < length * kind.bytes) {
    throw failure(
      name,
      'ends before its last element',
      { shape, expected: length * kind.bytes, found },
      'get the file anew',
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset + start, found);
  const data = kind.make(length);
  for (let i = 0; i < length; i++) data[i] = kind.read(view, i * kind.bytes, order !== '>');
  const rowMajor = fortran ? fromFortran(data, shape, kind.make(length)) : data;
  return { data: descr.endsWith('i8') || descr.endsWith('u8') ? narrow(rowMajor, name) : rowMajor, shape };
}

function refuse(name: string, descr: string): Error {
  const hint = descr.includes('O')
    ? 'it holds pickled Python objects, which are not read: save a plain array of numbers'
    : 'known: bool, (u)int 8-64, float 16-64; convert it with numpy.astype';
  return failure(name, `has elements of type '${descr}', which are not read`, {}, hint);
}

function readHeader(bytes: Uint8Array, name: string): { descr: string; fortran: boolean; shape: Shape; start: number } {
  const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
  if (!magic.every((byte, i) => bytes[i] === byte)) {
    const archive = bytes[0] === 0x50 && bytes[1] === 0x4b;
    const hint = archive ? 'it is a zip (.npz?): save one array with numpy.save' : 'numpy.save(file, array) writes one';
    throw notA(name, 'an .npy file', bytes, hint);
  }
  const version = bytes[6]!;
  const long = version > 1;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const fixed = long ? 12 : 10;
  if (bytes.length < fixed || version < 1 || version > 3)
    throw failure(name, 'has an unknown .npy version', { version });
  const start = fixed + (long ? view.getUint32(8, true) : view.getUint16(8, true));
  if (start > HEADER_LIMIT) throw failure(name, 'has a header that is too long', { bytes: start, limit: HEADER_LIMIT });
  if (start > bytes.length) throw damaged(name, 'ends within its header', { bytes: bytes.length });
  const header = new TextDecoder().decode(bytes.subarray(fixed, start));
  const descr = /'descr':\s*'([^']*)'/.exec(header)?.[1];
  const fortran = /'fortran_order':\s*(True|False)/.exec(header)?.[1];
  const dims = /'shape':\s*\(([\d,\sL]*)\)/.exec(header)?.[1];
  if (descr === undefined && /'descr':\s*\[/.test(header)) throw refuse(name, 'structured');
  if (!descr || !fortran || dims === undefined)
    throw failure(name, 'has an unreadable header', { header: header.trim() });
  const shape = dims
    .split(',')
    .filter((dim) => dim.trim() !== '')
    .map((dim) => Number.parseInt(dim, 10));
  if (shape.length > AXES_LIMIT) throw failure(name, 'has too many axes', { axes: shape.length, limit: AXES_LIMIT });
  return { descr, fortran: fortran === 'True', shape, start };
}

/** Fortran order has the first axis fastest; `into` is filled row-major. One step per element, whatever the number of axes. */
function fromFortran(data: NumericData, whole: Shape, into: NumericData): NumericData {
  const shape = whole.filter((dim) => dim !== 1);
  const strides = shape.map((_, axis) => sizeOf(shape.slice(0, axis)));
  const index = new Array<number>(shape.length).fill(0);
  let from = 0;
  for (let at = 0; at < data.length; at++) {
    into[at] = data[from]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += strides[axis]!;
      if (++index[axis]! < shape[axis]!) break;
      index[axis] = 0;
      from -= strides[axis]! * shape[axis]!;
    }
  }
  return into;
}

function narrow(data: NumericData, name: string): NumericData {
  const ints = Int32Array.from(data);
  if (ints.every((value, i) => value === data[i])) return ints;
  const unsafe = data.findIndex((value) => !Number.isSafeInteger(value));
  if (unsafe >= 0) throw failure(name, 'holds a 64-bit integer beyond 2^53', { element: unsafe, value: data[unsafe] });
  return data;
}

/** IEEE 754 binary16: sign, 5 exponent bits (bias 15), 10 fraction bits. */
function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
