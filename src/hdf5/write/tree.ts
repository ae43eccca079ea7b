/**
 * What is to become an HDF5 file: groups with members and attributes, and arrays. Invariant: a path leads to one object; an array has as
 * many values as its shape, and of texts none holds a NUL, which would end it for every reader.
 */
import { isNumberType, type NumberType } from '../../tensor/encode.ts';
import { failure } from '../../tensor/errors.ts';
import { sizeOf } from '../../tensor/shape.ts';

/** Numbers in row-major order. `bfloat16`, which HDF5 does not know, becomes opaque pairs of bytes, as Keras writes it. */
export interface NumbersToWrite {
  readonly dtype: NumberType;
  /** An empty shape is a scalar. */
  readonly shape: readonly number[];
  readonly data: ArrayLike<number> | ArrayLike<bigint>;
}

/** Texts in row-major order: of any length each, in the heap of the file, or as the bytes of the longest, padded with NULs. */
export interface TextsToWrite {
  readonly dtype: 'text' | 'fixed-text';
  readonly shape: readonly number[];
  readonly data: readonly string[];
}

export type ValuesToWrite = NumbersToWrite | TextsToWrite;

/** An array of the file. */
export class NewDataset {
  readonly attributes = new Map<string, ValuesToWrite>();
  readonly values: ValuesToWrite;

  constructor(values: ValuesToWrite) {
    this.values = values;
  }
}

/** A group of the file; a new one of no path is the root. */
export class NewGroup {
  readonly path: string;
  readonly attributes = new Map<string, ValuesToWrite>();
  readonly members = new Map<string, NewGroup | NewDataset>();

  constructor(path = '') {
    this.path = path;
  }

  /**
   * The group at `path` below this one, made with all on the way where it is not there yet.
   * @throws PathgradError where a dataset has that path, or a part of it is empty
   */
  group(path: string): NewGroup {
    let group: NewGroup = this;
    for (const name of path.split('/')) {
      const found = group.members.get(name);
      if (found instanceof NewDataset) throw failure(`HDF5 ${group.path}/${name}`, 'is a dataset already, not a group');
      const next = found ?? new NewGroup(`${group.path}/${checkedName(name, group)}`);
      if (!found) group.members.set(name, next);
      group = next;
    }
    return group;
  }

  /**
   * Puts an array at `path` below this group.
   * @throws PathgradError where something has that path already, or the array does not fill its shape
   */
  dataset(path: string, values: ValuesToWrite): NewDataset {
    const cut = path.lastIndexOf('/');
    const parent = cut < 0 ? this : this.group(path.slice(0, cut));
    const name = path.slice(cut + 1);
    const subject = `HDF5 ${parent.path}/${checkedName(name, parent)}`;
    if (parent.members.has(name)) throw failure(subject, 'is written twice');
    checkValues(subject, values);
    const made = new NewDataset(values);
    parent.members.set(name, made);
    return made;
  }

  /** A text, or a list of texts of fixed length; of none an empty list of numbers, as h5py stores it. */
  attribute(name: string, value: string | readonly string[]): void {
    if (typeof value === 'string') setAttribute(this, name, { dtype: 'text', shape: [], data: [value] });
    else if (value.length === 0) setAttribute(this, name, { dtype: 'float64', shape: [0], data: [] });
    else setAttribute(this, name, { dtype: 'fixed-text', shape: [value.length], data: value });
  }
}

/** Gives an object an attribute. @throws PathgradError where the values do not fill their shape */
export function setAttribute(object: NewGroup | NewDataset, name: string, values: ValuesToWrite): void {
  const subject = `HDF5 attribute '${name}'`;
  if (!/^[ -~]+$/.test(name)) throw failure(subject, 'must have a name of ASCII letters');
  checkValues(subject, values);
  object.attributes.set(name, values);
}

function checkedName(name: string, { path }: NewGroup): string {
  if (name === '' || name === '.' || name.includes('\0'))
    throw failure(`HDF5 ${path}/${name}`, 'is no name that a file can hold', { name });
  return name;
}

function checkValues(subject: string, { dtype, shape, data }: ValuesToWrite): void {
  if (sizeOf(shape) !== data.length)
    throw failure(subject, 'has another number of values than its shape', { shape, values: data.length });
  if (dtype !== 'text' && dtype !== 'fixed-text') {
    if (!isNumberType(dtype)) throw failure(subject, `is of a dtype that cannot be written, '${String(dtype)}'`);
    return;
  }
  const bad = (data as readonly string[]).find((text) => text.includes('\0'));
  if (bad !== undefined) throw failure(subject, 'holds a NUL, which ends a text', { text: bad });
}
