/**
 * What a file that Keras writes with h5py's settings never needs (chunks, filters, the structures of the newer format, named types)
 * lies in on-demand.ts and is loaded when a file asks for it. Invariant: reading is synchronous; where it comes to such a part before
 * it is loaded, it ends with an error, and `readHdf5` loads the part and reads again.
 */
import { failure } from '../tensor/errors.ts';

type Parts = typeof import('./on-demand.ts');

let parts: Parts | undefined;
let asked = false;

/** The parts that are loaded on demand. */
export function onDemand(subject: string): Parts {
  if (parts) return parts;
  asked = true;
  throw failure(subject, 'needs parts of the HDF5 reader that are not loaded yet', {}, 'load the file with loadModel');
}

/** Runs something that opens HDF5 files; `read` may run twice. Datasets of files opened in it can be read outside. */
export async function readHdf5<T>(read: () => T): Promise<T> {
  if (!parts) {
    asked = false;
    try {
      const value = read();
      if (!asked) return value;
    } catch (error) {
      if (!asked) throw error;
    }
    parts = await import('./on-demand.ts');
  }
  return read();
}
