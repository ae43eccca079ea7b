/**
 * Writes small HDF5 files in memory with h5wasm (the HDF5 library itself), so that reading is tested against another implementation.
 * By default in the oldest file format, which is what h5py and so Keras write.
 */
import { File, FS, type Group, ready } from 'h5wasm/node';
import { onDemand, readHdf5 } from '../../src/hdf5/parts.ts';

await readHdf5(() => onDemand('tests'));

type Numbers = Float32Array | Float64Array | Int32Array | Int8Array | Uint8Array | Uint16Array | BigInt64Array;

export interface H5Data {
  readonly data: Numbers;
  readonly shape: readonly number[];
  /** h5wasm's letter, where the array's own type is not meant: `<f`, `<q`, … */
  readonly dtype?: string;
  readonly chunks?: readonly number[];
  /** How far each axis may grow; null without limit. */
  readonly maxshape?: readonly (number | null)[];
  /** Chunks are compressed by gzip, unless plain or with the number of another filter and its options. */
  readonly plain?: boolean;
  readonly compression?: number;
  readonly options?: readonly number[];
}

/** Text is a variable-length scalar; `fixed` is a NUL-padded list as h5py 2 wrote it; `[]` is h5py's empty float64 list. */
export type H5Attribute =
  | string
  | readonly string[]
  | { readonly fixed: readonly string[]; readonly bytes: number }
  | number;

export interface H5Group {
  readonly attributes?: Readonly<Record<string, H5Attribute>>;
  readonly members?: Readonly<Record<string, H5Group | H5Data>>;
}

let counter = 0;

export async function writeH5(root: H5Group, libver: 'earliest' | 'latest' = 'earliest'): Promise<Uint8Array> {
  await ready;
  const path = `made-${process.pid}-${counter++}.h5`; // in the working folder, which test files run side by side in
  const file = new File(path, 'w', { libver: libver === 'earliest' ? ['earliest', 'latest'] : 'latest' });
  fillGroup(file, root);
  file.close();
  const fs = FS as { readFile(path: string): Uint8Array; unlink(path: string): void };
  const bytes = fs.readFile(path).slice();
  fs.unlink(path);
  return bytes;
}

function fillGroup(group: Group, wanted: H5Group): void {
  for (const [name, value] of Object.entries(wanted.attributes ?? {})) writeAttribute(group, name, value);
  for (const [name, member] of Object.entries(wanted.members ?? {})) {
    if (!('data' in member)) {
      fillGroup(group.create_group(name), member);
      continue;
    }
    const { data, shape, dtype, chunks, maxshape, plain, compression = 'gzip', options = [6] } = member;
    const filter = plain ? {} : { compression: compression as 'gzip', compression_opts: [...options] };
    const extra = chunks === undefined ? {} : { chunks: [...chunks], ...filter };
    const most = maxshape === undefined ? {} : { maxshape: [...maxshape] };
    group.create_dataset({
      name,
      data,
      shape: [...shape],
      ...(dtype === undefined ? {} : { dtype }),
      ...most,
      ...extra,
    });
  }
}

function writeAttribute(group: Group, name: string, value: H5Attribute): void {
  if (typeof value === 'object' && 'fixed' in value) {
    group.create_attribute(name, [...value.fixed], null, `S${value.bytes}`);
  } else if (Array.isArray(value) && value.length === 0) {
    group.create_attribute(name, new Float64Array(0), [0], '<d');
  } else if (typeof value === 'number') {
    group.create_attribute(name, value, null, '<i');
  } else {
    group.create_attribute(name, typeof value === 'string' ? value : [...(value as readonly string[])]);
  }
}

/** float32 values 1, 2, 3, … of a shape, beginning at `first`. */
export function counted(shape: readonly number[], first = 1): H5Data {
  const size = shape.reduce((a, b) => a * b, 1);
  return { data: Float32Array.from({ length: size }, (_, i) => first + i), shape };
}

/** The tree of `model.save_weights` (or of `model_weights`): layer names × weight names. */
export function legacyTree(layers: Readonly<Record<string, Readonly<Record<string, H5Data>>>>): H5Group {
  const members: Record<string, H5Group> = {};
  for (const [name, weights] of Object.entries(layers)) {
    members[name] = { attributes: { weight_names: Object.keys(weights) }, members: nest(weights) };
  }
  return { attributes: { layer_names: Object.keys(layers) }, members };
}

/** Groups for paths with slashes. */
export function nest(flat: Readonly<Record<string, H5Data>>): Record<string, H5Group | H5Data> {
  const root: Record<string, H5Group | H5Data> = {};
  for (const [path, data] of Object.entries(flat)) {
    const parts = path.split('/');
    let here = root;
    for (const part of parts.slice(0, -1)) {
      const next: { members: Record<string, H5Group | H5Data> } = (here[part] as never) ?? { members: {} };
      here[part] = next;
      here = next.members;
    }
    here[parts.at(-1)!] = data;
  }
  return root;
}

/** What the HDF5 library finds in a file; the file is closed and gone afterwards. */
export async function openInH5wasm<T>(bytes: Uint8Array, look: (file: File) => T): Promise<T> {
  await ready;
  const path = `read-${process.pid}-${counter++}.h5`;
  const fs = FS as { writeFile(path: string, bytes: Uint8Array): void; unlink(path: string): void };
  fs.writeFile(path, bytes);
  const file = new File(path, 'r');
  try {
    return look(file);
  } finally {
    file.close();
    fs.unlink(path);
  }
}
