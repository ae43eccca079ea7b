/**
 * NumPy's .npz files: a zip of .npy arrays by name, stored or compressed. One guard for the archive and all in it; members that are no arrays are
 * refused. Source: numpy.lib.format, and the zip format (APPNOTE 6.3).
 */
import { notA } from '../guard/content.ts';
import { Guard } from '../guard/guard.ts';
import { openZip } from '../guard/zip.ts';
import { failure } from '../tensor/errors.ts';
import type { NumericArray } from './array.ts';
import { readNpy } from './npy.ts';

/** Whether bytes begin as a zip archive does. */
export const isZip = (bytes: Uint8Array): boolean => bytes[0] === 0x50 && bytes[1] === 0x4b;

/**
 * The arrays of an .npz file by the names that `numpy.savez` was given (`arr_0`, … without names), in the file's order.
 * @param name of the file, for errors
 * @throws PathgradError for what is no zip, is damaged, or would unpack to more than the file can honestly hold
 */
export function readNpz(bytes: Uint8Array, name = 'npz file'): ReadonlyMap<string, NumericArray> {
  if (!isZip(bytes)) throw notA(name, 'an .npz file', bytes, 'numpy.savez(file, name=array) writes one');
  const members = openZip(bytes, name, new Guard(name, bytes.length));
  const arrays = new Map<string, NumericArray>();
  for (const [path, member] of members) {
    if (!path.endsWith('.npy')) {
      throw failure(name, `holds '${path}', which is no array`, {}, 'an .npz file holds .npy arrays alone');
    }
    arrays.set(path.slice(0, -4), readNpy(member.read(), `${name}, '${path}'`));
  }
  if (arrays.size === 0) throw failure(name, 'holds no array');
  return arrays;
}
