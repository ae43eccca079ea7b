/** Fine-tuning in the worker: what can be trained, examples with their answers, and what came of it. */
import type { Predicted, SampleInput } from './input.ts';

/** A layer whose weights can be trained; the first ones of the model come first. */
export interface TunableLayer {
  readonly path: string;
  readonly className: string;
  /** How many numbers it holds. */
  readonly weights: number;
}

export interface Tunable {
  /** Why nothing of this model can be trained here; null where something can. */
  readonly why: string | null;
  readonly layers: readonly TunableLayer[];
  /** What an answer is: one of the classes, yes or no, or a number. */
  readonly answers: 'classes' | 'yes-no' | 'number';
  readonly classes: number;
}

/** An example and its answer: the number of a class, 1 for yes and 0 for no, or a number. */
export interface TuneExample {
  readonly input: SampleInput;
  readonly answer: number;
}

export interface TuneRequest {
  readonly examples: readonly TuneExample[];
  /** How many of the last layers of `Tunable.layers` are trained. */
  readonly last: number;
  readonly learningRate: number;
  readonly epochs: number;
  readonly batchSize: number;
}

/** The loss after a step, on a scale of epochs: 1.5 is in the middle of the second. */
export interface TunePoint {
  readonly epoch: number;
  readonly loss: number;
}

export interface Tuned {
  /** Of the epochs that ended: the mean loss, and which share of the examples was right; null where answers are numbers. */
  readonly epochs: readonly { readonly loss: number; readonly accuracy: number | null }[];
  /** What the model said of each example, and what it says now. */
  readonly before: readonly Predicted[];
  readonly after: readonly Predicted[];
  readonly stopped: boolean;
}
