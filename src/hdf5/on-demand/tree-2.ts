/**
 * B-trees of version 2, which index the many links or attributes of an object, and chunks. Walked from the root without recursion, a
 * level deeper with each step. Source: HDF5 file format specification 3.0, III.A.2.
 */
import { failure } from '../../tensor/errors.ts';
import { type FileBytes, uint64, uintOf } from '../bytes.ts';
import { checked } from './checksum.ts';

export interface TreeRecords {
  /** What the records are: 5 links, 8 attributes, 10 and 11 chunks, … */
  readonly type: number;
  readonly recordBytes: number;
  /** Offsets of the records, node after node. */
  readonly records: readonly number[];
}

const MOST_LEVELS = 16;
/** A node's letters, version and type, and its checksum. */
const NODE_BYTES = 10;

/** Bytes of a field that can hold `limit`. */
const bytesFor = (limit: number): number => Math.floor(Math.log2(limit) / 8) + 1;

export function treeRecords(file: FileBytes, header: number, subject: string): TreeRecords {
  const { view } = file;
  checked(file, 'BTHD', header, 38, subject);
  const type = view.getUint8(header + 5);
  const nodeBytes = view.getUint32(header + 6, true);
  const recordBytes = view.getUint16(header + 10, true);
  const rootDepth = view.getUint16(header + 12, true);
  // A pointer is the child's address, its number of records, and (above the lowest inner nodes) that of its whole subtree.
  const leafLimit = Math.floor((nodeBytes - NODE_BYTES) / recordBytes);
  if (rootDepth > MOST_LEVELS || !(leafLimit >= 1 && leafLimit < 2 ** 32) || nodeBytes > view.byteLength) {
    throw failure(subject, 'a tree does not fit the file', { depth: rootDepth, nodeBytes, recordBytes });
  }
  const countBytes = bytesFor(leafLimit);
  const levels = [{ pointer: 0, most: leafLimit }];
  let total = leafLimit;
  for (let depth = 1; depth <= rootDepth; depth++) {
    const pointer = 8 + countBytes + (depth === 1 ? 0 : bytesFor(total));
    const most = Math.floor((nodeBytes - NODE_BYTES - pointer) / (recordBytes + pointer));
    levels.push({ pointer, most });
    total = (most + 1) * total + most;
  }
  const records: number[] = [];
  const pending = [{ at: uint64(view, header + 16), count: view.getUint16(header + 24, true), depth: rootDepth }];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    const { at, count, depth } = node;
    if (count === 0) continue;
    const { pointer, most } = levels[depth]!;
    if (count > most) throw failure(subject, 'a node of a tree is too full', { address: at, records: count });
    const pointers = depth === 0 ? 0 : count + 1;
    const end = count * recordBytes + pointers * pointer;
    checked(file, depth === 0 ? 'BTLF' : 'BTIN', at, NODE_BYTES + end, subject);
    for (let i = 0; i < count; i++) records.push(at + 6 + i * recordBytes);
    for (let i = 0; i < pointers; i++) {
      const child = at + 6 + count * recordBytes + i * pointer;
      pending.push({ at: uint64(view, child), count: uintOf(countBytes, view, child + 8), depth: depth - 1 });
    }
  }
  return { type, recordBytes, records };
}
