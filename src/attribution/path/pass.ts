/**
 * The contract between quadrature and whatever computes gradients along the path. A pass prepares a path problem once;
 * quadrature then asks for gradients at path points, a chunk of rows at a time, and sums them. A pass may integrate in
 * other variables than those attributed (the frontier of an affine region) and map the result back in `finish`.
 */

import type { TypedArray } from '../../tensor/dtype.ts';
import type { Runner } from '../frame/endpoints.ts';
import type { KeptEnds } from '../frame/kept-ends.ts';
import type { Problem } from '../frame/problem.ts';

/** For each sample: integrate the gradients of its scores on the straight line from `from` to `to`. */
export interface PathProblem extends Problem {
  /** Whether quadrature will ask for single points (`gradients`) instead of whole sums. */
  readonly adaptive: boolean;
}

/** Path points: row `r` is sample `samples[r]` at `alphas[r]` of the way from `from` to `to`. */
export interface PathPoints {
  readonly samples: Int32Array;
  readonly alphas: Float64Array;
}

/** A path whose graphs are compiled: points go in, attributions come out. */
export interface PreparedPath {
  /** The pass that really runs: one may hand over to another. */
  readonly name: string;
  /**
   * The path in the variables that are integrated over, `samples` rows each. With several scores all variables come once per score, those of
   * the first score first; so do gradients, sums and attributions.
   */
  readonly from: readonly Float64Array[];
  readonly to: readonly Float64Array[];
  /** Gradients at the points: an array per variable, a row per point. Called with one chunk of rows at a time. */
  gradients(points: PathPoints): Promise<readonly TypedArray[]>;
  /**
   * `sum_k weights[k] * gradient(alphas[k])` for `count` samples from `first` on: an array per variable, a row per sample.
   * A pass that can add up inside the backend offers it; quadrature adds the rows of `gradients` otherwise. An alpha of 1 comes alone.
   */
  sums?(first: number, count: number, alphas: Float64Array, weights: Float64Array): Promise<readonly TypedArray[]>;
  /** Most rows of one call of `sums`: what takes no more room than `batch` rows of the whole model. */
  readonly sumRows?: number;
  /** Share of one point's floating-point operations that lies before the frontier; 0 when left out. */
  readonly saving?: number;
  /** What the gradients are taken at, for people to read. */
  readonly frontier?: readonly string[];
  /** From gradients averaged over the path, which it may write over, to attributions of the problem's variables, `samples` rows each. */
  finish(meanGradients: readonly Float64Array[]): Promise<Float64Array[]>;
}

/** A way to compute path gradients. Passes agree up to rounding; they differ in cost. */
export interface AttributionPass {
  readonly name: string;
  /** Whether it takes problems of several scores; it gets one at a time otherwise. */
  readonly shares?: true;
  /** What of both ends of a path of so many points stays in the backend (`problem.kept`); null where that does not pay or cannot be. */
  keep?(runner: Runner, points: number): Promise<KeptEnds | null>;
  /** Builds and compiles the graphs for inputs of these shapes. */
  prepare(problem: PathProblem): Promise<PreparedPath>;
}
