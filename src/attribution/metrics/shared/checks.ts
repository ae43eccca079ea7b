/** Arguments that several metrics share, checked before anything runs. */
import { failure } from '../../../tensor/errors.ts';

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
