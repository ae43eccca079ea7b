/**
 * One dataset: its shape and element type when it is opened, its values when they are asked for.
 * Invariant: the bytes that shape and type claim are compared with the file before anything is allocated.
 */

import { guarded } from '../guard/guard.ts';
import { failure } from '../tensor/errors.ts';
import { Attributes } from './attributes.ts';
import type { FileBytes } from './bytes.ts';

import { MESSAGE, type Message } from './header.ts';
import { type ElementType, type Run, readRun, readShape, readType } from './messages.ts';
import { onDemand } from './parts.ts';
import { type NumericArray, readNumbers } from './values.ts';

export class Hdf5Dataset {
  readonly kind = 'dataset';
  readonly path: string;
  readonly shape: readonly number[];
  /** `float32`, `float16`, `bfloat16`, `int64`, `string`, … */
  readonly dtype: string;
  readonly attributes: Attributes;
  /** Address of the object: two paths to one object share it. */
  readonly address: number;
  readonly #file: FileBytes;
  readonly #messages: readonly Message[];
  readonly #type: ElementType;
  /** Where the values lie, unless that takes parts which are loaded on demand. */
  readonly #run: Run | undefined;
  /** Gives the values; made once, with what they take counted: reading them again costs nothing of what the file may ask for. */
  #values: (() => NumericArray) | undefined;

  constructor(file: FileBytes, address: number, messages: readonly Message[], path: string) {
    this.#file = file;
    this.address = address;
    this.#messages = messages;
    this.path = path;
    const { view } = file;
    this.attributes = new Attributes(file, messages, this.label);
    this.#type = readType(view, this.#message(MESSAGE.datatype, 'datatype'), this.label);
    this.dtype = this.#type.dtype;
    this.shape = readShape(view, this.#message(MESSAGE.dataspace, 'dataspace'), this.label) ?? [0];
    if (this.shape.some((size) => size >= 2 ** 32)) {
      throw failure(this.label, 'a dimension of 2^32 or more', { shape: this.shape });
    }
    this.#run = readRun(view, this.#message(MESSAGE.layout, 'layout'));
    if (!this.#run || this.#type.bits) onDemand(this.label);
  }

  get label(): string {
    return joinPath(this.#file.name, this.path);
  }

  /** Number of elements. */
  get size(): number {
    return this.shape.reduce((a, b) => a * b, 1);
  }

  /** Bytes that the shape and element type ask for. */
  get byteLength(): number {
    return this.size * this.#type.size;
  }

  /**
   * The values in row-major order, `size` of them. An aligned little-endian float32 dataset is a view on the file.
   * Values that were never written are the dataset's fill value, as the HDF5 library reads them.
   * @throws PathgradError if the file is too small for the claimed shape, or the type or a filter is unsupported
   */
  read(): NumericArray {
    return guarded(this.label, 'HDF5', () => {
      this.#values ??= this.#prepare();
      return this.#values();
    });
  }

  #prepare(): () => NumericArray {
    const { label, shape, size, byteLength } = this;
    const [file, type, run] = [this.#file, this.#type, this.#run];
    const { view } = file;
    if (this.#find(MESSAGE.externalFiles)) throw failure(label, 'its values lie in another file');
    if (size === 0) return () => readNumbers(view, 0, 0, type, label);
    if (run === undefined) {
      const values = onDemand(label).storedValues(file, this.#messages, shape, type.size, label);
      return () => {
        const bytes = values();
        return readNumbers(new DataView(bytes.buffer, bytes.byteOffset), 0, size, type, label);
      };
    }
    if (!(byteLength <= run.bytes && run.offset + byteLength <= view.byteLength)) {
      const details = { shape, dtype: this.dtype, bytes: byteLength, file: view.byteLength };
      throw failure(label, 'claims more values than the file holds', details, 'the file is truncated or damaged');
    }
    file.guard.take('read', byteLength, label);
    return () => readNumbers(view, run.offset, size, type, label);
  }

  #find(type: number): Message | undefined {
    return this.#messages.find((message) => message.type === type);
  }

  #message(type: number, what: string): number {
    const found = this.#find(type);
    if (found === undefined) throw failure(this.label, `has no ${what} message`);
    if ((found.flags & 2) === 0) return found.at;
    return onDemand(this.label).sharedMessage(this.#file, type, found.at, this.label);
  }
}

/** Joins names with `/`; an empty one adds nothing. */
export function joinPath(parent: string, name: string): string {
  return parent === '' ? name : name === '' ? parent : `${parent}/${name}`;
}
