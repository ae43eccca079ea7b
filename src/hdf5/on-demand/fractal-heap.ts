/**
 * Fractal heaps, which hold the many links or the many or large attributes of one object.
 * Invariant: a block is looked into only below one with more rows, so that blocks which point at each other end.
 * Source: HDF5 file format specification 3.0, III.G.
 */
import { damaged, failure } from '../../tensor/errors.ts';
import { type FileBytes, isAddress, uint64, uintOf } from '../bytes.ts';
import { checked, checkSum } from './checksum.ts';
import { treeRecords } from './tree-2.ts';

/**
 * Offsets of the objects of a fractal heap that a version 2 tree lists.
 * @param message where the two addresses, of heap and tree, lie; both are defined
 * @param idAt where the heap's id lies in a record of the tree
 */
export function denseObjects(file: FileBytes, message: number, idAt: number, subject: string): number[] {
  const locate = fractalHeap(file, uint64(file.view, message), subject);
  return treeRecords(file, uint64(file.view, message + 8), subject).records.map((record) => locate(record + idAt));
}

/** From where an id lies to where its object lies. */
function fractalHeap(file: FileBytes, heap: number, subject: string): (id: number) => number {
  const { view } = file;
  if (view.getUint16(heap + 7, true) !== 0) throw failure(subject, 'a compressed heap of names is not supported');
  checked(file, 'FRHP', heap, 146, subject);
  const idBytes = view.getUint16(heap + 5, true);
  const hasChecksums = (view.getUint8(heap + 9) & 2) !== 0;
  const width = view.getUint16(heap + 110, true);
  const startBytes = uint64(view, heap + 112);
  const directBytes = uint64(view, heap + 120);
  const offsetBytes = Math.ceil(view.getUint16(heap + 128, true) / 8);
  const root = { address: uint64(view, heap + 132), rows: view.getUint16(heap + 140, true) };
  const powers = [width, startBytes, directBytes].every((size) => Number.isInteger(Math.log2(size)));
  if (!powers || startBytes > directBytes || offsetBytes > 8) {
    throw damaged(subject, 'the heap of names is damaged', { address: heap });
  }
  const rowBytes = (row: number): number => startBytes * 2 ** Math.max(0, row - 1);
  const tables = new Set<number>();
  const blocks = new Set<number>();
  let huge: Map<number, number> | undefined;

  const indirect = (address: number, rows: number): void => {
    if (!tables.has(address)) checked(file, 'FHIB', address, 13 + offsetBytes + 8 * width * rows + 4, subject);
    tables.add(address);
  };

  const direct = (address: number, size: number): void => {
    if (blocks.has(address)) return;
    blocks.add(address);
    file.spend(size, subject);
    file.expect('FHDB', address, 'a structure (FHDB)', subject);
    if (!hasChecksums) return;
    // The checksum is among what it is made of, as zero.
    const at = 13 + offsetBytes;
    const copy = file.at(address, size, subject).slice();
    copy.fill(0, at, at + 4);
    checkSum(copy, view.getUint32(address + at, true), address, subject);
  };

  const hugeObject = (id: number): number => {
    if (idBytes >= 17) return uint64(view, id + 1);
    const tree = uint64(view, heap + 22);
    if (huge === undefined) {
      const { type, records } = isAddress(tree) ? treeRecords(file, tree, subject) : { type: 1, records: [] };
      if (type !== 1) throw failure(subject, 'a compressed heap of names is not supported');
      huge = new Map(records.map((record) => [uint64(view, record + 16), uint64(view, record)]));
    }
    return huge.get(uintOf(Math.min(8, idBytes - 1), view, id + 1)) ?? Number.POSITIVE_INFINITY;
  };

  return (id) => {
    const kind = (view.getUint8(id) >> 4) & 3;
    if (kind === 1) return hugeObject(id);
    if (kind === 2) return id + 1;
    let offset = uintOf(offsetBytes, view, id + 1);
    let { address, rows } = root;
    let size = startBytes;
    // Blocks lie in rows of equal size; one of a size beyond `directBytes` is itself a table of rows.
    while (rows > 0) {
      indirect(address, rows);
      let row = 0;
      for (; row < rows && offset >= width * rowBytes(row); row++) offset -= width * rowBytes(row);
      size = rowBytes(row);
      const entry = row * width + Math.floor(offset / size);
      if (row === rows) throw failure(subject, 'an object lies outside its heap', { address });
      offset %= size;
      address = uint64(view, address + 13 + offsetBytes + 8 * entry);
      const below = size <= directBytes ? 0 : Math.max(1, Math.log2(size / (startBytes * width)) + 1);
      if (below >= rows) throw damaged(subject, 'the heap of names is damaged', { address });
      rows = below;
    }
    direct(address, size);
    return address + offset;
  };
}
