/**
 * Losses, metrics and outputs of a model at inference, with the weights that are held: batch by batch, plans kept by shape. Whoever trains asks
 * it, and whoever only judges; such a model need not have anything to train.
 */
import type { Backend } from '../backends/backend.ts';
import { PlanCache } from '../graph/plan-cache.ts';
import type { StatePlan } from '../graph/state.ts';
import type { Fed, Feedable } from '../model/inputs.ts';
import { allocate, type TypedArray } from '../tensor/dtype.ts';
import { failure } from '../tensor/errors.ts';
import { checkOptions, checkWhole } from '../tensor/options.ts';
import type { Shape } from '../tensor/shape.ts';
import { placeholder, type Tensor, type TensorSpec, tensor } from '../tensor/tensor.ts';
import { Batcher } from './batcher.ts';
import type { ClassWeights } from './class-weights.ts';
import {
  checkLabels,
  type Given,
  labelShapes,
  type Rows,
  readRows,
  readX,
  type SampleWeights,
  type Truths,
} from './data.ts';
import { type FitData, isBatches } from './fit-options.ts';
import { Held } from './held.ts';
import { loadKernels } from './kernels.ts';
import type { Logs } from './logs.ts';
import type { Objective, OutputTask } from './objective.ts';
import { ofBatches } from './sources.ts';
import { type BatchSpec, evaluationPlan, predictionPlan, type StepPlan, specKey } from './step.ts';
import { Tally } from './tally.ts';
import { type Asked, askedOf, settled, type TaskOptions } from './tasks.ts';
import { readTrainable, type ToTrain, type Trainable } from './trainable.ts';
import { tensorsOf } from './transformer.ts';

/** What `evaluate` takes beside the data. */
export interface EvaluateOptions {
  /** 32 by default. */
  readonly batchSize?: number;
  readonly sampleWeight?: SampleWeights;
}

export class Evaluator {
  readonly trainable: Trainable;
  /** Of steps, too, so that there is one bound for all plans of a training. */
  readonly plans = new PlanCache<StatePlan | StepPlan>({}, 8);
  readonly #held: Held;
  readonly #asked: readonly Asked[];
  /** Known from the first labels on. */
  #settled: readonly OutputTask[] | null = null;
  #counts: readonly (readonly number[])[] = [];
  #loaded: Promise<void> | null = null;

  constructor(trainable: Trainable, held: Held, options: TaskOptions) {
    this.trainable = trainable;
    this.#held = held;
    this.#asked = askedOf(trainable.name, trainable.outputNames, options);
  }

  /** What is asked of each output: names that depend on the shapes of labels are known from the first labels on. */
  get tasks(): readonly OutputTask[] {
    this.#settled ??= settled(this.#asked, []);
    return this.#settled;
  }

  /** How many tensors of sums each metric of each output has: known from the first plan on. */
  get counts(): readonly (readonly number[])[] {
    return this.#counts;
  }

  /** @param objective of a plan that was made */
  count({ sums }: Objective): void {
    this.#counts = sums.map((list) => list.map((own) => own.length));
  }

  /** What plans wait for. @param x specs of the inputs of a batch */
  loaded(x: readonly TensorSpec[]): Promise<void> {
    this.#loaded ??= loadKernels(this.trainable, this.#held.state.backend.name, x);
    return this.#loaded;
  }

  /** Inputs, labels and weights as arrays. @throws PathgradError naming what does not fit */
  read({ x, ...rest }: Given, classWeight?: ClassWeights): Rows {
    const fed = readX(this.trainable, x);
    const predicted = this.#settled && !classWeight ? [] : this.#shapesFor(fed);
    if (!this.#settled) {
      const truths = labelShapes(this.trainable.name, this.#asked, rest.y);
      const shapes = truths.map((truth, i) => truth && { truth, predicted: [truth[0]!, ...predicted[i]!.slice(1)] });
      this.#settled = settled(this.#asked, shapes);
    }
    return readRows(this.trainable, this.#settled, fed, rest, classWeight, predicted[0]?.at(-1));
  }

  #shapesFor(fed: readonly Fed[]): readonly Shape[] {
    const { inputs } = this.trainable;
    return this.outputShapes(fed.map(({ shape }, i) => ({ shape: [1, ...shape.slice(1)], dtype: inputs[i]!.dtype })));
  }

  /** Shapes of the outputs for inputs of these. */
  outputShapes(specs: readonly TensorSpec[]): readonly Shape[] {
    const x = specs.map(({ shape, dtype }) => placeholder(shape, dtype));
    return this.trainable.apply(x).outputs.map(({ shape }) => shape);
  }

  /** @throws PathgradError for labels that the losses do not take and ids that the model does not know, with the row */
  async look(data: Rows): Promise<void> {
    const { x } = new Batcher(this.trainable, data).spec(1);
    checkLabels(this.tasks, data, this.outputShapes(x));
    await this.trainable.checkInputs?.(tensorsOf(data.x));
  }

  /** On arrays, or on batches that a data set gives (then the second argument are the options). */
  async evaluate(x: Feedable | FitData, y?: Truths | EvaluateOptions, given?: EvaluateOptions): Promise<Logs> {
    const isData = isBatches(x);
    const options = (isData && given === undefined ? (y as EvaluateOptions | undefined) : given) ?? {};
    checkOptions<EvaluateOptions>('evaluate', options, { batchSize: 1, sampleWeight: 1 });
    const { batchSize = 32, sampleWeight } = options;
    checkWhole('evaluate', 'batchSize', batchSize, 1);
    if (isData) {
      const alone = (['batchSize', 'sampleWeight'] as const).find((name) => options[name] !== undefined);
      if (alone) throw failure('evaluate', `${alone} is for arrays: a data set decides it itself`);
      return this.#evaluateBatches(x as FitData);
    }
    const rows = this.read({ x: x as Feedable, y: y as Truths, ...(sampleWeight !== undefined && { sampleWeight }) });
    await this.look(rows);
    return this.evaluateRows(new Batcher(this.trainable, rows), rows.rows, batchSize);
  }

  async #evaluateBatches(data: FitData): Promise<Logs> {
    let tally: Tally | null = null;
    for await (const { rows, spec, arrays } of ofBatches(this, data, {}).epoch(0)) {
      const results = await this.#run(spec, arrays);
      tally ??= new Tally(this.tasks, this.#counts);
      tally.add(results, rows);
    }
    if (!tally) throw failure('evaluate', 'the data set gave no batch');
    return tally.logs();
  }

  /** Losses and metrics of rows that are read already. */
  async evaluateRows(batcher: Batcher, count: number, batchSize: number): Promise<Logs> {
    let tally: Tally | null = null;
    for (let from = 0; from < count; from += batchSize) {
      const to = Math.min(from + batchSize, count);
      const results = await this.#run(batcher.spec(to - from), batcher.batch(null, from, to));
      tally ??= new Tally(this.tasks, this.#counts);
      tally.add(results, to - from);
    }
    return tally!.logs();
  }

  async #run(spec: BatchSpec, batch: readonly TypedArray[]): Promise<TypedArray[]> {
    await this.loaded(spec.x);
    const make = (): StatePlan => {
      const { plan, objective } = evaluationPlan(this.trainable, this.tasks, spec, this.#held.state);
      this.count(objective);
      return plan;
    };
    return this.plans.use(`evaluate ${this.#began} ${specKey(spec)}`, make, (plan) => (plan as StatePlan).run(batch));
  }

  async predict(x: Feedable, options: { readonly batchSize?: number } = {}): Promise<readonly Tensor[]> {
    checkOptions('predict', options, { batchSize: 1 });
    const { batchSize = 32 } = options;
    checkWhole('predict', 'batchSize', batchSize, 1);
    const fed = readX(this.trainable, x);
    await this.trainable.checkInputs?.(tensorsOf(fed));
    const count = fed[0]!.shape[0]!;
    const batcher = new Batcher(this.trainable, { rows: count, x: fed, y: [], weights: [] });
    const parts: { arrays: readonly TypedArray[]; shapes: readonly (readonly number[])[] }[] = [];
    for (let from = 0; from < count; from += batchSize) {
      const to = Math.min(from + batchSize, count);
      const specs = batcher.spec(to - from).x;
      const key = `predict ${this.#began} ${specKey({ x: specs, y: [], weights: [] })}`;
      await this.loaded(specs);
      const make = (): StatePlan => predictionPlan(this.trainable, specs, this.#held.state);
      parts.push(
        await this.plans.use(key, make, async (plan) => ({
          arrays: await (plan as StatePlan).run(batcher.batch(null, from, to)),
          shapes: (plan as StatePlan).outputs.map(({ shape }) => shape),
        })),
      );
    }
    return parts[0]!.shapes.map((shape, i) => {
      const all = parts.map(({ arrays }) => arrays[i]!);
      return tensor(joined(all, this.trainable.dtype), [count, ...shape.slice(1)]);
    });
  }

  get #began(): string {
    return this.#held.began ? 'trained' : 'given';
  }
}

function joined(parts: readonly TypedArray[], dtype: Trainable['dtype']): TypedArray {
  if (parts.length === 1) return parts[0]!;
  const all = allocate(
    dtype,
    parts.reduce((sum, { length }) => sum + length, 0),
  );
  let at = 0;
  for (const part of parts) {
    all.set(part as Float32Array, at);
    at += part.length;
  }
  return all;
}

/**
 * Judges a model as it is, one without weights, too.
 * @throws PathgradError for losses and metrics that there are not
 */
export function evaluatorOf(model: ToTrain, options: TaskOptions & { readonly backend?: Backend }): Evaluator {
  const trainable = readTrainable(model);
  return new Evaluator(trainable, new Held(trainable, null, options.backend), options);
}
