/**
 * How a file of rows is cut into chunks: the unit of work and of commit. Invariant: which rows a chunk has follows from the input and the number of
 * rows per chunk alone, so that whoever works on it, whenever, gets the same rows.
 */

/** Rows of a text file that make a chunk even if they are fewer: rows of megabytes. */
export const CHUNK_BYTES = 2 ** 25;

/** Where chunks begin: chunk `i` has the rows `rows[i]` to `rows[i + 1]`. */
export interface ChunkIndex {
  readonly rows: readonly number[];
  /** Of text files, the byte that each begins at. */
  readonly bytes?: readonly number[];
}

export interface Scanned {
  readonly index: ChunkIndex;
  readonly rows: number;
  readonly sha256: string;
  readonly bytes: number;
}

/** Chunks of equal size. */
export function evenChunks(rows: number, chunkRows: number): ChunkIndex {
  const count = Math.ceil(rows / chunkRows);
  return { rows: Array.from({ length: count + 1 }, (_, i) => Math.min(rows, i * chunkRows)) };
}

/** Collects rows of a text file into chunks. */
export class Chunker {
  readonly #limit: number;
  readonly #rows: number[] = [];
  readonly #bytes: number[] = [];
  #count = 0;
  #inChunk = 0;
  #end = 0;

  constructor(chunkRows: number) {
    this.#limit = chunkRows;
  }

  add(start: number, end: number): void {
    const full = this.#inChunk >= this.#limit || end - (this.#bytes.at(-1) ?? 0) > CHUNK_BYTES;
    if (this.#rows.length === 0 || (full && this.#inChunk > 0)) {
      this.#rows.push(this.#count);
      this.#bytes.push(start);
      this.#inChunk = 0;
    }
    this.#count++;
    this.#inChunk++;
    this.#end = end;
  }

  index(): ChunkIndex {
    return { rows: [...this.#rows, this.#count], bytes: [...this.#bytes, this.#end] };
  }
}
