/**
 * One dataset: its shape and element type when it is opened, its values when they are asked for.
 * Invariant: the bytes that shape and type claim are compared with the file before anything is allocated.
 */

import { failure } from '../tensor/errors.ts';
import { Attributes } from './attributes.ts';
import { guarded } from './guard.ts';
import { type ElementType, readLayout, readShape, readType } from './messages.ts';
import type { DatasetObject } from './objects.ts';
import { type NumericArray, packNumbers, readNumbers } from './values.ts';

/** Deflate cannot shrink data below 1/1032, so a compressed dataset that claims more than that is a lie. */
const DEFLATE_RATIO = 1032;
/** Chunked values are boxed on their way through jsfive; Keras writes no chunks, so a modest bound costs nobody. */
const CHUNKED_LIMIT = 2 ** 24;
const MESSAGE = { dataspace: 0x01, datatype: 0x03, externalFiles: 0x07, layout: 0x08 } as const;

/** What groups and datasets of one file share. */
export interface Context {
  /** The file's name, for errors. */
  readonly name: string;
  /** The whole file. */
  readonly view: DataView;
}

export class Hdf5Dataset {
  readonly kind = 'dataset';
  readonly path: string;
  readonly shape: readonly number[];
  /** `float32`, `float16`, `bfloat16`, `int64`, `string`, … */
  readonly dtype: string;
  readonly attributes: Attributes;
  readonly #context: Context;
  readonly #dataset: DatasetObject;
  readonly #type: ElementType;

  constructor(context: Context, dataset: DatasetObject, path: string) {
    this.#context = context;
    this.#dataset = dataset;
    this.path = path;
    const { view } = context;
    this.attributes = new Attributes(view, dataset._dataobjects, this.label);
    this.#type = readType(view, this.#message(MESSAGE.datatype, 'datatype'), this.label);
    this.dtype = this.#type.dtype;
    this.shape = readShape(view, this.#message(MESSAGE.dataspace, 'dataspace'), this.label) ?? [0];
    if (this.shape.some((size) => size >= 2 ** 32)) {
      throw failure(this.label, 'a dimension of 2^32 or more', { shape: this.shape });
    }
  }

  get label(): string {
    return joinPath(this.#context.name, this.path);
  }

  get address(): number {
    return this.#dataset._dataobjects.offset;
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
    return guarded(this.label, () => this.#read());
  }

  #read(): NumericArray {
    const { view } = this.#context;
    const { label, size } = this;
    if (this.#find(MESSAGE.externalFiles) !== undefined) throw failure(label, 'its values lie in another file');
    if (size === 0) return readNumbers(view, 0, 0, this.#type, label);
    const layout = readLayout(view, this.#message(MESSAGE.layout, 'layout'), label);
    const details = { shape: this.shape, dtype: this.dtype, bytes: this.byteLength, file: view.byteLength };
    if (layout.kind === 'unallocated') throw failure(label, 'its values were never written', details);
    if (layout.kind === 'chunked') return this.#readChunks(details);
    if (!(this.byteLength <= layout.bytes && layout.offset + this.byteLength <= view.byteLength)) {
      throw failure(label, 'claims more values than the file holds', details, 'the file is truncated or damaged');
    }
    return readNumbers(view, layout.offset, size, this.#type, label);
  }

  #readChunks(details: Readonly<Record<string, unknown>>): NumericArray {
    if (this.byteLength > DEFLATE_RATIO * this.#context.view.byteLength) {
      throw failure(this.label, 'claims more values than the file can hold', details);
    }
    if (this.size > CHUNKED_LIMIT) throw failure(this.label, `chunked data beyond ${CHUNKED_LIMIT} values`, details);
    const values = this.#dataset.value;
    if (values.length !== this.size) {
      throw failure(this.label, `has ${values.length} values, its shape asks for ${this.size}`, details);
    }
    return packNumbers(values, this.#type, this.label);
  }

  #find(type: number): number | undefined {
    const found = this.#dataset._dataobjects.msgs.find((message) => message?.get('type') === type);
    return found?.get('offset_to_message');
  }

  #message(type: number, what: string): number {
    const offset = this.#find(type);
    if (offset === undefined) throw failure(this.label, `has no ${what} message`);
    const shared = this.#dataset._dataobjects.msgs.some((m) => m?.get('type') === type && (m.get('flags') & 2) !== 0);
    if (shared) throw failure(this.label, `a shared ${what} is not supported`);
    return offset;
  }
}

/** Joins names with `/`; an empty one adds nothing. */
export function joinPath(parent: string, name: string): string {
  return parent === '' ? name : name === '' ? parent : `${parent}/${name}`;
}
