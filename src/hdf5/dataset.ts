/**
 * One dataset: its shape and element type when it is opened, its values when they are asked for.
 * Invariant: the bytes that shape and type claim are compared with the file before anything is allocated.
 */

import { guarded } from '../guard/guard.ts';
import { failure } from '../tensor/errors.ts';
import { Attributes } from './attributes.ts';
import type { FileBytes } from './bytes.ts';
import { readChunks, readFilters } from './chunks.ts';
import { MESSAGE, type Message } from './header.ts';
import { type Chunking, type ElementType, readLayout, readShape, readType } from './messages.ts';
import { type NumericArray, readNumbers } from './values.ts';

/** Weights hardly compress, so chunks that would unpack to more than this many times the file are no honest ones. */
const EXPANSION = 20;
/** Bytes that a small file may unpack to all the same. */
const SMALL = 64 * 2 ** 20;

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
   * @throws PathgradError if the file is too small for the claimed shape, the values were never written, or the type is unsupported
   */
  read(): NumericArray {
    return guarded(this.label, 'HDF5', () => this.#read());
  }

  #read(): NumericArray {
    const { view } = this.#file;
    const { label, size } = this;
    if (this.#find(MESSAGE.externalFiles) !== undefined) throw failure(label, 'its values lie in another file');
    if (size === 0) return readNumbers(view, 0, 0, this.#type, label);
    const layout = readLayout(view, this.#message(MESSAGE.layout, 'layout'), label);
    const details = { shape: this.shape, dtype: this.dtype, bytes: this.byteLength, file: view.byteLength };
    if (layout.kind === 'unallocated') throw failure(label, 'its values were never written', details);
    if (layout.kind === 'chunked') return this.#readChunks(layout.chunking, details);
    if (!(this.byteLength <= layout.bytes && layout.offset + this.byteLength <= view.byteLength)) {
      throw failure(label, 'claims more values than the file holds', details, 'the file is truncated or damaged');
    }
    return readNumbers(view, layout.offset, size, this.#type, label);
  }

  #readChunks(chunking: Chunking, details: Readonly<Record<string, unknown>>): NumericArray {
    const { label, shape, size } = this;
    const limit = Math.max(SMALL, EXPANSION * this.#file.view.byteLength);
    if (chunking.shape.length !== shape.length) throw failure(label, 'its chunks have another rank', details);
    // What its chunks take, those at the edges whole.
    const needs = shape.reduce((bytes, n, axis) => {
      const chunk = chunking.shape[axis]!;
      return bytes * Math.ceil(n / chunk) * chunk;
    }, this.#type.size);
    if (!(needs <= limit)) throw failure(label, 'claims more values than the file can hold', details);
    const filtersAt = this.#find(MESSAGE.filters)?.at;
    const filters = filtersAt === undefined ? [] : readFilters(this.#file.view, filtersAt, label);
    const bytes = readChunks(this.#file, chunking, filters, shape, this.#type.size, label);
    return readNumbers(new DataView(bytes.buffer), 0, size, this.#type, label);
  }

  #find(type: number): Message | undefined {
    return this.#messages.find((message) => message.type === type);
  }

  #message(type: number, what: string): number {
    const found = this.#find(type);
    if (found === undefined) throw failure(this.label, `has no ${what} message`);
    if ((found.flags & 2) !== 0) throw failure(this.label, `a shared ${what} is not supported`);
    return found.at;
  }
}

/** Joins names with `/`; an empty one adds nothing. */
export function joinPath(parent: string, name: string): string {
  return parent === '' ? name : name === '' ? parent : `${parent}/${name}`;
}
