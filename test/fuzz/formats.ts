/** The formats that pathgrad reads, and what a seed and an outcome of the campaign are. */

/** How often each is taken: readers with much behind them more often. */
export const weights = {
  h5: 22,
  keras: 20,
  weights: 10,
  config: 12,
  tfjs: 8,
  onnx: 8,
  transformer: 6,
  tokenizer: 4,
  npy: 4,
  npz: 3,
  idx: 3,
  png: 5,
  jpeg: 5,
  wav: 3,
  csv: 5,
  ndjson: 4,
  parquet: 7,
  vocabulary: 3,
  reference: 4,
  explanation: 4,
} as const;

export type Format = keyof typeof weights;
export const formats = Object.keys(weights) as Format[];

/** Files by name. */
export type Parts = Readonly<Record<string, Uint8Array>>;

export interface Seed {
  readonly format: Format;
  readonly name: string;
  readonly parts: Parts;
  /** Parts that are not damaged. */
  readonly fixed?: readonly string[];
}

/**
 * What came of an input: an answer, one of our errors, or a fault. Of a bit flip in an archive: `answer` if the predictions are those of
 * the intact one.
 */
export type Outcome = 'answer' | 'refused' | 'wrong' | 'error' | 'hang' | 'memory' | 'died';
export const outcomes: readonly Outcome[] = ['answer', 'refused', 'wrong', 'error', 'hang', 'memory', 'died'];
export const isFault = (outcome: Outcome): boolean => outcome !== 'answer' && outcome !== 'refused';

/** What a worker is asked to do: the input or the bit flip of an index, or given files. */
export type Job =
  | { readonly kind: 'input' | 'flip'; readonly index: number }
  | { readonly kind: 'parts'; readonly format: Format; readonly parts: Parts };

export interface Result {
  readonly outcome: Outcome;
  readonly format: Format;
  readonly changes: readonly string[];
  /** The error's message, and its stack where it is a fault. */
  readonly message: string;
  readonly stack?: string | undefined;
  readonly milliseconds: number;
}
