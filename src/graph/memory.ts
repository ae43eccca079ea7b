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

type Hole = { at: number; bytes: number };

export function planMemory(blocks: readonly Block[]): { offsets: number[]; total: number } {
  const dying = new Map<number, number[]>();
  const offsets: number[] = [];
  const holes: Hole[] = [];
  let total = 0;
  let clock = 0;

  const release = (at: number, bytes: number): void => {
    let i = 0;
    while (i < holes.length && holes[i]!.at < at) i++;
    holes.splice(i, 0, { at, bytes });
    const next = holes[i + 1];
    if (next && at + bytes === next.at) {
      holes[i]!.bytes += next.bytes;
      holes.splice(i + 1, 1);
    }
    const before = holes[i - 1];
    if (before && before.at + before.bytes === at) {
      before.bytes += holes[i]!.bytes;
      holes.splice(i, 1);
    }
  };

  blocks.forEach((block, index) => {
    for (; clock < block.from; clock++) {
      for (const dead of dying.get(clock) ?? []) release(offsets[dead]!, blocks[dead]!.bytes);
      dying.delete(clock);
    }
    let best = -1;
    holes.forEach((hole, i) => {
      if (hole.bytes >= block.bytes && (best < 0 || hole.bytes < holes[best]!.bytes)) best = i;
    });
    const hole = holes[best];
    const lastHole = holes.at(-1);
    if (hole) {
      offsets.push(hole.at);
      hole.at += block.bytes;
      hole.bytes -= block.bytes;
      if (hole.bytes === 0) holes.splice(best, 1);
    } else if (lastHole && lastHole.at + lastHole.bytes === total) {
      // The hole at the end grows instead of being left behind.
      offsets.push(lastHole.at);
      total = lastHole.at + block.bytes;
      holes.pop();
    } else {
      offsets.push(total);
      total += block.bytes;
    }
    append(dying, block.to, index);
  });
  return { offsets, total };
}
