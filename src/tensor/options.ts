/** Arguments that are checked before anything is made of them: options by name, counts and axes as whole numbers. */
import { didYouMean, failure } from './errors.ts';

/** The names of the options of `T`, all of them: a name that the type has and the list has not is a type error. */
export type OptionNames<T> = Readonly<Record<keyof Required<T>, 1>>;

/** @throws PathgradError naming an option that there is not, with the nearest that there is */
export function checkOptions<T extends object>(subject: string, options: T | undefined, names: OptionNames<T>): void {
  if (options === undefined) return;
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    throw failure(subject, 'options are an object', { got: options });
  for (const name of Object.keys(options)) {
    if (Object.hasOwn(names, name)) continue;
    throw failure(subject, `unknown option '${name}'`, {}, didYouMean(name, Object.keys(names)));
  }
}

/** @throws PathgradError where `value` is neither true nor false: 'no' and 0 would be taken for one of them */
export function checkBoolean(subject: string, value: unknown): void {
  if (typeof value !== 'boolean') throw failure(subject, 'must be true or false', { got: value });
}

/**
 * @param given the options that would change nothing, by name
 * @throws PathgradError naming the first that is given: its user expects something of it
 */
export function checkNoSay(subject: string, given: Readonly<Record<string, unknown>>, why: string): void {
  const [name] = Object.keys(given).filter((one) => given[one] !== undefined);
  if (name !== undefined) throw failure(subject, `${name} has no say: ${why}`, {}, `leave ${name} out`);
}

/** @throws PathgradError where `value` is no list: what it holds is the caller's to check */
export function checkList(subject: string, value: unknown, hint: string): void {
  if (!Array.isArray(value)) throw failure(subject, 'is no list', { got: value }, hint);
}

/** @throws PathgradError where `value` is no whole number from `least` up */
export function checkWhole(subject: string, what: string, value: number, least = 0): void {
  if (!Number.isInteger(value) || value < least) {
    throw failure(subject, `${what} is a whole number from ${least} up`, { got: value });
  }
}

/** @throws PathgradError for what is no seed */
export function checkSeed(subject: string, seed: number): number {
  if (Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32) return seed;
  throw failure(subject, 'seed is a whole number from 0 to 2^32 - 1', { got: seed });
}
