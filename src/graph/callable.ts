/**
 * What a model must offer to be explained: apply itself to graph tensors, and let a caller look at and replace what goes
 * into and comes out of its layers. The Keras models of `src/keras` offer it; so may anything else.
 */
import type { DType, FloatDType } from '../tensor/dtype.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** An input of a model: its name, shape (null is any size; the batch axis first) and dtype. */
export interface InputInfo {
  readonly name: string;
  /** With the batch axis first; null is any size. */
  readonly shape: readonly (number | null)[];
  readonly dtype: DType;
}

/** A layer as a model lists it: name, path from the model, and class. */
export interface LayerInfo {
  readonly name: string;
  /** Unique within the model: the names of the models around it and its own, joined by `/`. */
  readonly path: string;
  readonly className: string;
}

/** One use of a layer while a model is applied; a shared layer has several, counted by `index`. */
export interface LayerCall {
  readonly layer: LayerInfo;
  readonly index: number;
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
}

/** Hooks may return other tensors of the same shapes to go on with, or null to leave things as they are. */
export interface ApplyOptions {
  /** Extra arguments of the model, by name. */
  readonly kwargs?: Readonly<Record<string, Tensor>>;
  readonly onInputs?: (call: Omit<LayerCall, 'outputs'>) => readonly Tensor[] | null;
  readonly onOutputs?: (call: LayerCall) => readonly Tensor[] | null;
}

/** Inputs without the positions that cannot change a result, and where the others were. */
export interface Pruned {
  readonly inputs: readonly Tensor[];
  readonly kwargs: Readonly<Record<string, Tensor>>;
  /** Size of axis 1 before, and after. */
  readonly positions: number;
  readonly length: number;
  /** Which positions stay, rising: `length` for each row in turn. */
  readonly kept: Int32Array;
}

/** One array of a model's weights. */
export interface ModelWeight {
  /** The path of its layer, or of a part of it. */
  readonly layer: string;
  /** As Keras names it: `kernel`, `bias`, `gamma`. */
  readonly name: string;
  readonly tensor: Tensor;
  /** False for statistics, such as moving means. */
  readonly trainable: boolean;
}

/** Other numbers for a weight, as many as it has, or null to keep it. */
export type WeightChange = (weight: ModelWeight) => ArrayLike<number> | null;

/**
 * What explainers need of a model: inputs, layers, and a function of tensors with hooks at its layers. `Model` and
 * `TransformerModel` are such; your own can be.
 */
export interface CallableModel {
  readonly name: string;
  readonly inputs: readonly InputInfo[];
  /** What `apply` returns, in order; without them outputs are chosen by number only. */
  readonly outputs?: readonly { readonly name: string }[];
  /** The one score is a number, as of a regression or a similarity, and says nothing of two labels: a target 0 would be no `1 - p`. */
  readonly scoreOnly?: boolean;
  /** The top-level layers in the order of the model's config (for lookup by index). */
  readonly layers: readonly LayerInfo[];
  /** The float type that the model computes in. */
  readonly dtype: FloatDType;
  /** The graph of the model on `inputs` (one tensor per entry of `this.inputs`, batch axis first). */
  apply(inputs: readonly Tensor[], options?: ApplyOptions): readonly Tensor[];
  /** Checks values that `apply` cannot see: token ids that an embedding lacks. Throws an error that names input or layer. */
  checkInputs?(inputs: readonly Tensor[]): Promise<void>;
  /**
   * Leaves out positions (axis 1 of every input and of every kwarg with rows) that a mask hides, where that changes no result; null
   * where nothing can go. The values of inputs and kwargs are known. Throws for kwargs that make no sense.
   */
  prune?(inputs: readonly Tensor[], kwargs: Readonly<Record<string, Tensor>>): Pruned | null;
  /** A model that is the same but for the weights that `change` gives other numbers; it is asked once for each. The model stays as it is. */
  withWeights?(change: WeightChange): Promise<CallableModel>;
  /** The layer by index in `layers` (negative from the end), name or path; an error with the nearest names otherwise. */
  getLayer(selector: string | number): LayerInfo;
}
