/** What only paths, files that are refused, `.keras`, `.weights.h5`, Keras 1 and TensorFlow.js files, models inside models, custom layers, `verify` and `withWeights` need; loaded for them. */

export { embeddedReference } from '../../model/verify/reference.ts';
export { verifyModel } from '../../model/verify/verify.ts';
export { openGiven, openTfjs } from '../../tfjs/open.ts';
export { translateKeras1 } from '../config/keras1.ts';
export { withParts } from '../custom/parts.ts';
export { callCustom, customArguments, customRun } from '../custom/run.ts';
export { copyModel } from '../model/with-weights.ts';
export { withoutLora } from '../weights/lora.ts';
export { splitNested } from '../weights/nested.ts';
export { pathBindings } from '../weights/paths.ts';
export { foreign } from './foreign.ts';
export { giveBack, readGivenBack } from './given-back.ts';
export { openKerasArchive } from './keras-archive.ts';
export { openSharded } from './sharded.ts';
