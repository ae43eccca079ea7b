/**
 * Values stored in chunks, plain or compressed. Keras writes none; people who repack a file do.
 * Invariant: before anything is allocated every chunk has been found in the file, and their number is what the shape asks for;
 * a chunk is never unpacked to more than its size.
 * Source: HDF5 file format specification 3.0, III.A.1, IV.A.2.i and l; Fletcher's checksum as the HDF5 library computes it.
 */
import { unzlibSync } from 'fflate';
import { Guard } from '../guard/guard.ts';
import { failure } from '../tensor/errors.ts';
import { FileBytes } from './bytes.ts';
import type { Chunking } from './messages.ts';
import { type TreeEntry, treeEntries } from './trees.ts';

/** What a filter is called, for those that are not supported. */
const FILTER_NAMES: Readonly<Record<number, string>> = { 4: 'szip', 5: 'nbit', 6: 'scaleoffset', 32000: 'lzf' };

export interface Filter {
  readonly id: number;
  /** The filter's own numbers; shuffle's is the length of an element. */
  readonly values: readonly number[];
}

/** The filters of a pipeline message, in the order in which they were applied. */
export function readFilters(view: DataView, offset: number, subject: string): Filter[] {
  const version = view.getUint8(offset);
  if (version !== 1 && version !== 2) throw failure(subject, `unknown version ${version} of the list of filters`);
  let at = offset + (version === 1 ? 8 : 2);
  return Array.from({ length: view.getUint8(offset + 1) }, () => {
    const id = view.getUint16(at, true);
    const named = version === 1 || id >= 256;
    const nameBytes = named ? view.getUint16(at + 2, true) : 0;
    at += named ? 4 : 2;
    const count = view.getUint16(at + 2, true);
    at += 4 + (version === 1 ? Math.ceil(nameBytes / 8) * 8 : nameBytes);
    const values = Array.from({ length: count }, (_, i) => view.getUint32(at + 4 * i, true));
    at += 4 * (version === 1 ? count + (count % 2) : count);
    return { id, values };
  });
}

/**
 * All values of a dataset as they would lie contiguously.
 * @param shape of the dataset
 * @param elementBytes length of one element
 */
export function readChunks(
  file: FileBytes,
  { tree, shape: chunk }: Chunking,
  filters: readonly Filter[],
  shape: readonly number[],
  elementBytes: number,
  subject: string,
): Uint8Array<ArrayBuffer> {
  const grid = shape.map((size, axis) => Math.ceil(size / chunk[axis]!));
  const wanted = grid.reduce((a, b) => a * b, 1);
  const chunkBytes = chunk.reduce((a, b) => a * b, elementBytes);
  // A counter of its own: reading the same values again costs nothing of what the file as a whole may ask for.
  const counted = new FileBytes(file.name, file.view, new Guard(file.name, file.view.byteLength));
  const entries = treeEntries(counted, tree, 16 + 8 * shape.length, 'chunks', subject);
  const stored = entries.reduce((sum, { key }) => sum + file.view.getUint32(key, true), 0);
  if (entries.length < wanted) {
    throw failure(subject, 'some of its values were never written', { chunks: entries.length, needs: wanted });
  }
  if (entries.length > wanted || stored > file.view.byteLength) {
    throw failure(subject, 'its chunks do not fit its shape or the file', { chunks: entries.length, needs: wanted });
  }
  const out = new Uint8Array(shape.reduce((a, b) => a * b, elementBytes));
  const seen = new Set<number>();
  for (const entry of entries) {
    const start = shape.map((_, axis) => Number(file.view.getBigUint64(entry.key + 8 + 8 * axis, true)));
    const place = start.reduce((index, at, axis) => index * grid[axis]! + at / chunk[axis]!, 0);
    if (!Number.isInteger(place) || seen.has(place) || start.some((at, axis) => at >= shape[axis]!)) {
      throw failure(subject, 'a chunk lies outside the shape or is there twice', { start });
    }
    seen.add(place);
    const bytes = unpackChunk(file, entry, filters, chunkBytes, subject);
    copyInto(out, bytes, { shape, chunk, start, elementBytes });
  }
  return out;
}

function unpackChunk(
  file: FileBytes,
  { key, child }: TreeEntry,
  filters: readonly Filter[],
  chunkBytes: number,
  subject: string,
): Uint8Array {
  const skipped = file.view.getUint32(key + 4, true);
  let bytes: Uint8Array = file.at(child, file.view.getUint32(key, true), subject);
  for (let i = filters.length - 1; i >= 0; i--) {
    if (((skipped >> i) & 1) !== 0) continue;
    const { id, values } = filters[i]!;
    // One byte of room more than a chunk may have shows those that are too long; four for a checksum below.
    if (id === 1) bytes = unzlibSync(bytes, { out: new Uint8Array(chunkBytes + 5) });
    else if (id === 2) bytes = unshuffle(bytes, values[0] ?? 1);
    else if (id === 3) bytes = withoutChecksum(bytes, subject);
    else throw failure(subject, `its values are compressed by '${FILTER_NAMES[id] ?? id}', which is not supported`);
  }
  if (bytes.length !== chunkBytes) {
    throw failure(subject, 'a chunk does not have its size', { bytes: bytes.length, needs: chunkBytes });
  }
  return bytes;
}

/** Shuffled bytes: all first bytes of the elements, then all second ones, ...; a remainder stays where it is. */
function unshuffle(bytes: Uint8Array, elementBytes: number): Uint8Array {
  const out = bytes.slice();
  const count = Math.floor(bytes.length / elementBytes);
  for (let part = 0; part < elementBytes; part++) {
    for (let i = 0; i < count; i++) out[i * elementBytes + part] = bytes[part * count + i]!;
  }
  return out;
}

/** The bytes without the Fletcher checksum behind them: two sums modulo 65535 of the big-endian 16-bit words. */
export function withoutChecksum(bytes: Uint8Array, subject: string): Uint8Array {
  const data = bytes.subarray(0, Math.max(0, bytes.length - 4));
  let low = 0;
  let high = 0;
  for (let i = 0; i < data.length; i += 2) {
    low = (low + data[i]! * 256 + (data[i + 1] ?? 0)) % 65535;
    high = (high + low) % 65535;
  }
  const stored = [3, 2, 1, 0].reduce((value, i) => value * 256 + (bytes[data.length + i] ?? 0), 0);
  const [storedHigh, storedLow] = [Math.floor(stored / 65536), stored % 65536];
  // 0 and 65535 are the same remainder, and the library may have stored either.
  if (storedLow % 65535 !== low || storedHigh % 65535 !== high)
    throw failure(subject, 'the checksum of a chunk is wrong');
  return data;
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
