/**
 * Values that real Keras computed for a model, to check the import by: JSON (`docs/verify.md`), or a `.npz` of `x0 …`, `y0 …` and
 * `dy0_dx0 …`. A reference may also lie inside a model file: as `pathgrad.json` in a `.keras` archive, as dataset
 * `pathgrad_reference` at the root of an `.h5`. Invariant: every array has as many values as its shape says.
 */
import { Guard } from '../../guard/guard.ts';
import { DATA_JSON, parseJson } from '../../guard/json.ts';
import { openZip } from '../../guard/zip.ts';
import { openHdf5 } from '../../hdf5/file.ts';
import { findSignature } from '../../hdf5/superblock.ts';
import { readNpy } from '../../inputs/npy.ts';
import { field, isRecord, type JsonRecord } from '../../keras/config/json.ts';
import type { Json } from '../../keras/config/spec.ts';
import { isArchive } from '../../keras/load/container.ts';
import { failure } from '../../tensor/errors.ts';
import { type Shape, sizeOf } from '../../tensor/shape.ts';

export interface ReferenceArray {
  /** Name of the input or output; references without names go by position. */
  readonly name: string | null;
  readonly shape: Shape;
  readonly data: ArrayLike<number>;
}

export interface ReferenceTexts {
  readonly name: string | null;
  readonly shape: Shape;
  readonly strings: readonly string[];
}

/** d sum(output * cotangent) / d input; all ones where there is no cotangent. */
export interface ReferenceGradient extends ReferenceArray {
  readonly output: number;
  readonly input: number;
  readonly cotangent: ReferenceArray | null;
}

/** What a file says of its own outputs for given inputs, or what is given beside it. */
export interface Reference {
  /** What made it, for people: `keras 3.15.1, tensorflow 2.21.0`. */
  readonly madeWith: string | null;
  readonly inputs: readonly (ReferenceArray | ReferenceTexts)[];
  readonly outputs: readonly ReferenceArray[];
  readonly gradients: readonly ReferenceGradient[];
}

/** A parsed reference, its JSON (as text or parsed), or the bytes of a file that is or holds one. */
export type ReferenceSource = Reference | Uint8Array | string | { readonly [key: string]: unknown };

/** @throws PathgradError saying what is wrong with it, or that the file holds none */
export function readReference(source: ReferenceSource, name = 'reference'): Reference {
  if (typeof source === 'string') return fromText(source, name);
  if (!(source instanceof Uint8Array)) return fromJson(source as unknown as Json, name);
  const text = embeddedReference(source, name);
  if (text !== null) return fromText(text, name);
  if (isArchive(source)) return fromNpz(source, name);
  if (findSignature(source) >= 0) {
    throw failure(
      name,
      'holds no reference values',
      {},
      'scripts/write_reference.py writes some beside or inside the file',
    );
  }
  return fromText(new TextDecoder().decode(source), name);
}

/** The JSON that lies inside a model file, or null. */
export function embeddedReference(bytes: Uint8Array, name: string): string | null {
  if (!isArchive(bytes)) return referenceInHdf5(bytes, name);
  const member = openZip(bytes, name, new Guard(name, bytes.length)).get('pathgrad.json');
  return member ? new TextDecoder().decode(member.read()) : null;
}

/** The JSON of dataset `pathgrad_reference` at the root, or null where there is none or the bytes are no HDF5. */
function referenceInHdf5(bytes: Uint8Array, name: string): string | null {
  if (findSignature(bytes) < 0) return null;
  const found = openHdf5(bytes, name).root.find('pathgrad_reference');
  if (found?.kind !== 'dataset') return null;
  return new TextDecoder().decode(Uint8Array.from(found.read()));
}

function fromNpz(bytes: Uint8Array, name: string): Reference {
  const members = openZip(bytes, name, new Guard(name, bytes.length));
  const array = (key: string): ReferenceArray => ({
    name: null,
    ...readNpy(members.get(`${key}.npy`)!.read(), `${name}/${key}.npy`),
  });
  const numbered = (letter: string): ReferenceArray[] => {
    const found: ReferenceArray[] = [];
    while (members.has(`${letter}${found.length}.npy`)) found.push(array(`${letter}${found.length}`));
    return found;
  };
  const [inputs, outputs] = [numbered('x'), numbered('y')];
  if (inputs.length === 0 || outputs.length === 0) {
    throw failure(
      name,
      'holds no reference values',
      {},
      'a .npz has x0, x1, … for inputs, y0, y1, … for outputs and dy0_dx0, … for gradients',
    );
  }
  const gradients = [...members.keys()].flatMap((member): ReferenceGradient[] => {
    const match = /^dy(\d+)_dx(\d+)\.npy$/.exec(member);
    if (!match) return [];
    return [
      { ...array(member.replace('.npy', '')), output: Number(match[1]), input: Number(match[2]), cotangent: null },
    ];
  });
  return { madeWith: null, inputs, outputs, gradients };
}

function fromText(text: string, name: string): Reference {
  return fromJson(parseJson(text, name, DATA_JSON) as Json, name);
}

function fromJson(json: Json, name: string): Reference {
  if (!isRecord(json)) throw failure(name, 'is no reference: an object with inputs and outputs is needed');
  const list = (key: string): readonly JsonRecord[] => {
    const value = field(json, key);
    if (!Array.isArray(value) || !value.every(isRecord)) {
      throw failure(name, `'${key}' must be a list of arrays`, {}, 'docs/verify.md describes the format');
    }
    return value as readonly JsonRecord[];
  };
  const inputs = list('inputs').map((item, i) => arrayAt(item, `${name}, input ${i}`));
  const outputs = list('outputs').map((item, i) => numbersAt(item, `${name}, output ${i}`));
  if (inputs.length === 0 || outputs.length === 0) throw failure(name, 'has no inputs or no outputs');
  const gradients = (field(json, 'gradients') === null ? [] : list('gradients')).map((item, i): ReferenceGradient => {
    const at = (key: string): number => Number(field(item, key) ?? 0);
    const where = `${name}, gradient ${i}`;
    const given = field(item, 'cotangent');
    const cotangent = isRecord(given) ? numbersAt(given, `${where}, cotangent`) : null;
    return { ...numbersAt(item, where), output: at('output'), input: at('input'), cotangent };
  });
  const madeWith = field(json, 'madeWith');
  return { madeWith: typeof madeWith === 'string' ? madeWith : null, inputs, outputs, gradients };
}

function arrayAt(item: JsonRecord, where: string): ReferenceArray | ReferenceTexts {
  const strings = field(item, 'strings');
  if (!Array.isArray(strings)) return numbersAt(item, where);
  const { name, shape } = headAt(item, where, strings.length);
  return { name, shape, strings: strings.map(String) };
}

function numbersAt(item: JsonRecord, where: string): ReferenceArray {
  const stored: unknown = field(item, 'data');
  const list =
    Array.isArray(stored) || ArrayBuffer.isView(stored) ? Array.from(stored as ArrayLike<number>, Number) : null;
  const data = list ?? (typeof stored === 'string' ? unpack(item, stored, where) : null);
  if (data === null) throw failure(where, "'data' must be a list of numbers, or base64");
  return { ...headAt(item, where, data.length), data };
}

function headAt(item: JsonRecord, where: string, length: number): { name: string | null; shape: Shape } {
  const shape = field(item, 'shape');
  if (!Array.isArray(shape) || !shape.every((dim) => Number.isInteger(dim)))
    throw failure(where, "'shape' must be a list of sizes");
  if (sizeOf(shape as number[]) !== length) throw failure(where, `${length} values do not fill the shape`, { shape });
  const name = field(item, 'name');
  return { name: typeof name === 'string' ? name : null, shape: shape as number[] };
}

/** Little-endian float32, or int32 where `dtype` says so. */
function unpack(item: JsonRecord, text: string, where: string): Float32Array | Int32Array {
  const dtype = field(item, 'dtype') ?? 'float32';
  if (dtype !== 'float32' && dtype !== 'int32')
    throw failure(where, `dtype '${String(dtype)}' is not one of float32, int32`);
  let binary: string;
  try {
    binary = atob(text);
  } catch {
    throw failure(where, "'data' is not base64");
  }
  const view = new DataView(Uint8Array.from(binary, (char) => char.charCodeAt(0)).buffer);
  if (view.byteLength % 4 !== 0) throw failure(where, "'data' is cut short");
  const read = (i: number): number => (dtype === 'int32' ? view.getInt32(4 * i, true) : view.getFloat32(4 * i, true));
  const data = dtype === 'int32' ? new Int32Array(view.byteLength / 4) : new Float32Array(view.byteLength / 4);
  for (let i = 0; i < data.length; i++) data[i] = read(i);
  return data;
}
