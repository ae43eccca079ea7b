/** What a file of any format must be brought to, to be a `Model`. */
import type { Backend } from '../backends/backend.ts';
import type { ApplyOptions, InputInfo, WeightChange } from '../graph/callable.ts';
import type { FloatDType } from '../tensor/dtype.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Fed, Feedable } from './inputs.ts';
import type { Layer, SymbolicShape } from './layer.ts';
import type { Model } from './model.ts';
import type { ReferenceSource } from './verify/reference.ts';
import type { VerifyOptions, VerifyReport } from './verify/verify.ts';

/** What a layer knows that looks up texts or whole numbers before the graph: words by id, and how a text becomes words. */
export interface Lookup {
  /** The layer. */
  readonly layer: string;
  /** What each id stands for, from 0; a mask is '' and an unknown word '[UNK]' or its like. Empty for hashes, which know no words. */
  readonly tokens: readonly (string | number)[];
  /** The first id of a word that is known; ids from `unknown[0]` to below `unknown[1]` stand for words that are not. */
  readonly unknown: readonly [from: number, to: number];
  /** What comes out: an id per word, or a number per entry of the vocabulary. */
  readonly mode: 'int' | 'one_hot' | 'multi_hot' | 'count' | 'tf_idf';
  /** Cuts a text into what is looked up, one per id; null where the whole text is looked up. */
  readonly split: ((text: string) => readonly string[]) | null;
}

/** Where an entry of `Model.inputs` comes from. */
export interface InputSource {
  /** The entries of `Model.rawInputs` that it is made from, by name. */
  readonly raw: readonly string[];
  /** How they are looked up; null where the input is fed as it is, or by several lookups one after another. */
  readonly lookup: Lookup | null;
}

/** An input as the file's model takes it. */
export interface RawInput {
  readonly name: string;
  /** Null for an input whose shape the file does not say. */
  readonly shape: SymbolicShape | null;
  readonly dtype: 'string' | InputInfo['dtype'];
}

export interface ModelDefinition<L extends Layer = Layer> {
  readonly name: string;
  /** What errors call the model: its file. */
  readonly file: string;
  readonly dtype: FloatDType;
  readonly backend?: Backend;
  readonly layers: readonly L[];
  /** What `run` takes, batch axis first. */
  readonly inputs: readonly InputInfo[];
  /** Whether the file states the shapes of the inputs; else the first application does. */
  readonly hasInputShape: boolean;
  readonly outputNames: readonly string[];
  /** Whether `predict` gives its outputs by name. */
  readonly outputsByName: boolean;
  /** What whoever uses the model should know of how it is computed, e.g. that gradients pass straight through a rounding. */
  readonly notices?: readonly string[];
  /** Rows at a time that `run` takes; null for any number. */
  readonly fixedRows?: number | null;
  /** How many rows of inputs of these shapes are computed at a time, where no more than `most` are asked for; `most` where it is left out. */
  readonly atOnce?: (shapes: readonly (readonly number[])[], most: number) => number;
  /** The graph on `inputs`: one tensor per output. Options are as for `apply`; arguments that the model does not take are errors. */
  readonly run: (inputs: readonly Tensor[], options: ApplyOptions) => readonly Tensor[];
  /** Whether `run` heeds `training` of its options. */
  readonly trains?: boolean;
  /** Inputs that are looked up before the graph, and how. */
  readonly raw?: {
    readonly inputs: readonly RawInput[];
    /** One per entry of `inputs` of the definition. */
    readonly sources: readonly InputSource[];
    readonly read: (x: Feedable) => Fed[];
  } | null;
  /** What feeds a layer, for the summary; left out where layers follow one another. */
  sourcesOf?(layer: L): string;
  /** The definition with other weights; layers whose path is `frozen` are left alone by training, where the format has it. */
  readonly withWeights: (change: WeightChange, frozen?: (path: string) => boolean) => Promise<ModelDefinition<L>>;
  /** Reads the JSON of the reference that lies inside the model's file; null if there is none. Not before it is asked for. */
  readonly reference?: () => Promise<string | null>;
  /** What the model was read as, for whoever writes it again: of its format's own making. */
  readonly origin?: object;
  verify(model: Model, source: ReferenceSource, options: VerifyOptions): Promise<VerifyReport>;
}
