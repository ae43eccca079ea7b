/** What files need that are not as h5py writes them unless told otherwise; parts.ts loads it. */
export { checkSuperblock, readNewHeader, sharedMessage } from './on-demand/headers.ts';
export { denseObjects } from './on-demand/heaps.ts';
export { readSpareBits } from './on-demand/packed.ts';
export { storedValues } from './on-demand/stored.ts';
