/**
 * The arguments of an operation that a file records (`keras.ops`, TensorFlow calls): by position, by name, or among the node's options.
 * Invariant: what nobody read and is not known to be without effect is an error, so that no argument is dropped in silence.
 */
import { evaluate } from '../../graph/evaluate.ts';
import { cast } from '../../ops/unary.ts';
import { type DType, type FloatDType, isFloat } from '../../tensor/dtype.ts';
import { didYouMean, failure, type PathgradError } from '../../tensor/errors.ts';
import { normalizeAxis } from '../../tensor/shape.ts';
import { type NestedArray, Tensor, tensor } from '../../tensor/tensor.ts';
import { isBoolean } from '../config/json.ts';

/** What a file can pass: tensors, plain values, and lists and dicts of them. */
export type Operand =
  | Tensor
  | null
  | boolean
  | number
  | string
  | readonly Operand[]
  | { readonly [name: string]: Operand };

export interface OperationCall {
  readonly subject: string;
  readonly positional: readonly Operand[];
  readonly named: Readonly<Record<string, Operand>>;
  /** The type that floats come in. */
  readonly dtype: FloatDType;
}

/** One operation: its parameters in order (other names for the same after `|`), and what it builds. */
export interface OperationRule {
  readonly params: readonly string[];
  readonly run: (a: OpArguments) => Tensor | readonly Tensor[];
}

export function rule(params: string, run: OperationRule['run']): OperationRule {
  return { params: params.split(' '), run };
}

/** Bookkeeping and hints for TensorFlow; a value other than the ones here is refused. */
const harmless =
  /^(name|out_type|validate_indices|use_cudnn_on_gpu|trainable|dtype|_\w+|T\w*|N|sparse|conjugate|batch_dims)$/;

export function isRecordOperand(value: Operand | undefined): value is { readonly [name: string]: Operand } {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Tensor);
}

export class OpArguments {
  readonly subject: string;
  readonly dtype: FloatDType;
  readonly #values = new Map<string, Operand>();

  constructor(params: readonly string[], { subject, positional, named, dtype }: OperationCall) {
    this.subject = subject;
    this.dtype = dtype;
    const names = params.map((param) => param.split('|'));
    // Keras 3 writes an option among a node's options although Python takes it first (`einsum`'s subscripts).
    const free = names.filter((list) => !(list.includes('subscripts') && Object.keys(named).includes('subscripts')));
    positional.forEach((value, i) => {
      const own = free[i]?.[0];
      if (own === undefined)
        throw failure(subject, 'too many arguments', { takes: params.length, got: positional.length });
      this.#values.set(own, value);
    });
    for (const [key, value] of Object.entries(named)) {
      const own = names.find((list) => list.includes(key))?.[0];
      if (own !== undefined) {
        if (!this.#values.has(own) || value !== null) this.#values.set(own, value);
      } else if (value !== null && value !== false && value !== 0 && !harmless.test(key)) {
        const hint = `${didYouMean(key, names.flat())} An argument that is not understood could change the result.`;
        throw failure(subject, `argument '${key}' is not supported`, { value: show(value) }, hint);
      }
    }
  }

  /** The value, or undefined where there is none or None. */
  get(name: string): Operand | undefined {
    return this.#values.get(name) ?? undefined;
  }

  tensor(name: string): Tensor {
    const value = this.get(name);
    if (value instanceof Tensor) return value;
    if (typeof value === 'number' || (Array.isArray(value) && isNested(value)))
      return this.constant(value as NestedArray);
    throw this.wrong(name, 'a tensor');
  }

  /** A tensor, or a number where one will do. */
  operand(name: string): Tensor | number {
    const value = this.get(name);
    return typeof value === 'number' ? value : this.tensor(name);
  }

  /** Two operands of one type: an integer meets a float as a float. */
  pair(first: string, second: string): [Tensor | number, Tensor | number] {
    const [a, b] = [this.operand(first), this.operand(second)];
    const float = [a, b].some((v) => (v instanceof Tensor ? isFloat(v.dtype) : !Number.isInteger(v)));
    const lift = (v: Tensor | number): Tensor | number =>
      float && v instanceof Tensor && !isFloat(v.dtype) ? cast(v, this.dtype) : v;
    return [lift(a), lift(b)];
  }

  tensors(name: string): Tensor[] {
    const value = this.get(name);
    const list = value instanceof Tensor ? [value] : value;
    if (!Array.isArray(list) || list.length === 0) throw this.wrong(name, 'a list of tensors');
    const found = list.map((v: Operand) => (v instanceof Tensor ? v : this.constant(v as NestedArray)));
    const float = found.some((t) => isFloat(t.dtype));
    return found.map((t) => (float && !isFloat(t.dtype) ? cast(t, this.dtype) : t));
  }

  flag(name: string, fallback = false): boolean {
    const value = this.get(name) ?? fallback;
    if (isBoolean(value, true)) return true;
    if (!isBoolean(value, false)) throw this.wrong(name, 'true or false');
    return false;
  }

  number(name: string, fallback?: number): number {
    const value = this.get(name) ?? fallback;
    const plain = value instanceof Tensor ? this.#known(name, value)[0] : value;
    if (typeof plain !== 'number') throw this.wrong(name, 'a number');
    return plain;
  }

  text(name: string, fallback?: string): string {
    const value = this.get(name) ?? fallback;
    if (typeof value !== 'string') throw this.wrong(name, 'a text');
    return value;
  }

  /** Integers, from one or a list; tensors among them must be known when the graph is made (parts of a shape are). */
  integers(name: string): number[] | undefined {
    const value = this.get(name);
    if (value === undefined) return undefined;
    const list = Array.isArray(value) ? (value as readonly Operand[]) : [value];
    const numbers = list.flatMap((v) => (v instanceof Tensor ? this.#known(name, v) : [v]));
    if (!numbers.every((v) => typeof v === 'number' && Number.isInteger(v))) throw this.wrong(name, 'integers');
    return numbers as number[];
  }

  /** Axes of `x` counted from the front; all of them where none is given. */
  axes(name: string, x: Tensor): number[] {
    const given = this.integers(name);
    return given ? given.map((axis) => normalizeAxis(this.subject, axis, x.rank)) : [...x.shape.keys()];
  }

  constant(value: NestedArray): Tensor {
    const flat = [value].flat(Number.POSITIVE_INFINITY as 1) as unknown[];
    if (flat.every((v) => typeof v === 'boolean')) return tensor(value, undefined, 'bool');
    return tensor(value, undefined, flat.every((v) => Number.isInteger(v)) ? 'int32' : this.dtype);
  }

  wrong(name: string, expected: string): PathgradError {
    return failure(this.subject, `argument '${name}' is not what the operation takes`, {
      expected,
      got: show(this.#values.get(name)),
    });
  }

  /** The values of a tensor that depends on constants alone, else null. */
  numbersOf(value: Tensor): number[] | null {
    if (!isConstant(value)) return null;
    return Array.from(evaluate(value).data);
  }

  #known(name: string, value: Tensor): number[] {
    const numbers = this.numbersOf(value);
    if (numbers === null) throw this.wrong(name, 'a value that is known when the graph is made');
    return numbers;
  }
}

/** No placeholder among its ancestors; the walk keeps a stack of its own, since graphs may be deep. */
function isConstant(value: Tensor): boolean {
  const [stack, seen] = [[value], new Set<Tensor>()];
  for (let next = stack.pop(); next; next = stack.pop()) {
    if (seen.has(next)) continue;
    seen.add(next);
    if (next.op === null && next.constant === null) return false;
    stack.push(...next.inputs);
  }
  return true;
}

function isNested(value: unknown): boolean {
  return typeof value === 'number' || typeof value === 'boolean' || (Array.isArray(value) && value.every(isNested));
}

function show(value: Operand | undefined): string {
  if (value instanceof Tensor) return value.toString();
  return value === undefined ? 'nothing' : JSON.stringify(value).slice(0, 80);
}

/** `float32`, `int64`, `bool`, … or TensorFlow's `DT_FLOAT`, as a type that tensors here have. */
export function dtypeNamed(subject: string, name: string, float: FloatDType): DType {
  const plain = name.toLowerCase().replace(/^dt_/, '');
  if (plain === 'bool') return 'bool';
  if (/^u?int/.test(plain)) return 'int32';
  if (/float|double|half/.test(plain)) return float;
  throw failure(subject, `type '${name}' is not supported`, { supported: 'floats, integers and bool' });
}
