/**
 * Errors a user can act on: what was wrong, where, and what to do. One helper formats them all, so that every message
 * reads `subject: problem (detail a 1, detail b [2,3])` and, where we know one, `hint: …` on a line of its own.
 */

import { shortened } from './visible.ts';

/** The one error class that pathgrad throws on purpose. `subject` is the op, layer, file or argument at fault. */
export class PathgradError extends Error {
  override readonly name = 'PathgradError';
  readonly subject: string;
  readonly hint: string | undefined;

  constructor(message: string, subject: string, hint?: string, options?: ErrorOptions) {
    super(hint === undefined ? message : `${message}\nhint: ${hint}`, options);
    this.subject = subject;
    this.hint = hint;
  }
}

export type Details = Readonly<Record<string, unknown>>;

/**
 * Builds the error; the caller throws it.
 * @param subject the op, layer, file or argument at fault, e.g. `conv2d`
 * @param problem what is wrong with it, e.g. `input has 3 channels, kernel expects 4`
 * @param details values that show it; arrays print as `[1,32,32,3]`
 * @param hint what to do about it
 */
export function failure(
  subject: string,
  problem: string,
  details: Details = {},
  hint?: string,
  cause?: unknown,
): PathgradError {
  const shown = Object.entries(details).map(([key, value]) => `${key} ${shortened(formatDetail(value))}`);
  const where = shortened(subject, 300);
  const text = `${where}: ${lines(problem, 500)}${shown.length > 0 ? ` (${shown.join(', ')})` : ''}`;
  const options = cause === undefined ? undefined : { cause };
  return new PathgradError(text, where, hint === undefined ? hint : lines(hint, 1000), options);
}

/** `failure` for a file that is cut or changed, where nothing but another copy of it helps. */
export function damaged(subject: string, problem: string, details: Details = {}, cause?: unknown): PathgradError {
  return failure(subject, problem, details, 'get the file anew', cause);
}

/** Each line shortened: a problem may list several, one a line. */
function lines(text: string, length: number): string {
  const [first = '', ...more] = text.split('\n').map((line) => shortened(line, length));
  return [first, ...more].join('\n');
}

/** The message without its subject and its hint. */
export function problemOf({ message, subject }: PathgradError): string {
  const whole = message.split('\nhint: ')[0]!;
  return whole.startsWith(`${subject}: `) ? whole.slice(subject.length + 2) : whole;
}

/** What an op or a reader says without knowing for whom it works, told of `subject`. */
export function retold(error: PathgradError, subject: string): PathgradError {
  return failure(subject, error.message.split('\nhint: ')[0]!, {}, error.hint, error);
}

function formatDetail(value: unknown, depth = 0): string {
  if (Array.isArray(value)) {
    return depth > 8
      ? '[…]'
      : `[${value
          .slice(0, 100)
          .map((item) => formatDetail(item, depth + 1))
          .join(',')}]`;
  }
  if (typeof value !== 'object' || value === null) return String(value);
  try {
    return JSON.stringify(value);
  } catch {
    return '{…}'; // out of a file, nested deeper than the stack
  }
}

/** `one of a, b, c` with the names nearest to `wanted` first, for messages about an unknown name. */
export function didYouMean(wanted: string, names: readonly string[]): string {
  const near = nearestNames(wanted, names);
  if (near.length > 0) return `did you mean ${near.map((n) => `'${n}'`).join(' or ')}?`;
  return names.length > 0
    ? `known: ${names.slice(0, 24).join(', ')}${names.length > 24 ? ', …' : ''}`
    : 'there are none';
}

/** Letters of a name that are compared: names come from files, and the work grows with the square. */
const comparedLetters = 64;
/** Names that are compared, the first ones: a file may hold any number. */
const comparedNames = 2000;

/**
 * At most three of `names`, those that differ least from `wanted` first: in at most a third of their letters, and then those that hold nearly all of
 * it as a part, as `KernelShap` holds `shapp`, and those that it is short for, as `intgrads` is for `IntegratedGradients`.
 */
export function nearestNames(wanted: string, names: readonly string[]): string[] {
  const letters = (name: string): string => name.toLowerCase().slice(0, comparedLetters);
  const given = letters(wanted);
  const { length } = given;
  return names
    .slice(0, comparedNames)
    .map((name) => {
      const whole = editDistance(given, letters(name));
      const part = editDistance(given, letters(name), true);
      const near = whole < length && whole <= Math.max(2, name.length / 3);
      const holds = length > 2 && part <= length / 5;
      return { name, d: near ? whole : holds ? 99 + part : isShortFor(given, letters(name)) ? 199 : -1 };
    })
    .filter(({ d }) => d >= 0)
    .sort((a, b) => a.d - b.d)
    .slice(0, 3)
    .map(({ name }) => name);
}

/** Whether all letters of `short`, at least four, follow each other in `name`, from its first on. */
function isShortFor(short: string, name: string): boolean {
  let at = 0;
  for (const letter of name) if (letter === short[at]) at++;
  return at > 3 && at === short.length && name.startsWith(short[0]!);
}

/**
 * How many letters must be put in, taken out or replaced to make one word of the other (Levenshtein 1965), row by row after Wagner
 * and Fischer, "The string-to-string correction problem", 1974.
 * @param inside whether of `to` any part will do (Sellers, "The theory and computation of evolutionary distances", 1980)
 */
export function editDistance(from: string, to: string, inside = false): number {
  let row = Array.from({ length: to.length + 1 }, (_, column) => (inside ? 0 : column));
  for (let i = 0; i < from.length; i++) {
    const next = [i + 1];
    for (let j = 0; j < to.length; j++) {
      const replaced = row[j]! + (from[i] === to[j] ? 0 : 1);
      next.push(Math.min(replaced, row[j + 1]! + 1, next[j]! + 1));
    }
    row = next;
  }
  return inside ? Math.min(...row) : row[to.length]!;
}
