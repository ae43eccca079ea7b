/**
 * Checks made before jsfive may follow an address, and the wrapper that turns what it throws into errors naming file and path.
 * Invariant: a group's B-tree is walked here first, each node once, so that nodes which point at each other (a damaged or
 * hostile file) cannot multiply. Source: HDF5 file format specification 3.0, II (superblock), III.A.1 (version 1 B-trees).
 */

import { failure, PathgradError } from '../tensor/errors.ts';
import { uint64 } from './messages.ts';
import type { HeaderMessage } from './objects.ts';

const SIGNATURE = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];
const SYMBOL_TABLE_MESSAGE = 0x11;
const CONTINUATION_MESSAGE = 0x10;
const LINK_INFO_MESSAGE = 0x02;
const TREE = 0x45455254; // 'TREE' read as a little-endian word
const DENSE_TREE = 0x44485442; // 'BTHD'

/** Runs a read; whatever it throws that is not our own error becomes one that names `subject`. */
export function guarded<T>(subject: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof PathgradError) throw error;
    const text = error instanceof Error ? error.message : String(error);
    const said = text === 'thing is not a function' ? 'unexpected structure' : text; // how jsfive's assert fails
    throw failure(
      subject,
      'cannot be read as HDF5',
      { reader: said },
      'the file is damaged or uses a rare HDF5 feature',
      error,
    );
  }
}

/** Offset of the HDF5 signature (0, or after a user block of 512, 1024, … bytes), or -1. */
export function findSignature(bytes: Uint8Array): number {
  for (let at = 0; at + 8 <= bytes.length; at = at === 0 ? 512 : 2 * at) {
    if (SIGNATURE.every((byte, i) => bytes[at + i] === byte)) return at;
  }
  return -1;
}

/** Refuses a file shorter than its superblock says, as the HDF5 library does, and superblocks we cannot read. */
export function checkSuperblock(view: DataView, name: string): void {
  const version = view.byteLength > 8 ? view.getUint8(8) : -1;
  if (![0, 2, 3].includes(version) || view.byteLength < 48) {
    throw failure(name, `HDF5 superblock version ${version} cannot be read`, { bytes: view.byteLength });
  }
  const end = uint64(view, version === 0 ? 40 : 28) - uint64(view, version === 0 ? 24 : 12); // end of file - base address
  if (end > view.byteLength) {
    throw failure(name, 'the file is truncated', { has: view.byteLength, needs: end }, 'download or copy it again');
  }
}

/** Checks the tree of links of a group before jsfive reads it. */
export function checkLinks(view: DataView, messages: readonly (HeaderMessage | undefined)[], subject: string): void {
  for (const message of messages) {
    const at = message?.get('offset_to_message') ?? 0;
    if (message?.get('type') === SYMBOL_TABLE_MESSAGE) walkTree(view, uint64(view, at), subject);
    if (message?.get('type') === LINK_INFO_MESSAGE) checkDenseTree(view, at, subject);
  }
}

/**
 * jsfive reads the root's links while it opens the file, so the header of the root is read here first (superblock version 0, which
 * is what Keras's files have).
 */
export function checkRootLinks(view: DataView, subject: string): void {
  if (view.getUint8(8) !== 0) return;
  const header = uint64(view, 64);
  const blocks = [{ start: header + 16, bytes: view.getUint32(header + 8, true) }];
  let left = view.getUint16(header + 2, true);
  for (const { start, bytes } of blocks) {
    for (let at = start; at < start + bytes && left > 0; left--) {
      const type = view.getUint16(at, true);
      if (type === CONTINUATION_MESSAGE) blocks.push({ start: uint64(view, at + 8), bytes: uint64(view, at + 16) });
      if (type === SYMBOL_TABLE_MESSAGE) walkTree(view, uint64(view, at + 8), subject);
      at += 8 + view.getUint16(at + 2, true);
    }
  }
}

function walkTree(view: DataView, root: number, subject: string): void {
  const seen = new Set<number>();
  const pending = [root];
  for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
    if (seen.has(at)) throw failure(subject, 'a node of the tree of links is reached twice', { address: at });
    seen.add(at);
    if (view.getUint32(at, true) !== TREE) throw failure(subject, 'the tree of links is damaged', { address: at });
    const level = view.getUint8(at + 5);
    const entries = view.getUint16(at + 6, true);
    if (level > 8) throw failure(subject, `the tree of links is ${level} levels deep`);
    for (let i = 0; i < entries; i++) {
      const child = uint64(view, at + 32 + 16 * i);
      if (level > 0) pending.push(child);
      else if (seen.has(child)) throw failure(subject, 'a table of links is reached twice', { address: child });
      else seen.add(child);
    }
  }
}

/** New-style groups keep many links in a version 2 B-tree: its nodes must fit into the file side by side. */
function checkDenseTree(view: DataView, message: number, subject: string): void {
  const flags = view.getUint8(message + 1);
  const addresses = message + 2 + ((flags & 1) !== 0 ? 8 : 0);
  for (let i = 1; i < ((flags & 2) !== 0 ? 3 : 2); i++) {
    const at = uint64(view, addresses + 8 * i);
    if (at >= 2 ** 63) continue; // the undefined address: the links lie in the object header
    if (view.getUint32(at, true) !== DENSE_TREE)
      throw failure(subject, 'the tree of links is damaged', { address: at });
    const nodeBytes = view.getUint32(at + 6, true);
    const depth = view.getUint16(at + 12, true);
    const rootRecords = view.getUint16(at + 24, true);
    if (depth > 1 || nodeBytes * (depth === 0 ? 1 : rootRecords + 2) > view.byteLength) {
      throw failure(subject, 'the tree of links does not fit the file', { depth, nodeBytes, rootRecords });
    }
  }
}
