/** Optimizers. */
export { type AdamOptions, adam, adamw, type MomentOptions } from './adam.ts';
export { adamax, lamb, type NadamOptions, nadam } from './adam-kin.ts';
export {
  type AdadeltaOptions,
  type AdagradOptions,
  adadelta,
  adagrad,
  type RmspropOptions,
  rmsprop,
} from './adaptive.ts';
export { type FtrlOptions, ftrl } from './ftrl.ts';
export { type LionOptions, lion } from './lion.ts';
export { optimizerOf } from './of.ts';
export type { OptimizerOptions, OptimizerSemantics } from './options.ts';
export { type SgdOptions, sgd } from './sgd.ts';
