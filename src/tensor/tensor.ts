/**
 * A `Tensor` is a node of the expression graph: an op applied to inputs, or a leaf. A leaf holds data (a constant) or
 * none (a placeholder that a Plan is fed with). Nothing is computed when a node is made; nodes never change.
 * Ids only grow and inputs exist before the node that reads them, so id order is a topological order.
 */
import type { Attrs, Op } from '../graph/op.ts';
import { allocate, checkDType, type DType, dtypeOf, type TypedArray } from './dtype.ts';
import { failure } from './errors.ts';
import { checkShape, checkSize, type Shape, sizeOf } from './shape.ts';

/** What is known of a tensor before it is computed. */
export interface TensorSpec {
  readonly shape: Shape;
  readonly dtype: DType;
}

/**
 * The elements of a constant that nobody holds: they are written wherever they are needed, each time the same. Not for arrays that are read
 * often.
 */
export interface Recipe {
  readonly write: (out: TypedArray) => void;
}

/** Numbers in arrays in arrays, one depth per axis. */
export type NestedArray = number | boolean | readonly NestedArray[];

let nextId = 0;
/** Ids end here while a file's graph is built. */
let lastId = Number.POSITIVE_INFINITY;

/** Runs `f`, which may make at most `count` nodes: a file must not unroll a loop without end. */
export function boundedNodes<T>(count: number, f: () => T): T {
  const before = lastId;
  lastId = Math.min(before, nextId + count);
  try {
    return f();
  } finally {
    lastId = before;
  }
}

/**
 * A node of a graph: a constant with data, a placeholder, or the result of an op, with its shape and dtype. Making one computes
 * nothing; `evaluate` and `compile` do.
 */
export class Tensor implements TensorSpec {
  readonly id: number;
  readonly op: Op | null;
  readonly inputs: readonly Tensor[];
  readonly attrs: Attrs;
  readonly shape: Shape;
  readonly dtype: DType;
  /** What a constant is known by: its elements or how they are made; null for placeholders and for results of ops. */
  readonly source: TypedArray | Recipe | null;

  /** Use `tensor`, `placeholder` or an op: they check what the constructor takes on trust. */
  constructor(
    op: Op | null,
    inputs: readonly Tensor[],
    attrs: Attrs,
    spec: TensorSpec,
    source: TypedArray | Recipe | null,
  ) {
    if (nextId >= lastId) throw failure('graph', 'a model with more operations than can be run');
    if (op) checkSize(op.name, spec.shape);
    this.id = nextId++;
    this.op = op;
    this.inputs = inputs;
    this.attrs = attrs;
    this.shape = spec.shape;
    this.dtype = spec.dtype;
    this.source = source;
  }

  /** The elements of a constant leaf in row-major order; null for placeholders and for results of ops. */
  get constant(): TypedArray | null {
    return this.source && elementsOf(this.source, this);
  }

  get rank(): number {
    return this.shape.length;
  }

  get size(): number {
    return sizeOf(this.shape);
  }

  /** The elements of a constant, to be read only: plans read them once. Results of ops have none until `evaluate` or a Plan computes them. */
  get data(): TypedArray {
    if (this.source) return elementsOf(this.source, this);
    throw failure(
      this.op?.name ?? 'placeholder',
      'has no data: it is not computed yet',
      { shape: this.shape },
      'evaluate(tensor) computes it',
    );
  }

  /** The elements as nested arrays of numbers (of booleans for dtype bool); a number for a scalar. */
  toArray(): NestedArray {
    return nest(this.data, this.shape, this.dtype === 'bool', 0, { at: 0 });
  }

  /** The one element of a tensor of size 1. */
  item(): number {
    if (this.size !== 1) throw failure('item', 'a tensor of size 1 is needed', { shape: this.shape });
    return this.data[0]!;
  }

  toString(): string {
    return `Tensor(${this.dtype} [${this.shape.join(',')}]${this.op ? ` = ${this.op.name}` : ''})`;
  }
}

/** The elements of a constant, made anew where they are not held. */
export function elementsOf(source: TypedArray | Recipe, { shape, dtype }: TensorSpec): TypedArray {
  if (!('write' in source)) return source;
  const data = allocate(dtype, sizeOf(shape));
  source.write(data);
  return data;
}

function nest(data: TypedArray, shape: Shape, bool: boolean, axis: number, cursor: { at: number }): NestedArray {
  if (axis === shape.length) {
    const value = data[cursor.at++]!;
    return bool ? value !== 0 : value;
  }
  return Array.from({ length: shape[axis]! }, () => nest(data, shape, bool, axis + 1, cursor));
}

/**
 * A constant. `values` is a number, nested arrays of equal lengths, or a typed array with a shape.
 * @param shape of a flat `values`; for nested arrays it is read off them
 * @param dtype float32 by default; a typed array brings its own. It is copied: a tensor does not change with the caller's array.
 */
export function tensor(values: NestedArray | TypedArray, shape?: Shape, dtype?: DType): Tensor {
  if (ArrayBuffer.isView(values)) {
    const kind = dtype ?? dtypeOf(values);
    return leaf(kind === dtypeOf(values) ? values.slice() : fill(kind, values), shape ?? [values.length], kind);
  }
  const flat: number[] = [];
  const found = flatten(values, flat, 0);
  return leaf(fill(dtype ?? 'float32', flat), shape ?? found, dtype ?? 'float32');
}

/** A constant that takes over `data`: for arrays that nobody else writes into, since plans keep what they saw of it. */
export function adopt(data: TypedArray, shape: Shape): Tensor {
  return leaf(data, shape, dtypeOf(data));
}

function leaf(data: TypedArray, shape: Shape, dtype: DType): Tensor {
  checkShape('tensor', shape);
  if (sizeOf(shape) !== data.length) {
    throw failure('tensor', `${data.length} values do not fill the shape`, { shape, needs: sizeOf(shape) });
  }
  return new Tensor(null, [], {}, { shape: [...shape], dtype }, data);
}

function fill(dtype: DType, values: ArrayLike<number>): TypedArray {
  const data = allocate(checkDType('tensor', dtype), values.length);
  // Anything but 0 is true, as `cast` has it; a typed array would cut 0.5 to 0.
  data.set(dtype === 'bool' ? Array.from(values, (value) => Number(value !== 0)) : values);
  return data;
}

function flatten(values: NestedArray, into: number[], depth: number): number[] {
  if (typeof values === 'number' || typeof values === 'boolean') {
    into.push(Number(values));
    return [];
  }
  if (!Array.isArray(values) || depth > 32) throw failure('tensor', 'values must be numbers or nested arrays of them');
  const shapes = (values as readonly NestedArray[]).map((value) => flatten(value, into, depth + 1));
  const first = shapes[0] ?? [];
  const ragged = shapes.find((shape) => shape.join() !== first.join());
  if (ragged) throw failure('tensor', 'nested arrays differ in length', { one: first, another: ragged });
  return [values.length, ...first];
}

/** A leaf without data: `compile` takes it as an input and `Plan.run` feeds it. */
export function placeholder(shape: Shape, dtype: DType = 'float32'): Tensor {
  return new Tensor(
    null,
    [],
    {},
    { shape: [...checkShape('placeholder', shape)], dtype: checkDType('placeholder', dtype) },
    null,
  );
}

/** A constant with every element `value`. */
export function full(shape: Shape, value: number, dtype: DType = 'float32'): Tensor {
  return leaf(allocate(checkDType('full', dtype), sizeOf(checkShape('full', shape))).fill(value), shape, dtype);
}

/** A constant of zeros. */
export function zeros(shape: Shape, dtype: DType = 'float32'): Tensor {
  return full(shape, 0, dtype);
}

/** A constant of ones. */
export function ones(shape: Shape, dtype: DType = 'float32'): Tensor {
  return full(shape, 1, dtype);
}

/** `[0, 1, …, count-1]`. */
export function arange(count: number, dtype: DType = 'float32'): Tensor {
  checkShape('arange', [count]);
  const data = allocate(checkDType('arange', dtype), count);
  for (let i = 0; i < count; i++) data[i] = i;
  return leaf(data, [count], dtype);
}
