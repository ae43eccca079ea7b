/** The reference that lies in an HDF5 file; apart from the rest, because every `.h5` is asked for it. */
import { openHdf5 } from '../../hdf5/file.ts';
import { findSignature } from '../../hdf5/superblock.ts';

/** The JSON of dataset `pathgrad_reference` at the root, or null where there is none or the bytes are no HDF5. */
export function referenceInHdf5(bytes: Uint8Array, name: string): string | null {
  if (findSignature(bytes) < 0) return null;
  const found = openHdf5(bytes, name).root.find('pathgrad_reference');
  if (found?.kind !== 'dataset') return null;
  return new TextDecoder().decode(Uint8Array.from(found.read()));
}
