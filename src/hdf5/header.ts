/**
 * Object headers, old (version 1) and new (version 2): the list of messages that says what an object is.
 * Source: HDF5 file format specification 3.0, IV.A.1.
 */
import { failure } from '../tensor/errors.ts';
import { type FileBytes, uint64, uintOf } from './bytes.ts';

/** Types of messages that are read here and elsewhere. */
export const MESSAGE = {
  dataspace: 0x01,
  linkInfo: 0x02,
  datatype: 0x03,
  link: 0x06,
  externalFiles: 0x07,
  layout: 0x08,
  filters: 0x0b,
  attribute: 0x0c,
  continuation: 0x10,
  symbolTable: 0x11,
  attributeInfo: 0x15,
} as const;

export interface Message {
  readonly type: number;
  readonly flags: number;
  /** Where the message's data begin. */
  readonly at: number;
}

interface Block {
  readonly start: number;
  readonly bytes: number;
}

/** All messages of the object header at `address`, with those of its continuation blocks, in order. */
export function readHeader(file: FileBytes, address: number, subject: string): Message[] {
  const { view } = file;
  const version = view.getUint8(address);
  if (version === 1) {
    const first = { start: address + 16, bytes: view.getUint32(address + 8, true) };
    return readBlocks(
      file,
      first,
      { head: 8, order: 0, count: view.getUint16(address + 2, true), letters: 0 },
      subject,
    );
  }
  file.expect('OHDR', address, 'the object header', subject);
  if (view.getUint8(address + 4) !== 2) throw failure(subject, 'unknown version of the object header', { address });
  const flags = view.getUint8(address + 5);
  const sizeAt = address + 6 + ((flags & 0x20) !== 0 ? 16 : 0) + ((flags & 0x10) !== 0 ? 4 : 0);
  const sizeBytes = 1 << (flags & 3);
  const first = { start: sizeAt + sizeBytes, bytes: uintOf(sizeBytes, view, sizeAt) };
  return readBlocks(file, first, { head: 4, order: flags & 4, count: Number.POSITIVE_INFINITY, letters: 4 }, subject);
}

/** What a message takes in memory is more than it may take in the file: it counts as so many bytes more. */
const MESSAGE_COST = 16;

interface Form {
  /** Bytes before a message's data: type, size and flags. */
  readonly head: 4 | 8;
  /** Not 0 where two bytes with the order of creation follow. */
  readonly order: number;
  readonly count: number;
  /** Letters before, and bytes of checksum after the messages of a continuation block. */
  readonly letters: number;
}

function readBlocks(file: FileBytes, first: Block, { head, order, count, letters }: Form, subject: string): Message[] {
  const { view } = file;
  const found: Message[] = [];
  const blocks: Block[] = [first];
  for (const { start, bytes } of blocks) {
    file.spend(bytes, subject);
    const skip = head + (order !== 0 ? 2 : 0);
    for (let at = start; at + skip <= start + bytes && found.length < count; ) {
      const old = head === 8;
      const type = old ? view.getUint16(at, true) : view.getUint8(at);
      const size = view.getUint16(at + (old ? 2 : 1), true);
      const flags = view.getUint8(at + (old ? 4 : 3));
      file.spend(MESSAGE_COST, subject);
      at += skip;
      found.push({ type, flags, at });
      if (type === MESSAGE.continuation) {
        const next = uint64(view, at);
        if (letters > 0) file.expect('OCHK', next, 'a continuation of the object header', subject);
        blocks.push({ start: next + letters, bytes: Math.max(0, uint64(view, at + 8) - 2 * letters) });
      }
      at += size;
    }
  }
  return found;
}
