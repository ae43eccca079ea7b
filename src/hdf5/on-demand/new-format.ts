/**
 * The newer format's superblock and object headers, whose checksums are verified, and messages that several objects share.
 * Source: HDF5 file format specification 3.0, II.B, IV.A.1.b and IV.A (shared messages).
 */
import { failure } from '../../tensor/errors.ts';
import { type FileBytes, uint64, uintOf } from '../bytes.ts';
import { MESSAGE, type Message, readBlocks, readHeader } from '../header.ts';
import { checked } from './checksum.ts';

/** Throws unless the superblock (version 2 or 3) has its checksum. */
export function checkSuperblock(file: FileBytes): void {
  checked(file, '', 0, 48, file.name);
}

/** All messages of the object header of version 2 at `address`. */
export function readNewHeader(file: FileBytes, address: number, subject: string): Message[] {
  const { view } = file;
  file.expect('OHDR', address, 'the object header', subject);
  if (view.getUint8(address + 4) !== 2) throw failure(subject, 'unknown version of the object header', { address });
  const flags = view.getUint8(address + 5);
  const sizeAt = address + 6 + ((flags & 0x20) !== 0 ? 16 : 0) + ((flags & 0x10) !== 0 ? 4 : 0);
  const sizeBytes = 1 << (flags & 3);
  const start = sizeAt + sizeBytes;
  const bytes = uintOf(sizeBytes, view, sizeAt);
  checked(file, 'OHDR', address, start + bytes + 4 - address, subject);
  const next = (at: number, length: number): { start: number; bytes: number } => {
    checked(file, 'OCHK', at, length, subject);
    return { start: at + 4, bytes: length - 8 };
  };
  const form = { head: 4, order: (flags & 4) !== 0 ? 2 : 0, count: Number.POSITIVE_INFINITY, next } as const;
  return readBlocks(file, { start, bytes }, form, subject);
}

/** Where the data of a message lie that is kept in another object, as those of a named datatype are. */
export function sharedMessage(file: FileBytes, type: number, at: number, subject: string): number {
  const { view } = file;
  const version = view.getUint8(at);
  const where = view.getUint8(at + 1);
  if (version < 1 || version > 3) throw failure(subject, `unknown version ${version} of a shared message`);
  if (version === 3 && where !== 2) throw failure(subject, 'a message in the heap of shared messages is not supported');
  const address = uint64(view, at + (version === 1 ? 8 : 2));
  if (address >= view.byteLength) throw failure(subject, 'a shared message lies outside the file', { address });
  const found = readHeader(file, address, subject).find((message) => message.type === type);
  if (found === undefined || (found.flags & 2) !== 0) {
    const what = type === MESSAGE.datatype ? 'the named datatype' : 'a shared message';
    throw failure(subject, `${what} is missing`, { address });
  }
  return found.at;
}
