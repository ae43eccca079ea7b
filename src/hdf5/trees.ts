/**
 * The two kinds of B-tree that index links, attributes and chunks. Both are walked from their root without recursion, each node
 * once. Source: HDF5 file format specification 3.0, III.A.1 (version 1) and III.A.2 (version 2).
 */
import { failure } from '../tensor/errors.ts';
import { type FileBytes, uint64, uintOf } from './bytes.ts';

/** Where one entry of a version 1 leaf lies. */
export interface TreeEntry {
  /** Offset of its key. */
  readonly key: number;
  readonly child: number;
}

/**
 * The entries of the leaves of a version 1 tree, in order.
 * @param keyBytes length of a key: 8 for groups, more for chunks
 * @param of what the tree indexes, for errors
 */
export function treeEntries(file: FileBytes, root: number, keyBytes: number, of: string, subject: string): TreeEntry[] {
  const { view } = file;
  const seen = new Set<number>();
  const found: TreeEntry[] = [];
  const pending = [root];
  for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
    if (seen.has(at)) throw failure(subject, `a node of the tree of ${of} is reached twice`, { address: at });
    seen.add(at);
    file.expect('TREE', at, `the tree of ${of}`, subject);
    const level = view.getUint8(at + 5);
    const count = view.getUint16(at + 6, true);
    if (level > 8) throw failure(subject, `the tree of ${of} is ${level} levels deep`);
    file.spend(count * (keyBytes + 8), subject);
    const children: number[] = [];
    for (let i = 0; i < count; i++) {
      const key = at + 24 + i * (keyBytes + 8);
      const child = uint64(view, key + keyBytes);
      if (level > 0) children.push(child);
      else if (seen.has(child)) throw failure(subject, `a table of ${of} is reached twice`, { address: child });
      else found.push({ key, child });
      if (level === 0) seen.add(child);
    }
    pending.push(...children.reverse());
  }
  return found;
}

/** Bytes of a field that can hold `limit`. */
const bytesFor = (limit: number): number => Math.floor(Math.log2(limit) / 8) + 1;

/** Offsets of the records of a version 2 tree, node after node. */
export function treeRecords(file: FileBytes, header: number, subject: string): number[] {
  const { view } = file;
  file.expect('BTHD', header, 'the tree of names', subject);
  const nodeBytes = view.getUint32(header + 6, true);
  const recordBytes = view.getUint16(header + 10, true);
  const rootDepth = view.getUint16(header + 12, true);
  if (rootDepth > 8 || recordBytes === 0 || nodeBytes > view.byteLength) {
    throw failure(subject, 'the tree of names does not fit the file', { depth: rootDepth, nodeBytes });
  }
  // A pointer is the child's address, its number of records, and (above the lowest inner nodes) that of its whole subtree.
  const leafLimit = Math.floor((nodeBytes - 10) / recordBytes);
  const pointerBytes = [0];
  const countBytes = bytesFor(leafLimit);
  let total = leafLimit;
  for (let depth = 1; depth <= rootDepth; depth++) {
    const limit = depth === 1 ? 0 : bytesFor(total);
    const pointer = 8 + countBytes + limit;
    pointerBytes.push(pointer);
    const records = Math.floor((nodeBytes - 10 - pointer) / (recordBytes + pointer));
    total = (records + 1) * total + records;
  }
  const found: number[] = [];
  const pending = [{ at: uint64(view, header + 16), count: view.getUint16(header + 24, true), depth: rootDepth }];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    const { at, count, depth } = node;
    if (count === 0) continue;
    file.expect(depth === 0 ? 'BTLF' : 'BTIN', at, 'the tree of names', subject);
    file.spend(nodeBytes, subject);
    if (count > leafLimit) throw failure(subject, 'the tree of names is damaged', { address: at, records: count });
    for (let i = 0; i < count; i++) found.push(at + 6 + i * recordBytes);
    const pointer = pointerBytes[depth]!;
    for (let i = 0; depth > 0 && i <= count; i++) {
      const child = at + 6 + count * recordBytes + i * pointer;
      pending.push({ at: uint64(view, child), count: uintOf(countBytes, view, child + 8), depth: depth - 1 });
    }
  }
  return found;
}
