/**
 * Fixed and extensible arrays: the indexes of chunks of datasets that cannot grow, or along one axis.
 * Invariant: only blocks that are in the file are walked, each counted, so that a claimed size costs nothing.
 * Source: HDF5 file format specification 3.0, VII.C and VII.D (fixed and extensible array index).
 */
import { damaged } from '../../tensor/errors.ts';
import { type FileBytes, isAddress, uint64 } from '../bytes.ts';
import { checked } from './checksum.ts';

/** Called with the place of an element in the array, and where it lies. */
export type Visit = (place: number, at: number) => void;

/** Bytes before the elements of a block (letters, version, client, the header's address), and those of a checksum. */
const HEAD = 14;
const SUM = 4;

/** One run of elements in pages, each with a checksum; of the pages that were never written nothing is there to be read. */
function pages(
  file: FileBytes,
  block: {
    readonly at: number;
    readonly bitmap: number;
    readonly bit: number;
    readonly first: number;
    readonly count: number;
  },
  page: { readonly count: number; readonly bytes: number },
  visit: Visit,
  subject: string,
): void {
  let { at } = block;
  for (let done = 0; done < block.count; done += page.count) {
    const count = Math.min(page.count, block.count - done);
    const bit = block.bit + done / page.count;
    const there = (file.view.getUint8(block.bitmap + (bit >> 3)) >> (7 - (bit & 7))) & 1;
    if (there !== 0) {
      checked(file, '', at, count * page.bytes + SUM, subject);
      for (let i = 0; i < count; i++) visit(block.first + done + i, at + i * page.bytes);
    }
    at += count * page.bytes + SUM;
    if (at > file.view.byteLength) return;
  }
}

/** Returns the length of an element in bytes. */
export function fixedArray(file: FileBytes, header: number, visit: Visit, subject: string): number {
  const { view } = file;
  checked(file, 'FAHD', header, 28, subject);
  const bytes = view.getUint8(header + 6);
  const pageCount = 2 ** view.getUint8(header + 7);
  const count = uint64(view, header + 8);
  const at = uint64(view, header + 16);
  if (!isAddress(at)) return bytes;
  if (!(count * bytes <= view.byteLength)) throw damaged(subject, 'an index of chunks is longer than the file');
  if (count <= pageCount) {
    checked(file, 'FADB', at, HEAD + count * bytes + SUM, subject);
    for (let i = 0; i < count; i++) visit(i, at + HEAD + i * bytes);
    return bytes;
  }
  const bitmap = Math.ceil(Math.ceil(count / pageCount) / 8);
  checked(file, 'FADB', at, HEAD + bitmap + SUM, subject);
  const block = { at: at + HEAD + bitmap + SUM, bitmap: at + HEAD, bit: 0, first: 0, count };
  pages(file, block, { count: pageCount, bytes }, visit, subject);
  return bytes;
}

/** Returns the length of an element in bytes. */
export function extensibleArray(file: FileBytes, header: number, visit: Visit, subject: string): number {
  const { view } = file;
  checked(file, 'EAHD', header, 72, subject);
  const byte = (at: number): number => view.getUint8(header + at);
  const [bytes, maxBits, direct, least, leastPointers] = [byte(6), byte(7), byte(8), byte(9), byte(10)];
  const pageCount = 2 ** byte(11);
  const index = uint64(view, header + 60);
  const powers = [least, leastPointers].every((n) => n > 0 && Number.isInteger(Math.log2(n)));
  if (!powers || maxBits > 64 || leastPointers < 2) throw damaged(subject, 'an index of chunks is damaged');
  if (!isAddress(index)) return bytes;
  const offsetBytes = Math.ceil(maxBits / 8);
  // Super block s holds 2^(s/2) blocks of 2^((s+1)/2) times the least count; the first ones have no block of their own.
  const supers = 1 + maxBits - Math.log2(least);
  const early = Math.min(supers, 2 * Math.log2(leastPointers));
  const blocksOf = (s: number): number => 2 ** Math.floor(s / 2);
  const countOf = (s: number): number => least * 2 ** Math.floor((s + 1) / 2);
  const blocks = 2 * (leastPointers - 1);
  checked(file, 'EAIB', index, HEAD + direct * bytes + 8 * (blocks + supers - early) + SUM, subject);
  for (let i = 0; i < direct; i++) visit(i, index + HEAD + i * bytes);

  const dataBlock = (at: number, first: number, count: number, bitmap: number, bit: number): void => {
    if (!isAddress(at)) return;
    const head = HEAD + offsetBytes;
    const paged = count > pageCount;
    checked(file, 'EADB', at, head + (paged ? 0 : count * bytes) + SUM, subject);
    if (paged) {
      pages(file, { at: at + head + SUM, bitmap, bit, first, count }, { count: pageCount, bytes }, visit, subject);
    } else {
      for (let i = 0; i < count; i++) visit(first + i, at + head + i * bytes);
    }
  };

  let first = direct;
  let pointer = index + HEAD + direct * bytes;
  for (let s = 0; s < early; s++) {
    for (let i = 0; i < blocksOf(s); i++, pointer += 8, first += countOf(s)) {
      dataBlock(uint64(view, pointer), first, countOf(s), 0, 0);
    }
  }
  for (let s = early; s < supers; s++, pointer += 8) {
    const [at, count, number] = [uint64(view, pointer), countOf(s), blocksOf(s)];
    if (isAddress(at)) {
      const pagesOf = count > pageCount ? count / pageCount : 0;
      const bitmapBytes = Math.ceil(pagesOf / 8);
      const bitmaps = at + HEAD + offsetBytes;
      checked(file, 'EASB', at, HEAD + offsetBytes + number * (bitmapBytes + 8) + SUM, subject);
      for (let i = 0; i < number; i++) {
        const block = uint64(view, bitmaps + number * bitmapBytes + 8 * i);
        dataBlock(block, first + i * count, count, bitmaps, i * pagesOf);
      }
    }
    first += number * count;
  }
  return bytes;
}
