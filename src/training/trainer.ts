/**
 * Trains a model: holds its weights and the optimizer's state in a backend, makes plans of steps for the batch sizes that come, and gives
 * weights back. Invariant: the model that was given stays as it is; `model()` makes another with what was learnt.
 */
import type { Backend } from '../backends/backend.ts';
import { takeTrainingKernels } from '../backends/wasm/bind/training.ts';
import type { WeightChange } from '../graph/callable.ts';
import type { OptimizerState } from '../keras/save/optimizer.ts';
import { type SaveFormat, saveModel } from '../keras/save/save.ts';
import type { Feedable } from '../model/inputs.ts';
import type { Model } from '../model/model.ts';
import type { TypedArray } from '../tensor/dtype.ts';
import { failure, PathgradError } from '../tensor/errors.ts';
import { checkBoolean, checkList, checkOptions, checkWhole } from '../tensor/options.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { TransformerModel } from '../transformers/model.ts';
import type { Callback } from './callbacks.ts';
import { checkArrays, readCheckpoint, writeCheckpoint } from './checkpoint.ts';
import type { Truths } from './data.ts';
import { diagnose } from './diagnose.ts';
import { type EvaluateOptions, Evaluator } from './evaluator.ts';
import { type History, runFit } from './fit.ts';
import type { FitData, FitOptions } from './fit-options.ts';
import { Held, type TrainedWeight } from './held.ts';
import type { Logs } from './logs.ts';
import { optimizerOf } from './optimizers/of.ts';
import { beginSession, kept, type Left, record, type Session } from './session.ts';
import type { Identifier } from './settings.ts';
import { type BatchSpec, type Recompute, type StepPlan, specKey, trainingGraph, trainingPlan } from './step.ts';
import { type TaskOptions, toldOf } from './tasks.ts';
import { type Freeze, type FunctionToTrain, type ToTrain, type Trainable, trainableOf } from './trainable.ts';
import type { Optimizer } from './types.ts';

/** What a `Trainer` makes of a model. */
export interface TrainerOptions extends TaskOptions {
  /** How weights change with gradients: an optimizer, or its name or config as Keras has it. */
  readonly optimizer: Optimizer | Identifier;
  /** Of dropout and the like, and of the order of rows; 0 by default. Equal seeds give equal bits. */
  readonly seed?: number;
  /** By default as for `compile`: wasm for float32, reference for float64. */
  readonly backend?: Backend;
  /**
   * For deep nets: less memory for more work. A number cuts the layers into so many parts, a list names the layers whose outputs are kept;
   * what lies between is computed again in the backward pass. The results are the same bits.
   */
  readonly recompute?: Recompute;
  /** Weights of a transformer or a function that stay as they are, by path: `(path) => path.startsWith('distilbert/')` trains the head alone. */
  readonly freeze?: Freeze;
}

/** What `Trainer.save` writes beside the model. */
export interface TrainerSaveOptions {
  /** Whether loss, metrics and the optimizer with its state are written; true by default. */
  readonly compile?: boolean;
  /** Whether a schedule that Keras reads with a custom object alone may be written; false by default. */
  readonly customObjects?: boolean;
}

/** Where an epoch began. */
interface Mark {
  readonly step: number;
  readonly epoch: number;
  readonly rate: number | null;
  readonly began: boolean;
}

/** Trains a model, or a function of tensors, on data: `fit`, `evaluate`, `predict`, and `model()` for what comes out. */
export class Trainer {
  readonly optimizer: Optimizer;
  readonly seed: number;
  /** Batches that were trained on so far: what the optimizer's numbers and the draws of a step follow from. */
  step = 0;
  /** Epochs that ended so far. */
  epoch = 0;
  /** What stands in for the optimizer's rate, as callbacks set it; null for its own. */
  rate: number | null = null;
  readonly trainable: Trainable;
  /** Judges with the weights of now. */
  readonly evaluator: Evaluator;
  readonly #held: Held;
  readonly #recompute: Recompute | undefined;
  #stats: StepPlan['stats'] | null = null;
  #session: Session | null = null;
  /** Where the epoch that runs began. */
  #mark: Mark | null = null;
  #left: Left | null = null;
  #resuming = false;
  #stopping = false;
  #busy = false;

  /**
   * @param model a loaded or built model, a transformer, or `{ inputs, parameters, apply }` for any function of tensors
   * @throws PathgradError for options that make no sense, and where there is nothing to train
   */
  constructor(model: Model, options: TrainerOptions);
  constructor(model: TransformerModel, options: TrainerOptions);
  constructor(model: FunctionToTrain, options: TrainerOptions);
  constructor(model: ToTrain, options: TrainerOptions);
  constructor(model: ToTrain, options: TrainerOptions) {
    checkOptions<TrainerOptions>('Trainer', options, {
      ...{ loss: 1, optimizer: 1, metrics: 1, weightedMetrics: 1, lossWeights: 1, seed: 1, backend: 1 },
      ...{ recompute: 1, freeze: 1 },
    });
    const { optimizer, seed = 0, backend, recompute, freeze } = options ?? {};
    if (!optimizer) throw failure('Trainer', 'needs an optimizer', {}, "optimizer: 'adam', or adam()");
    if (!Number.isInteger(seed) || Math.abs(seed) >= 2 ** 31)
      throw failure('Trainer', 'seed is a whole number of 32 bits', { got: seed });
    takeTrainingKernels();
    this.optimizer = optimizerOf(optimizer);
    if (typeof recompute === 'number') checkWhole('Trainer', 'recompute', recompute, 2);
    else if (recompute !== undefined) checkList('Trainer: recompute', recompute, 'a number, or paths of layers');
    this.#recompute = recompute;
    this.seed = seed;
    this.trainable = trainableOf(model, freeze);
    this.#held = new Held(this.trainable, this.optimizer, backend);
    this.evaluator = new Evaluator(this.trainable, this.#held, options);
  }

  /** The rate of the next step. */
  get learningRate(): number {
    const { learningRate } = this.optimizer;
    return this.rate ?? (typeof learningRate === 'number' ? learningRate : learningRate.at(this.step));
  }

  /** From now on the rate is this, whatever the optimizer says. */
  set learningRate(rate: number) {
    if (!(Number.isFinite(rate) && rate >= 0)) throw failure('Trainer', 'a rate is a number from 0 up', { got: rate });
    this.rate = rate;
  }

  /**
   * Trains on arrays, or on batches that an iterable gives.
   * @returns the loss and the metrics of each epoch
   * @throws PathgradError naming what of the data, labels or options does not fit, or the step and layer where a loss became NaN; the
   * signal's reason when aborted. Weights are then those of the last whole epoch.
   */
  fit(data: FitData, options?: FitOptions): Promise<History>;
  fit(x: Feedable, y: Truths, options?: FitOptions): Promise<History>;
  async fit(x: unknown, y?: unknown, options?: FitOptions): Promise<History> {
    return this.exclusively(() => runFit(this, x, y, options));
  }

  /**
   * Losses and metrics at inference: `{ loss, accuracy, ... }`, on arrays or on batches that an iterable gives.
   * @throws PathgradError as `fit` does for data that does not fit
   */
  evaluate(data: FitData, options?: EvaluateOptions): Promise<Logs>;
  evaluate(x: Feedable, y: Truths, options?: EvaluateOptions): Promise<Logs>;
  evaluate(x: Feedable | FitData, y?: Truths | EvaluateOptions, options?: EvaluateOptions): Promise<Logs> {
    return this.evaluator.evaluate(x, y, options);
  }

  /**
   * Outputs at inference with the weights of now, one tensor each, computed `batchSize` rows at a time.
   * @throws PathgradError for inputs that do not fit
   */
  predict(x: Feedable, options?: { readonly batchSize?: number }): Promise<readonly Tensor[]> {
    return this.evaluator.predict(x, options);
  }

  /** The weights of now, in the order of the layers. */
  weights(): readonly TrainedWeight[] {
    return this.#held.weights();
  }

  /**
   * A model with the weights of now; the one that was given stays as it is.
   * @throws PathgradError where a function was trained, and for a transformer, of which `transformer.withWeights(trainer.change)` makes another
   */
  async model(): Promise<Model> {
    const { model, name, change } = this.trainable;
    if (model) return model.withWeights(this.change);
    if (change) throw failure(name, 'is a transformer: trainer.model() gives Keras models', {}, change);
    throw failure(name, 'is a function, not a model', {}, 'trainer.weights() has what was learnt');
  }

  /** The weights of now for `withWeights` of the model that is trained. */
  get change(): WeightChange {
    return this.#held.change;
  }

  /** The optimizer's state as `saveModel` writes it: `iterations` and slots of now. */
  optimizerState(): OptimizerState {
    return this.#held.optimizerState(this.step, this.rate);
  }

  /**
   * A file of the model with the weights of now that Keras loads and, but for safetensors, trains on: the loss and the optimizer with its
   * state lie in it.
   * @param options `compile: false` leaves out what the file says of training; `customObjects` as for `saveModel`
   * @throws PathgradError as `model` and `saveModel` do
   */
  async save(format: SaveFormat, options: TrainerSaveOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
    checkOptions<TrainerSaveOptions>('save', options, { compile: 1, customObjects: 1 });
    const { compile = true, customObjects = false } = options;
    checkBoolean('save, compile', compile);
    checkBoolean('save, customObjects', customObjects);
    const model = await this.model();
    if (format === 'safetensors' || !compile) return saveModel(model, { format });
    const told = this.evaluator.tasks.map((task) => [task.name, toldOf(task)] as const);
    const [[, { loss, lossWeight = 1, ...metrics }]] = told as [(typeof told)[0]];
    const asked =
      told.length > 1 || lossWeight !== 1
        ? { outputs: Object.fromEntries(told) }
        : loss === null
          ? {}
          : { loss, ...metrics };
    return saveModel(model, { format, customObjects, optimizer: this.optimizerState(), ...asked });
  }

  /**
   * Frees plans and what the backend holds; the trainer is then as it was made, with the weights that training began with.
   * @throws PathgradError while a fit runs
   */
  dispose(): void {
    if (this.#busy) throw failure('Trainer', 'is training: it cannot be disposed of', {}, 'abort and await the fit');
    this.evaluator.plans.dispose();
    this.#held.dispose();
    Object.assign(this, { step: 0, epoch: 0, rate: null });
    this.#session = null;
    this.#left = null;
  }

  /** Of the plan of a step that was made last: steps, bytes of intermediate values, operations; null before. */
  get stats(): StepPlan['stats'] | null {
    return this.#stats;
  }

  /** Ends the training after the batch, or the epoch, that runs. */
  stop(): void {
    this.#stopping = true;
  }

  get stopping(): boolean {
    return this.#stopping;
  }

  /** One step on a batch: the loss, the losses of outputs, the sums of metrics. */
  async runStep(spec: BatchSpec, batch: readonly TypedArray[]): Promise<TypedArray[]> {
    const step = this.step;
    const numbers = this.optimizer.numbers(step, this.rate ?? undefined);
    const make = (): StepPlan => this.#trainingPlan(spec);
    await this.evaluator.loaded(spec.x);
    let results: TypedArray[] = [];
    let fault: unknown = null;
    try {
      results = await this.evaluator.plans.use(`train ${specKey(spec)}`, make, (plan) =>
        (plan as StepPlan).run(batch, [this.seed, step], numbers),
      );
    } catch (error) {
      // A loss or a gradient that is no number ends the plan, too.
      if (!(error instanceof PathgradError) || !this.#held.began) throw error;
      fault = error;
    }
    if (fault || !Number.isFinite(results[0]![0])) {
      const { trainable, evaluator } = this;
      const input = { spec, batch, seed: [this.seed, step] } as const;
      const found = await diagnose(trainable, evaluator.tasks, this.#held.state, input);
      throw found ?? fault ?? failure(trainable.name, `the loss became ${results[0]![0]} in step ${step}`);
    }
    this.step++;
    return results;
  }

  #trainingPlan(spec: BatchSpec): StepPlan {
    const { trainable, evaluator } = this;
    const graph = trainingGraph(trainable, evaluator.tasks, spec, { recompute: this.#recompute });
    if (!this.#held.began) this.#held.begin(graph.updates.keys());
    evaluator.count(graph.objective);
    const plan = trainingPlan(trainable, graph, this.optimizer, this.#held);
    this.#stats = plan.stats;
    return plan;
  }

  /** Begins a fit: with what a checkpoint left, if there is something. */
  beginFit(callbacks: readonly Callback[]): Session {
    this.#stopping = false;
    this.#session = beginSession(callbacks, this.#left);
    this.#resuming = this.#left !== null;
    this.#left = null;
    return this.#session;
  }

  /**
   * The training as bytes, for `Trainer.resume`: weights, statistics, the optimizer's state, counts, history, and what callbacks keep. Within a
   * fit, epochs that are not whole are left out.
   */
  checkpoint(): Uint8Array<ArrayBuffer> {
    const { state, began } = this.#held;
    const mark = this.#mark;
    if (!began || (mark && !mark.began))
      throw failure('Trainer', 'there is nothing to keep yet', {}, 'train for an epoch first');
    const held = (tensor: Tensor): TypedArray => (mark ? state.readSaved(tensor) : state.read(tensor));
    const cells = [...this.#held.names()].map(([name, one]) => [name, { tensor: one, data: held(one) }] as const);
    const { step, epoch, rate } = mark ?? this;
    const { numbers, arrays } = kept(this.#session);
    return writeCheckpoint(new Map([...cells, ...arrays]), {
      ...{ step, epoch, rate, seed: this.seed, ...numbers },
      dtype: this.trainable.dtype,
      optimizer: this.optimizer.name,
    });
  }

  /**
   * A trainer that goes on where a checkpoint was made: the next `fit` with the same data and options has the bits of one that was never
   * interrupted.
   * @param model the one that was trained, as it was given then; its weights are taken from the checkpoint
   * @throws PathgradError where the bytes are no checkpoint, or one of another model, optimizer or seed
   */
  static async resume(model: ToTrain, bytes: Uint8Array, options: TrainerOptions): Promise<Trainer> {
    const { numbers, arrays } = await readCheckpoint(bytes);
    const trainer = new Trainer(model, { seed: numbers.seed, ...options });
    const { seed, optimizer, trainable } = trainer;
    for (const [what, own] of Object.entries({ seed, dtype: trainable.dtype, optimizer: optimizer.name })) {
      const found = numbers[what as 'seed'];
      if (found !== own) throw failure('checkpoint', `was made with another ${what}`, { [what]: found, given: own });
    }
    const ofCallbacks = ([name]: readonly [string, unknown]): boolean => name.startsWith('callback/');
    const others = trainable.weights.filter(({ trainable: own, path }) => !own && arrays.has(`weights/${path}`));
    const state = trainer.#held.begin(others.map((weight) => weight.tensor));
    const names = trainer.#held.names();
    try {
      checkArrays(new Map([...arrays].filter((entry) => !ofCallbacks(entry))), names);
    } catch (error) {
      trainer.dispose();
      throw error;
    }
    for (const [name, held] of names) state.write(held, arrays.get(name)!);
    Object.assign(trainer, { step: numbers.step, epoch: numbers.epoch, rate: numbers.rate });
    trainer.#left = { numbers, arrays: new Map([...arrays].filter(ofCallbacks)) };
    return trainer;
  }

  /** Remembers all that an epoch changes. */
  mark(): Mark {
    const { began, state } = this.#held;
    if (began) state.save();
    this.#mark = { step: this.step, epoch: this.epoch, rate: this.rate, began };
    return this.#mark;
  }

  /** Puts back what was marked. */
  backTo({ step, epoch, rate, began }: Mark): void {
    this.#mark = null;
    if (began) this.#held.state.restore();
    else {
      this.evaluator.plans.dispose();
      this.#held.forget();
    }
    Object.assign(this, { step, epoch, rate });
  }

  /** From here on the epoch counts. */
  epochEnded(session: Session, epoch: number, logs: Logs): void {
    this.#mark = null;
    this.#resuming = false;
    this.epoch++;
    session.epoch = epoch + 1;
    session.epochs.push(epoch);
    record(session, logs);
  }

  /** Whether this fit goes on from a checkpoint and has ended no epoch yet. */
  get resuming(): boolean {
    return this.#resuming;
  }

  /**
   * Gives weights other numbers, by path; those not named keep theirs. The optimizer's state stays.
   * @throws PathgradError for a path that there is not, and another number of values
   */
  setWeights(values: ReadonlyMap<string, Tensor>): void {
    this.#held.setWeights(values);
  }

  /** Where the optimizer averages weights, they are the result. */
  finalize(): void {
    this.#held.finalize();
  }

  async exclusively<T>(work: () => Promise<T>): Promise<T> {
    if (this.#busy) throw failure('Trainer', 'is training already', {}, 'await the fit that runs');
    this.#busy = true;
    try {
      return await work();
    } finally {
      this.#busy = false;
    }
  }
}
