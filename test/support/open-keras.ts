/** Opens bytes as `loadModel` does, with all of the HDF5 reader loaded before. */

import { onDemand, readHdf5 } from '../../src/hdf5/parts.ts';
import { isArchive, isHdf5, type KerasFile, openKeras } from '../../src/keras/load/container.ts';
import { foreign } from '../../src/keras/load/foreign.ts';
import { openKerasArchive } from '../../src/keras/load/keras-archive.ts';

await readHdf5(() => onDemand('tests'));

/** HDF5 or a `.keras` archive, whichever the content is. */
export function openAny(bytes: Uint8Array, name: string): KerasFile {
  if (!isArchive(bytes) && !isHdf5(bytes)) throw foreign(bytes, name);
  return isArchive(bytes) ? openKerasArchive(bytes, name) : openKeras(bytes, name);
}
