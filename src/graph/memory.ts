/**
 * One layout for all intermediate values of a Program: blocks that are not alive at the same time share bytes. Blocks are
 * placed in the order in which they come to life, each into the smallest hole that takes it (best fit).
 */

import { append } from './traverse.ts';

/** `bytes` needed from step `from` up to and including step `to`. Blocks come sorted by `from`. */
export interface Block {
  readonly bytes: number;
  readonly from: number;
  readonly to: number;
}

interface Hole {
  readonly at: number;
  readonly bytes: number;
}

export function planMemory(blocks: readonly Block[]): { offsets: number[]; total: number } {
  const dying = new Map<number, number[]>();
  const offsets: number[] = [];
  // By size, then by address, so that the best fit is found by halving; and by where they begin and end, so that neighbours join.
  const holes: Hole[] = [];
  const begins = new Map<number, Hole>();
  const ends = new Map<number, Hole>();
  let total = 0;
  let clock = 0;

  /** The first hole of at least `bytes`, from address `at` on among those of just that size. */
  const find = (bytes: number, at: number): number => {
    let [low, high] = [0, holes.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const hole = holes[middle]!;
      if (hole.bytes < bytes || (hole.bytes === bytes && hole.at < at)) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  const close = (hole: Hole): void => {
    holes.splice(find(hole.bytes, hole.at), 1);
    begins.delete(hole.at);
    ends.delete(hole.at + hole.bytes);
  };
  const open = (at: number, bytes: number): void => {
    if (bytes === 0) return;
    const hole = { at, bytes };
    holes.splice(find(bytes, at), 0, hole);
    begins.set(at, hole);
    ends.set(at + bytes, hole);
  };
  const release = (at: number, bytes: number): void => {
    const [before, next] = bytes > 0 ? [ends.get(at), begins.get(at + bytes)] : [];
    if (before) close(before);
    if (next) close(next);
    open(before?.at ?? at, (before?.bytes ?? 0) + bytes + (next?.bytes ?? 0));
  };

  blocks.forEach((block, index) => {
    for (; clock < block.from; clock++) {
      for (const dead of dying.get(clock) ?? []) release(offsets[dead]!, blocks[dead]!.bytes);
      dying.delete(clock);
    }
    const { bytes } = block;
    const hole = holes[find(bytes, 0)];
    // Where none is big enough, the hole at the end grows instead of being left behind.
    const last = hole ?? ends.get(total);
    const at = last?.at ?? total;
    if (last) close(last);
    if (hole) open(at + bytes, hole.bytes - bytes);
    else total = at + bytes;
    offsets.push(at);
    append(dying, block.to, index);
  });
  return { offsets, total };
}
