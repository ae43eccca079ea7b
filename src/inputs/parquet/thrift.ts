/**
 * Thrift's compact protocol, which Parquet's metadata are written in: structs to maps from field number to value. Invariant: a value takes a byte at
 * least, so what is made is bounded by the bytes; nesting and the number of values are bounded, too: a struct of a byte is a map of a hundred. Source: thrift-compact-protocol.md of Apache Thrift.
 */
import { checkDepth } from '../../guard/guard.ts';
import { damaged as broken, failure, type PathgradError } from '../../tensor/errors.ts';

export type ThriftValue = boolean | number | Uint8Array | ThriftStruct | readonly ThriftValue[];

/** Fields by their numbers. Numbers beyond 2^53 lose their last bits: none of those we read may be so large. */
export type ThriftStruct = ReadonlyMap<number, ThriftValue>;

const DEPTH = 24;
/** Values and structs of one footer: a chunk of a column has about 25 and 6, so 150,000 chunks. */
const VALUES = 2 ** 22;
const STRUCTS = 2 ** 20;
const [TRUE, FALSE, BYTE, I64, DOUBLE, BINARY, LIST, SET, MAP, STRUCT] = [1, 2, 3, 6, 7, 8, 9, 10, 11, 12];

export class ThriftReader {
  readonly #view: DataView;
  readonly #name: string;
  /** Where the next byte is. */
  at = 0;
  #values = 0;
  #structs = 0;

  constructor(bytes: Uint8Array, name: string) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#name = name;
  }

  struct(depth = 0): ThriftStruct {
    checkDepth(depth, this.#name, DEPTH);
    if (++this.#structs > STRUCTS) throw this.#tooMany('records', STRUCTS);
    const fields = new Map<number, ThriftValue>();
    let id = 0;
    for (;;) {
      const head = this.#byte();
      if (head === 0) return fields;
      const delta = head >> 4;
      id = delta === 0 ? this.#zigzag() : id + delta;
      fields.set(id, this.#value(head & 15, depth + 1, true));
    }
  }

  #value(type: number, depth: number, field: boolean): ThriftValue {
    if (++this.#values > VALUES) throw this.#tooMany('values', VALUES);
    if (type === TRUE || type === FALSE) return field ? type === TRUE : this.#byte() === 1;
    if (type === BYTE) return (this.#byte() << 24) >> 24;
    if (type > BYTE && type <= I64!) return this.#zigzag();
    if (type === DOUBLE) {
      this.#need(8);
      this.at += 8;
      return this.#view.getFloat64(this.at - 8, true);
    }
    if (type === BINARY) {
      const length = this.#varint();
      this.#need(length);
      this.at += length;
      return new Uint8Array(this.#view.buffer, this.#view.byteOffset + this.at - length, length);
    }
    if (type === LIST || type === SET) {
      checkDepth(depth, this.#name, DEPTH);
      const head = this.#byte();
      const count = head >> 4 === 15 ? this.#varint() : head >> 4;
      this.#need(count);
      return Array.from({ length: count }, () => this.#value(head & 15, depth + 1, false));
    }
    if (type === MAP) {
      checkDepth(depth, this.#name, DEPTH);
      const count = this.#varint();
      this.#need(2 * count);
      const types = count === 0 ? 0 : this.#byte();
      return Array.from({ length: 2 * count }, (_, i) =>
        this.#value(i % 2 === 0 ? types >> 4 : types & 15, depth + 1, false),
      );
    }
    if (type === STRUCT) return this.struct(depth);
    throw this.#damaged(`a field of type ${type}`);
  }

  #byte(): number {
    this.#need(1);
    return this.#view.getUint8(this.at++);
  }

  #varint(): number {
    let [value, scale] = [0, 1];
    for (let i = 0; i < 10; i++) {
      const byte = this.#byte();
      value += (byte & 127) * scale;
      scale *= 128;
      if (byte < 128) return value;
    }
    throw this.#damaged('a number that is too long');
  }

  #zigzag(): number {
    const value = this.#varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  #need(bytes: number): void {
    if (!(this.at + bytes <= this.#view.byteLength)) throw this.#damaged('they end too early');
  }

  #tooMany(what: string, limit: number): PathgradError {
    return broken(this.#name, `has more ${what} in its metadata than are read`, { limit }, 'write larger row groups');
  }

  #damaged(what: string): PathgradError {
    return failure(this.#name, `is a damaged Parquet file: in its metadata ${what}`, { at: this.at });
  }
}
