/** The options that all methods share, checked when an explainer is made: what is wrong is said there and not after the first minute of work. */
import type { Backend } from '../../backends/backend.ts';
import { type FloatDType, isFloat } from '../../tensor/dtype.ts';
import { failure } from '../../tensor/errors.ts';
import { checkOptions, type OptionNames } from '../../tensor/options.ts';
import { checkOutput, type OutputSelector } from './output.ts';
import type { LayerSelector, TargetFunction } from './types.ts';

export interface ExplainerOptions<M> {
  /** Explain in the space of this layer instead of the inputs. */
  readonly layer?: LayerSelector<M> | null;
  /** Chooses the targets from the predictions when `explain` gets none. */
  readonly targetFn?: TargetFunction | null;
  /** Most rows in one call of the model; 100 by default. */
  readonly internalBatchSize?: number;
  /**
   * What is explained: the name or number of one of several outputs, or a function of all: `(y) => softmax(y)`,
   * `(a, b) => b`.
   */
  readonly output?: OutputSelector;
  /** Share of the change of score that attributions may miss before it is a warning; 0.05 by default. */
  readonly relTol?: number;
  /** Who runs the plans. */
  readonly backend?: Backend;
  /** For plain functions: the float type of inputs given as nested arrays; 'float32' by default. */
  readonly dtype?: FloatDType;
}

/** Of methods that look at a layer while the inputs move. */
export interface LayerOptions<M> extends ExplainerOptions<M> {
  /** A layer whose outputs stand in the place of the model's inputs: the embedding of a text model. */
  readonly inputLayer?: LayerSelector<M> | null;
}

/** The options with their defaults. */
export interface Settings {
  readonly targetFn: TargetFunction | null;
  readonly internalBatchSize: number;
  readonly output: OutputSelector | undefined;
  readonly relTol: number;
  readonly dtype: FloatDType;
  /** Reproduces alibi where it is wrong; only integrated gradients can. */
  readonly compat: 'alibi' | null;
}

export const explainerOptions: OptionNames<ExplainerOptions<never>> = {
  layer: 1,
  targetFn: 1,
  internalBatchSize: 1,
  output: 1,
  relTol: 1,
  backend: 1,
  dtype: 1,
};

/**
 * @param subject the name of the method
 * @param own the names of the method's own options, which it checks itself
 * @throws PathgradError naming the option that is unknown or makes no sense
 */
export function checkSettings(
  subject: string,
  options: ExplainerOptions<never>,
  own: Readonly<Record<string, 1>> = {},
): Settings {
  checkOptions(subject, options, { ...explainerOptions, ...own });
  const { internalBatchSize = 100, relTol = 0.05, targetFn = null, output, dtype = 'float32' } = options;
  if (!Number.isInteger(internalBatchSize) || internalBatchSize < 1) {
    const problem = 'must be a whole number of rows, at least 1';
    throw failure('internalBatchSize', problem, { got: internalBatchSize }, '100 is usual');
  }
  if (!(relTol > 0 && Number.isFinite(relTol))) throw failure('relTol', 'must be a positive number', { got: relTol });
  checkFunction('targetFn', targetFn ?? undefined);
  checkOutput(output);
  if (!isFloat(dtype)) throw failure('dtype', 'must be float32 or float64', { got: dtype });
  return { targetFn, internalBatchSize, output, relTol, dtype, compat: null };
}

/** @throws PathgradError where `value` is given and no function */
export function checkFunction(subject: string, value: unknown, hint?: string): void {
  if (value === undefined || typeof value === 'function') return;
  throw failure(subject, 'must be a function', { got: typeof value }, hint);
}
