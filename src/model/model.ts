/**
 * A loaded model, whatever file it came from: its layers, its graph on any batch, and predictions. Weights are constants of one float type, and the
 * graph is that of inference. What a format has of its own is in its `ModelDefinition`; nothing here knows one.
 */

import type { ApplyOptions, CallableModel, InputInfo, WeightChange } from '../graph/callable.ts';
import { allocate, type DType, type FloatDType, isFloat, type TypedArray } from '../tensor/dtype.ts';
import { failure, PathgradError, retold } from '../tensor/errors.ts';
import { checkBoolean, checkOptions, checkWhole } from '../tensor/options.ts';
import { limited, sizeOf } from '../tensor/shape.ts';
import { adopt, boundedNodes, Tensor, type TensorSpec, tensor } from '../tensor/tensor.ts';
import type { InputSource, ModelDefinition, RawInput } from './definition.ts';
import { checkInputShape, type Fed, type Feedable, readInputs, rows } from './inputs.ts';
import type { Layer, SymbolicShape } from './layer.ts';
import { allLayers, findLayer } from './lookup.ts';
import { checkTokens, PredictPlans } from './plans.ts';
import { probeShapes } from './shapes.ts';
import { summarize } from './summary.ts';
import type { ReferenceSource } from './verify/reference.ts';
import type { VerifyOptions, VerifyReport } from './verify/verify.ts';

/** Elements of one result per sample: those of 32 channels on 128 x 128 x 128 points. */
const SAMPLE_LIMIT = 2 ** 26;
/** Operations of one graph: 1,000 steps of a recurrent layer, unrolled, take 50,000. */
const NODE_LIMIT = 2 ** 18;

export interface OutputInfo {
  readonly name: string;
  /** With the batch axis first; null for a model whose input shape is not known yet. */
  readonly shape: SymbolicShape | null;
}

export interface PredictOptions {
  /** Samples computed at a time; 32 by default. */
  readonly batchSize?: number;
  /** Whether `x` is what `encode` gave: one array per entry of `inputs`, texts looked up. */
  readonly encoded?: boolean;
}

/** One tensor, or as many as the model has outputs: in a list, or by name where the model was built with a dict of outputs. */
export type Prediction = Tensor | readonly Tensor[] | { readonly [name: string]: Tensor };

/**
 * A model that was read from a file of Keras, TensorFlow.js or ONNX: its inputs, outputs and layers, predictions, and `apply`, which
 * gives its graph.
 */
export class Model<L extends Layer = Layer> implements CallableModel {
  readonly name: string;
  /** What errors call the model: its file. */
  readonly file: string;
  readonly dtype: FloatDType;
  /** In the order of the file; of a Keras model as `model.layers` there: a Sequential's InputLayer is not among them. */
  readonly layers: readonly L[];
  /** What whoever explains the model should know of how it is computed: sentences to show, mostly none. */
  readonly notices: readonly string[];
  readonly #definition: ModelDefinition<L>;
  readonly #plans: PredictPlans;
  #inputs: readonly InputInfo[];
  #outputShapes: readonly SymbolicShape[] | null = null;

  /** Use `loadModel` and its like. Finds the shapes of all layers if the file states those of the inputs, else the first application does. */
  constructor(definition: ModelDefinition<L>) {
    this.#definition = definition;
    this.name = definition.name;
    this.file = definition.file;
    this.dtype = definition.dtype;
    this.layers = definition.layers;
    this.notices = definition.notices ?? [];
    this.#inputs = definition.inputs;
    this.#plans = new PredictPlans((xs, onOutputs) => this.#run(xs, { onOutputs }), definition.backend);
    if (this.hasInputShape) this.#probe();
  }

  /** What the model was read as, for whoever writes it again; null where its format cannot be written. */
  get origin(): object | null {
    return this.#definition.origin ?? null;
  }

  /** False for a Sequential that was saved without ever seeing data: it takes the shape of the first input given to it. */
  get hasInputShape(): boolean {
    return this.#definition.hasInputShape;
  }

  /** What `apply` takes. Where the model looks up texts or ids first (`rawInputs`), these are the results of the lookups. */
  get inputs(): readonly InputInfo[] {
    return this.#inputs;
  }

  /** What `predict` takes: the inputs as the model was built with them, texts included. */
  get rawInputs(): readonly RawInput[] {
    return this.#definition.raw?.inputs ?? this.#inputs;
  }

  /** One per entry of `inputs`: what it is made from, and the vocabulary that it is looked up in (`lookup.tokens[id]` is the word of an id). */
  get inputSources(): readonly InputSource[] {
    return this.#definition.raw?.sources ?? this.#inputs.map(({ name }) => ({ raw: [name], lookup: null }));
  }

  /**
   * Texts and ids looked up: one tensor per entry of `inputs`, ready for `apply` and for explanations.
   * @param x as for `predict`
   */
  encode(x: Feedable): Tensor[] {
    return this.#read(x).map(({ data, shape }, i) => tensor(data, shape, this.#inputs[i]!.dtype));
  }

  get outputs(): readonly OutputInfo[] {
    return this.#definition.outputNames.map((name, i) => ({ name, shape: this.#outputShapes?.[i] ?? null }));
  }

  /**
   * The graph of the model on `inputs`, one tensor per entry of `this.inputs`, batch axis first.
   * @param options `kwargs.mask` is a bool mask for the first input; `onInputs` and `onOutputs` see every call of every layer, inner
   * layers included, and may replace its tensors
   * @returns one tensor per entry of `this.outputs`
   */
  apply(inputs: readonly Tensor[], options: ApplyOptions = {}): readonly Tensor[] {
    checkApply(this.file, inputs, options);
    if (options.training && !this.#definition.trains)
      throw failure(this.file, 'its format has no training mode', {}, 'leave training out');
    if (inputs.length !== this.#inputs.length) {
      const needs = this.#inputs.map((info) => info.name);
      throw failure(this.file, `the model has ${needs.length} inputs, ${inputs.length} given`, { needs });
    }
    inputs.forEach((x, i) => {
      const info = this.#inputs[i]!;
      const where = `${this.file}, input '${info.name}'`;
      if (isFloat(x.dtype) && x.dtype !== this.dtype) {
        const hint = `cast(x, '${this.dtype}'), or load the model with dtype: '${x.dtype}'`;
        throw failure(where, `the model computes in ${this.dtype}, the input is ${x.dtype}`, {}, hint);
      }
      if (this.hasInputShape) checkInputShape(where, info, x.shape);
    });
    if (this.#outputShapes === null) this.#learnShapes(inputs);
    return this.#run(inputs, options);
  }

  /**
   * Predictions for a batch of any size, computed `batchSize` samples at a time.
   * @param x per input a tensor, nested arrays, or `{data, shape}`; several inputs as a list or by name
   * @throws naming the input with expected and given shape, or the layer and token id outside its vocabulary
   */
  async predict(x: Feedable, options: PredictOptions = {}): Promise<Prediction> {
    const results = await this.predictAll(x, options);
    const names = this.#definition.outputNames;
    if (this.#definition.outputsByName) return Object.fromEntries(results.map((y, i) => [names[i]!, y]));
    return results.length === 1 ? results[0]! : results;
  }

  /** `predict` with the outputs always in a list. */
  async predictAll(x: Feedable, options: PredictOptions = {}): Promise<Tensor[]> {
    checkOptions<PredictOptions>('predict', options, { batchSize: 1, encoded: 1 });
    const { batchSize = 32, encoded = false } = options;
    checkWhole('predict', 'batchSize', batchSize, 1);
    checkBoolean('encoded', encoded);
    const fed = encoded ? readInputs(this.file, this.#inputs, x, this.hasInputShape) : this.#read(x);
    const { fixedRows, atOnce } = this.#definition;
    const shapes = fed.map(({ shape }) => shape);
    const most = fixedRows ?? atOnce?.(shapes, batchSize) ?? batchSize;
    const results: { count: number; arrays: TypedArray[] }[] = [];
    let specs: readonly TensorSpec[] = [];
    for (const { inputs, arrays, count } of this.#batches(fed, most)) {
      await this.#plans.use(inputs, async (entry) => {
        await checkTokens(entry, arrays);
        specs = entry.plan.outputs;
        results.push({ count, arrays: await entry.plan.run(arrays) });
      });
    }
    return specs.map(({ shape, dtype }, i) => this.#join(results, i, shape, dtype, fed[0]!.shape[0]!));
  }

  /**
   * Checks a batch without computing the model, for callers that run plans of their own.
   * @throws as `predict` does: for a wrong shape, and for a token id that the layer which looks it up does not have
   */
  async checkInputs(x: Feedable): Promise<void> {
    const fed = readInputs(this.file, this.#inputs, x, this.hasInputShape);
    if (allLayers(this.layers).every((layer) => layer.vocabulary === null)) return;
    for (const { inputs, arrays } of this.#batches(fed, this.#definition.fixedRows ?? 32)) {
      await this.#plans.use(inputs, (entry) => checkTokens(entry, arrays));
    }
  }

  /**
   * A layer by index in `layers` (negative from the end), name or path (`encoder/dense_1`).
   * @throws with the nearest names
   */
  getLayer(selector: string | number): L {
    return findLayer(this.file, this.layers, selector);
  }

  /** How many numbers the weights hold; shared layers count once. */
  countParams(): number {
    return sum(allLayers(this.layers).map((layer) => sum(layer.weights.map(({ shape }) => sizeOf(shape)))));
  }

  /** A table of the layers with output shapes and parameters, for people. */
  summary(): string {
    const { layers, sourcesOf } = this.#definition;
    return summarize(this.name, layers, sourcesOf ?? null);
  }

  /**
   * Compares predictions, and gradients where there are some, with values that real Keras computed.
   * @param reference JSON (text or parsed), the bytes of a `.json` or `.npz`, or nothing for the one inside the model's own file
   * @returns errors and whether all pass; see `docs/verify.md` for the format and for the script that writes it
   * @throws PathgradError where there is no reference, or its shapes are not the model's
   */
  async verify(reference?: ReferenceSource, options: VerifyOptions = {}): Promise<VerifyReport> {
    const source = reference ?? (await this.#definition.reference?.());
    if (source) return this.#definition.verify(this, source, options);
    throw failure(this.file, 'holds no reference values', {}, 'model.verify(reference); docs/verify.md makes some');
  }

  /**
   * A model that is the same but for its weights. This one stays as it is, and what is not changed is shared.
   * @param change asked once per weight: other numbers, as many as it has, or null to keep it
   * @param frozen of the path of a layer, whether training leaves it alone from now on (`trainable: false`); for models of Keras
   * @throws PathgradError for numbers that are too few, too many or not finite, and where the input shape, and so the weights, are not known
   */
  async withWeights(change: WeightChange, frozen?: (path: string) => boolean): Promise<Model<L>> {
    return new Model(await this.#definition.withWeights(change, frozen));
  }

  /** Whether the model's format says what its layers do in training. */
  get trains(): boolean {
    return this.#definition.trains === true;
  }

  /** Frees compiled plans; they are made anew when needed. */
  dispose(): void {
    this.#plans.dispose();
  }

  #read(x: Feedable): Fed[] {
    const { raw } = this.#definition;
    return raw ? raw.read(x) : readInputs(this.file, this.#inputs, x, this.hasInputShape);
  }

  *#batches(
    fed: readonly Fed[],
    batchSize: number,
  ): Generator<{ inputs: readonly TensorSpec[]; arrays: TypedArray[]; count: number }> {
    const total = fed[0]!.shape[0]!;
    for (let from = 0; from < total; from += batchSize) {
      const part = fed.map((input) => rows(input, from, Math.min(from + batchSize, total)));
      const inputs = part.map(({ shape }, i) => ({ shape, dtype: this.#inputs[i]!.dtype }));
      if (this.#outputShapes === null) this.#learnShapes(inputs);
      yield { inputs, arrays: part.map(({ data }) => data), count: part[0]!.shape[0]! };
    }
  }

  #run(inputs: readonly Tensor[], options: ApplyOptions): readonly Tensor[] {
    const run = (): readonly Tensor[] => this.#definition.run(inputs, options);
    return limited(SAMPLE_LIMIT * (inputs[0]?.shape[0] || 1), () => boundedNodes(NODE_LIMIT, run));
  }

  #probe(): void {
    try {
      this.#outputShapes = probeShapes(
        this.#inputs,
        (xs, onOutputs) => this.#run(xs, { onOutputs }),
        this.#definition.fixedRows ?? null,
      );
    } catch (error) {
      if (!(error instanceof PathgradError) || error.message.includes(this.file)) throw error;
      throw retold(error, this.file);
    }
  }

  #learnShapes(inputs: readonly { readonly shape: readonly number[] }[]): void {
    this.#inputs = this.#inputs.map((info, i) => ({ ...info, shape: [null, ...inputs[i]!.shape.slice(1)] }));
    this.#probe();
  }

  #join(
    batches: readonly { count: number; arrays: readonly TypedArray[] }[],
    output: number,
    shape: readonly number[],
    dtype: DType,
    total: number,
  ): Tensor {
    const [first] = batches;
    if (batches.length === 1) return adopt(first!.arrays[output]!, shape);
    if (shape[0] !== batches.at(-1)!.count) throw failure(this.file, 'an output has no batch in front', { shape });
    const data = allocate(dtype, (first!.arrays[output]!.length / first!.count) * total);
    let at = 0;
    for (const { arrays } of batches) {
      data.set(arrays[output]!, at);
      at += arrays[output]!.length;
    }
    return adopt(data, [total, ...shape.slice(1)]);
  }
}

function checkApply(file: string, inputs: readonly Tensor[], options: ApplyOptions): void {
  if (!Array.isArray(inputs) || !inputs.every((x) => x instanceof Tensor))
    throw failure(file, 'apply takes a list of tensors, one per input', { got: inputs });
  checkOptions<ApplyOptions>('apply', options, {
    kwargs: 1,
    onInputs: 1,
    onOutputs: 1,
    watched: 1,
    onMasks: 1,
    training: 1,
  });
  for (const name of ['onInputs', 'onOutputs'] as const) {
    const hook = options[name];
    if (hook !== undefined && typeof hook !== 'function')
      throw failure('apply', `${name} is a function`, { got: hook });
  }
}

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
