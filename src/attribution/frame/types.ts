/**
 * The argument forms of `explain`: what a caller may write for inputs, baselines and targets. The names and
 * meanings are alibi's in TypeScript spelling; what goes beyond alibi says so. Nothing here computes.
 */
import type { LayerInfo } from '../../graph/callable.ts';
import type { TypedArray } from '../../tensor/dtype.ts';
import type { PlatformAbortSignal } from '../../tensor/platform.ts';
import type { Shape } from '../../tensor/shape.ts';
import type { NestedArray, Tensor } from '../../tensor/tensor.ts';

/** A flat typed array in row-major order and its shape. A constant `Tensor` is one. */
export interface ShapedArray {
  readonly data: TypedArray;
  readonly shape: Shape;
}

/** One array, batch axis first. */
export type ArrayInput = Tensor | ShapedArray | NestedArray;

/** The input of a model with one input, or a list in the model's order, or a record by input name. */
export type ModelInput = ArrayInput | readonly ArrayInput[] | { readonly [name: string]: ArrayInput };

/** Arguments of the model besides its inputs: arrays with one row per sample, or a number for all. */
export type ForwardKwargs = { readonly [name: string]: ArrayInput };

/** A baseline described rather than given; see `baseline-kinds.ts`. `count` baselines are averaged. */
export type BaselineKind =
  | { readonly kind: 'zeros' }
  | { readonly kind: 'constant'; readonly value: number }
  | {
      readonly kind: 'noise';
      readonly distribution?: 'uniform' | 'gaussian';
      /** Uniform noise lies in [low, high); 0 and 1 by default. */
      readonly low?: number;
      readonly high?: number;
      /** Gaussian noise; 0 and 1 by default. */
      readonly mean?: number;
      readonly std?: number;
      readonly count?: number;
      readonly seed?: number;
    }
  | { readonly kind: 'max'; readonly low?: number; readonly high?: number }
  | { readonly kind: 'dataset'; readonly data: ArrayInput; readonly count?: number; readonly seed?: number }
  | { readonly kind: 'pad'; readonly id?: number; readonly keep?: readonly number[] }
  /** What a function of one's own gives for draw 0 to `count - 1`, in the shape of `x`. */
  | { readonly kind: 'drawn'; readonly draw: (index: number, x: Tensor) => Tensor; readonly count?: number };

/** The baseline of one input: zeros when left out, a number for every element, `[N, ...]` or one row `[1, ...]`. */
export type Baseline = null | undefined | number | ArrayInput | BaselineKind;

/** Baselines in the space of the attributed layer: what alibi lacks. One value per tensor of the layer, or one for all. */
export interface LayerBaseline {
  readonly space: 'layer';
  readonly value: number | ArrayInput | readonly (number | ArrayInput)[];
}

/** One per input: a list in the model's order or a record by name; or one for the only input (a number or kind: for all). */
export type Baselines = Baseline | LayerBaseline | readonly Baseline[] | { readonly [name: string]: Baseline };

/**
 * Which output to explain. `[N, K]` outputs: a class per sample, or one for all. `[N]` and `[N, 1]` outputs: the label
 * 0 or 1 (0 explains `1 - p`). Higher ranks: one tuple of indices per sample.
 */
export type TargetValue = number | readonly number[] | readonly (readonly number[])[] | TypedArray | Tensor;

/** Chooses targets from the model's predictions `[N, ...]`: one per sample. */
export type TargetFunction = (predictions: Tensor) => Exclude<TargetValue, number>;

/**
 * The entry of the output that is explained: one for all samples, one per sample, or a function of the predictions. Left out: the
 * predicted class.
 */
export type Target = TargetValue | TargetFunction;

/**
 * Several targets, each explained for every sample: all classes, the listed ones (tuples of indices for outputs of several axes), or each
 * sample's `top` classes, the highest score first.
 */
export type TargetSet =
  | 'all'
  | { readonly classes: readonly (number | readonly number[])[] }
  | { readonly top: number };

/** A layer by index (negative from the end), name, path, as `model.layers` has it, or chosen by a function. */
export type LayerSelector<M> =
  | number
  | string
  | LayerInfo
  | ((model: M) => LayerInfo | string | number)
  /** One use of a layer that the model calls several times, counted from 0; the last one otherwise. */
  | { readonly layer: number | string | LayerInfo; readonly call: number };

/** How far an explanation is: rows done of rows in all. */
export interface Progress {
  /** Rows that went through the model, and how many will. Under `nSteps: 'auto'` the total grows as points are added. */
  readonly done: number;
  readonly total: number;
}

/** What every method's `explain` takes beside the inputs: target, baselines, batches, masks, progress, and a signal that ends it. */
export interface ExplainOptions {
  readonly forwardKwargs?: ForwardKwargs | null;
  readonly baselines?: Baselines;
  readonly target?: Target | null;
  /** With a layer: attribute to what goes into it instead of what comes out. */
  readonly attributeToLayerInputs?: boolean;
  readonly onProgress?: (progress: Progress) => void;
  /** Aborting makes `explain` throw the signal's reason before the next chunk. */
  readonly signal?: PlatformAbortSignal;
}
