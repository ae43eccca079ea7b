/**
 * Heaps: the global one holds variable-length texts, fractal ones the many links or attributes of one object.
 * Source: HDF5 file format specification 3.0, III.E (global heap) and III.G (fractal heap).
 */
import { failure } from '../tensor/errors.ts';
import { type FileBytes, isAddress, uint64, uintOf } from './bytes.ts';
import { treeRecords } from './trees.ts';

/** Bytes of the object that a 16-byte reference (length, address of the collection, index) at `reference` names. */
export function globalHeapObject(file: FileBytes, reference: number, subject: string): Uint8Array<ArrayBuffer> {
  const length = file.view.getUint32(reference, true);
  const address = uint64(file.view, reference + 4);
  const index = file.view.getUint32(reference + 12, true);
  const objects = file.collections.get(address) ?? readCollection(file, address, subject);
  const [offset, bytes] = objects.get(index) ?? [0, -1];
  if (length > bytes) throw failure(subject, 'a text is missing from the heap', { index, collection: address });
  return file.at(offset, length, subject);
}

function readCollection(
  file: FileBytes,
  address: number,
  subject: string,
): ReadonlyMap<number, readonly [number, number]> {
  const { view } = file;
  file.expect('GCOL', address, 'a collection of texts', subject);
  const end = address + uint64(view, address + 8);
  file.spend(end - address, subject);
  const objects = new Map<number, readonly [number, number]>();
  for (let at = address + 16; at + 16 <= end; ) {
    const index = view.getUint16(at, true);
    if (index === 0) break; // the free space, which comes last
    const bytes = uint64(view, at + 8);
    objects.set(index, [at + 16, bytes]);
    at += 16 + Math.ceil(bytes / 8) * 8;
  }
  file.collections.set(address, objects);
  return objects;
}

/**
 * Offsets of the objects of a fractal heap that a version 2 tree lists.
 * @param message where the two addresses, of heap and tree, lie
 * @param idAt where the heap's id lies in a record of the tree
 * @returns nothing where the addresses are undefined: the objects lie in the object header
 */
export function denseObjects(file: FileBytes, message: number, idAt: number, subject: string): number[] {
  const { view } = file;
  const heap = uint64(view, message);
  const tree = uint64(view, message + 8);
  if (!isAddress(heap) || !isAddress(tree)) return [];
  const locate = fractalHeap(file, heap, subject);
  return treeRecords(file, tree, subject).map((record) => locate(record + idAt));
}

/** From where an id lies to where its object lies. */
function fractalHeap(file: FileBytes, heap: number, subject: string): (id: number) => number {
  const { view } = file;
  file.expect('FRHP', heap, 'the heap of names', subject);
  if (view.getUint16(heap + 7, true) !== 0) throw failure(subject, 'a compressed heap of names is not supported');
  const width = view.getUint16(heap + 110, true);
  const startBytes = uint64(view, heap + 112);
  const directBytes = uint64(view, heap + 120);
  const offsetBytes = Math.ceil(view.getUint16(heap + 128, true) / 8);
  const root = { address: uint64(view, heap + 132), rows: view.getUint16(heap + 140, true) };
  if (width === 0 || startBytes === 0) throw failure(subject, 'the heap of names is damaged', { address: heap });
  const rowBytes = (row: number): number => startBytes * 2 ** Math.max(0, row - 1);

  return (id) => {
    if ((view.getUint8(id) & 0x30) !== 0) throw failure(subject, 'a huge or tiny name in a heap is not supported');
    let offset = uintOf(offsetBytes, view, id + 1);
    let { address, rows } = root;
    // Blocks lie in rows of equal size; one of a size beyond `directBytes` is itself a table of rows.
    while (rows > 0) {
      file.expect('FHIB', address, 'the heap of names', subject);
      let row = 0;
      for (; row < rows && offset >= width * rowBytes(row); row++) offset -= width * rowBytes(row);
      const size = rowBytes(row);
      const entry = row * width + Math.floor(offset / size);
      if (row === rows) throw failure(subject, 'an object lies outside its heap', { address });
      offset %= size;
      address = uint64(view, address + 13 + offsetBytes + 8 * entry);
      rows = size <= directBytes ? 0 : Math.log2(size / (startBytes * width)) + 1;
    }
    file.expect('FHDB', address, 'the heap of names', subject);
    return address + offset;
  };
}
