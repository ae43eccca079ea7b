/**
 * Values that do not lie in one run of bytes: in chunks, plain or compressed, or never written, where they are the fill value.
 * Keras writes none; people who repack a file do.
 * Invariant: what the shape asks for is counted before anything is allocated; a chunk is never unpacked to more than its size.
 * Source: HDF5 file format specification 3.0, IV.A.2.e and f (fill value), IV.A.2.b.
 */
import { failure } from '../../tensor/errors.ts';
import { type FileBytes, isAddress, uint64 } from '../bytes.ts';
import { MESSAGE, type Message } from '../header.ts';
import { readFilters, unfiltered } from './filters.ts';
import { findChunks } from './index-of-chunks.ts';
import { readChunking } from './layout.ts';
import { sharedMessage } from './new-format.ts';

/** What gives all values of a dataset as they would lie contiguously. The index is walked once, and what they take is counted then. */
export function storedValues(
  file: FileBytes,
  messages: readonly Message[],
  shape: readonly number[],
  elementBytes: number,
  subject: string,
): () => Uint8Array<ArrayBuffer> {
  const { view, guard } = file;
  const find = (type: number): number | undefined => {
    const found = messages.find((message) => message.type === type);
    if (found === undefined || (found.flags & 2) === 0) return found?.at;
    return sharedMessage(file, type, found.at, subject);
  };
  const total = shape.reduce((a, b) => a * b, elementBytes);
  const chunking = readChunking(view, find(MESSAGE.layout)!, shape.length, elementBytes, subject);
  const fill = fillValue(view, find(MESSAGE.fill), find(MESSAGE.oldFill));
  if (fill !== undefined && fill.length !== elementBytes) throw failure(subject, 'its fill value has another size');
  guard.take('read', total, subject);
  if (chunking === null) return () => filled(total, fill);
  const { shape: chunk } = chunking;
  const chunkBytes = chunk.reduce((a, b) => a * b, elementBytes);
  const filtersAt = find(MESSAGE.filters);
  const filters = filtersAt === undefined ? [] : readFilters(view, filtersAt, elementBytes, subject);
  const spaceAt = find(MESSAGE.dataspace)!;
  const grid = { shape, most: largest(view, spaceAt, shape), chunkBytes, filtered: filters.length > 0 };
  const chunks = findChunks(file, chunking, grid, subject);
  // Every chunk is unpacked whole, those at the edges too.
  guard.take('read', Math.max(0, chunks.length * chunkBytes - total), subject);
  guard.take(
    'read',
    chunks.reduce((sum, { bytes }) => sum + bytes, 0),
    subject,
  );
  const whole = shape.every((size, axis) => size === chunk[axis]);
  return () => {
    const out = whole && chunks.length === 1 ? undefined : filled(total, fill);
    for (const { start, address, bytes, skipped } of chunks) {
      const atEdge = start.some((from, axis) => from + chunk[axis]! > shape[axis]!);
      const used = atEdge && chunking.edgesUnfiltered ? [] : filters.filter((_, i) => ((skipped >> i) & 1) === 0);
      const unpacked = unfiltered(file.at(address, bytes, subject), used, { bytes: chunkBytes, elementBytes }, subject);
      if (out === undefined) return unpacked;
      copyInto(out, unpacked, { shape, chunk, start, elementBytes });
    }
    return out ?? filled(total, fill);
  };
}

/** What a dataset may grow to. */
function largest(view: DataView, spaceAt: number, shape: readonly number[]): number[] {
  if ((view.getUint8(spaceAt + 2) & 1) === 0) return [...shape];
  const start = spaceAt + (view.getUint8(spaceAt) === 1 ? 8 : 4) + 8 * shape.length;
  const sizes = shape.map((_, axis) => uint64(view, start + 8 * axis));
  return sizes.map((size) => (isAddress(size) ? size : Number.POSITIVE_INFINITY));
}

/** The bytes of an element that was never written; undefined for zeros. */
function fillValue(view: DataView, at: number | undefined, oldAt: number | undefined): Uint8Array | undefined {
  const bytes = (sizeAt: number): Uint8Array | undefined => {
    const size = view.getUint32(sizeAt, true);
    return size === 0 || size === 2 ** 32 - 1
      ? undefined
      : new Uint8Array(view.buffer, view.byteOffset + sizeAt + 4, size);
  };
  if (at === undefined) return oldAt === undefined ? undefined : bytes(oldAt);
  const version = view.getUint8(at);
  const defined = version === 3 ? (view.getUint8(at + 1) & 0x20) !== 0 : version === 1 || view.getUint8(at + 3) !== 0;
  return defined ? bytes(at + (version === 3 ? 2 : 4)) : undefined;
}

function filled(total: number, fill: Uint8Array | undefined): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(total);
  if (!fill?.some((byte) => byte !== 0)) return out;
  out.set(fill);
  for (let done = fill.length; done < total; done *= 2) out.copyWithin(done, 0, Math.min(done, total - done));
  return out;
}

interface Place {
  readonly shape: readonly number[];
  readonly chunk: readonly number[];
  readonly start: readonly number[];
  readonly elementBytes: number;
}

/** Copies the part of a chunk that lies inside the shape, one run of the last axis at a time. */
function copyInto(out: Uint8Array, bytes: Uint8Array, { shape, chunk, start, elementBytes }: Place): void {
  const last = shape.length - 1;
  const inside = shape.map((size, axis) => Math.min(chunk[axis]!, size - start[axis]!));
  const runs = inside.slice(0, last).reduce((a, b) => a * b, 1);
  const runBytes = inside[last]! * elementBytes;
  for (let run = 0; run < runs; run++) {
    let rest = run;
    let from = 0;
    let to = start[last]!;
    let fromStride = chunk[last]!;
    let toStride = shape[last]!;
    for (let axis = last - 1; axis >= 0; axis--) {
      const index = rest % inside[axis]!;
      rest = Math.floor(rest / inside[axis]!);
      from += index * fromStride;
      to += (start[axis]! + index) * toStride;
      fromStride *= chunk[axis]!;
      toStride *= shape[axis]!;
    }
    out.set(bytes.subarray(from * elementBytes, from * elementBytes + runBytes), to * elementBytes);
  }
}
