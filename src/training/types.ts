/**
 * What the parts of training agree on. A training step is one graph: forward, loss, gradients and the optimizer's update; parameters and
 * the optimizer's state are inputs of its plan that stay in the backend. What is random follows from a seed that is an input, too.
 */
import type { Shape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** A JSON value of a Keras config. */
export type ConfigValue =
  | string
  | number
  | boolean
  | null
  | readonly ConfigValue[]
  | { readonly [key: string]: ConfigValue };

/** What a parameter is to an optimizer: a node of the step's graph, and its name for rules that leave some out. */
export interface Parameter {
  /** Path of the layer and name of the weight: `dense_1/kernel`. */
  readonly path: string;
  /** Where the plan reads it. */
  readonly tensor: Tensor;
}

/** Numbers that an optimizer's update needs and that change from step to step, computed in double: the learning rate, bias corrections. */
export type StepNumbers = { readonly [name: string]: number };

/** The rate of a step, counted from 0, in updates. */
export interface Schedule {
  /** Keras's class name. */
  readonly name: string;
  readonly config: { readonly [key: string]: ConfigValue };
  at(step: number): number;
}

/** A part of an optimizer's state, for each parameter one. */
export interface OptimizerSlot {
  readonly name: string;
  /** What it is filled with at first. */
  readonly initial: number;
  /** In Keras's files groups follow each other, and within a group all slots of the first parameter those of the second. */
  readonly group: number;
}

/** An optimizer: how a parameter and its slots change with a gradient. Pure: its state are the slots and the number of the step. */
export interface Optimizer {
  /** Keras's class name. */
  readonly name: string;
  /** As Keras's `get_config()`, so that a saved model can be trained on there. */
  readonly config: { readonly [key: string]: ConfigValue };
  readonly learningRate: number | Schedule;
  /** State per parameter, in Keras's order and by Keras's names, each of the parameter's shape and filled with one number at first. */
  readonly slots: readonly OptimizerSlot[];
  /** The slot that parameters take their values from when `fit` ends (`average`, with EMA); left out for none. */
  readonly finalSlot?: string;
  /** What Keras keeps beside the slots, after `steps` steps: it lies behind them in a file (Nadam's product of momenta). */
  variables?(steps: number): readonly { readonly name: string; readonly value: number }[];
  /** The numbers of step `step` (from 0). `rate` stands in for the schedule where a callback has set it. */
  numbers(step: number, rate?: number): StepNumbers;
  /** What all gradients go through first (their sum over accumulated steps, clipping); left out for nothing. `slots` are in the order of the gradients. */
  clip?(
    gradients: readonly Tensor[],
    slots: readonly { readonly [name: string]: Tensor }[],
    numbers: { readonly [name: string]: Tensor },
  ): readonly Tensor[];
  /**
   * The graph of one update. `numbers` are scalars of the parameter's dtype, by the names that `numbers()` gives.
   * Parameters, gradients and slots have one shape.
   */
  update(
    parameter: Parameter,
    gradient: Tensor,
    slots: { readonly [name: string]: Tensor },
    numbers: { readonly [name: string]: Tensor },
  ): { readonly parameter: Tensor; readonly slots: { readonly [name: string]: Tensor } };
}

/** A loss: one number per sample. */
export interface Loss {
  /** Keras's class name. */
  readonly name: string;
  readonly config: { readonly [key: string]: ConfigValue };
  /**
   * @param truth `[N, ...]`; class numbers are int32
   * @param predicted `[N, ...]`
   * @returns `[N, ...]` without the last axis of `predicted`; the caller weighs and takes the mean as Keras does
   */
  compute(truth: Tensor, predicted: Tensor): Tensor;
  /** What counts of the result, as booleans of its shape (`ignore_class`); left out where all does. */
  mask?(truth: Tensor, predicted: Tensor): Tensor;
  /** What the labels of a batch must be; throws naming the row. `truth` in the shape it is fed in. */
  check(truth: { readonly data: ArrayLike<number>; readonly shape: Shape }, predicted: Shape): void;
}

/** A metric: sums that the step's plan computes per batch, and the number that all batches' sums come to. */
export interface Metric {
  /** Keras's name in a history: `accuracy`, `auc`. */
  readonly name: string;
  /** Keras's class name, and its `get_config()`. */
  readonly className: string;
  readonly config: { readonly [key: string]: ConfigValue };
  /** The graph of a batch's sums: 1-D tensors of any sizes. `weights` `[N]` (or `[N, ...]`, a mask's) are sample weights, ones where there are none. */
  sums(truth: Tensor, predicted: Tensor, weights: Tensor): readonly Tensor[];
  /** The metric of sums that were added up over batches, in double. */
  result(sums: readonly Float64Array[]): number;
}
