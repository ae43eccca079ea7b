/** What only `.keras` and `.weights.h5` files and `verify` need; loaded for them. */
export { openKerasArchive } from './archive.ts';
export { embeddedReference } from './reference.ts';
export { verifyModel } from './verify.ts';
export { pathBindings } from './weights-paths.ts';
