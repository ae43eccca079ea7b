/**
 * The options of `IntegratedGradients`, checked when the explainer is made: what is wrong with a method, a number of steps
 * or a batch size is said there and not after the first minute of work.
 */

import type { Backend } from '../../backends/backend.ts';
import { checkQuadrature, type QuadratureMethod } from '../../quadrature/index.ts';
import type { FloatDType } from '../../tensor/dtype.ts';
import { didYouMean, failure } from '../../tensor/errors.ts';
import { checkOptions, type OptionNames } from '../../tensor/options.ts';
import { checkOutput, type OutputSelector } from '../frame/output.ts';
import type { LayerSelector, TargetFunction } from '../frame/types.ts';
import type { AttributionPass } from '../path/pass.ts';
import { chooseStrategy, type Strategy } from '../path/strategy.ts';

export interface IntegratedGradientsOptions<M> {
  /** Explain in the space of this layer instead of the inputs. */
  readonly layer?: LayerSelector<M> | null;
  /** Chooses the targets from the predictions when `explain` gets none. */
  readonly targetFn?: TargetFunction | null;
  /** The quadrature rule; 'gausslegendre' by default. */
  readonly method?: QuadratureMethod;
  /**
   * Points on the path; 50 by default. 'auto' adds points (Gauss-Kronrod on halved intervals) until the error
   * estimate and completeness are within `relTol`, or `maxSteps` are used.
   */
  readonly nSteps?: number | 'auto';
  /** Most rows in one call of the model; 100 by default. */
  readonly internalBatchSize?: number;
  /**
   * Reproduce alibi's numbers where they differ from the right ones: the weights of riemann_trapezoid, deltas of scalar
   * outputs with labels, zeros for what bypasses a layer, one value for all calls of a shared layer, sums over output axes
   * that the target does not name, integer inputs interpolated as floats.
   */
  readonly compat?: 'alibi' | null;
  /**
   * What is explained: the name or number of one of several outputs, or a function of all: `(y) => softmax(y)`,
   * `(a, b) => b`.
   */
  readonly output?: OutputSelector;
  /** Share of the change of score that attributions may miss before it is a warning; 0.05 by default. */
  readonly relTol?: number;
  /** Most points per sample under 'auto'; 1000 by default. */
  readonly maxSteps?: number;
  /**
   * How gradients on the path are computed: 'brute' sends every point through the whole model, 'path-linear' skips the
   * part that is affine in the path, 'auto' (the default) does so where the graph allows it; or a pass of your own.
   */
  readonly strategy?: Strategy;
  /** Who runs the plans. */
  readonly backend?: Backend;
  /** For plain functions: the float type of inputs given as nested arrays; 'float32' by default. */
  readonly dtype?: FloatDType;
}

/** The options with their defaults. */
export interface Settings {
  readonly targetFn: TargetFunction | null;
  readonly method: QuadratureMethod;
  readonly nSteps: number | 'auto';
  readonly internalBatchSize: number;
  readonly compat: 'alibi' | null;
  readonly output: OutputSelector | undefined;
  readonly relTol: number;
  readonly maxSteps: number;
  readonly strategy: AttributionPass;
  readonly dtype: FloatDType;
}

const known: OptionNames<IntegratedGradientsOptions<never>> = {
  layer: 1,
  targetFn: 1,
  method: 1,
  nSteps: 1,
  internalBatchSize: 1,
  compat: 1,
  output: 1,
  relTol: 1,
  maxSteps: 1,
  strategy: 1,
  backend: 1,
  dtype: 1,
};

/** @throws PathgradError naming the option that is unknown or makes no sense */
export function checkSettings(options: IntegratedGradientsOptions<never>): Settings {
  checkOptions('IntegratedGradients', options, known);
  const { method = 'gausslegendre', nSteps = 50, internalBatchSize = 100, compat = null } = options;
  const { relTol = 0.05, maxSteps = 1000, targetFn = null, output, dtype = 'float32' } = options;
  const strategy = chooseStrategy(options.strategy ?? 'auto');
  checkQuadrature(method, nSteps === 'auto' ? 50 : nSteps);
  if (nSteps === 'auto' && method !== 'gausslegendre') {
    const hint = 'leave the method out, or give a number of steps';
    throw failure('nSteps', "'auto' chooses its own points (Gauss-Kronrod)", { method }, hint);
  }
  if (nSteps === 'auto' && compat === 'alibi') {
    throw failure('nSteps', "alibi has no 'auto'", { compat }, 'give a number of steps, or leave compat out');
  }
  if (!Number.isInteger(internalBatchSize) || internalBatchSize < 1) {
    const problem = 'must be a whole number of rows, at least 1';
    throw failure('internalBatchSize', problem, { got: internalBatchSize }, '100 is usual');
  }
  if (compat !== null && compat !== 'alibi')
    throw failure('compat', 'unknown value', { got: compat }, "known: 'alibi'");
  if (!(relTol > 0 && Number.isFinite(relTol))) throw failure('relTol', 'must be a positive number', { got: relTol });
  if (!Number.isInteger(maxSteps) || maxSteps < 15 || maxSteps > 1_000_000) {
    throw failure('maxSteps', 'must be a whole number from 15 to 1000000', { got: maxSteps }, 'try 1000');
  }
  if (targetFn !== null && typeof targetFn !== 'function') {
    throw failure('targetFn', 'must be a function of the predictions', { got: typeof targetFn });
  }
  checkOutput(output);
  if (dtype !== 'float32' && dtype !== 'float64') {
    throw failure(
      'dtype',
      'must be float32 or float64',
      { got: dtype },
      didYouMean(String(dtype), ['float32', 'float64']),
    );
  }
  return { targetFn, method, nSteps, internalBatchSize, compat, output, relTol, maxSteps, strategy, dtype };
}
