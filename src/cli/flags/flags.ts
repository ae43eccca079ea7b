/**
 * Command lines to values, on top of Node's `parseArgs`. What it lacks is here: a flag that takes several values
 * (`--image a.png b.png`), the nearest name for one that does not exist, and an error where a value is missing.
 */
import { parseArgs } from 'node:util';
import { didYouMean, failure, nearestNames, PathgradError } from '../../tensor/errors.ts';

export interface Flag {
  readonly name: string;
  /** What stands for the value in the help; without it the flag is a switch. */
  readonly value?: string;
  readonly short?: string;
  /** `repeat`: given once per value; `list`: also takes the arguments that follow it. */
  readonly many?: 'repeat' | 'list';
  /** Whether spaces alone are a value. */
  readonly blank?: true;
  /** Flags of other commands that say here what this one does. */
  readonly instead?: readonly string[];
  readonly help: string;
}

export interface FlagGroup {
  readonly title: string;
  readonly flags: readonly Flag[];
}

export interface Arguments {
  readonly positionals: readonly string[];
  /** Names of the flags that were given. */
  readonly given: readonly string[];
  has(flag: string): boolean;
  /** The last value given, or undefined. */
  text(flag: string): string | undefined;
  all(flag: string): readonly string[];
}

/** An error in how the command was typed: the program ends with code 2. */
export class UsageError extends PathgradError {}

export function usage(subject: string, problem: string, hint?: string): UsageError {
  return new UsageError(failure(subject, problem).message, subject, hint);
}

/**
 * @param command whose name stands in the hints: `explain`
 * @param elsewhere which other commands have a flag of this name
 */
export function parseFlags(
  argv: readonly string[],
  groups: readonly FlagGroup[],
  command: string,
  elsewhere: (flag: string) => readonly string[] = () => [],
): Arguments {
  const flags = groups.flatMap((group) => group.flags);
  const options = Object.fromEntries(
    flags.map(({ name, value, short }) => [
      name,
      { type: value ? ('string' as const) : ('boolean' as const), multiple: true, ...(short && { short }) },
    ]),
  );
  const { tokens } = parseArgs({ args: [...argv], options, strict: false, allowPositionals: true, tokens: true });
  const positionals: string[] = [];
  const values = new Map<string, string[]>();
  let open: string[] | null = null; // the list flag that positionals go on with
  for (const token of tokens) {
    if (token.kind === 'option-terminator') continue;
    if (token.kind === 'positional') {
      (open && positionals.length > 0 ? open : positionals).push(token.value);
      continue;
    }
    const flag = flags.find(({ name }) => name === token.name);
    if (!flag) {
      const near = flagHint(token.name, flags, elsewhere);
      const hint = `${near === '' ? 'see' : `${near} See`}: pathgrad ${command} --help`;
      throw usage(token.rawName, 'is not a flag of this command', hint);
    }
    const list = values.get(flag.name) ?? [];
    if (flag.value && !flag.many && list.length > 0) throw usage(token.rawName, 'is given twice', 'give it once');
    list.push(valueFor(token, flag));
    values.set(flag.name, list);
    open = flag.many === 'list' ? list : null;
  }
  return {
    positionals,
    given: [...values.keys()],
    has: (flag) => values.has(flag),
    text: (flag) => values.get(flag)?.at(-1),
    all: (flag) => values.get(flag) ?? [],
  };
}

interface OptionToken {
  readonly rawName: string;
  readonly value?: string | undefined;
  readonly inlineValue?: boolean | undefined;
}

/** What may be meant by a flag that there is not, or nothing; the help lists all. */
function flagHint(typed: string, flags: readonly Flag[], elsewhere: (flag: string) => readonly string[]): string {
  const meant = flags.find(({ instead }) => instead?.includes(typed));
  if (meant) return `here it is --${meant.name} ${meant.value}.`;
  const names = flags.map(({ name }) => name);
  if (nearestNames(typed, names).length > 0) return didYouMean(typed, names).replace(/'(\S+?)'/g, "'--$1'");
  const others = elsewhere(typed);
  return others.length > 0 ? `it is one of pathgrad ${others.join(', ')}.` : '';
}

function valueFor(token: OptionToken, flag: Flag): string {
  if (!flag.value) {
    if (token.value !== undefined) throw usage(token.rawName, 'takes no value', `leave out '=${token.value}'`);
    return '';
  }
  const { rawName, value, inlineValue } = token;
  if (value === undefined || value === '') throw usage(rawName, `needs a value: ${rawName} ${flag.value}`);
  if (value.trim() === '' && !flag.blank) throw usage(rawName, `is blank: ${rawName} ${flag.value}`);
  if (!inlineValue && looksLikeFlag(value)) {
    const hint = `if '${value.split('=')[0]}' is meant as it is: --${flag.name}=${value}`;
    throw usage(rawName, `needs a value: ${rawName} ${flag.value}`, hint);
  }
  return value;
}

/** `--json`, `-q`, `-qh`: what follows a flag that waits for its value was meant as the next flag. `-`, `-1`, `-.5` and `- a text` are values. */
const looksLikeFlag = (text: string): boolean => /^(--|-\p{L}\S*$)/u.test(text);

/** `1,2,3` to whole numbers. */
export function wholeNumbers(flag: string, text: string): number[] {
  return text.split(',').map((part) => {
    if (!/^\s*[+-]?\d+\s*$/.test(part))
      throw usage(`--${flag}`, `'${part.trim()}' is not a whole number`, `for example --${flag} 0,1,9`);
    return Number(part);
  });
}

/**
 * One number; `check` says what it must be.
 * @param typed what errors quote, where the number is a part of it
 */
export function number(
  flag: string,
  text: string,
  check: (value: number) => boolean,
  wanted: string,
  typed: string = text,
): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (!check(value)) throw usage(`--${flag}`, `'${typed}' is not ${wanted}`);
  return value;
}

/** One of some words, or an error with the nearest ones. */
export function oneOf<T extends string>(flag: string, text: string, known: readonly T[]): T {
  const found = known.find((name) => name === text);
  if (found) return found;
  const near = nearestNames(text, known).length > 0 ? `${didYouMean(text, known)} ` : '';
  throw usage(
    `--${flag}`,
    `'${text}' is not known`,
    `${near}${near ? '(' : ''}known: ${known.join(', ')}${near ? ')' : ''}`,
  );
}
