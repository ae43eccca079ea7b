/**
 * The model at the two ends of a path, with what a method reads of them left where the backend computes: what it works out on the way to the
 * prediction need not be computed a second time, nor copied out and in. `path/kept-frontier.ts` keeps a frontier.
 */
import type { PlanGraph } from '../../graph/plan-cache.ts';
import type { TypedArray } from '../../tensor/dtype.ts';
import type { Tensor } from '../../tensor/tensor.ts';

/** The input, or the one baseline of all samples. */
export type End = 'input' | 'baseline';

/** What is kept, as tensors at which graphs are cut: those of the input have a row per sample, those of the baseline one. */
export type KeptTensors = Readonly<Record<End, readonly Tensor[]>>;

export interface KeptEnds {
  /**
   * Runs the model on `rows` rows.
   * @returns the output and the layer's tensors, which others may be given, too; null where the end is not kept for so many rows, and nothing was run
   */
  evaluate(end: End, rows: number, feeds: readonly TypedArray[]): Promise<TypedArray[] | null>;
  /**
   * Runs the plan of `key`, which reads what is kept.
   * @returns null where an end was not kept, or another explanation has put its own there since
   */
  run(key: string, build: (kept: KeptTensors) => PlanGraph, feeds: readonly TypedArray[]): Promise<TypedArray[] | null>;
}
