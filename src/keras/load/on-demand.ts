/** What only `.keras`, `.weights.h5` and TensorFlow.js files, `verify` and `withWeights` need; loaded for them. */

export { embeddedReference } from '../../model/verify/reference.ts';
export { verifyModel } from '../../model/verify/verify.ts';
export { openGiven, openTfjs } from '../../tfjs/open.ts';
export { copyModel } from '../model/with-weights.ts';
export { withoutLora } from '../weights/lora.ts';
export { pathBindings } from '../weights/paths.ts';
export { openKerasArchive } from './keras-archive.ts';
export { openSharded } from './sharded.ts';
