/**
 * The one description of a model that layer code reads. Every Keras dialect (0.x and 1, 2, tf.keras, 3) is brought to it by the
 * other files of this folder, so that nothing downstream asks which Keras wrote a file.
 * Invariant of a ModelSpec: layer names are unique, every TensorRef names a layer and a call of it that exist, and the calls
 * form no cycle. Source: the `get_config`/`from_config` behaviour of Keras 1.2, 2.x and 3.x.
 */

/** Output `tensor` of call number `node` of `layer`. An InputLayer has no calls; its only tensor is node 0, tensor 0. */
export interface TensorRef {
  readonly layer: string;
  /** Index into the `calls` of that layer. */
  readonly node: number;
  /** Which of the outputs of that call. */
  readonly tensor: number;
}

/** What JSON can hold. Config values that no rule here translates are passed on as they were. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** One argument of a call: tensors sit at the leaves of lists and dicts; everything else is a constant. */
export type CallValue =
  | { readonly kind: 'tensor'; readonly ref: TensorRef }
  | { readonly kind: 'constant'; readonly value: Json }
  | { readonly kind: 'list'; readonly items: readonly CallValue[] }
  | { readonly kind: 'dict'; readonly entries: ReadonlyMap<string, CallValue> };

/**
 * One use of a layer. The tensors that Keras 1 and 2 list per node become `args[0]`: a tensor when there is one, a list when
 * there are several; tensors in keyword arguments (`mask`, `initial_state`, `value`, `y`) stay in `kwargs`.
 */
export interface Call {
  readonly args: readonly CallValue[];
  readonly kwargs: ReadonlyMap<string, CallValue>;
}

export interface LayerSpec {
  /** Keras 2/3 class name without module or package prefix (`Convolution2D` reads `Conv2D`, `Custom>Foo` reads `Foo`). */
  readonly className: string;
  /** The class as the file spells it, without prefix: it names the layer's group in `.weights.h5`. */
  readonly storedClass: string;
  readonly name: string;
  /** Constructor arguments under their Keras 2/3 names; nested serialised objects ({class_name, config}) are left as they are. */
  readonly config: Readonly<Record<string, Json>>;
  /** What to call, in the order of the file's nodes. Empty for an InputLayer. */
  readonly calls: readonly Call[];
  /** The inner graph, where the layer is a Sequential or Functional model. */
  readonly model?: ModelSpec;
  /** The wrapped layer of TimeDistributed, Bidirectional and other wrappers. */
  readonly layer?: LayerSpec;
  /** The user gave the layer's TypeScript (`registerLayer`). */
  readonly custom?: true;
  /** The inner layers of a custom layer, by attribute name. */
  readonly parts?: ReadonlyMap<string, LayerSpec>;
  /** False where the layer, or a model around it, is frozen. It decides the order of the weights in nested legacy files. */
  readonly trainable: boolean;
  /**
   * Shape with the batch axis, where the config gives one (InputLayer, or the first layer of a Keras 1/2 Sequential).
   * The InputLayer of a Sequential that was never told its input shape has none.
   */
  readonly batchShape?: readonly (number | null)[];
  /** Name of the compute dtype (`float32`, …): DTypePolicy objects are reduced to their name (`mixed_float16` stays). */
  readonly dtype: string;
  /** Where the layer class comes from, when the file says so (`keras.layers`, `keras.ops`, `builtins`); Keras 3 only. */
  readonly module: string | null;
  /** Name under which a custom class was registered (`package>Class`), else null. */
  readonly registeredName: string | null;
}

/** Inputs or outputs as the model was built with them: one tensor, a list, or a dict with the caller's names. */
export type RefStructure =
  | TensorRef
  | { readonly list: readonly RefStructure[] }
  | { readonly dict: ReadonlyMap<string, RefStructure> };

/** Call number `node` of `layer`. */
export interface CallRef {
  readonly layer: string;
  readonly node: number;
}

export interface Dialect {
  /** Which rules hold: 1 for Keras 0.x and 1.x, 2 for Keras 2.x and tf.keras (also `2.x-tf`), 3 for Keras 3. */
  readonly major: 1 | 2 | 3;
  /** The version text of the file, or null where it has none. */
  readonly version: string | null;
  /** `tensorflow`, `theano`, `cntk`, `jax`, `torch`, … or null. With `theano` convolution kernels are stored flipped. */
  readonly backend: string | null;
}

export interface ModelSpec {
  readonly kind: 'sequential' | 'functional';
  readonly name: string;
  /** In config order: it decides the counters in the paths of `.weights.h5`. A Sequential always starts with an InputLayer. */
  readonly layers: readonly LayerSpec[];
  /** The tensors of `inputStructure`, flat (dict keys sorted, as Keras flattens them). */
  readonly inputs: readonly TensorRef[];
  readonly outputs: readonly TensorRef[];
  /** The dict key (or path of keys) of each input where the model has a dict of inputs, else the name of its InputLayer. */
  readonly inputNames: readonly string[];
  /** The dict key of each output where the model has a dict of outputs, else the name of its layer. */
  readonly outputNames: readonly string[];
  readonly inputStructure: RefStructure;
  readonly outputStructure: RefStructure;
  /** All calls, each after those whose tensors it takes. */
  readonly callOrder: readonly CallRef[];
  /** False for a Sequential whose first layer had no InputLayer in the file (we added one): paths do not count that layer. */
  readonly explicitInput: boolean;
  readonly dialect: Dialect;
}
