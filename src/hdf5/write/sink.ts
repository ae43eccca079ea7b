/**
 * The file as it grows: places are given out one after another, each on a multiple of 8, and filled whenever their bytes are known.
 * Invariant: nothing is copied before the whole is as long as it will be.
 */
import { failure } from '../../tensor/errors.ts';

/** An address that points nowhere. */
export const NOWHERE = 2n ** 64n - 1n;

export const padded = (bytes: number): number => Math.ceil(bytes / 8) * 8;

export class Sink {
  #end = 0;
  readonly #parts: { readonly at: number; readonly bytes: Uint8Array }[] = [];

  /** Where the next place begins: the length of the file so far. */
  get end(): number {
    return this.#end;
  }

  /** The address of a place of so many bytes. */
  reserve(bytes: number): number {
    const at = this.#end;
    this.#end += padded(bytes);
    return at;
  }

  fill(at: number, bytes: Uint8Array): void {
    this.#parts.push({ at, bytes });
  }

  /** The address of these bytes. */
  put(bytes: Uint8Array): number {
    const at = this.reserve(bytes.length);
    this.fill(at, bytes);
    return at;
  }

  /** The whole file. */
  finish(): Uint8Array<ArrayBuffer> {
    try {
      const out = new Uint8Array(this.#end);
      for (const { at, bytes } of this.#parts) out.set(bytes, at);
      return out;
    } catch (cause) {
      throw failure(
        'HDF5',
        'the file is too large to be made',
        { bytes: this.#end },
        'there is not so much memory',
        cause,
      );
    }
  }
}

/** Bytes of one structure, field by field, little-endian. */
export class Fields {
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #view: DataView;
  #at = 0;

  constructor(length: number) {
    this.#bytes = new Uint8Array(length);
    this.#view = new DataView(this.#bytes.buffer);
  }

  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes;
  }

  letters(text: string): this {
    return this.raw(new TextEncoder().encode(text));
  }

  raw(bytes: Uint8Array): this {
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.length;
    return this;
  }

  u8(...values: readonly number[]): this {
    for (const value of values) this.#view.setUint8(this.#at++, value);
    return this;
  }

  u16(value: number): this {
    this.#view.setUint16(this.#at, value, true);
    this.#at += 2;
    return this;
  }

  u32(value: number): this {
    this.#view.setUint32(this.#at, value, true);
    this.#at += 4;
    return this;
  }

  u64(...values: readonly (number | bigint)[]): this {
    for (const value of values) {
      this.#view.setBigUint64(this.#at, BigInt(value), true);
      this.#at += 8;
    }
    return this;
  }

  /** Leaves zeros up to a multiple of 8. */
  pad(): this {
    this.#at = padded(this.#at);
    return this;
  }
}
