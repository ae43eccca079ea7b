/**
 * What binding a Program gives: calls of kernels as plain data, so that any thread can run the same list, and the
 * context in which binders make them.
 */
import type { Epilogue } from '../../graph/fuse.ts';
import type { Attrs } from '../../graph/op.ts';
import { failure, type PathgradError } from '../../tensor/errors.ts';
import type { TensorSpec } from '../../tensor/tensor.ts';

/** A kernel call: `fn(start, end, ...args)` for ranges that cover `[0, units)` in any split and order. */
export interface Call {
  readonly fn: string;
  /** The op that it computes or is part of, for profiles. */
  readonly op?: string;
  readonly args: readonly number[];
  readonly units: number;
  /** Fewer units than this are not worth a thread of their own. */
  readonly grain: number;
  /** A check, not a kernel: a result from 0 up is the position of a bad value. */
  readonly fault?: (position: number) => PathgradError;
}

/** Told of a call and the milliseconds it took. */
export type Trace = (call: Call, ms: number) => void;

/** One operand of a step: its shape and type, its address, and whether it never changes. */
export interface Operand extends TensorSpec {
  /** Address of the elements; a constant is copied into the memory when this is first asked for. */
  at(): number;
  /** Names the constant's array, or null. */
  readonly constant: boolean;
  /** Whether many elements tend to be exactly 0, so that looking for them pays. */
  readonly sparse: boolean;
  /** Whether this is a constant without infinities and NaNs. */
  finite(): boolean;
}

export interface BindContext {
  readonly op: string;
  readonly out: Operand;
  readonly inputs: readonly Operand[];
  readonly attrs: Attrs;
  /** Computed together with the step; its bias is the last of `inputs`. */
  readonly epilogue: Epilogue | undefined;
  /** Adds a call to the plan. */
  call(fn: string, args: readonly number[], units: number, grain?: number): void;
  /** Adds a check that runs before the calls that follow. */
  check(fn: string, args: readonly number[], fault: (position: number) => PathgradError): void;
  /** Address of integers that live as long as the plan. */
  table(values: readonly number[] | Int32Array): number;
  /** Room for this step's intermediate values. Steps share it: nothing in it outlives the step. */
  work(bytes: number): number;
  /** At least this many zero bytes. */
  zeros(bytes: number): number;
  /**
   * Another layout of an operand, made by one kernel call whose first argument is the target: for a constant once and
   * for all plans, else at every run.
   */
  relaid(
    operand: Operand,
    layout: string,
    bytes: number,
    fn: string,
    args: (from: number) => number[],
    units: number,
  ): number;
  /** An int32 array that an earlier step wrote, for the text of a fault. */
  readInt(at: number): number;
}

export type Binder = (ctx: BindContext) => void;

/** Units of work so that a chunk is about `floats` elements of size `each`. */
export function grainFor(each: number, floats = 16384): number {
  return Math.max(1, Math.ceil(floats / Math.max(1, each)));
}

export function lacksType(op: string, dtype: string): PathgradError {
  return failure(op, `the backend 'wasm' has no kernel for ${dtype}`, {}, "the backend 'reference' has one");
}

/** Element types as `kernels/wasm/exact.ts` numbers them. */
export function typeCode(op: string, { dtype }: TensorSpec): number {
  const code = ['float32', 'int32', 'bool'].indexOf(dtype);
  if (code < 0) throw lacksType(op, dtype);
  return code;
}
