/**
 * Checks X and the forward kwargs against the model and makes constant tensors of them: one per input in the model's
 * order, all with the same number of rows, in the dtype that the model declares.
 */
import type { InputInfo } from '../../graph/callable.ts';
import { isFloat } from '../../tensor/dtype.ts';
import { didYouMean, failure } from '../../tensor/errors.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { isNested, isShapedArray, toTensor } from './arrays.ts';
import type { Forward } from './forward.ts';
import type { ArrayInput, ForwardKwargs, ModelInput } from './types.ts';

export interface FormattedInputs {
  readonly names: readonly string[];
  readonly tensors: readonly Tensor[];
  readonly rows: number;
}

/** @throws PathgradError when X does not fit the model: which input, what it has and what is expected */
export function formatInputs(forward: Forward, X: ModelInput): FormattedInputs {
  const entries = forward.inputs ? byModel(forward.inputs, X) : byValue(X);
  const tensors = entries.map(([name, value, info]) => {
    const t = toTensor(subjectOf(name, entries.length), value, info?.dtype ?? null, forward.dtype);
    checkInputShape(subjectOf(name, entries.length), t, info);
    return t;
  });
  const rows = tensors[0]!.shape[0]!;
  const other = tensors.findIndex((t) => t.shape[0] !== rows);
  if (other >= 0) {
    const shapes = tensors.map((t) => t.shape);
    throw failure('X', `inputs differ in their number of rows: ${rows} and ${tensors[other]!.shape[0]}`, { shapes });
  }
  if (rows === 0) throw failure('X', 'the batch is empty', { shape: tensors[0]!.shape }, 'give at least one row');
  return { names: entries.map(([name]) => name), tensors, rows };
}

export function subjectOf(name: string, count: number): string {
  return count > 1 ? `X '${name}'` : 'X';
}

type Entry = readonly [name: string, value: ArrayInput, info: InputInfo | null];

function byModel(inputs: readonly InputInfo[], X: ModelInput): Entry[] {
  const names = inputs.map((info) => info.name);
  if (isRecord(X)) {
    const stranger = Object.keys(X).find((key) => !names.includes(key));
    if (stranger !== undefined) {
      throw failure('X', `the model has no input '${stranger}'`, { inputs: names }, didYouMean(stranger, names));
    }
    return inputs.map((info) => {
      const value = X[info.name];
      if (value === undefined) throw failure('X', `input '${info.name}' is missing`, { inputs: names });
      return [info.name, value, info];
    });
  }
  const list = inputs.length === 1 ? isListOfArrays(X) : Array.isArray(X);
  if (inputs.length === 1 && !list) return [[inputs[0]!.name, X as ArrayInput, inputs[0]!]];
  if (!list || (X as readonly ArrayInput[]).length !== inputs.length) {
    const got = list ? `a list of ${(X as readonly ArrayInput[]).length}` : 'one array';
    const count = `${inputs.length} input${inputs.length > 1 ? 's' : ''}`;
    const hint = 'give a list in this order or a record by name';
    throw failure('X', `the model has ${count}, X is ${got}`, { inputs: names }, hint);
  }
  return inputs.map((info, i) => [info.name, (X as readonly ArrayInput[])[i]!, info]);
}

/** A plain function does not say what it takes: lists of tensors and records are several inputs, all else is one. */
function byValue(X: ModelInput): Entry[] {
  if (isRecord(X)) return checkedEntries(Object.entries(X).map(([name, value]) => [name, value, null]));
  if (isListOfArrays(X)) return checkedEntries(X.map((value, i) => [`input_${i}`, value, null]));
  return [['input', X as ArrayInput, null]];
}

function checkedEntries(entries: Entry[]): Entry[] {
  if (entries.length === 0) throw failure('X', 'holds no input', {}, 'give at least one array');
  return entries;
}

function isRecord(X: ModelInput): X is { readonly [name: string]: ArrayInput } {
  return (
    typeof X === 'object' &&
    X !== null &&
    !(X instanceof Tensor) &&
    !isNested(X) &&
    !isShapedArray(X) &&
    !ArrayBuffer.isView(X)
  );
}

/** A list whose items are tensors or `{ data, shape }`, as opposed to the nested arrays of one input. */
function isListOfArrays(X: ModelInput): X is readonly ArrayInput[] {
  return Array.isArray(X) && X.length > 0 && X.some((item) => item instanceof Tensor || isShapedArray(item));
}

function checkInputShape(subject: string, { shape }: Tensor, info: InputInfo | null): void {
  if (shape.length === 0) throw failure(subject, 'needs a batch axis', { shape }, 'one sample is [sample]');
  if (!info) return;
  const fits = (expected: InputInfo['shape']): boolean =>
    expected.length === shape.length && expected.every((dim, axis) => dim === null || dim === shape[axis]);
  if (fits(info.shape)) return;
  const expected = info.shape.map((dim) => dim ?? 'any');
  const hint = fits(info.shape.slice(1)) ? 'the batch axis is missing: one sample is [sample]' : undefined;
  throw failure(subject, 'does not have the shape that the model expects', { got: shape, expected }, hint);
}

/**
 * The forward kwargs as tensors: floats in the model's float type (that of X for plain functions), integers and booleans as
 * they are. An array has one row per sample; a number has no axis and goes to every call as it is.
 */
export function formatKwargs(
  forward: Forward,
  kwargs: ForwardKwargs | null | undefined,
  inputs: FormattedInputs,
): Record<string, Tensor> {
  const ofX = inputs.tensors.map((t) => t.dtype).find(isFloat);
  const floatType = forward.inputs ? forward.dtype : (ofX ?? forward.dtype);
  const formatted: Record<string, Tensor> = {};
  for (const [name, value] of Object.entries(kwargs ?? {})) {
    const subject = `forwardKwargs '${name}'`;
    const read = toTensor(subject, value, null, floatType);
    const t = isFloat(read.dtype) ? toTensor(subject, read, floatType, floatType) : read;
    if (t.rank > 0 && t.shape[0] !== inputs.rows) {
      throw failure(subject, 'needs one row per sample, or a number', { rows: inputs.rows, got: t.shape });
    }
    formatted[name] = t;
  }
  return formatted;
}
