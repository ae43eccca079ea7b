/** Which of a model's outputs is explained: by name, by number (negative from the end), or what a function makes of all of them. */
import { didYouMean, failure } from '../../tensor/errors.ts';
import type { Tensor } from '../../tensor/tensor.ts';

/** Picks or computes what is explained from the model's outputs: `(logits) => softmax(logits)`, `(a, b) => b`. */
export type OutputFunction = (...outputs: Tensor[]) => Tensor;

/** Which of the model's outputs is explained: its place, its name, or a function of all of them. */
export type OutputSelector = string | number | OutputFunction;

/** @throws PathgradError for something that is no selector */
export function checkOutput(selector: unknown): void {
  if (selector === undefined || ['string', 'function'].includes(typeof selector) || Number.isInteger(selector)) return;
  const got = typeof selector === 'number' ? selector : selector === null ? 'null' : typeof selector;
  throw failure('output', 'must be a name, a whole number or a function of the outputs', { got });
}

/**
 * The number of the output that `selector` names.
 * @param subject what errors name: the option or flag
 * @param names null where the outputs have none
 * @throws PathgradError with the nearest names
 */
export function outputIndex(
  subject: string,
  selector: string | number,
  names: readonly string[] | null,
  count: number,
): number {
  if (typeof selector === 'number') {
    const index = selector < 0 ? count + selector : selector;
    if (index >= 0 && index < count) return index;
    const hint = `numbers go from 0 to ${count - 1}, or from -1 to ${-count}, counted from the end`;
    throw failure(subject, `there is no output ${selector}`, { outputs: count }, hint);
  }
  const index = names?.indexOf(selector) ?? -1;
  const numbered = 'give its number';
  if (index < 0) {
    const hint = names ? didYouMean(selector, names) : `outputs have no names here: ${numbered}`;
    throw failure(subject, `the model has no output '${selector}'`, {}, hint);
  }
  const others = names!.filter((name) => name === selector).length;
  if (others > 1) throw failure(subject, `${others} outputs are called '${selector}'`, { names }, numbered);
  return index;
}
