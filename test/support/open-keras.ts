/** Opens bytes as `loadModel` does, without loading code on demand. */

import { isArchive, type KerasFile, openKeras } from '../../src/keras/load/container.ts';
import { openKerasArchive } from '../../src/keras/load/keras-archive.ts';

/** HDF5 or a `.keras` archive, whichever the content is. */
export function openAny(bytes: Uint8Array, name: string): KerasFile {
  return isArchive(bytes) ? openKerasArchive(bytes, name) : openKeras(bytes, name);
}
