/**
 * B-trees of version 1, which index the links of a group and the chunks of a dataset. Walked from the root without recursion, each
 * node once. Source: HDF5 file format specification 3.0, III.A.1.
 */
import { failure } from '../tensor/errors.ts';
import { type FileBytes, uint64 } from './bytes.ts';

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
