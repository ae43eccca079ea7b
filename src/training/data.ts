/**
 * What a trainer is fed with, brought to arrays: inputs, truths and weights by output, with as many rows each. Invariant: all numbers are
 * finite and labels are what the losses take; else an error names input or output, and row.
 */
import { type ArrayInput, type Fed, type Feedable, readInputs, readOne } from '../model/inputs.ts';
import type { DType, TypedArray } from '../tensor/dtype.ts';
import { didYouMean, failure, PathgradError, retold } from '../tensor/errors.ts';
import { firstNotFinite } from '../tensor/finite.ts';
import type { Shape } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';
import { byClass, type ClassWeights } from './class-weights.ts';
import type { OutputTask } from './objective.ts';
import type { Asked } from './tasks.ts';
import type { Trainable } from './trainable.ts';

/** Truths: an array, or for several outputs a list in their order or an object by name. A typed array alone is one number a row. */
export type Truths = Truth | readonly Truth[] | { readonly [output: string]: Truth };
/** The labels of one output. */
export type Truth = ArrayInput | TypedArray;

/** Weights of samples: numbers, or for several outputs a list or an object of them by name. */
export type SampleWeights = Truths;

/** Arrays of `rows` rows each. */
export interface Rows {
  readonly rows: number;
  readonly x: readonly Fed[];
  readonly y: readonly (Fed | null)[];
  readonly weights: readonly (Fed | null)[];
}

export interface Given {
  readonly x: Feedable;
  readonly y?: Truths;
  readonly sampleWeight?: SampleWeights;
}

/** Inputs alone. */
export function readX(trainable: Trainable, x: Feedable): readonly Fed[] {
  const { model, name, inputs } = trainable;
  if (trainable.read) return trainable.read(x);
  // Texts and ids that are looked up first; `encode` copies, which large arrays are spared.
  if (model && model.rawInputs !== model.inputs) {
    return finite(
      trainable,
      model.encode(x).map(({ data, shape }) => ({ data, shape })),
    );
  }
  return finite(trainable, readInputs(name, inputs, x, model?.hasInputShape ?? true));
}

function finite({ name, inputs }: Trainable, fed: readonly Fed[]): readonly Fed[] {
  for (const [i, { data, shape }] of fed.entries()) checkFinite(`${name}, input '${inputs[i]!.name}'`, data, shape[0]!);
  return fed;
}

/** @throws PathgradError naming what does not fit, and the row */
export function readRows(
  trainable: Trainable,
  tasks: readonly OutputTask[],
  fedX: readonly Fed[],
  { y, sampleWeight }: Omit<Given, 'x'>,
  classWeight?: ClassWeights,
  outputs = 1,
): Rows {
  const { name } = trainable;
  const count = fedX[0]!.shape[0]!;
  const asked = tasks.filter(isAsked);
  const truths = y === undefined && asked.length > 0 ? null : parts(name, tasks, asked, y ?? {}, 'y');
  if (!truths) throw failure(name, 'there are no labels', {}, 'fit(x, y)');
  const fedY = tasks.map((task, i) => {
    const given = truths[i];
    if (given === undefined) return null;
    const dtype: DType = /^Sparse/.test(task.loss?.name ?? '') ? 'int32' : trainable.dtype;
    return readArray(`${name}, labels of '${task.name}'`, given, dtype, count);
  });
  const weights = tasks.map((task, i) => {
    if (!fedY[i]) return null;
    const where = `${name}, sample weights of '${task.name}'`;
    const given = sampleWeight === undefined ? undefined : weightsOf(name, tasks, sampleWeight, i);
    const fed = given === undefined ? null : readArray(where, given, trainable.dtype, count);
    return classWeight === undefined ? fed : byClass(trainable, tasks, fedY[i]!, fed, classWeight, outputs);
  });
  return { rows: count, x: fedX, y: fedY, weights };
}

/** The shape of the labels of each output, where there are some. */
export function labelShapes(
  name: string,
  asked: readonly Asked[],
  y: Truths | undefined,
): readonly (Shape | undefined)[] {
  if (y === undefined || y === null) throw failure(name, 'there are no labels', {}, 'fit(x, y)');
  return parts(name, asked, asked.filter(isAsked), y, 'y').map((given) =>
    given === undefined ? undefined : shapeOf(given),
  );
}

function shapeOf(given: Truth): Shape {
  if (given instanceof Tensor) return given.shape;
  if (ArrayBuffer.isView(given)) return [given.length];
  if (typeof given === 'object' && 'shape' in given) return given.shape;
  return Array.isArray(given) ? [given.length, ...(given.length > 0 ? shapeOf(given[0] as Truth) : [])] : [];
}

/** Whether there must be labels for an output. */
const isAsked = ({ loss, metrics, weightedMetrics }: Pick<Asked, 'loss' | 'metrics' | 'weightedMetrics'>): boolean =>
  loss !== null || metrics.length + weightedMetrics.length > 0;

/** Lets the losses look at the labels. @param predicted shapes of the outputs, batch axis first */
export function checkLabels(
  tasks: readonly OutputTask[],
  { y }: Rows,
  predicted: readonly (readonly number[])[],
): void {
  tasks.forEach(({ name, loss }, i) => {
    const truth = y[i];
    if (!loss || !truth) return;
    try {
      loss.check(truth, [truth.shape[0]!, ...predicted[i]!.slice(1)]);
    } catch (error) {
      // Of several outputs, the one.
      if (!(error instanceof PathgradError) || tasks.length === 1) throw error;
      throw retold(error, `labels of '${name}'`);
    }
  });
}

/** What `given` has for each task; undefined where nothing is given and nothing asked. */
function parts(
  name: string,
  tasks: readonly { readonly name: string }[],
  asked: readonly { readonly name: string }[],
  given: Truths,
  what: string,
): readonly (Truth | undefined)[] {
  const plain = typeof given === 'object' && !Array.isArray(given) && !(given instanceof Tensor);
  if (plain && !ArrayBuffer.isView(given) && !('data' in given && 'shape' in given)) {
    const dict = given as Readonly<Record<string, Truth>>;
    const names = tasks.map((task) => task.name);
    const unknown = Object.keys(dict).find((key) => !names.includes(key));
    if (unknown !== undefined)
      throw failure(name, `there is no output '${unknown}' for ${what}`, {}, didYouMean(unknown, names));
    const missing = asked.find((task) => dict[task.name] === undefined);
    if (missing) throw failure(name, `${what} has nothing for output '${missing.name}'`, { has: Object.keys(dict) });
    return names.map((key) => dict[key]);
  }
  if (tasks.length === 1) {
    const only = Array.isArray(given) && given.length === 1 && isArrayLike(given[0]) ? given[0] : given;
    return [only as Truth];
  }
  const list = Array.isArray(given) ? (given as readonly Truth[]) : [given as Truth];
  // One for each output, or one for each that has a loss or a metric.
  const takers = list.length === tasks.length ? tasks : asked;
  if (list.length !== takers.length) {
    const hint = 'a list in this order, or an object with these names';
    throw failure(name, `${what} is given for ${list.length} outputs`, { outputs: takers.map((t) => t.name) }, hint);
  }
  return tasks.map((task) => list[takers.indexOf(task)]);
}

const isArrayLike = (value: unknown): boolean =>
  value instanceof Tensor || (typeof value === 'object' && !Array.isArray(value));

/** Weights of one output: one array for all outputs, or a list or object of them; outputs that an object leaves out have none. */
function weightsOf(
  name: string,
  tasks: readonly OutputTask[],
  given: SampleWeights,
  output: number,
): Truth | undefined {
  const flat = ArrayBuffer.isView(given) || given instanceof Tensor || (typeof given === 'object' && 'data' in given);
  if (flat || (Array.isArray(given) && typeof given[0] === 'number')) return given as Truth;
  return parts(name, tasks, [], given, 'sampleWeight')[output];
}

function readArray(where: string, given: Truth, dtype: DType, count: number): Fed {
  const flat = ArrayBuffer.isView(given) ? { data: given, shape: [given.length] } : given;
  const source = flat instanceof Tensor ? flat.constant : typeof flat === 'object' && 'data' in flat ? flat.data : null;
  if (dtype === 'int32' && source) checkWholeNumbers(where, source, count);
  const fed = readOne(where, { name: '', shape: [], dtype }, flat, false);
  if (dtype === 'int32' && !source) {
    const exact = readOne(where, { name: '', shape: [], dtype: 'float64' }, flat, false);
    checkWholeNumbers(where, exact.data, exact.shape[0]!);
  }
  if (fed.shape[0] !== count) {
    throw failure(where, `are ${fed.shape[0] ?? 'no'} rows, the inputs are ${count}`, { shape: fed.shape });
  }
  checkFinite(where, fed.data, count);
  return fed;
}

function checkWholeNumbers(where: string, data: ArrayLike<number>, count: number): void {
  for (let i = 0; i < data.length; i++) {
    if (Number.isInteger(data[i])) continue;
    throw failure(where, `row ${Math.floor(i / (data.length / count))} is no class number`, { value: data[i] });
  }
}

function checkFinite(where: string, data: TypedArray, count: number): void {
  if (!(data instanceof Float32Array || data instanceof Float64Array)) return;
  const bad = firstNotFinite(data);
  if (bad < 0) return;
  const row = Math.floor(bad / (data.length / count));
  const hint = 'leave the row out, or put a number in its place';
  throw failure(where, `row ${row} holds ${data[bad]}`, { row, at: bad - (row * data.length) / count }, hint);
}
