/** What every chart asks of its data. Attributions must be finite; values of features may be missing. */
import { failure } from '../../tensor/errors.ts';
import { finiteNumbers } from '../arrays.ts';

/** As float64. @throws PathgradError where names and numbers differ in count, or a number is not finite */
export function namedNumbers(subject: string, names: readonly string[], values: ArrayLike<number>): Float64Array {
  if (names.length !== values.length)
    throw failure(subject, 'there must be one per name', { names: names.length, values: values.length });
  return finiteNumbers(values, subject);
}

/** @throws PathgradError for a number that is not finite */
export function finite(subject: string, value: number): number {
  if (!Number.isFinite(value)) throw failure(subject, 'is not finite', { got: value });
  return value;
}

/** Positions, the largest in size first; equal ones in their order. */
export function byStrength(values: ArrayLike<number>): number[] {
  return Array.from(values, (_, i) => i).sort((a, b) => Math.abs(values[b]!) - Math.abs(values[a]!) || a - b);
}

export function sumOf(values: Iterable<number>): number {
  let sum = 0;
  for (const v of values) sum += v;
  return sum;
}
