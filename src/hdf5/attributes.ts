/**
 * Attributes of a group or dataset: text, numbers and lists of them. Decoded when asked for, so that an attribute of a type we
 * lack harms nobody who does not need it.
 * Invariant: counts are checked against the file's size before anything is allocated. Source: HDF5 specification 3.0, IV.A.2.m.
 */

import { guarded } from '../guard/guard.ts';
import { failure } from '../tensor/errors.ts';
import { type FileBytes, isAddress, uint64 } from './bytes.ts';
import { globalHeapObject } from './global-heap.ts';
import { MESSAGE, type Message } from './header.ts';
import { readShape, readType } from './messages.ts';
import { onDemand } from './parts.ts';
import { readNumbers, readText } from './values.ts';

/** A scalar or a flat list in row-major order; an attribute without elements is the empty list. */
export type AttributeValue = string | number | readonly string[] | readonly number[];

export class Attributes {
  readonly #file: FileBytes;
  readonly #offsets = new Map<string, number>();
  /** What was decoded: asking again costs nothing of what the file as a whole may ask for. */
  readonly #values = new Map<string, AttributeValue>();
  readonly #subject: string;

  constructor(file: FileBytes, messages: readonly Message[], subject: string) {
    this.#file = file;
    this.#subject = subject;
    guarded(subject, 'HDF5', () => this.#index(messages));
  }

  get names(): readonly string[] {
    return [...this.#offsets.keys()];
  }

  /** The value, or undefined where there is no such attribute. Throws if it is there but cannot be read. */
  get(name: string): AttributeValue | undefined {
    const offset = this.#offsets.get(name);
    const known = this.#values.get(name);
    if (offset === undefined || known !== undefined) return known;
    const subject = `${this.#subject}@${name}`;
    const value = guarded(subject, 'HDF5', () => this.#decode(offset, subject));
    this.#values.set(name, value);
    return value;
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

  #index(messages: readonly Message[]): void {
    for (const { type, flags, at } of messages) {
      if (type === MESSAGE.attribute && (flags & 2) !== 0)
        throw failure(this.#subject, 'a shared attribute is not supported');
      if (type === MESSAGE.attribute) this.#add(at);
      if (type === MESSAGE.attributeInfo) {
        const heap = at + 2 + ((this.#file.view.getUint8(at + 1) & 1) !== 0 ? 2 : 0);
        if (!isAddress(uint64(this.#file.view, heap))) continue;
        for (const object of onDemand(this.#subject).denseObjects(this.#file, heap, 0, this.#subject))
          this.#add(object);
      }
    }
  }

  #add(at: number): void {
    const nameBytes = this.#file.view.getUint16(at + 2, true);
    this.#file.spend(nameBytes, this.#subject);
    const name = readText(this.#file.at(at + this.#headBytes(at), nameBytes, this.#subject));
    if (this.#offsets.has(name)) throw failure(this.#subject, 'has two attributes of one name', { name });
    this.#offsets.set(name, at);
  }

  #headBytes(offset: number): number {
    const version = this.#file.view.getUint8(offset);
    if (version < 1 || version > 3) throw failure(this.#subject, `unknown attribute version ${version}`);
    return version === 3 ? 9 : 8;
  }

  #decode(offset: number, subject: string): AttributeValue {
    const file = this.#file;
    const { view } = file;
    const version = view.getUint8(offset);
    const shared = version > 1 ? view.getUint8(offset + 1) : 0;
    if ((shared & 2) !== 0) throw failure(subject, 'a shared dataspace is not supported');
    const pad = (bytes: number): number => (version === 1 ? Math.ceil(bytes / 8) * 8 : bytes);
    const typeAt = offset + this.#headBytes(offset) + pad(view.getUint16(offset + 2, true));
    const spaceAt = typeAt + pad(view.getUint16(offset + 4, true));
    const valuesAt = spaceAt + pad(view.getUint16(offset + 6, true));
    const named = (shared & 1) !== 0;
    const type = readType(
      view,
      named ? onDemand(subject).sharedMessage(file, MESSAGE.datatype, typeAt, subject) : typeAt,
      subject,
    );
    const shape = readShape(view, spaceAt, subject);
    const count = shape === null ? 0 : shape.reduce((a, b) => a * b, 1);
    if (!(valuesAt + count * type.size <= view.byteLength)) {
      throw failure(subject, 'claims more values than the file has bytes', { shape, bytes: view.byteLength });
    }
    file.spend(count * type.size, subject);
    file.guard.take('values', count, subject);
    if (type.kind === 'string' || type.kind === 'vlen-string') {
      const texts =
        type.kind === 'string'
          ? Array.from({ length: count }, (_, i) =>
              readText(file.at(valuesAt + i * type.size, type.size, subject), type.spaces),
            )
          : this.#variableTexts(valuesAt, count, subject);
      return shape?.length === 0 ? texts[0]! : texts;
    }
    const numbers = readNumbers(view, valuesAt, count, type, subject);
    return shape?.length === 0 ? numbers[0]! : Array.from(numbers);
  }

  /** Texts in the global heap. Each has an object of its own there, so all of the file's together are not longer than it. */
  #variableTexts(offset: number, count: number, subject: string): string[] {
    const { view } = this.#file;
    return Array.from({ length: count }, (_, i) => {
      const at = offset + 16 * i;
      if (uint64(view, at + 4) === 0) return '';
      const text = globalHeapObject(this.#file, at, subject);
      this.#file.spend(text.length, subject);
      return readText(text);
    });
  }
}
