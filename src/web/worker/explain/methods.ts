/** All methods by name, fetched when another than integrated gradients is asked for. */
import { type MethodRow, methods } from '../../../attribution/methods/index.ts';
import { didYouMean, failure } from '../../../tensor/errors.ts';
import type { MethodInfo } from '../../protocol/index.ts';
import { infoOf } from './method.ts';

export const listMethods = (): MethodInfo[] => methods.map(infoOf);

/** @throws PathgradError with the nearest names */
export function methodNamed(name: string): MethodRow {
  const found = methods.find((row) => row.name === name);
  if (found) return found;
  const hint = didYouMean(
    name,
    methods.map((row) => row.name),
  );
  throw failure('method', `there is no '${name}' here`, {}, hint);
}
