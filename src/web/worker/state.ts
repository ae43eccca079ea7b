/** What the worker holds: the model, its vocabulary, one explainer, and the last explanation for exports. */
import type { Explainer } from '../../attribution/frame/explainer.ts';
import type { Explanation } from '../../attribution/index.ts';
import type { GpuBackend } from '../../gpu.ts';
import type { Vocabulary } from '../../inputs/index.ts';
import type { Found } from '../../open/contents.ts';
import type { AnyModel } from '../../open/model.ts';
import type { ShownPieces, Unit } from '../../open/pieces.ts';
import type { SamplePart } from '../../open/sample.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { EncodedTexts } from '../../transformers/index.ts';
import type { InputKind, ModelInfo, PixelRange, Pixels, Place, ResultView } from '../protocol/index.ts';

/** An explanation of any method. */
export type AnyExplanation = Explanation<Tensor | null>;

/** A vocabulary, and which end of a text that is too long is cut off. */
export interface Words {
  readonly vocabulary: Vocabulary;
  readonly truncating: 'pre' | 'post';
}

/** An input ready for the model, and how its attributions are shown. */
export interface Sample {
  readonly kind: InputKind;
  readonly title: string;
  /** One per input of the model, with a batch axis of 1. */
  readonly inputs: readonly Tensor[];
  /** What each of them is, of numbers and fields; of other kinds none. */
  readonly parts: readonly SamplePart[];
  readonly notices: readonly string[];
  /** Extra arguments of the model. */
  readonly kwargs?: Readonly<Record<string, Tensor>>;
  /** The text that it is compared with, of models that say how alike two are. */
  readonly other?: string;
  /** Of a transformer with words, each the sum of its pieces. */
  readonly text?: {
    readonly tokens: readonly string[];
    readonly padding: readonly boolean[];
    /** Where each token stands in what was typed; null for those that nobody typed. */
    readonly places: readonly (Place | null)[];
  } & Partial<ShownPieces>;
  /** What the tokenizer gave. */
  readonly encoded?: EncodedTexts;
  readonly image?: {
    readonly pixels: Pixels;
    readonly range: PixelRange;
    /** Puts a row of the model's input into height x width x channels. */
    readonly arrange: (row: ArrayLike<number>) => Float64Array;
  };
}

/** The explanation that is shown, for the files that are made of it. */
export interface Shown {
  readonly explanation: AnyExplanation;
  readonly sample: Sample;
  readonly view: ResultView;
  readonly tokens: readonly string[] | null;
  readonly scores: readonly number[] | null;
  /** What is shown of a text, word by word. */
  readonly units: readonly Unit[] | null;
  /** What was found of numbers and fields, input by input; null for the rest. */
  readonly found: Found | null;
  /** Pairs of features, all of them. */
  readonly pairs: { readonly names: readonly string[]; readonly values: readonly number[] } | null;
  /** Height x width x channels, or x 1 where a number stands for all channels. */
  readonly attribution: { readonly data: Float64Array; readonly shape: readonly number[] } | null;
  /** What it is an explanation of; the model itself is not kept. */
  readonly of: { readonly name: string; readonly file: string; readonly summary: string };
}

export interface State {
  model: AnyModel | null;
  /** The model as its file has it, where it was fine-tuned since. */
  original: AnyModel | null;
  /** The model as it was described to the page. */
  info: ModelInfo | null;
  words: Words | null;
  /** Kept while its settings stay the same, so that its compiled plans are. */
  explainer: {
    readonly key: string;
    readonly method: Explainer<AnyModel, Tensor | null>;
    readonly backend: string;
  } | null;
  shown: Shown | null;
  /** The one before it: what the page shows may be one behind. */
  before: Shown | null;
  /** The explanation that others are shown beside. */
  pinned: Shown | null;
  /** What holds memory on a GPU. */
  gpu: GpuBackend | null;
}
