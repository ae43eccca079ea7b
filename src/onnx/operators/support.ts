/** How operators read their call: inputs, constants among them, attributes. Whatever is missing is an error that names node and operator. */
import { type Details, failure, type PathgradError } from '../../tensor/errors.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { OperatorCall } from '../operator.ts';

/** The node and its operator, for errors. */
export const subjectOf = ({ name, opType }: OperatorCall): string => `${opType} ${name}`;

export function fail(call: OperatorCall, problem: string, details: Details = {}, hint?: string): PathgradError {
  return failure(subjectOf(call), problem, details, hint);
}

/** Input `i`, which must be there. */
export function at(call: OperatorCall, i: number): Tensor {
  const x = call.inputs[i];
  if (!x) throw fail(call, `input ${i} is missing`);
  return x;
}

export const maybe = (call: OperatorCall, i: number): Tensor | null => call.inputs[i] ?? null;

/** All inputs, of which there must be one. */
export function all(call: OperatorCall): readonly Tensor[] {
  return call.inputs.length === 0 ? [at(call, 0)] : call.inputs.map((_, i) => at(call, i));
}

/** The values of an input that must not depend on the model's inputs, since shapes follow from it. */
export function constantsOf(call: OperatorCall, i: number, what: string): number[] {
  at(call, i);
  const values = call.constant(i);
  if (values) return Array.from(values);
  const hint = 'shapes must be known before a model runs: export it with fixed sizes beside the batch';
  throw fail(call, `${what} (input ${i}) depends on the model's inputs`, {}, hint);
}

export const integer = (call: OperatorCall, name: string, fallback?: number): number => call.attrs.int(name, fallback);
export const number = (call: OperatorCall, name: string, fallback?: number): number => call.attrs.float(name, fallback);
export const text = (call: OperatorCall, name: string, fallback?: string): string => call.attrs.text(name, fallback);
export const integers = (call: OperatorCall, name: string): readonly number[] | null =>
  call.attrs.has(name) ? call.attrs.ints(name) : null;
export const numbers = (call: OperatorCall, name: string): readonly number[] => call.attrs.floats(name);

/** What is an attribute before opset `since` and input `i` from there on; null where it is not given. */
export function listed(call: OperatorCall, name: string, i: number, since: number): readonly number[] | null {
  if (call.opset < since) return integers(call, name);
  return maybe(call, i) ? constantsOf(call, i, name) : null;
}

/** Whether somebody reads result `i`. */
export const wanted = (call: OperatorCall, i: number): boolean => call.wanted[i] ?? false;

/** The element type of input `i` in the file, by its number in the format: int8 and uint8 differ in their range. */
export const typeOf = (call: OperatorCall, i: number): number => call.elementType(i);
