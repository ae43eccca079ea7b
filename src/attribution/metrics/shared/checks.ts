/** Arguments that several metrics share, checked before anything runs. */
import { failure } from '../../../tensor/errors.ts';
import { Tensor } from '../../../tensor/tensor.ts';
import { isTargetSet } from '../../frame/target-set.ts';
import type { ExplainOptions } from '../../frame/types.ts';

/** @throws PathgradError unless `value` is a whole number from 1 up */
export function checkPositive(subject: string, value: number, hint?: string): void {
  if (Number.isInteger(value) && value >= 1) return;
  throw failure(subject, 'must be a whole number, at least 1', { got: value }, hint);
}

/** @throws PathgradError unless every one of `shares` lies above 0 and at most at `most` */
export function checkShares(subject: string, shares: readonly number[], most: number, unit: string): void {
  if (!Array.isArray(shares) || shares.length === 0) {
    throw failure(subject, 'is a list of at least one number', { got: shares });
  }
  const wrong = shares.find((share) => !(typeof share === 'number' && share > 0 && share <= most));
  if (wrong !== undefined) throw failure(subject, `${unit} lie above 0 and at most at ${most}`, { got: wrong });
}

/** @throws PathgradError unless `explanation` is one explanation */
export function checkExplanation(explanation: unknown): void {
  const hint = 'give what explain returned: deletion(model, await explainer.explain(X, { target }))';
  if (Array.isArray(explanation)) {
    const each = 'an explanation of several targets is a list: give one of it at a time';
    throw failure('explanation', 'is a list', { length: explanation.length }, each);
  }
  const { attributions, X } = (explanation ?? {}) as { attributions?: unknown; X?: unknown };
  const tensors = (list: unknown): boolean =>
    Array.isArray(list) && list.length > 0 && list.every((t) => t instanceof Tensor);
  if (tensors(attributions) && tensors(X)) return;
  const got = explanation === null ? 'null' : typeof explanation;
  throw failure('explanation', 'a metric needs an explanation with its attributions and X', { got }, hint);
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
