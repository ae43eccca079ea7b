/**
 * What the page and its engine worker say to each other. The page sends requests, each with a number; the worker answers
 * each exactly once, and may report progress before. All values are plain data that `postMessage` can copy.
 */
import type { Completeness, Entropy } from '../attribution/index.ts';
import type { QuadratureMethod } from '../quadrature/index.ts';

/** How an input is given: words, pixels, or bare numbers. */
export type InputKind = 'text' | 'image' | 'numbers';

/** A picture as the model gets it: row-major, channels last, 0 (black) to 1. */
export interface Pixels {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly data: Float64Array;
}

export type InputData =
  | { readonly kind: 'text'; readonly text: string; readonly second?: string }
  | { readonly kind: 'image'; readonly pixels: Pixels; readonly range: PixelRange; readonly title: string }
  | {
      readonly kind: 'numbers';
      readonly text: string;
      /** What the numbers are called, one name each. */
      readonly features?: readonly string[];
    };

/** An input of many: a picture may still be a file. */
export type SampleInput =
  | InputData
  | {
      readonly kind: 'file';
      readonly file: File;
      readonly name: string;
      readonly invert: boolean;
      readonly range: PixelRange;
    };

/** One of several samples. */
export interface SampleRow {
  readonly input: SampleInput;
  /** Of a file of its own. */
  readonly name: string | null;
  /** The right answer as the file has it. */
  readonly wanted: string | null;
}

/** What the model says of a sample; `index` is null where it gives a single score. */
export type Predicted = { readonly index: number | null; readonly score: number } | { readonly failed: string };

/** What black and white are to the model. */
export type PixelRange = readonly [black: number, white: number];

export type BaselineName = 'pad' | 'mask' | 'zeros' | 'white' | 'grey' | 'noise' | 'max' | 'layer';

export interface Settings {
  /** The name of the method. */
  readonly explainer: string;
  /** Of a model that judges words: the position that is judged; null: the one that is usual. */
  readonly place: number | null;
  /** The path of the layer that the method asks for; null where it asks for none or is left to choose. */
  readonly layer: string | null;
  /** A class, or null: the predicted one; for a single score the score itself. */
  readonly target: number | null;
  readonly baseline: BaselineName;
  /** Of integrated gradients alone. */
  readonly method: QuadratureMethod;
  readonly steps: number | 'auto';
  /** `wasm`, `reference` or `gpu:` and a mode. */
  readonly backend: string;
  readonly output: number;
  readonly softmax: boolean;
  /** Names of the classes; empty for numbers. */
  readonly labels: readonly string[];
}

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

/** What can be asked, and what comes back. */
export interface Calls {
  start: { readonly request: Record<never, never>; readonly reply: Capabilities };
  /** All methods, whose code is fetched for it. */
  methods: { readonly request: Record<never, never>; readonly reply: readonly MethodInfo[] };
  /** A model of any format, or the weights of a transformer with the files beside them. */
  load: {
    readonly request: {
      readonly file: Blob;
      readonly name: string;
      readonly beside?: TransformerParts;
      /** What a model of several files has beside its first. */
      readonly parts?: readonly { readonly file: Blob; readonly name: string }[];
    };
    readonly reply: ModelInfo;
  };
  vocabulary: {
    /** `truncating` says which end of a long text is cut off; 'pre' by default, as in Keras. */
    readonly request: { readonly file: Blob; readonly name: string; readonly truncating?: 'pre' | 'post' };
    readonly reply: { readonly name: string; readonly size: number };
  };
  picture: {
    readonly request: { readonly file: Blob; readonly name: string; readonly invert: boolean };
    readonly reply: { readonly pixels: Pixels; readonly notices: readonly string[] };
  };
  /** Samples from a file of rows. `label` is the column of the right answers, null for none; left out, it is found by its name. */
  rows: {
    readonly request: { readonly file: File; readonly name: string; readonly label?: string | null };
    readonly reply: {
      readonly rows: readonly SampleRow[];
      readonly columns: readonly string[];
      readonly label: string | null;
      /** What the numbers of a row are called. */
      readonly features: readonly string[] | null;
      readonly notices: readonly string[];
    };
  };
  /** What the model says of some samples, one answer each. */
  predict: {
    readonly request: {
      readonly inputs: readonly SampleInput[];
      readonly output: number;
      readonly softmax: boolean;
    };
    readonly reply: readonly Predicted[];
  };
  explain: { readonly request: { readonly input: InputData; readonly settings: Settings }; readonly reply: Explained };
  /** Keeps an explanation: those that come are shown beside it, on one scale. Answers with what is shown now. */
  pin: { readonly request: { readonly id: number }; readonly reply: Explained };
  /** Lets it go; null where nothing is shown. */
  unpin: { readonly request: Record<never, never>; readonly reply: Explained | null };
  export: {
    readonly request: { readonly format: ExportFormat };
    readonly reply: { readonly name: string; readonly file: Blob };
  };
}

export type ExportFormat = 'html' | 'png' | 'json';

export type CallName = keyof Calls;
export type RequestOf<K extends CallName> = Calls[K]['request'];
export type ReplyOf<K extends CallName> = Calls[K]['reply'];

/** Page to worker. `cancel` has no answer of its own: the explanation that runs is answered with its kind. */
export type ToWorker =
  | { readonly [K in CallName]: { readonly id: number; readonly call: K; readonly request: RequestOf<K> } }[CallName]
  | { readonly call: 'cancel'; readonly kind: 'cancelled' | 'superseded' };

/** Why a call has no result: an error to show, or a newer request or a click that ended it. */
export interface CallError {
  readonly kind: 'failure' | 'cancelled' | 'superseded';
  readonly message: string;
}

/** Worker to page; `ready` once, when it listens. */
export type ToPage =
  | { readonly ready: true }
  | { readonly id: number; readonly progress: { readonly done: number; readonly total: number } }
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: CallError };

/** A method as the page lists it. */
export interface MethodInfo {
  readonly name: string;
  /** What its numbers mean, in a line. */
  readonly says: string;
  /** What they add up to; null where they need not add up. */
  readonly sum: string | null;
  /** Whether it compares with a baseline. */
  readonly baselines: boolean;
  /** Whether its numbers are those of a layer that must be named, or it looks at one that can be. */
  readonly layer: 'named' | 'chosen' | null;
}

/** What this browser offers the engine. */
export interface Capabilities {
  /** The method that is used unless another is chosen. */
  readonly usual: MethodInfo;
  readonly simd: boolean;
  /** Threads that the wasm backend may use. */
  readonly threads: number;
  /** Why a backend cannot be chosen here; backends that can are not in it. */
  readonly missing: { readonly [backend: string]: string };
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
  /** Ways to give the input, the likeliest first. */
  readonly kinds: readonly InputKind[];
  readonly outputs: readonly OutputInfo[];
  /** Size of the model's pictures where it is fixed. */
  readonly picture: { readonly height: number | null; readonly width: number | null; readonly channels: number | null };
  readonly range: PixelRange;
}

/** A piece of the first text (0) or the second (1): UTF-16 indices. */
export interface Place {
  readonly part: 0 | 1;
  readonly start: number;
  readonly end: number;
}

/** Colours of a token: background and text, on light and on dark pages. */
export interface Mark {
  readonly token: string;
  readonly score: number;
  readonly strength: number;
  /** Whether it stands at what is before it, without a space. */
  readonly joined: boolean;
  /** The pieces that a word was read as, with their scores; empty where it is one. */
  readonly pieces: readonly { readonly token: string; readonly score: number }[];
  /** A special token, which stands for no word; the baseline keeps it. */
  readonly fixed: boolean;
  /** Where it stands in the text as it was typed, or in the second text; null for what nobody typed. */
  readonly place: Place | null;
  readonly light: readonly [back: string, text: string] | null;
  readonly dark: readonly [back: string, text: string] | null;
}

export interface Panel {
  readonly title: string;
  readonly description: string;
  readonly data: Uint8Array<ArrayBuffer>;
}

/** An explanation, and the one that is kept, both coloured on the larger of their scales. */
export interface Explained extends ResultView {
  /** Null where none is kept. The same as the explanation itself until there is another. */
  readonly beside: (ResultView & { readonly sameInput: boolean }) | null;
}

export interface ResultView {
  /** Every explanation of this page has another. */
  readonly id: number;
  /** The text, or what the picture is called. */
  readonly title: string;
  /** What people call the model, and its file. */
  readonly model: string;
  readonly file: string;
  /** The layer that was looked at, where one was chosen. */
  readonly layer: string | null;
  /** The five likeliest classes, the likeliest first, and the one that is explained. */
  readonly prediction: readonly { readonly label: string; readonly score: number; readonly index: number }[];
  /** Of a model that judges words: where it was looked at, and the words to choose from. */
  readonly place: {
    readonly at: number;
    readonly word: string;
    readonly places: readonly { readonly at: number; readonly word: string }[];
  } | null;
  readonly probabilities: boolean;
  readonly target: {
    readonly label: string;
    readonly index: number | null;
    readonly isPredicted: boolean;
    /** What is explained: the number of the class, or of the score. */
    readonly score: number;
  };
  readonly explainer: MethodInfo;
  /** Null for methods that compare with none. */
  readonly baseline: { readonly name: string; readonly score: number; readonly entropy: Entropy | null } | null;
  /** Null for methods whose numbers need not add up. */
  readonly completeness: Completeness | null;
  /** What to know and do about this explanation. */
  readonly warnings: readonly string[];
  /** How the input was read. */
  readonly notices: readonly string[];
  readonly marks: readonly Mark[] | null;
  readonly picture: { readonly width: number; readonly height: number; readonly panels: readonly Panel[] } | null;
  /** Entries with the largest attributions, strongest first. */
  readonly strongest: readonly { readonly name: string; readonly score: number }[];
  /** The attribution that gets the full colour. */
  readonly scale: number;
  /** Whether a number is below 0. */
  readonly signed: boolean;
  /** Sums of the positive and of the negative attributions, of words as wholes. */
  readonly raised: number;
  readonly lowered: number;
  /** Which backend ran, as the backend itself says. */
  readonly backend: string;
  readonly milliseconds: number;
}
