/**
 * The global heap: texts of any length, in collections. Invariant: a collection is at least 4096 bytes, what is left of one is an object
 * 0 of its own, and a text lies in one place, however often it is used. Source: HDF5 specification 3.0, III.E.
 */
import { Fields, padded, type Sink } from './sink.ts';

/** Collections below this are refused by the HDF5 library. */
const least = 4096;
/** A collection that holds so much takes no more. */
const enough = 2 ** 16;

interface Placed {
  readonly address: number;
  readonly index: number;
  readonly length: number;
}

export class TextHeap {
  readonly #sink: Sink;
  readonly #encoder = new TextEncoder();
  readonly #placed = new Map<string, Placed>();

  /** @param texts all that will be asked for */
  constructor(sink: Sink, texts: Iterable<string>) {
    this.#sink = sink;
    let open: { text: string; bytes: Uint8Array }[] = [];
    let used = 0;
    for (const text of new Set(texts)) {
      if (text === '') continue;
      const bytes = this.utf8(text);
      open.push({ text, bytes });
      used += 16 + padded(bytes.length);
      if (used < enough) continue;
      this.#collection(open, used);
      open = [];
      used = 0;
    }
    if (open.length > 0) this.#collection(open, used);
  }

  utf8(text: string): Uint8Array {
    return this.#encoder.encode(text);
  }

  /** Where a text lies; an empty one nowhere. */
  place(text: string): Placed {
    return text === '' ? { address: 0, index: 0, length: 0 } : this.#placed.get(text)!;
  }

  #collection(texts: readonly { readonly text: string; readonly bytes: Uint8Array }[], used: number): void {
    const size = 16 + used >= least ? 16 + used : Math.max(least, padded(16 + used + 16));
    const out = new Fields(size).letters('GCOL').u8(1, 0, 0, 0).u64(size);
    const address = this.#sink.reserve(size);
    for (const [i, { text, bytes }] of texts.entries()) {
      this.#placed.set(text, { address, index: i + 1, length: bytes.length });
      out
        .u16(i + 1)
        .u16(1)
        .u32(0)
        .u64(bytes.length)
        .raw(bytes)
        .pad();
    }
    const left = size - 16 - used;
    if (left > 0) out.u16(0).u16(0).u32(0).u64(left);
    this.#sink.fill(address, out.bytes);
  }
}
