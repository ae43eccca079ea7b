/** What can be asked of the worker, and how it answers: each request once, progress before. */
import type { InputData, Pixels, Predicted, SampleInput, SampleRow } from './input.ts';
import type { LayerEdges, ModelInfo, TransformerParts } from './model.ts';
import type { Explained } from './result.ts';
import type { Capabilities, MethodInfo, Settings } from './settings.ts';
import type { Tunable, Tuned, TunePoint, TuneRequest } from './tuning.ts';

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
  /** How the layers hang together; null where that cannot be known before the first input. */
  edges: { readonly request: Record<never, never>; readonly reply: readonly LayerEdges[] | null };
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
  /** A sound file as the series that it is to the model. */
  sound: {
    readonly request: { readonly file: Blob; readonly name: string };
    readonly reply: InputData;
  };
  /** Attributions of some rows of a table, to be summed up: the names of its features once, a row of scores and values for each. */
  attribute: {
    readonly request: { readonly inputs: readonly SampleInput[]; readonly settings: Settings };
    readonly reply: TableScores;
  };
  /** Rows of `attribute` together as charts. */
  summary: {
    readonly request: TableScores & { readonly target: string };
    readonly reply: Summary;
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
  /** What of the model can be trained. */
  tunable: { readonly request: Record<never, never>; readonly reply: Tunable };
  /** Trains its last layers; `cancel` of the kind `tuning` ends it with the last whole epoch. From then on the model is what came of it. */
  tune: { readonly request: TuneRequest; readonly reply: Tuned };
  /** The weights of the file again. */
  untune: { readonly request: Record<never, never>; readonly reply: null };
  tunedFile: { readonly request: Record<never, never>; readonly reply: { readonly name: string; readonly file: Blob } };
  /** Keeps an explanation: those that come are shown beside it, on one scale. Answers with what is shown now. */
  pin: { readonly request: { readonly id: number }; readonly reply: Explained };
  /** Lets it go; null where nothing is shown. */
  unpin: { readonly request: Record<never, never>; readonly reply: Explained | null };
  export: {
    readonly request: { readonly format: ExportFormat };
    readonly reply: { readonly name: string; readonly file: Blob };
  };
}

/** Attributions of rows of one table. */
export interface TableScores {
  readonly names: readonly string[];
  readonly scores: readonly (readonly number[])[];
  /** Values as they are read, likewise. */
  readonly values: readonly (readonly string[])[];
}

/** Many rows at once: charts as SVG text with their style sheet, and the means as numbers. */
export interface Summary {
  readonly style: string;
  readonly means: string;
  readonly swarm: string;
  readonly table: readonly { readonly name: string; readonly mean: number }[];
}

export type ExportFormat = 'html' | 'png' | 'json';

export type CallName = keyof Calls;

export type RequestOf<K extends CallName> = Calls[K]['request'];

export type ReplyOf<K extends CallName> = Calls[K]['reply'];

/** Page to worker. `cancel` has no answer of its own: the explanation that runs is answered with its kind; a training that ends with its last whole epoch (`tuning`) has
 * a result. */
export type ToWorker =
  | { readonly [K in CallName]: { readonly id: number; readonly call: K; readonly request: RequestOf<K> } }[CallName]
  | { readonly call: 'cancel'; readonly kind: 'cancelled' | 'superseded' | 'tuning' };

/** Why a call has no result: an error to show, or a newer request or a click that ended it. */
export interface CallError {
  readonly kind: 'failure' | 'cancelled' | 'superseded';
  readonly message: string;
}

/** Worker to page; `ready` once, when it listens. */
export type ToPage =
  | { readonly ready: true }
  | {
      readonly id: number;
      readonly progress: { readonly done: number; readonly total: number };
      /** Of a training. */
      readonly point?: TunePoint;
    }
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: CallError };
