/**
 * The chunks of a dataset, whichever index lists them. Invariant: every chunk lies inside the shape, none twice, and each inside the file.
 * Source: HDF5 file format specification 3.0, III.A.1 and VII (chunk indexes).
 */
import { damaged, failure } from '../../tensor/errors.ts';
import { type FileBytes, isAddress, uint64, uintOf } from '../bytes.ts';
import { treeEntries } from '../tree-1.ts';
import { extensibleArray, fixedArray } from './arrays.ts';
import type { Chunking } from './layout.ts';
import { treeRecords } from './tree-2.ts';

export interface Chunk {
  /** Of its first element. */
  readonly start: readonly number[];
  readonly address: number;
  /** As stored. */
  readonly bytes: number;
  /** A bit for each filter that it skips. */
  readonly skipped: number;
}

export interface Grid {
  readonly shape: readonly number[];
  /** What the dataset may grow to: Infinity along an unlimited axis. */
  readonly most: readonly number[];
  readonly chunkBytes: number;
  readonly filtered: boolean;
}

export function findChunks(file: FileBytes, chunking: Chunking, grid: Grid, subject: string): Chunk[] {
  const { view } = file;
  const { shape: chunk, index, address: root, single } = chunking;
  const { shape, most, chunkBytes, filtered } = grid;
  const found: Chunk[] = [];
  const seen = new Set<number>();
  const counts = shape.map((size, axis) => Math.ceil(size / chunk[axis]!));

  /** `at` in chunks. */
  const add = (at: readonly number[], address: number, bytes: number, skipped: number): void => {
    if (!isAddress(address)) return;
    const start = at.map((n, axis) => n * chunk[axis]!);
    const place = at.reduce((sum, n, axis) => sum * counts[axis]! + n, 0);
    if (seen.has(place) || !at.every((n, axis) => Number.isInteger(n) && n < counts[axis]!)) {
      throw failure(subject, 'a chunk lies outside the shape or is there twice', { start });
    }
    if (!(address + bytes <= view.byteLength)) {
      throw failure(subject, 'a chunk lies outside the file', { address, bytes });
    }
    seen.add(place);
    found.push({ start, address, bytes, skipped });
  };

  /** Where chunk number `place` of the largest grid lies; along the axis that may grow it is counted last. */
  const limits = most.map((size, axis) => Math.ceil(size / chunk[axis]!));
  const growing = index === 'extensible-array' ? most.indexOf(Number.POSITIVE_INFINITY) : -1;
  const order = shape.map((_, axis) => axis).filter((axis) => axis !== growing);
  const locate = (place: number): number[] => {
    const at = shape.map(() => 0);
    let rest = place;
    for (const axis of order.toReversed()) {
      at[axis] = rest % limits[axis]!;
      rest = Math.floor(rest / limits[axis]!);
    }
    if (growing >= 0) at[growing] = rest;
    return at;
  };

  /** An address, and for filtered chunks their size, in as many bytes as are left, and the filters skipped. */
  const addRecord = (at: () => readonly number[], record: number, recordBytes: number): void => {
    const address = uint64(view, record);
    if (!isAddress(address)) return;
    const width = Math.min(8, recordBytes - 12);
    if (filtered) add(at(), address, uintOf(width, view, record + 8), view.getUint32(record + 8 + width, true));
    else add(at(), address, chunkBytes, 0);
  };

  if (root === undefined) return found;
  if (index === 'single') {
    add(
      shape.map(() => 0),
      root,
      single?.bytes ?? chunkBytes,
      single?.skipped ?? 0,
    );
  } else if (index === 'implicit') {
    const total = limits.reduce((a, b) => a * b, 1);
    if (!(root + total * chunkBytes <= view.byteLength)) throw failure(subject, 'its chunks lie outside the file');
    for (let place = 0; place < total; place++) {
      const at = locate(place);
      if (at.every((n, axis) => n < counts[axis]!)) add(at, root + place * chunkBytes, chunkBytes, 0);
    }
  } else if (index === 'tree-1') {
    for (const { key, child } of treeEntries(file, root, 16 + 8 * shape.length, 'chunks', subject)) {
      const at = chunk.map((size, axis) => uint64(view, key + 8 + 8 * axis) / size);
      add(at, child, view.getUint32(key, true), view.getUint32(key + 4, true));
    }
  } else if (index === 'tree-2') {
    const { type, recordBytes, records } = treeRecords(file, root, subject);
    const own = recordBytes - 8 * shape.length;
    if (type !== (filtered ? 11 : 10) || own < (filtered ? 13 : 8)) {
      throw damaged(subject, 'an index of chunks is damaged', { type, recordBytes });
    }
    for (const record of records) {
      addRecord(() => shape.map((_, axis) => uint64(view, record + own + 8 * axis)), record, own);
    }
  } else {
    const walk = index === 'fixed-array' ? fixedArray : extensibleArray;
    const elements: [number, number][] = [];
    const bytes = walk(file, root, (place, at) => elements.push([place, at]), subject);
    if (bytes < (filtered ? 13 : 8)) throw damaged(subject, 'an index of chunks is damaged', { bytes });
    for (const [place, at] of elements) addRecord(() => locate(place), at, bytes);
  }
  return found;
}
