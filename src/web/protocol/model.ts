/** A model: the files that it is made of, and how the worker describes it. */
import type { InputKind, PixelRange } from './input.ts';
import type { BaselineName } from './settings.ts';

/** What lies beside the weights in a folder of transformers; `vocab` where there is no `tokenizer`. */
export interface TransformerParts {
  readonly config: Blob;
  readonly tokenizer?: Blob;
  readonly vocab?: Blob;
  readonly tokenizerConfig?: Blob;
  /** Of sentence-transformers: its modules, what lies in their folders, how texts are cut and what is put before them. */
  readonly modules?: Blob;
  readonly moduleFiles?: Readonly<Record<string, Blob>>;
  readonly sentenceConfig?: Blob;
  readonly promptConfig?: Blob;
  /** All files of weights that are cut into several. */
  readonly shards?: readonly Blob[];
}

export interface OutputInfo {
  readonly name: string;
  /** Number of classes; 1 for a single score; null where they are words of the text or of a vocabulary. */
  readonly classes: number | null;
  /** The one score is a number, of which there is no 1 − p: a regression, a similarity. */
  readonly number?: boolean;
}

/** A layer as the page lists it. */
export interface LayerView {
  readonly path: string;
  readonly className: string;
  /** How many layers it is inside of. */
  readonly depth: number;
  /** `[?, 28, 28]`; empty where it is not known. */
  readonly shape: string;
}

/** One of the inputs that the model's file states, as fields to fill in. */
export interface FieldInfo {
  readonly name: string;
  readonly takes: 'text' | 'category' | 'numbers';
  /** Values that it takes; null for any number. */
  readonly width: number | null;
  /** Of categories those that the model knows, where they are few. */
  readonly options: readonly string[] | null;
}

/** Which layers' results a layer takes, of those that lie beside it. */
export interface LayerEdges {
  readonly path: string;
  readonly from: readonly string[];
}

export interface ModelInfo {
  readonly name: string;
  readonly file: string;
  readonly summary: string;
  /** The layers, each before those inside it. */
  readonly layers: readonly LayerView[];
  /** `tokens: 100`, `28 × 28 × 1`. */
  readonly takes: string;
  /** What a text becomes: words of a vocabulary to be given, words that the model looks up itself, pieces of its tokenizer; null where it takes no text. */
  readonly tokens: 'words' | 'own' | 'pieces' | null;
  /** Whether the model judges words, one of which is chosen. */
  readonly places: boolean;
  /** Whether two texts may be read together, or must be. */
  readonly second: 'never' | 'may' | 'must';
  /** Baselines of a transformer and what stands in them; null: those that suit the kind of input. */
  readonly baselines: readonly (readonly [BaselineName, string])[] | null;
  /** Names of the classes where the model states them, else none. */
  readonly labels: readonly string[];
  /** The inputs where there are several; none where the one is given as `kinds` say. */
  readonly fields: readonly FieldInfo[];
  /** Whether numbers are normalized by a mean of the model's own, which is then the usual baseline. */
  readonly normal: boolean;
  /** Whether sounds fit. */
  readonly sounds: boolean;
  /** Ways to give the input, the likeliest first. */
  readonly kinds: readonly InputKind[];
  readonly outputs: readonly OutputInfo[];
  /** Size of the model's pictures where it is fixed. */
  readonly picture: { readonly height: number | null; readonly width: number | null; readonly channels: number | null };
  readonly range: PixelRange;
}
