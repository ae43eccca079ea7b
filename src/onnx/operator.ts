/** What an operator is: a function of its node's inputs and attributes that makes nodes of the engine's graph. The graph runner calls it. */
import type { FloatDType } from '../tensor/dtype.ts';
import type { Tensor } from '../tensor/tensor.ts';

export interface Attributes {
  has(name: string): boolean;
  int(name: string, fallback?: number): number;
  ints(name: string, fallback?: readonly number[]): readonly number[];
  float(name: string, fallback?: number): number;
  floats(name: string, fallback?: readonly number[]): readonly number[];
  text(name: string, fallback?: string): string;
  texts(name: string, fallback?: readonly string[]): readonly string[];
  tensor(name: string): Tensor;
}

export interface OperatorCall {
  readonly name: string;
  readonly opType: string;
  readonly domain: string;
  readonly opset: number;
  readonly dtype: FloatDType;
  readonly inputs: readonly (Tensor | null)[];
  readonly attrs: Attributes;
  /** Element type of an input in the file, by its number in the format. */
  elementType(i: number): number;
  constant(i: number): ArrayLike<number> | null;
  /** Whether each output is wanted. */
  readonly wanted: readonly boolean[];
}

export type Operator = (call: OperatorCall) => readonly Tensor[];
