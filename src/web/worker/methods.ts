/** All methods by name, fetched when another than integrated gradients is asked for. */
import { type MethodRow, methods } from '../../attribution/methods/index.ts';
import { didYouMean, failure } from '../../tensor/errors.ts';
import type { MethodInfo } from '../protocol.ts';
import { infoOf } from './method.ts';

/** Those that the page offers: it has no place for a table of pairs. */
const offered = methods.filter(({ pairs }) => !pairs);

export const listMethods = (): MethodInfo[] => offered.map(infoOf);

/** @throws PathgradError with the nearest names */
export function methodNamed(name: string): MethodRow {
  const found = offered.find((row) => row.name === name);
  if (found) return found;
  const hint = didYouMean(
    name,
    offered.map((row) => row.name),
  );
  throw failure('method', `there is no '${name}' here`, {}, hint);
}
