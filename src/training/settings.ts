/**
 * What losses, metrics, optimizers and schedules share: numbers that make sense, Keras's names for options (`beta_1` for `beta1`), and
 * the reading of what a saved `compile_config` (Keras 3) or `training_config` (Keras 2) holds: a name, or a class with its config.
 */
import { didYouMean, failure } from '../tensor/errors.ts';
import type { ConfigValue } from './types.ts';

/** A config as it lies in a file: its values are checked by the factory that they are given to. */
export type Config = { readonly [key: string]: ConfigValue };

/** A name as Keras takes it, or a class with its config as Keras saves it. */
export type Identifier =
  | string
  | { readonly class_name: string; readonly config?: ConfigValue; readonly [key: string]: unknown };

/** Bounds of a number: `from` and `to` belong to them, `above` and `below` do not. */
export interface Bounds {
  readonly from?: number;
  readonly to?: number;
  readonly above?: number;
  readonly below?: number;
  readonly whole?: boolean;
}

/** @throws PathgradError where `value` is no finite number within the bounds */
export function checkNumber(subject: string, name: string, value: unknown, bounds: Bounds = {}): void {
  const { from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY, whole = false } = bounds;
  const { above = Number.NEGATIVE_INFINITY, below = Number.POSITIVE_INFINITY } = bounds;
  const fits = Number.isFinite(value) && (value as number) >= from && (value as number) <= to;
  if (fits && (value as number) > above && (value as number) < below && (!whole || Number.isInteger(value))) return;
  const words = [
    `a ${whole ? 'whole ' : ''}number`,
    ...(bounds.from === undefined ? [] : [`from ${from}`]),
    ...(bounds.above === undefined ? [] : [`above ${above}`]),
    ...(bounds.to === undefined ? [] : [`up to ${to}`]),
    ...(bounds.below === undefined ? [] : [`below ${below}`]),
  ];
  throw failure(subject, `${name} is ${words.join(' ')}`, { got: value });
}

/** @throws PathgradError where `value` is none of `choices` */
export function checkChoice(subject: string, name: string, value: unknown, choices: readonly string[]): void {
  if (typeof value === 'string' && choices.includes(value)) return;
  throw failure(subject, `${name} is one of ${choices.map((one) => `'${one}'`).join(', ')}`, { got: value });
}

/** `beta1` as Keras writes it: `beta_1`. */
export function snake(name: string): string {
  if (/^beta\d$/.test(name)) return `beta_${name.slice(4)}`;
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** `beta_1` as an option here: `beta1`. */
export function camel(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** `SparseCategoricalAccuracy` as Keras names an object of the class: `sparse_categorical_accuracy`. */
export function instanceName(className: string): string {
  const words = className.replace(/(.)([A-Z][a-z0-9]+)/g, '$1_$2').replace(/([a-z])([A-Z])/g, '$1_$2');
  return words.toLowerCase();
}

/** Options by Keras's names, as `get_config()` has them. */
export function configOf(options: Readonly<Record<string, ConfigValue>>): Config {
  return Object.fromEntries(Object.entries(options).map(([name, value]) => [snake(name), value]));
}

/** A config as options: names in camelCase; what is null stands for the default, as does what is in `dropped`. */
export function optionsOf(config: Config, dropped: readonly string[] = []): Record<string, unknown> {
  const kept = Object.entries(config).filter(([name, value]) => value !== null && !dropped.includes(name));
  return Object.fromEntries(kept.map(([name, value]) => [camel(name), value]));
}

/** What an identifier says: a class's or a function's name, and the config where there is one. */
export function identified(subject: string, identifier: unknown): { readonly name: string; readonly config?: Config } {
  if (typeof identifier === 'string') return { name: identifier };
  if (typeof identifier === 'object' && identifier !== null && !Array.isArray(identifier)) {
    const { class_name: name, config } = identifier as { class_name?: unknown; config?: unknown };
    // Keras 3 writes a function as { class_name: 'function', config: its name }.
    if (name === 'function' && typeof config === 'string') return { name: config };
    const plain = config === undefined || config === null || (typeof config === 'object' && !Array.isArray(config));
    if (typeof name === 'string' && plain) return { name, config: (config ?? {}) as Config };
  }
  const hint = `'${subject === 'loss' ? 'mse' : 'adam'}', or { class_name, config } as Keras saves it`;
  throw failure(subject, 'is a name or a class with its config', { got: identifier }, hint);
}

/** The entry of `table` that `name` means; capitals and underscores do not matter. */
export function known<T>(subject: string, name: string, table: Readonly<Record<string, T>>): T {
  const bare = (one: string): string => one.replace(/_/g, '').toLowerCase();
  const key =
    Object.keys(table).find((one) => one === name) ?? Object.keys(table).find((one) => bare(one) === bare(name));
  if (key !== undefined) return table[key]!;
  throw failure(subject, `unknown ${subject} '${name}'`, {}, didYouMean(name, Object.keys(table)));
}
