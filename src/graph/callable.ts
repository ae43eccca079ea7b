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
  /** What the call was given beside its tensors, in the format's words. */
  readonly args?: unknown;
}

/** A tensor and the mask that it carries. */
export interface MaskedTensor {
  readonly tensor: Tensor;
  readonly mask: Tensor | null;
}

/** A call of a layer in training, as its format makes it. */
export interface LayerUse {
  /** The format's own object of the layer. */
  readonly layer: LayerInfo;
  readonly inputs: readonly Tensor[];
  readonly weights: { readonly [name: string]: Tensor };
  readonly masks: readonly (Tensor | null)[];
  /** What the call was given beside its tensors, in the format's words. */
  readonly args?: unknown;
}

/** What a layer asks of the training step that it is applied in. */
export interface TrainingContext {
  /** Uniform numbers in [0, 1); another stream at every call, all of them from the seed of the step. */
  uniform(shape: readonly number[]): Tensor;
  /** `x` with elements made zero, each with probability `rate` (below 1), and the others divided by `1 - rate`; likewise. */
  dropout(x: Tensor, rate: number): Tensor;
  /** Standard normal numbers, likewise. */
  normal(shape: readonly number[]): Tensor;
  /** What a weight that is not trained by gradients (a moving statistic) becomes after the step. `weight` is the layer's own tensor. */
  update(weight: Tensor, next: Tensor): void;
  /** What a weight, trained or not, is set to before it is read: the step goes on from there, and its gradient is that of what is set. */
  assign(weight: Tensor, next: Tensor): void;
  /** What `assign` was last given for a weight, or the weight itself. */
  assigned(weight: Tensor): Tensor;
  /** What `update` was last given for a weight, or the weight itself: a layer that is used twice moves its statistics twice. */
  current(weight: Tensor): Tensor;
  /** A scalar that is added to the loss: activity regularizers. */
  loss(extra: Tensor): void;
  /**
   * The outputs of a layer's call. What layers do in training comes with the context, so that whoever only explains carries none of it.
   * @param call makes the graph of the call, as at inference unless the format's arguments `more` say otherwise
   * @throws PathgradError naming a layer that behaves otherwise in training, in a way that is not implemented
   */
  layer(use: LayerUse, call: (more?: object) => Tensor | readonly Tensor[]): Tensor | readonly Tensor[];
  /** A layer that calls another one on each of its steps, where that matters in training; null for the usual way. */
  wrapper?(
    layer: LayerInfo,
    values: readonly MaskedTensor[],
    call: (values: readonly MaskedTensor[]) => readonly MaskedTensor[],
  ): readonly MaskedTensor[] | null;
}

/** Hooks may return other tensors of the same shapes to go on with, or null to leave things as they are. */
export interface ApplyOptions {
  /** Applied as in training: dropout drops, batch normalization uses the statistics of the batch. Left out for inference. */
  readonly training?: TrainingContext;
  /** Extra arguments of the model, by name. */
  readonly kwargs?: Readonly<Record<string, Tensor>>;
  readonly onInputs?: (call: Omit<LayerCall, 'outputs'>) => readonly Tensor[] | null;
  readonly onOutputs?: (call: LayerCall) => readonly Tensor[] | null;
  /**
   * Paths of the layers that the hooks want to see; all of them if left out. A model need not tell of others, nor compute what of them reaches
   * no output.
   */
  readonly watched?: readonly string[];
  /** Told of the mask that each output of the model carries, or null: losses leave out what it hides. */
  readonly onMasks?: (masks: readonly (Tensor | null)[]) => void;
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
