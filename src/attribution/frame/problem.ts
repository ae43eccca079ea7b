/**
 * What a method is given: the model as a graph of any number of rows, its values at the input and at the baseline, and the scores that are
 * explained. Everything is per variable (an input, or a tensor of the layer) and flat, `samples` rows each; nothing of targets, layers,
 * masks or batches is left for the method to see to.
 */
import type { PlanCache } from '../../graph/plan-cache.ts';
import type { DType, TypedArray } from '../../tensor/dtype.ts';
import type { Hooks } from './forward.ts';
import type { PathGraph } from './graphs.ts';
import type { KeptEnds } from './kept-ends.ts';
import type { Pace } from './pace.ts';

/** Rows of values that stay fixed for a sample. */
export interface Feed {
  readonly data: TypedArray;
  /** Elements per sample; 0 for one value that all share. */
  readonly width: number;
}

/** One score per sample that is explained. */
export interface Score {
  /** The gradient of the score with respect to the output, in the output's dtype: the weights of its entries. */
  readonly cotangent: Feed;
  /** The score at the input, and with the variables at the baseline. */
  readonly end: Float64Array;
  readonly start: Float64Array;
}

/** What is explained, with the user's options resolved: the score as a function of the explained tensors. */
export interface Problem {
  /** Tells the graph apart from all others of the same plan cache. */
  readonly key: string;
  readonly plans: PlanCache;
  readonly samples: number;
  /** Most rows in one run of a graph. */
  readonly batch: number;
  /** The variables at the baseline and at the input; where a method takes no baseline the two are the same. */
  readonly from: readonly Float64Array[];
  readonly to: readonly Float64Array[];
  /** What the variables are called: inputs by name, tensors of a layer by its path. */
  readonly names: readonly string[];
  /** Shapes of the variables for all samples, and what the model computes them in: the dtypes of `graph(rows).variables`. */
  readonly shapes: readonly (readonly number[])[];
  readonly dtypes: readonly DType[];
  /** One per entry of `graph(rows).held`. */
  readonly held: readonly Feed[];
  /** What is explained: several targets share one problem. */
  readonly scores: readonly Score[];
  /** Which of several baselines this is, from 0, and how many there are; one where a method takes none. */
  readonly draw: number;
  readonly draws: number;
  /** Shapes of the model's inputs for all samples, whatever the variables are. */
  readonly inputs: readonly (readonly number[])[];
  readonly pace: Pace;
  /** What stayed of both ends, where the method wanted that, and of which ends: a problem made of this one may have others. */
  readonly kept?: (KeptEnds & Pick<Problem, 'from' | 'to' | 'held' | 'key'>) | null;
  /**
   * The score as a graph for so many rows at a time.
   *
   * @param look sees the calls of the model's layers
   */
  graph(rows: number, look?: Hooks): PathGraph;
}

/** The same for some of the scores. */
export const withScores = (problem: Problem, scores: readonly Score[]): Problem => ({ ...problem, scores });

/** What stayed in the backend of the ends of this very problem; null where it is another's, as that of the samples before noise came to them. */
export function keptOf({ kept, from, to, held, key }: Problem): KeptEnds | null {
  return kept && kept.from === from && kept.to === to && kept.held === held && kept.key === key ? kept : null;
}
