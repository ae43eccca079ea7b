/**
 * An op is one object in one place: how shapes combine, its vector-Jacobian product, where it is linear, what it costs
 * and examples of its use. Kernels live in the backends and are found by the op's name.
 */
import type { Shape } from '../tensor/shape.ts';
import { Tensor, type TensorSpec } from '../tensor/tensor.ts';

/** A value of an op's attribute: plain data, so that equal nodes are found by it. */
export type Attr = string | number | boolean | null | readonly Attr[];
/** The attributes of a node, by name. */
export type Attrs = { readonly [name: string]: Attr };

/** Functions that are computed in the step of the product before them. */
export type Activation = 'relu' | 'tanh' | 'sigmoid';

/** Builds one gradient; called only when somebody asks for it. */
export type Thunk = () => Tensor;

/** An input of an example: a shape of floats, or integers drawn from `[range[0], range[1])`, or booleans. */
export type ExampleInput =
  | Shape
  | { readonly shape: Shape; readonly dtype: 'int32' | 'bool'; readonly range?: readonly [number, number] };

/**
 * A use of an op that the gradient check, the comparison of backends, the benchmarks and the generated docs share.
 * `domain` bounds the random floats (default -2 to 2); `size: 'real'` marks shapes of real models, for benchmarks.
 */
export interface Example<A extends Attrs = Attrs> {
  readonly inputs: readonly ExampleInput[];
  readonly attrs: A;
  readonly domain?: readonly [number, number];
  readonly size?: 'small' | 'real';
}

/**
 * Where a tensor keeps the samples of a batch: axis `axis` counts `outer * rows * inner`, and sample `r` is where the middle one of the
 * three indices is `r`.
 */
export interface BatchAxis {
  readonly axis: number;
  readonly outer: number;
  readonly inner: number;
}

/** Null: the same for all samples. */
export type Placed = BatchAxis | null;

/**
 * Where the result of `node` keeps samples, given where its inputs do; in words what the op does to samples where they do not stay
 * apart. `even` tells whether an input that no sample changes is the same all along one of its axes.
 */
export type BatchRule = (
  at: readonly Placed[],
  node: Tensor,
  context: { readonly rows: number; readonly even: (x: Tensor, axis: number) => boolean },
) => Placed | string;

/**
 * All that is known of an op: how shapes combine, its vector-Jacobian product, where it is linear, what it does to the batch axis,
 * its cost, and examples that test it.
 */
export interface OpDefinition<A extends Attrs> {
  readonly name: string;
  /** The result's shape and dtype; throws an error that names op, shapes, attrs and a hint. */
  readonly shape: (inputs: readonly TensorSpec[], attrs: A) => TensorSpec;
  /**
   * Given the gradient `g` of the result `y`, a thunk per input for that input's gradient, written with public ops so
   * that it can be differentiated again. `null` marks an input without gradient (indices, masks); `'none'` an op that
   * has none at all (argmax, comparisons), through which no gradient flows.
   */
  readonly vjp: 'none' | ((g: Tensor, y: Tensor, inputs: readonly Tensor[], attrs: A) => readonly (Thunk | null)[]);
  /**
   * `'joint'`: affine in all float inputs together. A list: affine in each of these inputs while the others stay
   * fixed. `[]`: neither.
   */
  readonly linear: 'joint' | readonly number[];
  /** Where the result keeps the samples of a batch (batch-rules.ts has the rules by family). */
  readonly batch: BatchRule;
  /** Floating-point operations of one evaluation (a multiply-add counts as two). */
  readonly flops: (inputs: readonly TensorSpec[], output: TensorSpec, attrs: A) => number;
  /**
   * Whether many elements of the result tend to be exactly 0: the op `'makes'` them (relu), nearly all of them (`'most'`), or it `'keeps'`
   * those of its inputs (reshape). Backends may skip them; nothing but speed depends on it.
   */
  readonly zeros?: 'makes' | 'most' | 'keeps';
  /**
   * Nodes that differ in input `input` alone may be computed as one: `join` makes it of them and gives back the part of each. For what the op
   * would do anew for each node otherwise.
   */
  readonly joins?: { readonly input: number; readonly join: (nodes: readonly Tensor[]) => readonly Tensor[] };
  /**
   * The op goes along axis 1 of its first input step by step, and what is before a step reaches it through states alone: its results over
   * `parts` of that input, which are in the order of time. A part may have fewer rows, which stand for all rows until `spread` makes them so. Null
   * where it does not begin with the same states in all rows.
   */
  readonly pieces?: (
    node: Tensor,
    parts: readonly Tensor[],
    spread: (state: Tensor) => Tensor,
  ) => readonly Tensor[] | null;
  /** The result is the bytes of the first input under another shape or name. */
  readonly alias?: true;
  /** What a backend may compute together with the product before it: an addition of one row to all, or a function of each element. */
  readonly epilogue?: 'bias' | Activation;
  /** A factor per column (element of the last axis) of the `'result'`, or of an input by its number (-1: the last), may go into the last axis of the second input. */
  readonly columns?: 'result' | 0 | -1;
  /** What the sum of the result over `axes` is without the result; null where it has to be summed. */
  readonly summed?: (inputs: readonly Tensor[], attrs: A, axes: readonly number[]) => Tensor | null;
  /** Takes in a mask that leaves the result where the first input is above 0 and makes it 0 elsewhere: the attrs of doing both. */
  readonly rectify?: (attrs: A) => A;
  /** What computes only the part of the result that begins at `begin` and has `size` elements along each axis; null where it cannot. */
  readonly part?: (inputs: readonly Tensor[], attrs: A, begin: readonly number[], size: Shape) => Tensor | null;
  /** What computes the same from `inputs` in a cheaper way, or null; nothing is known of what is `fed`. */
  readonly rewrite?: (inputs: readonly Tensor[], fed: ReadonlySet<Tensor>, attrs: A) => Tensor | null;
  /**
   * Kernels by backend, in each one's own terms, of an op that few applications need: they come with the op, and the backends' tables have none
   * of it.
   */
  readonly kernels?: { readonly [backend: string]: unknown };
  readonly examples: readonly Example<A>[];
}

/** An op with the type of its attrs forgotten, as graph passes and backends see it. */
export type Op = OpDefinition<Attrs>;

/** Calling it makes a node; its `op` is the definition. */
export interface OpFunction<A extends Attrs> {
  (inputs: readonly Tensor[], attrs: A): Tensor;
  readonly op: Op;
}

/** Defines an op. Bundles leave out the ops that nothing in them uses. */
// @__NO_SIDE_EFFECTS__
export function defineOp<A extends Attrs>(definition: OpDefinition<A>): OpFunction<A> {
  // The one place where the attrs' type is erased: a node made here always carries attrs of type A.
  const op = definition as unknown as Op;
  const call = (inputs: readonly Tensor[], attrs: A): Tensor =>
    new Tensor(op, inputs, attrs, definition.shape(inputs, attrs), null);
  return Object.assign(call, { op });
}

/** A public function of the op that `definition` made: with its definition as `op`, under which the table of ops knows it. */
// @__NO_SIDE_EFFECTS__
export function withOp<A extends readonly unknown[], R>(
  call: (...args: A) => R,
  definition: { readonly op: Op },
): ((...args: A) => R) & { readonly op: Op } {
  return Object.assign(call, { op: definition.op });
}
