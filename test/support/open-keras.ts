/** Opens bytes as `loadModel` does, without loading code on demand. */
import { openKerasArchive } from '../../src/keras/archive.ts';
import { isArchive, type KerasFile, openKeras } from '../../src/keras/container.ts';

/** HDF5 or a `.keras` archive, whichever the content is. */
export function openAny(bytes: Uint8Array, name: string): KerasFile {
  return isArchive(bytes) ? openKerasArchive(bytes, name) : openKeras(bytes, name);
}
