/** What GPU.js returns on this machine, as flat arrays. */
import type { GpuKernel } from '../../../kernels/gpu/kernel.ts';

export type Nested = Float32Array | readonly Nested[];

/** Nested rows as one array. */
export function flatten(rows: Nested, size: number): Float32Array {
  const out = new Float32Array(size);
  let at = 0;
  const visit = (part: Nested | number): void => {
    if (typeof part === 'number') out[at++] = part;
    else if (part instanceof Float32Array) {
      out.set(part, at);
      at += part.length;
    } else for (const item of part) visit(item as Nested);
  };
  visit(rows);
  return out;
}

/** Blocks of four rows of one column each, as whole rows; rows beyond `rows` are dropped. */
export function inRowOrder(blocks: Float32Array, threads: GpuKernel['threads'], rows: number): Float32Array {
  const [columns, quads = 1, batch = 1] = threads;
  const out = new Float32Array(batch * rows * columns);
  let from = 0;
  for (let z = 0; z < batch; z++) {
    for (let q = 0; q < quads; q++) {
      const base = (z * rows + 4 * q) * columns;
      const height = Math.min(4, rows - 4 * q);
      for (let x = 0; x < columns; x++, from += 4) {
        for (let j = 0; j < height; j++) out[base + j * columns + x] = blocks[from + j]!;
      }
    }
  }
  return out;
}
