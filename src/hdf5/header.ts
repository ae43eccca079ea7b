/**
 * Object headers: the list of messages that says what an object is. Those of version 1 are read here, those of the newer format in
 * on-demand/new-format.ts. Source: HDF5 file format specification 3.0, IV.A.1.
 */
import { type FileBytes, uint64 } from './bytes.ts';
import { onDemand } from './parts.ts';

/** Types of messages that are read here and elsewhere. */
export const MESSAGE = {
  dataspace: 0x01,
  linkInfo: 0x02,
  datatype: 0x03,
  oldFill: 0x04,
  fill: 0x05,
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
  if (view.getUint8(address) !== 1) return onDemand(subject).readNewHeader(file, address, subject);
  const next = (start: number, bytes: number): Block => {
    file.spend(bytes, subject);
    return { start, bytes };
  };
  const form = { head: 8, order: 0, count: view.getUint16(address + 2, true), next } as const;
  return readBlocks(file, next(address + 16, view.getUint32(address + 8, true)), form, subject);
}

/** What a message takes in memory is more than it may take in the file: it counts as so many bytes more. */
const MESSAGE_COST = 16;

interface Form {
  /** Bytes before a message's data: type, size and flags. */
  readonly head: 4 | 8;
  /** Bytes of the order of creation that follow. */
  readonly order: 0 | 2;
  readonly count: number;
  /** From where a continuation lies to its messages; their bytes are counted there. */
  readonly next: (start: number, bytes: number) => Block;
}

export function readBlocks(
  file: FileBytes,
  first: Block,
  { head, order, count, next }: Form,
  subject: string,
): Message[] {
  const { view } = file;
  const found: Message[] = [];
  const blocks: Block[] = [first];
  for (const { start, bytes } of blocks) {
    for (let at = start; at + head + order <= start + bytes && found.length < count; ) {
      const old = head === 8;
      const type = old ? view.getUint16(at, true) : view.getUint8(at);
      const size = view.getUint16(at + (old ? 2 : 1), true);
      const flags = view.getUint8(at + (old ? 4 : 3));
      file.spend(MESSAGE_COST, subject);
      at += head + order;
      found.push({ type, flags, at });
      if (type === MESSAGE.continuation) blocks.push(next(uint64(view, at), uint64(view, at + 8)));
      at += size;
    }
  }
  return found;
}
