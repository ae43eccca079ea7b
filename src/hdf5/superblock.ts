/**
 * Where an HDF5 file begins.
 * Source: HDF5 file format specification 3.0, II (superblock).
 */

import { failure } from '../tensor/errors.ts';
import { type FileBytes, uint64 } from './bytes.ts';
import { onDemand } from './parts.ts';

const SIGNATURE = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];

/** Offset of the HDF5 signature (0, or after a user block of 512, 1024, … bytes), or -1. */
export function findSignature(bytes: Uint8Array): number {
  for (let at = 0; at + 8 <= bytes.length; at = at === 0 ? 512 : 2 * at) {
    if (SIGNATURE.every((byte, i) => bytes[at + i] === byte)) return at;
  }
  return -1;
}

/**
 * Address of the root's object header. Refuses a file shorter than its superblock says, as the HDF5 library does, and superblocks we
 * cannot read.
 */
export function readSuperblock(file: FileBytes): number {
  const { name, view } = file;
  const version = view.byteLength > 8 ? view.getUint8(8) : -1;
  if (!(version >= 0 && version <= 3) || view.byteLength < 48) {
    throw failure(name, `HDF5 superblock version ${version} cannot be read`, { bytes: view.byteLength });
  }
  const old = version < 2;
  const more = version === 1 ? 4 : 0;
  const widths = [view.getUint8(old ? 13 : 9), view.getUint8(old ? 14 : 10)];
  if (widths.some((width) => width !== 8)) throw failure(name, 'addresses that are not 64 bits wide cannot be read');
  const end = uint64(view, old ? 40 + more : 28) - uint64(view, old ? 24 + more : 12); // end of file - base address
  if (end > view.byteLength) {
    throw failure(name, 'the file is truncated', { has: view.byteLength, needs: end }, 'download or copy it again');
  }
  if (!old) onDemand(name).checkSuperblock(file);
  return uint64(view, old ? 64 + more : 36);
}
