/**
 * Attributes of a group or dataset: text, numbers and lists of them. Decoded when asked for, so that an attribute of a type we
 * lack harms nobody who does not need it.
 * Invariant: counts are checked against the file's size before anything is allocated. Source: HDF5 specification 3.0, IV.A.2.m.
 */

import { failure } from '../tensor/errors.ts';
import { guarded } from './guard.ts';
import { readShape, readType, uint64 } from './messages.ts';
import type { DataObjects } from './objects.ts';
import { readNumbers, readText } from './values.ts';

/** A scalar or a flat list in row-major order; an attribute without elements is the empty list. */
export type AttributeValue = string | number | readonly string[] | readonly number[];

const ATTRIBUTE_MESSAGE = 0x0c;
const ATTRIBUTE_INFO_MESSAGE = 0x15;

export class Attributes {
  readonly #view: DataView;
  readonly #objects: DataObjects;
  readonly #offsets = new Map<string, number>();
  readonly #subject: string;

  /** @param view the whole file, starting at byte 0 of its buffer (jsfive reads the same buffer) */
  constructor(view: DataView, objects: DataObjects, subject: string) {
    this.#view = view;
    this.#objects = objects;
    this.#subject = subject;
    guarded(subject, () => this.#index());
  }

  get names(): readonly string[] {
    return [...this.#offsets.keys()];
  }

  /** The value, or undefined where there is no such attribute. Throws if it is there but cannot be read. */
  get(name: string): AttributeValue | undefined {
    const offset = this.#offsets.get(name);
    const subject = `${this.#subject}@${name}`;
    return offset === undefined ? undefined : guarded(subject, () => this.#decode(offset, subject));
  }

  /** The value of a scalar text attribute (or of a list of one), or undefined. Throws if it is no text. */
  text(name: string): string | undefined {
    const value = this.get(name);
    if (value === undefined || typeof value === 'string') return value;
    const [only, ...more] = Array.isArray(value) ? (value as readonly unknown[]) : [value];
    if (typeof only === 'string' && more.length === 0) return only;
    throw failure(`${this.#subject}@${name}`, 'is not text', { value: typeof only });
  }

  /** A list of names, or undefined. h5py stores an empty list as a float64 attribute without elements. */
  texts(name: string): readonly string[] | undefined {
    const value = this.get(name);
    if (value === undefined) return undefined;
    const list: readonly unknown[] = Array.isArray(value) ? value : [value];
    return list.map((item) => {
      if (typeof item !== 'string') throw failure(`${this.#subject}@${name}`, 'is not a list of texts', { item });
      return item;
    });
  }

  #index(): void {
    for (const message of this.#objects.msgs) {
      const at = message?.get('offset_to_message') ?? 0;
      if (message?.get('type') === ATTRIBUTE_INFO_MESSAGE) this.#refuseDense(at);
      if (message?.get('type') !== ATTRIBUTE_MESSAGE) continue;
      const nameBytes = this.#view.getUint16(at + 2, true);
      this.#offsets.set(readText(bytesAt(this.#view, at + this.#headBytes(at), nameBytes, this.#subject)), at);
    }
  }

  #headBytes(offset: number): number {
    const version = this.#view.getUint8(offset);
    if (version < 1 || version > 3) throw failure(this.#subject, `unknown attribute version ${version}`);
    return version === 3 ? 9 : 8;
  }

  #refuseDense(offset: number): void {
    const at = offset + 2 + ((this.#view.getUint8(offset + 1) & 1) !== 0 ? 2 : 0);
    if (uint64(this.#view, at) < 2 ** 63) throw failure(this.#subject, 'attributes in dense storage are not supported');
  }

  #decode(offset: number, subject: string): AttributeValue {
    const view = this.#view;
    const version = view.getUint8(offset);
    if (version > 1 && (view.getUint8(offset + 1) & 3) !== 0) throw failure(subject, 'shared types are not supported');
    const pad = (bytes: number): number => (version === 1 ? Math.ceil(bytes / 8) * 8 : bytes);
    const typeAt = offset + this.#headBytes(offset) + pad(view.getUint16(offset + 2, true));
    const spaceAt = typeAt + pad(view.getUint16(offset + 4, true));
    const valuesAt = spaceAt + pad(view.getUint16(offset + 6, true));
    const type = readType(view, typeAt, subject);
    const shape = readShape(view, spaceAt, subject);
    const count = shape === null ? 0 : shape.reduce((a, b) => a * b, 1);
    if (!(valuesAt + count * type.size <= view.byteLength)) {
      throw failure(subject, 'claims more values than the file has bytes', { shape, bytes: view.byteLength });
    }
    if (type.kind === 'string' || type.kind === 'vlen-string') {
      const texts =
        type.kind === 'string'
          ? Array.from({ length: count }, (_, i) =>
              readText(bytesAt(view, valuesAt + i * type.size, type.size, subject)),
            )
          : this.#variableTexts(valuesAt, count, subject);
      return shape?.length === 0 ? texts[0]! : texts;
    }
    const numbers = readNumbers(view, valuesAt, count, type, subject);
    return shape?.length === 0 ? numbers[0]! : Array.from(numbers);
  }

  /** Texts in the global heap. Each has an object of its own there, so together they cannot be longer than the file. */
  #variableTexts(offset: number, count: number, subject: string): string[] {
    let total = 0;
    return Array.from({ length: count }, (_, i) => {
      const at = offset + 16 * i;
      if (uint64(this.#view, at + 4) === 0) return '';
      const [length, object] = this.#objects._vlen_size_and_data(this.#view.buffer as ArrayBuffer, at);
      if (object === undefined || length > object.byteLength)
        throw failure(subject, 'a text is missing from the heap', { element: i });
      total += length;
      if (total > this.#view.byteLength) throw failure(subject, 'its texts are longer than the file');
      return readText(new Uint8Array(object, 0, length));
    });
  }
}

/** Bytes of the file, checked. */
function bytesAt(view: DataView, offset: number, length: number, subject: string): Uint8Array {
  if (offset + length > view.byteLength) throw failure(subject, 'runs past the end of the file', { offset, length });
  return new Uint8Array(view.buffer, view.byteOffset + offset, length);
}
