/**
 * Writes HDF5: the subset that Keras's own files use, which every reader of them knows. Superblock 0, object headers of version 1, groups
 * of symbol tables, contiguous arrays on multiples of 8.
 * Invariant: the same tree gives the same bytes (no times are stored). Source: HDF5 specification 3.0, II.A and IV.A.
 */
import { failure } from '../../tensor/errors.ts';
import { MESSAGE } from '../header.ts';
import { TextHeap } from './heap.ts';
import { LEAF_K, NODE_K, writeLinks } from './links.ts';
import { Fields, NOWHERE, padded, Sink } from './sink.ts';
import { type NewDataset, NewGroup, type ValuesToWrite } from './tree.ts';
import { dataspace, datatype, valueBytes } from './values.ts';

const SUPERBLOCK = 96;
/** What a header's message holds at most: its length has 16 bits. */
const MESSAGE_BYTES = 2 ** 16 - 8;

interface Writing {
  readonly sink: Sink;
  readonly heap: TextHeap;
}

/** The bytes of a file whose root is `root`. @throws PathgradError for an attribute or a file that is too large */
export function writeHdf5(root: NewGroup): Uint8Array<ArrayBuffer> {
  const sink = new Sink();
  sink.reserve(SUPERBLOCK);
  const writing = { sink, heap: new TextHeap(sink, textsIn(root)) };
  const { header, tree, heap } = writeGroup(root, writing);
  const out = new Fields(SUPERBLOCK).u8(0x89).letters('HDF\r\n').u8(0x1a, 0x0a);
  out.u8(0, 0, 0, 0, 0, 8, 8, 0).u16(LEAF_K).u16(NODE_K).u32(0);
  out.u64(0, NOWHERE, sink.end, NOWHERE);
  // The root's entry: 1 says that tree and heap stand behind it.
  sink.fill(0, out.u64(0, header).u32(1).u32(0).u64(tree, heap).bytes);
  return sink.finish();
}

/** All texts of any length, in the order of the tree. */
function* textsIn(object: NewGroup | NewDataset): Generator<string> {
  for (const values of object.attributes.values()) if (values.dtype === 'text') yield* values.data;
  if (object instanceof NewGroup) for (const member of object.members.values()) yield* textsIn(member);
  else if (object.values.dtype === 'text') yield* object.values.data;
}

function writeGroup(group: NewGroup, writing: Writing): { header: number; tree: number; heap: number } {
  const links = [...group.members].map(([name, member]) => ({
    name,
    address:
      member instanceof NewGroup
        ? writeGroup(member, writing).header
        : writeDataset(member, `${group.path}/${name}`, writing),
  }));
  const { tree, heap } = writeLinks(writing.sink, links);
  const table = message(MESSAGE.symbolTable, new Fields(16).u64(tree, heap).bytes);
  return { header: writeHeader([table, ...attributesOf(group, group.path, writing)], writing.sink), tree, heap };
}

function writeDataset(dataset: NewDataset, path: string, writing: Writing): number {
  const { sink, heap } = writing;
  const { values } = dataset;
  const bytes = valueBytes(`HDF5 ${path}`, values, heap);
  const address = bytes.length === 0 ? NOWHERE : sink.put(bytes);
  return writeHeader(
    [
      message(MESSAGE.dataspace, dataspace(values.shape)),
      message(MESSAGE.datatype, datatype(values, heap), 1),
      // Version 2: space is there late, what is not written is 0.
      message(MESSAGE.fill, new Fields(8).u8(2, 2, 2, 1).bytes),
      message(MESSAGE.layout, new Fields(18).u8(3, 1).u64(address, bytes.length).bytes),
      ...attributesOf(dataset, path, writing),
    ],
    sink,
  );
}

function attributesOf(object: NewGroup | NewDataset, path: string, writing: Writing): Uint8Array[] {
  return [...object.attributes].map(([name, values]) =>
    message(MESSAGE.attribute, attribute(path, name, values, writing)),
  );
}

function attribute(path: string, name: string, values: ValuesToWrite, { heap }: Writing): Uint8Array {
  const subject = `HDF5 ${path}@${name}`;
  const [type, space, data] = [datatype(values, heap), dataspace(values.shape), valueBytes(subject, values, heap)];
  const named = name.length + 1;
  const size = 8 + padded(named) + padded(type.length) + padded(space.length) + data.length;
  if (size > MESSAGE_BYTES)
    throw failure(subject, 'is longer than an attribute may be', { bytes: size, limit: MESSAGE_BYTES });
  const out = new Fields(size).u8(1, 0).u16(named).u16(type.length).u16(space.length);
  return out.letters(name).u8(0).pad().raw(type).pad().raw(space).pad().raw(data).bytes;
}

/** @param flags 1: it never changes */
function message(type: number, body: Uint8Array, flags = 0): Uint8Array {
  const length = padded(body.length);
  return new Fields(8 + length).u16(type).u16(length).u8(flags, 0, 0, 0).raw(body).bytes;
}

function writeHeader(messages: readonly Uint8Array[], sink: Sink): number {
  const length = messages.reduce((sum, { length }) => sum + length, 0);
  const out = new Fields(16 + length).u8(1, 0).u16(messages.length).u32(1).u32(length).u32(0);
  for (const each of messages) out.raw(each);
  return sink.put(out.bytes);
}
