/** What `fit` is asked for: its options, and which of its arguments are data and which options. */
import type { Feedable } from '../model/inputs.ts';
import { didYouMean, failure } from '../tensor/errors.ts';
import { checkBoolean, checkOptions, checkWhole, type OptionNames } from '../tensor/options.ts';
import type { PlatformAbortSignal } from '../tensor/platform.ts';
import type { Callback } from './callbacks.ts';
import type { ClassWeights } from './class-weights.ts';
import type { SampleWeights, Truths } from './data.ts';
import type { Logs } from './logs.ts';

/** A batch as a data set gives it. */
export interface DataBatch {
  readonly x: Feedable;
  readonly y?: Truths;
  readonly sampleWeight?: SampleWeights;
}

/** Batches: for more than one epoch something that can be gone through again, or a function that starts anew. */
export type FitData =
  | Iterable<DataBatch>
  | AsyncIterable<DataBatch>
  | (() => Iterable<DataBatch> | AsyncIterable<DataBatch>);

/** How far a fit is. */
export interface FitProgress {
  /** Counted from 0. */
  readonly epoch: number;
  readonly epochs: number;
  /** Batches done in this epoch, and how many there are; null while that is not known. */
  readonly batch: number;
  readonly batches: number | null;
  /** Of the epoch so far. */
  readonly logs: Logs;
}

/** What `fit` takes beside the data; names as in Keras. */
export interface FitOptions {
  /** The epoch to end before, counted from 0; 1 by default. */
  readonly epochs?: number;
  /** 32 by default. */
  readonly batchSize?: number;
  /** The share of the rows, from the end, that is not trained on but evaluated after each epoch. */
  readonly validationSplit?: number;
  readonly validationData?: { readonly x: Feedable; readonly y: Truths; readonly sampleWeight?: SampleWeights };
  /** True by default. */
  readonly shuffle?: boolean;
  readonly classWeight?: ClassWeights;
  readonly sampleWeight?: SampleWeights;
  readonly callbacks?: readonly Callback[];
  /** The number of the first epoch; 0 by default, and behind a checkpoint where it was made. */
  readonly initialEpoch?: number;
  readonly signal?: PlatformAbortSignal;
  readonly onProgress?: (progress: FitProgress) => void;
}

// biome-ignore format: one a line says nothing more
const optionNames: OptionNames<FitOptions> = {
  epochs: 1, batchSize: 1, validationSplit: 1, validationData: 1, shuffle: 1, classWeight: 1, sampleWeight: 1,
  callbacks: 1, initialEpoch: 1, signal: 1, onProgress: 1,
};

/** The options that every fit has, with their defaults. */
export interface Settings {
  readonly epochs: number;
  readonly batchSize: number;
  readonly shuffle: boolean;
  readonly callbacks: readonly Callback[];
  readonly signal: PlatformAbortSignal | undefined;
  readonly onProgress: FitOptions['onProgress'];
}

/** @throws PathgradError for options that make no sense, or not for such data */
export function checked(options: FitOptions, isData: boolean): Settings {
  checkOptions<FitOptions>('fit', options, optionNames);
  const { epochs = 1, batchSize = 32, shuffle = true, callbacks = [], initialEpoch = 0, signal, onProgress } = options;
  checkWhole('fit', 'epochs', epochs, 1);
  checkWhole('fit', 'batchSize', batchSize, 1);
  checkWhole('fit', 'initialEpoch', initialEpoch);
  checkBoolean('shuffle', shuffle);
  checkCallbacks(callbacks);
  if (signal !== undefined && typeof signal?.throwIfAborted !== 'function')
    throw failure('fit', 'signal is no AbortSignal', { got: signal });
  if (onProgress !== undefined && typeof onProgress !== 'function')
    throw failure('fit', 'onProgress is a function', { got: onProgress });
  const { validationSplit: split, validationData } = options;
  if (split !== undefined && !(typeof split === 'number' && split >= 0 && split < 1))
    throw failure('fit', 'validationSplit is a share from 0 to below 1', { got: split });
  if (split && validationData) throw failure('fit', 'validationSplit and validationData are both given');
  const alone = (['batchSize', 'validationSplit', 'shuffle', 'classWeight', 'sampleWeight'] as const).find(
    (name) => isData && options[name] !== undefined && name !== 'batchSize',
  );
  if (alone) throw failure('fit', `${alone} is for arrays: a data set decides it itself`);
  return { epochs, batchSize, shuffle, callbacks, signal, onProgress };
}

const hooks: readonly string[] = ['onTrainBegin', 'onEpochBegin', 'onBatchEnd', 'onEpochEnd', 'onTrainEnd'];

/** What is misspelt would never be called, and nobody would know. */
function checkCallbacks(callbacks: readonly Callback[]): void {
  if (!Array.isArray(callbacks)) throw failure('fit', 'callbacks are a list', { got: callbacks });
  for (const [i, callback] of (callbacks as readonly unknown[]).entries()) {
    const where = `fit, callbacks[${i}]`;
    if (typeof callback === 'function')
      throw failure(where, 'is a function', { got: callback.name }, 'call it: earlyStopping(), or { onEpochEnd() {} }');
    if (typeof callback !== 'object' || callback === null)
      throw failure(where, 'is no object', { got: callback }, 'earlyStopping(), or { onEpochEnd() {} }');
    const own = callback as Readonly<Record<string, unknown>>;
    const wrong = hooks.find((hook) => own[hook] !== undefined && typeof own[hook] !== 'function');
    if (wrong !== undefined) throw failure(where, `${wrong} is a function`, { got: own[wrong] });
    const unknown = Object.keys(own).find((key) => /^on(_|[A-Z])/.test(key) && !hooks.includes(key));
    if (unknown !== undefined) throw failure(where, `nothing calls '${unknown}'`, {}, didYouMean(unknown, [...hooks]));
  }
}

/** Whether it is a data set, and not the inputs alone. */
export function isBatches(x: unknown): boolean {
  if (typeof x === 'function') return true;
  if (typeof x !== 'object' || x === null || ArrayBuffer.isView(x)) return false;
  if (Symbol.asyncIterator in x) return true;
  if (!(Symbol.iterator in x)) return false;
  // A list of batches, and not of numbers or inputs.
  if (!Array.isArray(x)) return true;
  const [first] = x;
  return typeof first === 'object' && first !== null && !Array.isArray(first) && 'x' in first && !('data' in first);
}
