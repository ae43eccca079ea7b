/**
 * What can be trained: a model with its weights, or any function of tensors with parameters. Invariant: `apply` makes a graph that reads the
 * tensors of `weights` and never their data, since a step's plan is cut there.
 */
import type { ApplyOptions, InputInfo, TrainingContext } from '../graph/callable.ts';
import type { Fed, Feedable } from '../model/inputs.ts';
import { isTransformer } from '../model/is-transformer.ts';
import { Model } from '../model/model.ts';
import { type FloatDType, isFloat } from '../tensor/dtype.ts';
import { failure } from '../tensor/errors.ts';
import { checkOptions } from '../tensor/options.ts';
import { Tensor } from '../tensor/tensor.ts';
import type { TransformerModel } from '../transformers/model.ts';
import { ofTransformer } from './transformer.ts';
import { type TrainableWeight, trainableWeights } from './weights.ts';

/** One application: outputs, and the mask that each carries. */
export interface Applied {
  readonly outputs: readonly Tensor[];
  readonly masks: readonly (Tensor | null)[];
}

/** What a `Trainer` trains. */
export interface Trainable {
  /** What errors call it. */
  readonly name: string;
  readonly inputs: readonly InputInfo[];
  readonly outputNames: readonly string[];
  readonly dtype: FloatDType;
  readonly weights: readonly TrainableWeight[];
  /** The model, where it is one. */
  readonly model: Model | null;
  /** How to have what was learnt, where `trainer.model()` cannot give it. */
  readonly change?: string;
  /** Inputs as they are fed, where they are read otherwise than a model's. */
  read?(x: Feedable): readonly Fed[];
  /** Values against what the model can take. */
  checkInputs?(inputs: readonly Tensor[]): Promise<void>;
  /** @param training left out for inference */
  apply(inputs: readonly Tensor[], training?: TrainingContext, hooks?: ApplyOptions): Applied;
}

/** A function of tensors to be trained. */
export interface FunctionToTrain {
  readonly name?: string;
  /** What is fed: names, shapes with the batch axis first (null is any size), dtypes. */
  readonly inputs: readonly InputInfo[];
  /** What is trained, by name: constants with the numbers to begin with. */
  readonly parameters: Readonly<Record<string, Tensor>>;
  /** Its output, or outputs, batch axis first. It must use the tensors of `parameters` themselves. */
  readonly apply: (inputs: readonly Tensor[], training?: TrainingContext) => Tensor | readonly Tensor[];
  /** Names of the outputs; `output` for one. */
  readonly outputs?: readonly string[];
}

/** What a `Trainer` takes. */
export type ToTrain = Model | TransformerModel | FunctionToTrain;

/** Which weights of a transformer or a function stay as they are: asked with each path, `distilbert/embeddings/word_embeddings/weight`. */
export type Freeze = (path: string) => boolean;

/**
 * @throws PathgradError where there is nothing that gradients could train, and for a model whose weights are not known yet
 */
export function trainableOf(given: ToTrain, freeze?: Freeze): Trainable {
  const made = readTrainable(given, freeze);
  if (made.weights.some(({ trainable }) => trainable)) return made;
  const hint =
    made.weights.length > 0
      ? 'all its layers are frozen (trainable: false, or the option freeze)'
      : 'it has no layers with weights';
  throw failure(made.name, 'there is no weight to train', { weights: made.weights.length }, hint);
}

/** The same for whoever only judges: there need be no weight to train. */
export function readTrainable(given: ToTrain, freeze?: Freeze): Trainable {
  if (freeze !== undefined && typeof freeze !== 'function')
    throw failure('Trainer', 'freeze is a function of the path of a weight', { got: freeze });
  // Frozen layers of Keras behave otherwise, too: batch normalization; and files say which they are.
  if (freeze && given instanceof Model)
    throw failure(given.file, 'freeze is for transformers and functions', {}, 'trainable: false of a layer freezes it');
  const whole =
    given instanceof Model ? ofModel(given) : isTransformer(given) ? ofTransformer(given) : ofFunction(given);
  return freeze ? frozen(whole, freeze) : whole;
}

function frozen(whole: Trainable, freeze: Freeze): Trainable {
  const weights = whole.weights.map((weight) =>
    weight.trainable && freeze(weight.path)
      ? { ...weight, trainable: false, regularizer: null, constraint: null }
      : weight,
  );
  // Inputs may be known later only: properties are read through.
  return Object.create(whole, { weights: { value: weights, enumerable: true } }) as Trainable;
}

function ofModel(model: Model): Trainable {
  return {
    name: model.file,
    get inputs() {
      return model.inputs;
    },
    outputNames: model.outputs.map(({ name }) => name),
    dtype: model.dtype,
    weights: trainableWeights(model),
    model,
    checkInputs: (inputs) => model.checkInputs(inputs),
    apply(inputs, training, hooks = {}) {
      let masks: readonly (Tensor | null)[] | null = null;
      const onMasks = (found: readonly (Tensor | null)[]): void => {
        masks = found;
      };
      const outputs = model.apply(inputs, { ...hooks, onMasks, ...(training && { training }) });
      return { outputs, masks: masks ?? outputs.map(() => null) };
    },
  };
}

function ofFunction(given: FunctionToTrain): Trainable {
  if (typeof given !== 'object' || given === null) {
    const hint = 'new Trainer(model, { loss, optimizer }), with a model or { inputs, parameters, apply }';
    throw failure('Trainer', 'takes a model or a function to train', { got: typeof given }, hint);
  }
  checkOptions<FunctionToTrain>('Trainer', given, { name: 1, inputs: 1, parameters: 1, apply: 1, outputs: 1 });
  const { name = 'function', inputs, parameters, apply, outputs: names = ['output'] } = given;
  if (typeof apply !== 'function' || !Array.isArray(inputs) || typeof parameters !== 'object') {
    const hint = 'a function to train is { inputs, parameters, apply }';
    throw failure('Trainer', 'takes a model or a function to train', { got: Object.keys(given) }, hint);
  }
  const weights = Object.entries(parameters).map(([path, tensor]) => {
    if (!(tensor instanceof Tensor) || !tensor.constant || !isFloat(tensor.dtype))
      throw failure(name, `parameter '${path}' is a constant tensor of floats`, { got: String(tensor) });
    return { path, tensor, trainable: true, regularizer: null, constraint: null };
  });
  const dtype = (weights[0]?.tensor.dtype ?? 'float32') as FloatDType;
  const other = weights.find(({ tensor }) => tensor.dtype !== dtype);
  if (other) throw failure(name, 'parameters differ in dtype', { one: dtype, [other.path]: other.tensor.dtype });
  return {
    ...{ name, inputs, outputNames: names, dtype, weights, model: null },
    apply(xs, training) {
      const made = apply(xs, training);
      const outputs = made instanceof Tensor ? [made] : made;
      if (!Array.isArray(outputs) || !outputs.every((y) => y instanceof Tensor) || outputs.length !== names.length)
        throw failure(name, `apply gives ${names.length} output(s)`, { got: outputs }, 'name them in `outputs`');
      return { outputs, masks: outputs.map(() => null) };
    },
  };
}
