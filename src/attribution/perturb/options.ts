/** Options that methods of perturbation and sampling share, and their checks. */
import { didYouMean, failure } from '../../tensor/errors.ts';
import type { ExplainerOptions } from '../frame/settings.ts';
import type { ExplainOptions } from '../frame/types.ts';
import type { GroupValue } from './evaluate.ts';
import type { FeatureGroups } from './groups.ts';

/** What the methods that change features in groups share: how the value of a group is spread over its features. */
export interface GroupedOptions<M> extends ExplainerOptions<M> {
  /**
   * `'shared'` (the default): the value of a group in equal shares on its features, so that sums over features, channels or embeddings are
   * what they say. `'whole'`: the value on each of its features, as in captum and shap.
   */
  readonly groupValue?: GroupValue;
}

/** What `explain` takes for methods that change groups of features. */
export interface GroupedExplainOptions extends ExplainOptions {
  /** Which features change together; each by itself when left out. */
  readonly features?: FeatureGroups | null;
}

export const groupedExplain = { features: 1 } as const;

/** @throws PathgradError for a value that there is not */
export function checkGroupValue(subject: string, value: GroupValue = 'shared'): GroupValue {
  const known = ['shared', 'whole'];
  if (known.includes(value)) return value;
  throw failure(subject, `unknown groupValue '${String(value)}'`, {}, didYouMean(String(value), known));
}

/** More draws than anyone waits for. */
const MOST_DRAWS = 1e9;

/** @throws PathgradError for a budget that explains nothing */
export function checkBudget(subject: string, name: string, value: number, usual: number): number {
  if (Number.isInteger(value) && value >= 1 && value <= MOST_DRAWS) return value;
  throw failure(subject, `${name} must be a whole number from 1 to ${MOST_DRAWS}`, { got: value }, `${usual} is usual`);
}
