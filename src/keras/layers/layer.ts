/**
 * What a layer class is: a thin map from a config to ops. `create` reads every option that matters (and refuses those it does
 * not know), `weights` says which arrays the layer needs, `call` makes the graph. Weights arrive in Keras's layout.
 * Masks are bool tensors `[batch, time]` that travel beside the values, as `_keras_mask` does in Keras 3.
 */
import type { LoadAccelerator } from '../../backends/wasm/accelerators.ts';
import type { RecurrentOptions } from '../../ops/rnn.ts';
import type { Shape } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { Dialect, Json } from '../config/spec.ts';
import type { StoredArray } from '../weights/store.ts';
import type { Options } from './options.ts';
import type { CellWeights, RecurrentRecipe } from './recurrent/cell.ts';

export type Mask = Tensor | null;

/** The tensors of a layer by the names of its weight rules. */
export type Weights = { readonly [name: string]: Tensor };

export interface WeightRule {
  readonly name: string;
  readonly shape: Shape;
  /** Brings a layout that some Keras stored to the one above; called before the shape is checked. */
  readonly convert?: (stored: Tensor) => Tensor;
  /** False for statistics, which Keras does not train. */
  readonly trainable?: false;
}

/** `f(y, kernel)`, or that of each gate side by side. */
export type Gated = (f: (y: Tensor, kernel: Tensor) => Tensor, y: Tensor, kernel: Tensor) => Tensor;

/** What a training step does inside of layers' calls. */
export interface Drops {
  /** Each unit is kept with probability `1 - rate` and scaled to the same mean. */
  units(x: Tensor, rate: number): Tensor;
  /** All steps of a recurrent cell that drops inputs or states: `[batch, time, states * units]`. */
  scan(cell: RecurrentRecipe, x: Tensor, weights: CellWeights, options: RecurrentOptions): Tensor;
  /**
   * A linear function of what is dropped and of a kernel whose last axis has `count` gates: each gate sees it through a mask of its own, the same for
   * all `times` that the samples of `like` are repeated.
   */
  gated(rate: number, like: Tensor, count: number, times: number): Gated;
}

/** What a call was given beyond its tensors, and which of the tensors belong to which parameter. */
export interface CallArguments {
  /** Indices into the tensors of the call; the first parameter is `inputs`. */
  readonly tensors: ReadonlyMap<string, readonly number[]>;
  /** Arguments that hold no tensor, by parameter; None counts as not given. */
  readonly constants: ReadonlyMap<string, Json>;
  /** The mask is an argument of the call, not one that its first tensor carries. */
  readonly maskGiven?: boolean;
  /** The masks that the tensors carry, where the layer hands those on and not the ones that it was given. */
  readonly carried?: readonly Mask[];
  /** Given in training to layers that drop in the middle of their call. */
  readonly drops?: Drops;
}

/** A layer with its options read. */
export interface LayerRun {
  /** How many axes the input must have, where only one number works. */
  readonly rank?: number;
  /** The layer takes a list of inputs (the merge layers); by default exactly one. */
  readonly many?: true;
  /**
   * Names of the call's arguments after the first, in Python's order (`initial_state`, `value`). Their tensors follow those of
   * the first; `mask` and `training` may stand among them for their position, and are treated as for all layers.
   */
  readonly parameters?: readonly string[];
  /** Python's name of the first argument, for layers that may be called with it by name. */
  readonly first?: string;
  /** Integer and bool inputs stay what they are; by default they become the model's float type, as Keras casts them. */
  readonly anyDType?: true;
  /** At least this many ids are valid: the layer looks its input up in a table of that size. */
  readonly vocabulary?: number;
  /** Whether a call with this input and output looks ids up; by default all do. */
  readonly looksUp?: (input: Tensor, output: Tensor) => boolean;
  /**
   * The layer draws random numbers or uses statistics of the batch in training: `src/keras/training` says how, or, with `'drops'`, its own call
   * does by what it is given.
   */
  readonly trainingMatters?: true | 'drops';
  /** In Keras's order. `stored` is what the file has, for layers whose weights depend on how they were set up. */
  readonly weights?: (
    inputs: readonly Shape[],
    stored: readonly StoredArray[],
    args?: CallArguments,
  ) => readonly WeightRule[];
  /** Takes the masks off the tensors it was called with, for whatever runs later: MultiHeadAttention of Keras 3.8 and newer. */
  readonly dropsMasks?: boolean;
  /** A list where the layer has several outputs. */
  readonly call: (
    xs: readonly Tensor[],
    weights: Weights,
    masks: readonly Mask[],
    args: CallArguments,
  ) => Tensor | readonly Tensor[];
  /** Kernels that the layer runs faster with on wasm: `loadModel` waits for them. */
  readonly accelerator?: LoadAccelerator | readonly LoadAccelerator[];
  /** The mask of each output (of the first, if one is returned); by default none: most layers change what an element stands for. */
  readonly mask?: (xs: readonly Tensor[], masks: readonly Mask[], args: CallArguments) => Mask | readonly Mask[];
}

export interface LayerClass {
  /** Keras class names. */
  readonly classes: readonly string[];
  readonly create: (options: Options) => LayerRun;
}

// @__NO_SIDE_EFFECTS__
export function defineLayer(definition: LayerClass): LayerClass {
  return definition;
}

/** Whether Keras 3 before 3.`minor` wrote the file; one that names no version counts as newest. */
export function keras3Before({ major, version }: Dialect, minor: number): boolean {
  return major === 3 && Number(version?.split('.')[1] ?? minor) < minor;
}

/** The mask rule of layers that keep each time step in its place. */
export const passMask = (_: readonly Tensor[], masks: readonly Mask[]): Mask => masks[0] ?? null;

/** A run that returns its input: what dropout and noise are at inference. */
export const identityRun: LayerRun = { call: ([x]) => x!, mask: passMask, anyDType: true };
