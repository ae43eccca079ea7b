/**
 * What an importer says of a model, whatever its format: `new Model(definition)` makes the rest of it. Invariant: nothing here knows a format; what is
 * particular to one (masks, lookups of texts, where weights lie) is behind these functions.
 */
import type { Backend } from '../backends/backend.ts';
import type { ApplyOptions, InputInfo, LayerInfo, WeightChange } from '../graph/callable.ts';
import type { FloatDType } from '../tensor/dtype.ts';
import type { Shape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Fed, Feedable } from './inputs.ts';

/** Sizes with null for what the input decides; the batch axis comes first and is null. */
export type SymbolicShape = readonly (number | null)[];

/** One array of a layer's weights, a constant of the graph. */
export interface LayerWeight {
  readonly name: string;
  readonly shape: Shape;
  readonly tensor: Tensor;
  /** False for statistics, such as moving means. */
  readonly trainable: boolean;
}

/** A layer of a loaded model, or a node of its graph. `makeLayer` makes a plain one. */
export interface ModelLayer extends LayerInfo {
  /** What the file says of it. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly trainable: boolean;
  /** What errors call it: file, path and class. */
  readonly subject: string;
  /** The layers inside: of an inner model or a wrapper. */
  readonly layers: readonly ModelLayer[];
  /** Its own weights, not those of the layers inside; empty until the input shape is known. */
  readonly weights: readonly LayerWeight[];
  /** How many ids it can look up, if its first input is ids: others are refused before anything is computed. */
  readonly vocabulary?: number | undefined;
  /** Shapes at the first call, one per tensor; empty until the model's input shape is known. `Model` fills them in. */
  inputShapes: readonly SymbolicShape[];
  outputShapes: readonly SymbolicShape[];
  readonly inputShape: SymbolicShape | null;
  readonly outputShape: SymbolicShape | null;
}

/** An input as `predict` takes it. */
export interface RawInput {
  readonly name: string;
  /** Null for an input whose shape the file does not say. */
  readonly shape: SymbolicShape | null;
  readonly dtype: 'string' | InputInfo['dtype'];
}

export interface ModelDefinition {
  readonly name: string;
  /** What errors call the model: its file. */
  readonly file: string;
  /** The float type that the model computes in. */
  readonly dtype: FloatDType;
  /** Runs the plans of `predict`; the plain reference where there is none. */
  readonly backend?: Backend | undefined;
  /**
   * What `run` takes. The batch axis is first, and null; a graph that works for one batch size only gives that. A float input has the model's
   * own dtype.
   */
  readonly inputs: readonly InputInfo[];
  /** False where `inputs` say nothing of shapes: the first input given to the model decides them. True by default. */
  readonly hasInputShape?: boolean;
  /** Names of the outputs; their shapes are found by applying the model. */
  readonly outputs: readonly string[];
  /** Whether `predict` returns several outputs by name rather than as a list. */
  readonly byName?: boolean;
  /** At the top level, in the file's order. */
  readonly layers: readonly ModelLayer[];
  /**
   * Builds the graph on `inputs`, one per entry of `this.inputs`; shapes and types are checked before. It calls `onInputs` and `onOutputs` of the
   * hooks at every call of every layer, with `index` counting the calls of one layer, and goes on with the tensors that they return; it refuses
   * `kwargs` that it does not know.
   * @returns one tensor per entry of `outputs`
   */
  readonly run: (inputs: readonly Tensor[], hooks: ApplyOptions) => readonly Tensor[];
  /** What comes before the graph, where `predict` takes other things than `run`: texts and ids that are looked up. */
  readonly before?: { readonly inputs: readonly RawInput[]; readonly read: (x: Feedable) => Fed[] } | null | undefined;
  /** What feeds a layer, for the table of `summary`; without it the table has no such column. */
  readonly sources?: ((layer: ModelLayer) => string) | undefined;
  /** JSON of the reference that lies inside the model's file; null if there is none. Not read before it is asked for. */
  readonly reference?: (() => Promise<string | null>) | undefined;
  /** The same model with the weights that `change` gives; layers and weights of this one stay as they are. See `Model.withWeights`. */
  readonly withWeights?: (change: WeightChange) => Promise<ModelDefinition>;
}
