/** What a caller may feed a model with, brought to one typed array and shape per input, or refused with the input's name. */
import type { InputInfo } from '../graph/callable.ts';
import type { FloatDType } from '../tensor/dtype.ts';
import { allocate, type DType, dtypeOf, type TypedArray } from '../tensor/dtype.ts';
import { failure, PathgradError } from '../tensor/errors.ts';
import { type Shape, sizeOf } from '../tensor/shape.ts';
import { type NestedArray, Tensor, tensor } from '../tensor/tensor.ts';

/** A tensor, nested arrays of numbers, or a flat array with its shape; the batch axis comes first. */
export type ArrayInput = Tensor | NestedArray | { readonly data: ArrayLike<number>; readonly shape: Shape };

/** Texts (or numbers) as nested lists, or flat with a shape. */
export type NestedStrings = string | readonly NestedStrings[];
export interface StringInput {
  readonly strings: readonly string[];
  readonly shape: Shape;
}

/** Texts, for models that look them up: nested lists, or flat with a shape. */
export type TextInput = NestedStrings | StringInput;

/** For a model of several inputs: a list in the model's order, or a dict by input name. */
export type Feedable =
  | ArrayInput
  | TextInput
  | readonly (ArrayInput | TextInput)[]
  | { readonly [name: string]: ArrayInput | TextInput };

export interface Fed {
  readonly data: TypedArray;
  readonly shape: Shape;
}

/**
 * One array per input, of the input's dtype, all with the same batch size.
 * @param checked false for a model that learns its input shape from the first input
 */
export function readInputs(subject: string, infos: readonly InputInfo[], x: Feedable, checked = true): Fed[] {
  const names = infos.map((info) => info.name);
  const parts = splitInputs(subject, names, x) as ArrayInput[];
  const fed = parts.map((part, i) => readOne(subject, infos[i]!, part, checked));
  const batch = fed[0]?.shape[0];
  const odd = fed.findIndex(({ shape }) => shape[0] !== batch);
  if (odd >= 0) {
    const details = { [infos[0]!.name]: fed[0]!.shape, [infos[odd]!.name]: fed[odd]!.shape };
    throw failure(subject, 'the inputs have different batch sizes', details);
  }
  return fed;
}

/** The parts of `x` in the order of `names`. */
export function splitInputs(subject: string, names: readonly string[], x: Feedable): (ArrayInput | TextInput)[] {
  if (isDict(x)) {
    const missing = names.filter((name) => !Object.hasOwn(x, name));
    const unknown = Object.keys(x).filter((name) => !names.includes(name));
    if (missing.length > 0 || unknown.length > 0) {
      throw failure(subject, 'the inputs do not match by name', { needs: names, got: Object.keys(x) });
    }
    return names.map((name) => x[name]!);
  }
  if (names.length === 1) {
    const only = Array.isArray(x) && x.length === 1 && !isNested(x[0]) ? x[0] : x;
    return [only as ArrayInput | TextInput];
  }
  if (!Array.isArray(x) || x.length !== names.length) {
    const got = Array.isArray(x) ? `${x.length} arrays` : 'one array';
    const hint = 'give a list in this order, or an object with these names';
    throw failure(subject, `the model has ${names.length} inputs`, { needs: names, got }, hint);
  }
  return [...(x as readonly (ArrayInput | TextInput)[])];
}

function isDict(x: Feedable): x is { readonly [name: string]: ArrayInput | TextInput } {
  const plain =
    typeof x === 'object' && x !== null && !Array.isArray(x) && !(x instanceof Tensor) && !ArrayBuffer.isView(x);
  return plain && !isFlat(x);
}

function isFlat(x: unknown): x is { readonly data: ArrayLike<number>; readonly shape: Shape } {
  return (
    typeof x === 'object' &&
    x !== null &&
    !Array.isArray(x) &&
    ('data' in x || 'strings' in x) &&
    'shape' in x &&
    Array.isArray(x.shape)
  );
}

const isNumeric = (x: unknown): boolean =>
  Array.isArray(x) ? x.every(isNumeric) : typeof x === 'number' || typeof x === 'boolean';

function isNested(x: unknown): boolean {
  return typeof x === 'number' || typeof x === 'boolean' || typeof x === 'string' || Array.isArray(x);
}

export function readOne(subject: string, info: InputInfo, x: ArrayInput, checked: boolean): Fed {
  const where = info.name === '' ? subject : `${subject}, input '${info.name}'`;
  const { data, shape } = arrayOf(where, x);
  if (sizeOf(shape) !== data.length) {
    throw failure(where, `${data.length} values do not fill the shape`, { shape, needs: sizeOf(shape) });
  }
  if (checked) checkInputShape(where, info, shape);
  if (shape[0] === 0) throw failure(where, 'the batch is empty: the first axis has size 0', { shape });
  return { data: convert(where, data, info.dtype), shape };
}

function arrayOf(where: string, x: ArrayInput): { data: ArrayLike<number>; shape: Shape } {
  if (x instanceof Tensor) return { data: x.data, shape: x.shape };
  if (isFlat(x)) return x;
  if (ArrayBuffer.isView(x)) {
    throw failure(where, 'a typed array needs a shape', {}, 'give { data, shape }, or tensor(data, shape)');
  }
  if (!isNested(x)) throw failure(where, 'the input is not an array of numbers', { got: typeof x });
  try {
    const { data, shape } = tensor(x as NestedArray, undefined, 'float64');
    return { data, shape };
  } catch (error) {
    if (!(error instanceof PathgradError)) throw error;
    const row = Array.isArray(x) ? x.findIndex((one) => !isNumeric(one)) : -1;
    const said = error.message.split('\nhint: ')[0]!.replace(/^tensor: /, '');
    throw failure(row < 0 ? where : `${where}, row ${row}`, said, {}, error.hint, error);
  }
}

/** Throws unless `shape` (batch first) is one that the input takes. */
export function checkInputShape(where: string, info: InputInfo, shape: Shape): void {
  const expected = info.shape.map((dim) => dim ?? 'any');
  const fits = shape.length === expected.length && info.shape.every((dim, axis) => dim === null || dim === shape[axis]);
  if (fits) return;
  const lacksBatch = shape.length === expected.length - 1;
  const hint = lacksBatch ? 'the first axis is the batch: give a batch of one as [x]' : undefined;
  throw failure(where, 'the input has the wrong shape', { expected, got: shape }, hint);
}

function convert(where: string, values: ArrayLike<number>, dtype: DType): TypedArray {
  if (ArrayBuffer.isView(values) && dtypeOf(values as TypedArray) === dtype && isEngineArray(values)) return values;
  const data = allocate(dtype, values.length);
  if (dtype === 'bool') for (let i = 0; i < data.length; i++) data[i] = values[i] ? 1 : 0;
  else data.set(values);
  if (dtype === 'int32') {
    for (let i = 0; i < data.length; i++) {
      if (Math.abs(Number(values[i]) - data[i]!) < 1) continue;
      const hint = 'whole numbers from -2147483648 to 2147483647 are';
      throw failure(where, `${values[i]} is no number that 32 bits can hold`, { at: i }, hint);
    }
  }
  return data;
}

function isEngineArray(values: unknown): values is TypedArray {
  return [Float32Array, Float64Array, Int32Array, Uint8Array].some((type) => values instanceof type);
}

/** Rows `from` to `to` of the batch, without a copy. */
export function rows({ data, shape }: Fed, from: number, to: number): Fed {
  const size = data.length / shape[0]!;
  return { data: data.subarray(from * size, to * size), shape: [to - from, ...shape.slice(1)] };
}

/** Integers of any width feed an int32 input, floats of any width the model's own type. */
export function inputType(stored: string, dtype: FloatDType): DType {
  if (stored === 'bool') return 'bool';
  return /^u?int/.test(stored) ? 'int32' : dtype;
}
