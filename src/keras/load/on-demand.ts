/** What only `.keras` and `.weights.h5` files, `verify` and `withWeights` need; loaded for them. */

export { embeddedReference } from '../../model/verify/reference.ts';
export { verifyModel } from '../../model/verify/verify.ts';
export { copyModel } from '../model/with-weights.ts';
export { withoutLora } from '../weights/lora.ts';
export { pathBindings } from '../weights/paths.ts';
export { openKerasArchive } from './keras-archive.ts';
export { openFiles, openSharded } from './sharded.ts';
