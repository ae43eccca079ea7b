/** What files need that are not as h5py writes them unless told otherwise; parts.ts loads it. */

export { denseObjects } from './on-demand/fractal-heap.ts';
export { checkSuperblock, readNewHeader, sharedMessage } from './on-demand/new-format.ts';
export { readSpareBits } from './on-demand/packed.ts';
export { storedValues } from './on-demand/stored.ts';
