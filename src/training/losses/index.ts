/** Losses. */
export {
  type BinaryFocalOptions,
  binaryCrossentropy,
  binaryFocalCrossentropy,
  type CrossentropyOptions,
} from './binary.ts';
export {
  type CategoricalFocalOptions,
  categoricalCrossentropy,
  categoricalFocalCrossentropy,
  type SparseCrossentropyOptions,
  sparseCategoricalCrossentropy,
} from './categorical.ts';
export type { LossOptions } from './loss.ts';
export { categoricalHinge, hinge, klDivergence, poisson, squaredHinge } from './margin.ts';
export { type LabelShapes, lossOf } from './of.ts';
export { type DiceOptions, dice, type TverskyOptions, tversky } from './overlap.ts';
export { type LossReduction, lossValue, type ReduceLossOptions, reduceLoss } from './reduce.ts';
export {
  type CosineOptions,
  cosineSimilarity,
  type HuberOptions,
  huber,
  logCosh,
  meanAbsoluteError,
  meanAbsolutePercentageError,
  meanSquaredError,
  meanSquaredLogarithmicError,
} from './regression.ts';
