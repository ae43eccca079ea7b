/**
 * The checksum of the newer format's structures. Invariant: a structure is looked at only after its checksum was compared.
 * Source: Bob Jenkins, lookup3.c, hashlittle (public domain); HDF5 file format specification 3.0, appendix B.
 */
import { failure } from '../../tensor/errors.ts';
import type { FileBytes } from '../bytes.ts';

const rotate = (x: number, by: number): number => (x << by) | (x >>> (32 - by));

/** 32-bit lookup3 hash of the bytes, with 0 as its first value. */
export function lookup3(bytes: Uint8Array): number {
  const { length } = bytes;
  let a = (0xdeadbeef + length) | 0;
  let b = a;
  let c = a;
  const word = (at: number): number =>
    (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24);
  let at = 0;
  for (; length - at > 12; at += 12) {
    a = (a + word(at)) | 0;
    b = (b + word(at + 4)) | 0;
    c = (c + word(at + 8)) | 0;
    a = (a - c) ^ rotate(c, 4);
    c = (c + b) | 0;
    b = (b - a) ^ rotate(a, 6);
    a = (a + c) | 0;
    c = (c - b) ^ rotate(b, 8);
    b = (b + a) | 0;
    a = (a - c) ^ rotate(c, 16);
    c = (c + b) | 0;
    b = (b - a) ^ rotate(a, 19);
    a = (a + c) | 0;
    c = (c - b) ^ rotate(b, 4);
    b = (b + a) | 0;
  }
  if (at === length) return c >>> 0;
  a = (a + word(at)) | 0;
  b = (b + word(at + 4)) | 0;
  c = (c + word(at + 8)) | 0;
  c = (c ^ b) - rotate(b, 14);
  a = (a ^ c) - rotate(c, 11);
  b = (b ^ a) - rotate(a, 25);
  c = (c ^ b) - rotate(b, 16);
  a = (a ^ c) - rotate(c, 4);
  b = (b ^ a) - rotate(a, 14);
  c = (c ^ b) - rotate(b, 24);
  return c >>> 0;
}

/**
 * Throws unless `sum` is the checksum of the bytes, or 0: writers other than the HDF5 library leave it out, and damage does not make it 0.
 * @param at their address, for the error
 */
export function checkSum(bytes: Uint8Array, sum: number, at: number, subject: string): void {
  if (sum === 0 || lookup3(bytes) === sum) return;
  const hint = 'the file is damaged: download or copy it again';
  throw failure(subject, 'the checksum of a structure is wrong', { address: at, bytes: bytes.length }, hint);
}

/** Counts `length` bytes at `at`, which begin with `letters` and end with the checksum of all before it. */
export function checked(file: FileBytes, letters: string, at: number, length: number, subject: string): void {
  file.spend(length, subject);
  if (letters) file.expect(letters, at, `a structure (${letters})`, subject);
  const bytes = file.at(at, length, subject);
  checkSum(bytes.subarray(0, -4), file.view.getUint32(at + length - 4, true), at, subject);
}
