/** Arguments as if some flags had been given otherwise. */
import type { Arguments } from './flags.ts';

/** @param values of flags; null for those that are taken away */
export function replaced(args: Arguments, values: Readonly<Record<string, readonly string[] | null>>): Arguments {
  const own = (flag: string): readonly string[] | null | undefined =>
    Object.hasOwn(values, flag) ? values[flag] : undefined;
  const all = (flag: string): readonly string[] => (own(flag) === undefined ? args.all(flag) : (own(flag) ?? []));
  return {
    ...args,
    given: args.given.filter((flag) => own(flag) !== null),
    has: (flag) => (own(flag) === undefined ? args.has(flag) : own(flag) !== null),
    text: (flag) => all(flag).at(-1),
    all,
  };
}
