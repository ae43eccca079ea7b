/** Arguments that several metrics share, checked before anything runs. */
import { failure } from '../../../tensor/errors.ts';
import { Tensor } from '../../../tensor/tensor.ts';
import { position, rowSize } from '../../frame/arrays.ts';
import { isTargetSet } from '../../frame/target-set.ts';
import type { ExplainOptions } from '../../frame/types.ts';

/** @throws PathgradError unless `value` is a whole number from 1 up that anybody could wait for */
export function checkPositive(subject: string, value: number, usual: string): void {
  if (Number.isInteger(value) && value >= 1 && value <= 1e9) return;
  const problem = value > 1e9 ? 'at most 1000000000' : 'must be a whole number, at least 1';
  throw failure(subject, problem, { got: value }, usual);
}

/** @throws PathgradError unless every one of `shares` lies above 0 and at most at `most` */
export function checkShares(subject: string, shares: readonly number[], most: number, unit: string): void {
  const hint = most === 1 ? 'e.g. [0.1, 0.5]' : 'e.g. [10, 50]';
  if (!Array.isArray(shares) || shares.length === 0) {
    throw failure(subject, 'is a list of at least one number', { got: shares }, hint);
  }
  const wrong = shares.findIndex((share) => !(typeof share === 'number' && share > 0 && share <= most));
  if (wrong >= 0) throw failure(subject, `${unit} lie above 0 and at most at ${most}`, { got: shares[wrong] }, hint);
}

/**
 * An order of NaN is none, and a sum with it says nothing.
 * @throws PathgradError for attributions that are no finite numbers: of which sample, and where
 */
export function checkFinite(attributions: readonly Tensor[]): void {
  for (const [i, { data, shape }] of attributions.entries()) {
    const at = data.findIndex((value) => !Number.isFinite(value));
    if (at < 0) continue;
    const sample = Math.floor(at / rowSize(shape));
    const where = attributions.length > 1 ? `tensor ${i}, ${position(at, shape)}` : position(at, shape);
    const hint = 'leave the sample out, or mend what its gradients overflow at: warnings of the explanation say where';
    throw failure('explanation', `its attributions have ${data[at]} at ${where}`, { sample, shape }, hint);
  }
}

/** What changes an input in its place. */
export type Perturbing = (
  x: Float64Array,
  at: { readonly sample: number; readonly draw: number; readonly input: number },
) => void;

/** @throws PathgradError where a perturbation of the caller's own leaves what is no finite number */
export function checkPerturbed(x: Float64Array, at: Parameters<Perturbing>[1]): void {
  const element = x.findIndex((value) => !Number.isFinite(value));
  if (element < 0) return;
  throw failure('perturb', `leaves ${x[element]}`, { ...at, element }, 'write finite numbers to x');
}

/**
 * @param changed 1 for samples that some draw has changed
 * @throws PathgradError for a sample that none has: the metric would be the best there is, for any explanation
 */
export function checkChanged(changed: Uint8Array, option: 'perturb' | 'noise' | 'radius'): void {
  const sample = changed.indexOf(0);
  if (sample < 0) return;
  const own = 'write to x, e.g. x[0] += 0.1: what is returned is not read';
  const hint = option === 'perturb' ? own : 'it is lost beside numbers of that size: raise it';
  throw failure(option, 'leaves a sample as it is, whatever the draw', { sample }, hint);
}

/** @throws PathgradError unless `explanation` is one explanation, of finite numbers */
export function checkExplanation(explanation: unknown): void {
  const hint = 'give what explain returned: deletion(model, await explainer.explain(X, { target }))';
  if (Array.isArray(explanation)) {
    const each = 'an explanation of several targets is a list: give one of it at a time';
    throw failure('explanation', 'is a list', { length: explanation.length }, each);
  }
  const { attributions, X } = (explanation ?? {}) as { attributions?: unknown; X?: unknown };
  const tensors = (list: unknown): boolean =>
    Array.isArray(list) && list.length > 0 && list.every((t) => t instanceof Tensor);
  if (!tensors(attributions) || !tensors(X)) {
    const got = explanation === null ? 'null' : typeof explanation;
    throw failure('explanation', 'a metric needs an explanation with its attributions and X', { got }, hint);
  }
  checkFinite(attributions as Tensor[]);
}

/** @throws PathgradError unless `explainer` has a method `explain` */
export function checkExplainer(metric: string, explainer: unknown, hint: string): void {
  if (typeof (explainer as { explain?: unknown } | null | undefined)?.explain === 'function') return;
  const got = explainer instanceof Promise ? 'a promise' : explainer === null ? 'null' : typeof explainer;
  throw failure(metric, 'needs an explainer, which has a method explain', { got }, hint);
}

/** @throws PathgradError for sets of targets: a metric compares explanations of one target per sample */
export function checkOneTarget(metric: string, explain: unknown): void {
  if (explain !== undefined && (typeof explain !== 'object' || explain === null)) {
    throw failure(metric, 'explain holds options of explain', { got: explain }, 'e.g. explain: { target: 0 }');
  }
  const { target } = (explain ?? {}) as Pick<ExplainOptions, 'target'>;
  if (!isTargetSet(target)) return;
  const hint = 'give a class, or one per sample, and run the metric for each';
  throw failure(metric, 'compares explanations of one target, and explain asks for a set', { target }, hint);
}
