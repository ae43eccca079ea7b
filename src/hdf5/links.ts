/**
 * The links of a group: a symbol table (old format), link messages, or a heap of them (many links in the new format).
 * Source: HDF5 file format specification 3.0, III.B (symbol tables), III.D (local heap), IV.A.2.c, g and r.
 */
import { failure } from '../tensor/errors.ts';
import { type FileBytes, isAddress, uint64, uintOf } from './bytes.ts';
import { MESSAGE, type Message } from './header.ts';
import { onDemand } from './parts.ts';
import { treeEntries } from './tree-1.ts';
import { readText } from './values.ts';

/** Names to the addresses of object headers, or to null for a soft or external link. */
export type Links = Map<string, number | null>;

export function readLinks(file: FileBytes, messages: readonly Message[], subject: string): Links {
  const links: Links = new Map();
  for (const { type, at } of messages) {
    if (type === MESSAGE.symbolTable) addSymbolTable(links, file, at, subject);
    if (type === MESSAGE.link) addLink(links, file, at, subject);
    if (type === MESSAGE.linkInfo) {
      const heap = at + 2 + ((file.view.getUint8(at + 1) & 1) !== 0 ? 8 : 0);
      if (!isAddress(uint64(file.view, heap))) continue;
      for (const link of onDemand(subject).denseObjects(file, heap, 4, subject)) addLink(links, file, link, subject);
    }
  }
  return links;
}

function addSymbolTable(links: Links, file: FileBytes, message: number, subject: string): void {
  const { view } = file;
  const heap = uint64(view, message + 8);
  file.expect('HEAP', heap, 'the heap of link names', subject);
  const names = file.at(uint64(view, heap + 24), uint64(view, heap + 8), subject);
  for (const { child } of treeEntries(file, uint64(view, message), 8, 'links', subject)) {
    file.expect('SNOD', child, 'a table of links', subject);
    const count = view.getUint16(child + 6, true);
    file.spend(40 * count, subject);
    for (let i = 0; i < count; i++) {
      const entry = child + 8 + 40 * i;
      const nameAt = uint64(view, entry);
      const end = names.indexOf(0, nameAt);
      if (!(nameAt < names.length) || end < 0)
        throw failure(subject, 'the name of a link is missing', { address: entry });
      file.spend(end - nameAt, subject);
      const soft = view.getUint32(entry + 16, true) === 2;
      add(links, readText(names.subarray(nameAt, end)), soft ? null : uint64(view, entry + 8), subject);
    }
  }
}

function addLink(links: Links, file: FileBytes, at: number, subject: string): void {
  const { view } = file;
  const flags = view.getUint8(at + 1);
  let next = at + 2;
  const hard = (flags & 8) === 0 || view.getUint8(next++) === 0;
  next += ((flags & 4) !== 0 ? 8 : 0) + ((flags & 16) !== 0 ? 1 : 0);
  const lengthBytes = 1 << (flags & 3);
  const length = uintOf(lengthBytes, view, next);
  next += lengthBytes;
  file.spend(length, subject);
  add(links, readText(file.at(next, length, subject)), hard ? uint64(view, next + length) : null, subject);
}

function add(links: Links, name: string, target: number | null, subject: string): void {
  if (links.has(name)) throw failure(subject, 'has two members of one name', { name });
  links.set(name, target);
}
