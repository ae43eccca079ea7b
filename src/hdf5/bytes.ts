/**
 * The bytes of one HDF5 file, and how much of them may be walked through.
 * Invariant: reads outside the file throw (DataView does), and all structures together that are read on the way to names and texts
 * are not longer than a few times the file (guard.ts), so that overlapping or circular ones (a damaged or hostile file) cannot multiply.
 */
import type { Guard } from '../guard/guard.ts';
import { damaged } from '../tensor/errors.ts';

export class FileBytes {
  /** The file's name, for errors. */
  readonly name: string;
  /** The whole file from its signature on: addresses in the file are offsets here. */
  readonly view: DataView<ArrayBuffer>;
  /** Where the objects of each global heap collection lie that was read: index to offset and length. */
  readonly collections = new Map<number, ReadonlyMap<number, readonly [offset: number, length: number]>>();
  /** What the file may ask for in all. */
  readonly guard: Guard;

  constructor(name: string, view: DataView<ArrayBuffer>, guard: Guard) {
    this.name = name;
    this.view = view;
    this.guard = guard;
  }

  /** Counts the bytes of a structure that is about to be read. */
  spend(bytes: number, subject: string): void {
    this.guard.take('walked', bytes, subject);
  }

  /** Bytes of the file, not copied. */
  at(offset: number, length: number, subject: string): Uint8Array<ArrayBuffer> {
    if (!(offset + length <= this.view.byteLength)) {
      throw damaged(subject, 'runs past the end of the file', { offset, length });
    }
    return new Uint8Array(this.view.buffer, this.view.byteOffset + offset, length);
  }

  /** Throws unless the four letters that begin every structure lie at `offset`. */
  expect(letters: string, offset: number, what: string, subject: string): void {
    const found = String.fromCharCode(...this.at(offset, 4, subject));
    if (found !== letters) throw damaged(subject, `${what} is damaged`, { address: offset });
  }
}

/** Reads an unsigned 64-bit field; sizes beyond 2^53 stay beyond every limit we compare them with. */
export function uint64(view: DataView, offset: number): number {
  return Number(view.getBigUint64(offset, true));
}

/** Reads an unsigned little-endian field of any number of bytes. */
export function uintOf(bytes: number, view: DataView, offset: number): number {
  let value = 0;
  for (let i = bytes - 1; i >= 0; i--) value = value * 256 + view.getUint8(offset + i);
  return value;
}

/** An address that points nowhere is all ones; anything from 2^63 on is beyond every file. */
export function isAddress(value: number): boolean {
  return value < 2 ** 63;
}
