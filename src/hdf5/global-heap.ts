/** The global heap, which holds variable-length texts. Source: HDF5 file format specification 3.0, III.E. */
import { failure } from '../tensor/errors.ts';
import { type FileBytes, uint64 } from './bytes.ts';

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
