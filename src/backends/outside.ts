/** What all backends say of an index that lies outside its axis. */
import type { Attrs } from '../graph/op.ts';
import { failure, type PathgradError } from '../tensor/errors.ts';

/**
 * @param attrs of the op; `says` (subject, problem, hint) are the words of whoever made the index such that it lies outside where something is wrong
 * @param at place of the value in the index
 */
export function outside(op: string, { axis, says }: Attrs, value: number, at: number, size: number): PathgradError {
  const [subject, problem, hint] = (says ?? []) as readonly string[];
  if (subject && problem) return failure(subject, problem, { at }, hint);
  const details = { index: value, at, axis };
  return failure(op, `index ${value} is outside [0, ${size})`, details, 'for token ids: the vocabulary is smaller');
}
