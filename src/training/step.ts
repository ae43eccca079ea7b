/**
 * A training step as one plan: forward, losses, gradients, the optimizer's update and the sums of metrics. What goes in is the batch, the
 * seed and the optimizer's numbers; what comes out are the loss and the sums. Weights, slots and statistics stay in the backend.
 */
import type { ApplyOptions } from '../graph/callable.ts';
import { grad } from '../graph/grad.ts';
import { evenly, recomputed } from '../graph/recompute.ts';
import { compileWithState, type State, type StatePlan } from '../graph/state.ts';
import { ModelLayer } from '../keras/model/layer.ts';
import { activityOf } from '../keras/training/index.ts';
import { add, notEqual, sub } from '../ops/binary.ts';
import { gather } from '../ops/indexing.ts';
import { sum } from '../ops/reduce.ts';
import { cast } from '../ops/unary.ts';
import type { TypedArray } from '../tensor/dtype.ts';
import { didYouMean, failure } from '../tensor/errors.ts';
import { type Shape, sizeOf } from '../tensor/shape.ts';
import { placeholder, type Tensor, type TensorSpec, zeros } from '../tensor/tensor.ts';
import { createTrainingContext } from './context.ts';
import { type Objective, type OutputTask, objectiveOf, type Target } from './objective.ts';
import { poolsOfConvolutions } from './pools.ts';
import { trainingRules } from './rules.ts';
import { productsOfTables } from './tables.ts';
import type { Trainable } from './trainable.ts';
import type { Optimizer } from './types.ts';

/** The shapes of a batch. */
export interface BatchSpec {
  readonly x: readonly TensorSpec[];
  /** Per output; null where nothing is asked of it. */
  readonly y: readonly (TensorSpec | null)[];
  readonly weights: readonly (Shape | null)[];
}

/** A batch's arrays, in the order of its spec: inputs, then truths, then weights, without what is null. */
export type BatchArrays = readonly TypedArray[];

/** The tensors of a parameter's slots, by name. */
export type Slots = ReadonlyMap<Tensor, Readonly<Record<string, Tensor>>>;

interface Fed {
  readonly x: readonly Tensor[];
  readonly targets: readonly (Target | null)[];
  readonly list: readonly Tensor[];
}

function fedOf(spec: BatchSpec, trainable: Trainable): Fed {
  const x = spec.x.map(({ shape, dtype }) => placeholder(shape, dtype));
  const truths = spec.y.map((y) => y && placeholder(y.shape, y.dtype));
  const weights = spec.weights.map((shape) => shape && placeholder(shape, trainable.dtype));
  const targets = truths.map((truth, i) => truth && { truth, weights: weights[i] ?? null });
  const there = [...truths, ...weights].filter((tensor) => tensor !== null);
  return { x, targets, list: [...x, ...there] };
}

/** The graph of a step before it is bound to a state. */
export interface StepGraph {
  readonly inputs: readonly Tensor[];
  readonly objective: Objective;
  /** What each statistic becomes. */
  readonly updates: ReadonlyMap<Tensor, Tensor>;
  /** What weights are set to before they are read. */
  readonly begins: ReadonlyMap<Tensor, Tensor>;
  readonly seed: Tensor;
  /** Outputs of layers, between which the backward pass computes anew; none for keeping all. */
  readonly kept: readonly Tensor[];
}

/** Into how many parts the layers are cut, or the paths of the layers whose outputs are kept. */
export type Recompute = number | readonly string[];

/** Forward in training mode, with all that is asked of the outputs. */
export function trainingGraph(
  trainable: Trainable,
  tasks: readonly OutputTask[],
  spec: BatchSpec,
  { hooks = {}, recompute }: { readonly hooks?: ApplyOptions; readonly recompute?: Recompute | undefined } = {},
): StepGraph {
  const fed = fedOf(spec, trainable);
  const seed = placeholder([2], 'int32');
  const context = createTrainingContext(seed, trainable.dtype);
  const outputs: { readonly path: string; readonly y: Tensor }[] = [];
  const onOutputs: ApplyOptions['onOutputs'] = ({ layer, outputs: made }) => {
    outputs.push(...made.map((y) => ({ path: layer.path, y })));
    return null;
  };
  const applied = trainable.apply(fed.x, context, recompute === undefined ? hooks : { ...hooks, onOutputs });
  const extra = [...penalties(trainable, context.begins), ...context.losses];
  const objective = objectiveOf(applied, fed.targets, tasks, extra);
  const kept = recompute === undefined ? [] : keptOf(trainable.name, outputs, recompute);
  const { updates, begins } = context;
  return { inputs: fed.list, objective, updates, begins, seed, kept };
}

function keptOf(
  subject: string,
  outputs: readonly { readonly path: string; readonly y: Tensor }[],
  recompute: Recompute,
): readonly Tensor[] {
  if (typeof recompute === 'number') return evenly([...new Set(outputs.map(({ y }) => y))], recompute);
  const paths = outputs.map(({ path }) => path);
  const unknown = recompute.find((path) => !paths.includes(path));
  if (unknown !== undefined)
    throw failure(subject, `there is no layer '${unknown}' to keep the output of`, {}, didYouMean(unknown, paths));
  return outputs.flatMap(({ path, y }) => (recompute.includes(path) ? [y] : []));
}

/** What regularizers add to the loss. */
function penalties({ weights }: Trainable, begins: ReadonlyMap<Tensor, Tensor> = new Map()): Tensor[] {
  return weights.flatMap(({ tensor, regularizer }) => (regularizer ? [regularizer(begins.get(tensor) ?? tensor)] : []));
}

/** A plan of a step. */
export interface StepPlan {
  readonly stats: StatePlan['stats'];
  /** The loss, the losses of single outputs, and the sums of the metrics one after another. */
  run(
    batch: BatchArrays,
    seed: readonly [number, number],
    numbers: Readonly<Record<string, number>>,
  ): Promise<TypedArray[]>;
  dispose(): void;
}

/** What a step changes beside the weights. */
export interface StepState {
  readonly state: State;
  readonly slots: Slots;
}

/** Flat results of an objective, in the order that `run` gives them. */
export const resultsOf = ({ total, losses, sums }: Objective): Tensor[] => [total, ...losses, ...sums.flat(2)];

export function trainingPlan(
  trainable: Trainable,
  graph: StepGraph,
  optimizer: Optimizer,
  { state, slots }: StepState,
): StepPlan {
  const { objective, updates, begins, seed, inputs, kept } = graph;
  const parameters = trainable.weights.filter((weight) => weight.trainable);
  const { dtype } = trainable;
  const names = Object.keys(optimizer.numbers(0));
  const scalars = Object.fromEntries(names.map((name) => [name, placeholder([], dtype)]));
  const tensors = parameters.map(({ tensor }) => tensor);
  const starting = tensors.map((tensor) => begins.get(tensor) ?? tensor);
  const made = [...resultsOf(objective), ...updates.values()];
  // What is computed anew begins at outputs of layers, which have to stay as they are.
  const all = [...made, ...starting];
  const ends = kept.length > 0 ? all : productsOfTables(poolsOfConvolutions(all, state.backend.name));
  const total = ends[0]!;
  const results = ends.slice(0, made.length - updates.size);
  const starts = ends.slice(made.length);
  const slotsOf = tensors.map((tensor) => slots.get(tensor)!);
  const direct = grad(total, starts, undefined, { rules: trainingRules(state.backend.name) });
  const raw = kept.length > 0 ? recomputed(direct, total, kept) : direct;
  const guarded = guard([total, ...raw.map((gradient) => sum(gradient))], scalars);
  const gradients = optimizer.clip?.(raw, slotsOf, guarded) ?? raw;
  const carry = new Map<Tensor, Tensor>([...updates.keys()].map((key, i) => [key, ends[results.length + i]!]));
  parameters.forEach((parameter, i) => {
    const next = optimizer.update({ ...parameter, tensor: starts[i]! }, gradients[i]!, slotsOf[i]!, guarded);
    carry.set(parameter.tensor, parameter.constraint?.(next.parameter) ?? next.parameter);
    for (const [name, value] of Object.entries(next.slots)) carry.set(slotsOf[i]![name]!, value);
  });
  const plan = compileWithState(results, [...inputs, seed, ...Object.values(scalars)], { state, carry });
  const [Floats, seedArray] = [dtype === 'float64' ? Float64Array : Float32Array, new Int32Array(2)];
  const cells = names.map(() => new Floats(1));
  return {
    stats: plan.stats,
    run(batch, [high, low], numbers) {
      seedArray[0] = high;
      seedArray[1] = low;
      for (const [i, name] of names.entries()) cells[i]![0] = numbers[name]!;
      return plan.run([...batch, seedArray, ...cells]);
    },
    dispose: () => plan.dispose(),
  };
}

/**
 * The numbers of the update, to be had only where these are finite (the loss, and the sum of each gradient, which one infinity or NaN in it makes
 * one, too): else the plan ends there, before anything is written. An index that is outside its table is what plans check.
 */
function guard(
  checked: readonly Tensor[],
  scalars: Readonly<Record<string, Tensor>>,
): Readonly<Record<string, Tensor>> {
  const flag = checked.reduce((a, b) => add(a, b));
  const index = cast(notEqual(sub(flag, flag), 0), 'int32');
  const zero = gather(zeros([1], flag.dtype), index);
  return Object.fromEntries(Object.entries(scalars).map(([name, scalar]) => [name, add(scalar, zero)]));
}

/** Losses and metrics at inference. */
export function evaluationPlan(
  trainable: Trainable,
  tasks: readonly OutputTask[],
  spec: BatchSpec,
  state: State,
): { readonly plan: StatePlan; readonly objective: Objective } {
  const fed = fedOf(spec, trainable);
  const activity: Tensor[] = [];
  const onOutputs: ApplyOptions['onOutputs'] = (call) => {
    if (call.layer instanceof ModelLayer) activity.push(...activityOf(call.layer, call));
    return null;
  };
  const applied = trainable.apply(fed.x, undefined, { onOutputs });
  const objective = objectiveOf(applied, fed.targets, tasks, [...penalties(trainable), ...activity]);
  const results = poolsOfConvolutions(resultsOf(objective), state.backend.name);
  return { plan: compileWithState(results, fed.list, { state }), objective };
}

/** The outputs at inference. */
export function predictionPlan(trainable: Trainable, specs: readonly TensorSpec[], state: State): StatePlan {
  const x = specs.map(({ shape, dtype }) => placeholder(shape, dtype));
  return compileWithState(poolsOfConvolutions(trainable.apply(x).outputs, state.backend.name), x, { state });
}

/** The key of a spec: plans of equal keys are the same. */
export function specKey({ x, y, weights }: BatchSpec): string {
  const part = (spec: TensorSpec | null): string => (spec ? `${spec.dtype}[${spec.shape}]` : '-');
  return `${x.map(part)};${y.map(part)};${weights.map((shape) => (shape ? `[${shape}]` : '-'))}`;
}

/** Bytes of a batch. */
export const bytesOf = (spec: BatchSpec): number =>
  4 * [...spec.x, ...spec.y].reduce((sum, one) => sum + (one ? sizeOf(one.shape) : 0), 0);
