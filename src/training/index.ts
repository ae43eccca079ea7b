/** Training: losses, metrics, optimizers and schedules as Keras's, training steps and `fit`, saving. An entry point of its own. */

export type { OptimizerState } from '../keras/save/optimizer.ts';
export { type SaveFormat, type SaveOptions, saveModel } from '../keras/save/save.ts';
export { moments, type VocabularyOptions, vocabularyOf } from './builder/adapt.ts';
export * as layers from './builder/layers/index.ts';
export {
  type BuildOptions,
  type FunctionalOptions,
  type InputOptions,
  input,
  model,
  modelLayer,
  type SequentialOptions,
  sequential,
} from './builder/model.ts';
export { type LayerFunction, SymbolicTensor } from './builder/symbolic.ts';
export {
  type Callback,
  csvLogger,
  type EarlyStoppingOptions,
  earlyStopping,
  learningRateScheduler,
  type Mode,
  type ModelCheckpointOptions,
  type MonitorOptions,
  modelCheckpoint,
  type ReduceOnPlateauOptions,
  reduceOnPlateau,
} from './callbacks.ts';
export type { ClassWeights } from './class-weights.ts';
export { type CollectingContext, createTrainingContext } from './context.ts';
export type { SampleWeights, Truth, Truths } from './data.ts';
export type { EvaluateOptions } from './evaluator.ts';
export type { History } from './fit.ts';
export type { DataBatch, FitData, FitOptions, FitProgress } from './fit-options.ts';
export type { TrainedWeight } from './held.ts';
export type { Logs } from './logs.ts';
export * from './losses/index.ts';
export * from './metrics/index.ts';
export * from './optimizers/index.ts';
export { type WriteOptions, writeWhole } from './save-file.ts';
export * from './schedules/index.ts';
export type { Identifier } from './settings.ts';
export type { PerOutput, TaskOptions } from './tasks.ts';
export type { Freeze, FunctionToTrain, ToTrain, Trainable } from './trainable.ts';
export { Trainer, type TrainerOptions, type TrainerSaveOptions } from './trainer.ts';
export type {
  ConfigValue,
  Loss,
  Metric,
  Optimizer,
  OptimizerSlot,
  Parameter,
  Schedule,
  StepNumbers,
} from './types.ts';
export { type TrainableWeight, trainableWeights } from './weights.ts';
