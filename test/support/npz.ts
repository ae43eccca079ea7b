/** Reads `.npz` files of numbers, as NumPy's `savez` writes them: a zip of `.npy` arrays, little-endian and in C order. */
import { strFromU8, unzipSync } from 'fflate';

export interface NpyArray {
  readonly data: Float64Array;
  readonly shape: readonly number[];
  readonly dtype: string;
}

export function readNpz(bytes: Uint8Array): Map<string, NpyArray> {
  const members = Object.entries(unzipSync(bytes));
  return new Map(members.map(([name, content]) => [name.replace(/\.npy$/, ''), readNpy(content)]));
}

/** `\x93NUMPY`, version, header length, a Python dict literal, the data. */
export function readNpy(bytes: Uint8Array): NpyArray {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const long = view.getUint8(6) > 1;
  const start = long ? 12 : 10;
  const length = long ? view.getUint32(8, true) : view.getUint16(8, true);
  const header = strFromU8(bytes.subarray(start, start + length));
  const dtype = /'descr': '([^']+)'/.exec(header)?.[1] ?? '';
  if (!/'fortran_order': False/.test(header)) throw new Error(`npy: not in C order: ${header}`);
  const shape = (/'shape': \(([^)]*)\)/.exec(header)?.[1] ?? '')
    .split(',')
    .filter((dim) => dim.trim() !== '')
    .map(Number);
  const count = shape.reduce((a, b) => a * b, 1);
  const read = readers[dtype];
  if (!read) throw new Error(`npy: dtype ${dtype} is not read here`);
  const width = Number(dtype.slice(2));
  const data = Float64Array.from({ length: count }, (_, i) => read(view, start + length + i * width));
  return { data, shape, dtype };
}

const readers: Readonly<Record<string, (view: DataView, at: number) => number>> = {
  '<f4': (view, at) => view.getFloat32(at, true),
  '<f8': (view, at) => view.getFloat64(at, true),
  '<i4': (view, at) => view.getInt32(at, true),
  '<i8': (view, at) => Number(view.getBigInt64(at, true)),
  '<u2': (view, at) => view.getUint16(at, true),
  '|b1': (view, at) => view.getUint8(at),
  '|u1': (view, at) => view.getUint8(at),
};
