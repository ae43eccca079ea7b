/**
 * The members of a group: names in a local heap, links in leaves of eight, found by a tree of nodes of 32.
 * Invariant: names rise by their bytes from leaf to leaf; the key before a child is the last name of the child before it.
 * Source: HDF5 specification 3.0, III.A.1 (version 1 B-trees), III.B and III.D.
 */
import { Fields, NOWHERE, padded, type Sink } from './sink.ts';

/** Half of what a leaf and a node of the tree hold at most; stated in the superblock. */
export const LEAF_K = 4;
export const NODE_K = 16;

export interface Link {
  readonly name: string;
  /** Where the object's header lies. */
  readonly address: number;
}

/** Writes heap, leaves and tree. @returns what the group's symbol table message says */
export function writeLinks(sink: Sink, links: readonly Link[]): { readonly tree: number; readonly heap: number } {
  const encoder = new TextEncoder();
  const sorted = links
    .map(({ name, address }) => ({ name: encoder.encode(name), address }))
    .sort((a, b) => compareBytes(a.name, b.name));
  // Offset 0 is the empty name, the key before all others.
  let length = 8;
  const placed = sorted.map(({ name, address }) => {
    const offset = length;
    length += padded(name.length + 1);
    return { name, address, offset };
  });
  const names = new Uint8Array(length);
  for (const { name, offset } of placed) names.set(name, offset);
  const data = sink.put(names);
  // 1: nothing is free.
  const heap = sink.put(new Fields(32).letters('HEAP').u8(0, 0, 0, 0).u64(length, 1, data).bytes);
  const leaves = chunks(placed, 2 * LEAF_K).map((leaf) => {
    const out = new Fields(8 + 2 * LEAF_K * 40).letters('SNOD').u8(1, 0).u16(leaf.length);
    for (const { offset, address } of leaf) out.u64(offset, address, 0, 0, 0);
    return { address: sink.put(out.bytes), last: leaf.at(-1)!.offset };
  });
  return { tree: writeTree(sink, leaves), heap };
}

interface Child {
  readonly address: number;
  /** The heap's offset of its last name. */
  readonly last: number;
}

function writeTree(sink: Sink, leaves: readonly Child[]): number {
  let children = leaves;
  for (let level = 0; ; level++) {
    const groups = chunks(children, 2 * NODE_K);
    if (groups.length === 0) groups.push([]);
    const size = 24 + 8 * (4 * NODE_K + 1);
    const addresses = groups.map(() => sink.reserve(size));
    let before = 0;
    children = groups.map((group, i) => {
      const out = new Fields(size).letters('TREE').u8(0, level).u16(group.length);
      out.u64(addresses[i - 1] ?? NOWHERE, addresses[i + 1] ?? NOWHERE, before);
      for (const { address, last } of group) out.u64(address, last);
      before = group.at(-1)?.last ?? 0;
      sink.fill(addresses[i]!, out.bytes);
      return { address: addresses[i]!, last: before };
    });
    if (children.length === 1) return children[0]!.address;
  }
}

function chunks<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size));
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
  return a.length - b.length;
}
