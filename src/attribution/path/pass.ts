/**
 * The contract between quadrature and whatever computes gradients along the path. A pass prepares a path problem once;
 * quadrature then asks for gradients at path points, a chunk of rows at a time, and sums them. A pass may integrate in
 * other variables than those attributed (the frontier of an affine region) and map the result back in `finish`.
 */

import type { PlanCache } from '../../graph/plan-cache.ts';
import type { DType, TypedArray } from '../../tensor/dtype.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { PathGraph } from '../frame/graphs.ts';

/** Rows of values that stay fixed for a sample. */
export interface Feed {
  readonly data: TypedArray;
  /** Elements per sample; 0 for one value that all share. */
  readonly width: number;
}

/** For each of `samples` samples: integrate the gradient of its score on the straight line from `from` to `to`. */
export interface PathProblem {
  /** Tells the graph apart from all others of the same plan cache. */
  readonly key: string;
  readonly plans: PlanCache;
  readonly samples: number;
  /** Most rows in one run of a graph. */
  readonly batch: number;
  /** Start and end of the path, per variable, `samples` rows each. */
  readonly from: readonly Float64Array[];
  readonly to: readonly Float64Array[];
  /** What the model computes each variable in: the dtypes of `graph(rows).variables`. */
  readonly dtypes: readonly DType[];
  /** One per entry of `graph(rows).held`. */
  readonly held: readonly Feed[];
  /** The gradient of the explained score with respect to the output. */
  readonly cotangent: Feed;
  /** Whether quadrature will ask for single points (`gradients`) instead of whole sums. */
  readonly adaptive: boolean;
  graph(rows: number): PathGraph & { readonly cotangent: Tensor };
}

/** Path points: row `r` is sample `samples[r]` at `alphas[r]` of the way from `from` to `to`. */
export interface PathPoints {
  readonly samples: Int32Array;
  readonly alphas: Float64Array;
}

export interface PreparedPath {
  /** The pass that really runs: one may hand over to another. */
  readonly name: string;
  /** The path in the variables that are integrated over, `samples` rows each. */
  readonly from: readonly Float64Array[];
  readonly to: readonly Float64Array[];
  /** Gradients at the points: an array per variable, a row per point. Called with one chunk of rows at a time. */
  gradients(points: PathPoints): Promise<readonly TypedArray[]>;
  /**
   * `sum_k weights[k] * gradient(alphas[k])` for `count` samples from `first` on: an array per variable, a row per sample.
   * A pass that can add up inside the backend offers it; quadrature adds the rows of `gradients` otherwise.
   */
  sums?(first: number, count: number, alphas: Float64Array, weights: Float64Array): Promise<readonly TypedArray[]>;
  /** Most rows of one call of `sums`: what takes no more room than `batch` rows of the whole model. */
  readonly sumRows?: number;
  /** Share of one point's floating-point operations that lies before the frontier; 0 when left out. */
  readonly saving?: number;
  /** What the gradients are taken at, for people to read. */
  readonly frontier?: readonly string[];
  /** From gradients averaged over the path to attributions of the problem's variables, `samples` rows each. */
  finish(meanGradients: readonly Float64Array[]): Promise<Float64Array[]>;
}

/** A way to compute path gradients. Passes agree up to rounding; they differ in cost. */
export interface AttributionPass {
  readonly name: string;
  prepare(problem: PathProblem): Promise<PreparedPath>;
}
