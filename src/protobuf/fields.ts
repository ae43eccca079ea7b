/**
 * Protocol buffers as a walk over the fields of a message; pbf reads the numbers. Invariant: a field lies within its message, whatever
 * the bytes say, and nothing is copied: the bytes of a field are a view.
 * Source: protobuf.dev, "Encoding".
 */
import { PbfReader } from 'pbf';
import { damaged, failure } from '../tensor/errors.ts';

/** How a value is stored: a varint, 8 bytes, bytes of a stated length, 4 bytes. */
type Wire = 0 | 1 | 2 | 5;

export class Field {
  readonly id: number;
  readonly wire: Wire;
  /** The bytes of texts, messages and packed numbers, of fixed numbers, or of a varint. */
  readonly bytes: Uint8Array;
  readonly #subject: string;

  constructor(id: number, wire: Wire, bytes: Uint8Array, subject: string) {
    this.id = id;
    this.wire = wire;
    this.bytes = bytes;
    this.#subject = subject;
  }

  /** A signed integer; what a double cannot hold exactly is rounded. */
  int(): number {
    return this.ints(1)[0]!;
  }

  /** Integers: one, or several packed ones. @param most so many at most */
  ints(most = Number.POSITIVE_INFINITY): number[] {
    if (this.wire === 1 || this.wire === 5) throw this.#wrong('an integer');
    const out: number[] = [];
    const reader = new PbfReader(this.bytes);
    while (reader.pos < this.bytes.length && out.length < most) {
      out.push(reader.readVarint(true));
      if (reader.pos > this.bytes.length) throw damaged(this.#subject, 'ends within a number', { field: this.id });
    }
    if (out.length === 0 && this.wire === 0) throw this.#wrong('an integer');
    return out;
  }

  /** Floats of 4 bytes: one, or several packed ones. */
  floats(): Float32Array {
    return Float32Array.from(this.#fixed(4, 5), (at) => this.#view().getFloat32(at, true));
  }

  /** Floats of 8 bytes: one, or several packed ones. */
  doubles(): Float64Array {
    return Float64Array.from(this.#fixed(8, 1), (at) => this.#view().getFloat64(at, true));
  }

  text(): string {
    return new TextDecoder().decode(this.message());
  }

  /** The bytes of a message, a text or an array. */
  message(): Uint8Array {
    if (this.wire !== 2) throw this.#wrong('a message');
    return this.bytes;
  }

  #fixed(width: number, single: Wire): number[] {
    if ((this.wire !== 2 && this.wire !== single) || this.bytes.length % width !== 0) throw this.#wrong('floats');
    return Array.from({ length: this.bytes.length / width }, (_, i) => i * width);
  }

  #view(): DataView {
    return new DataView(this.bytes.buffer, this.bytes.byteOffset, this.bytes.byteLength);
  }

  #wrong(expected: string) {
    return failure(
      this.#subject,
      `is not the protocol buffer it should be: field ${this.id} holds no ${expected.replace(/^an? /, '')}`,
      {
        wire: this.wire,
        expected,
      },
    );
  }
}

/**
 * The fields of a message in the order of the file.
 * @param subject what errors call the message
 * @throws PathgradError for bytes that are no message, or one that is cut short
 */
export function* fieldsOf(bytes: Uint8Array, subject: string): Generator<Field> {
  const reader = new PbfReader(bytes);
  while (reader.pos < bytes.length) {
    const tag = reader.readVarint();
    const wire = tag & 7;
    const id = Math.floor(tag / 8);
    let from = reader.pos;
    if (wire === 0) reader.readVarint();
    else if (wire === 1) reader.pos += 8;
    else if (wire === 5) reader.pos += 4;
    else if (wire === 2) {
      const length = reader.readVarint();
      from = reader.pos;
      reader.pos += length;
    } else
      throw failure(subject, 'is no protocol buffer', { byte: from, wire }, 'the file is damaged or of another format');
    if (!(reader.pos <= bytes.length) || id === 0) {
      throw damaged(subject, 'ends too early or is no protocol buffer', {
        field: id,
        ends: reader.pos,
        bytes: bytes.length,
      });
    }
    yield new Field(id, wire as Wire, bytes.subarray(from, reader.pos), subject);
  }
}
