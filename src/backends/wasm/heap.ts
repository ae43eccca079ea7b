/**
 * The allocator of the linear memory: first fit, freed neighbours merge, the memory grows when nothing fits. Blocks are
 * multiples of 64 bytes at multiples of 64, and 64 bytes stay free behind the last one, since kernels read up to 63
 * bytes past a row and write whole vectors up to the end of a block.
 */
import { failure } from '../../tensor/errors.ts';

const alignment = 64;
const pageBytes = 65536;
/** Addresses below are not given out: 0 means "none" to kernels, and their constants lie there. */
const firstAddress = 8192;

const roundUp = (bytes: number): number => Math.max(alignment, Math.ceil(bytes / alignment) * alignment);

export class Heap {
  /** Free ranges by address, never adjacent. */
  readonly #free: { at: number; bytes: number }[] = [];
  readonly #memory: WebAssembly.Memory;
  #end = firstAddress;
  #used = 0;
  /** What is to be free when `keepFreed` ends; null: freed at once. */
  #kept: { at: number; bytes: number }[] | null = null;

  constructor(memory: WebAssembly.Memory) {
    this.#memory = memory;
  }

  /** Bytes in blocks that are given out. */
  get used(): number {
    return this.#used;
  }

  allocate(bytes: number): number {
    const size = roundUp(bytes);
    this.#used += size;
    const index = this.#free.findIndex((range) => range.bytes >= size);
    const range = this.#free[index];
    if (range) {
      const { at } = range;
      range.at += size;
      range.bytes -= size;
      if (range.bytes === 0) this.#free.splice(index, 1);
      return at;
    }
    const last = this.#free.at(-1);
    const at = last && last.at + last.bytes === this.#end ? last.at : this.#end;
    this.#reach(at + size, size);
    if (at !== this.#end) this.#free.pop();
    this.#end = at + size;
    return at;
  }

  /** Whether what is freed stays as it is for now: somebody may still write there. */
  set keepFreed(keep: boolean) {
    const kept = this.#kept ?? [];
    this.#kept = keep ? kept : null;
    if (!keep) for (const { at, bytes } of kept) this.free(at, bytes);
  }

  free(at: number, bytes: number): void {
    if (this.#kept) {
      this.#kept.push({ at, bytes });
      return;
    }
    const size = roundUp(bytes);
    this.#used -= size;
    let i = this.#free.findIndex((range) => range.at > at);
    if (i < 0) i = this.#free.length;
    const before = this.#free[i - 1];
    const next = this.#free[i];
    if (before && before.at + before.bytes === at) {
      before.bytes += size;
      if (next && before.at + before.bytes === next.at) {
        before.bytes += next.bytes;
        this.#free.splice(i, 1);
      }
    } else if (next && at + size === next.at) {
      next.at = at;
      next.bytes += size;
    } else this.#free.splice(i, 0, { at, bytes: size });
  }

  /** Grows the memory to hold addresses below `end`, and the room behind. */
  #reach(end: number, size: number): void {
    const missing = end + alignment - this.#memory.buffer.byteLength;
    if (missing <= 0) return;
    try {
      this.#memory.grow(Math.ceil(missing / pageBytes));
    } catch (cause) {
      this.#used -= size;
      throw failure(
        'wasm',
        `out of memory: ${Math.ceil(size / 2 ** 20)} MB more do not fit`,
        { inUse: `${Math.ceil(this.#used / 2 ** 20)} MB`, limit: '4096 MB at most' },
        'smaller batches need less (internalBatchSize), and plan.dispose() frees what is no longer used',
        cause,
      );
    }
  }
}
