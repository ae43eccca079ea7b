/**
 * From options in TypeScript to the config that Keras's `get_config` would give: every argument is written, defaults included, so that a
 * file does not depend on the defaults of who reads it. Invariant: an option that a layer does not have, or one that is missing, is an error.
 * Source: the constructors and `get_config` of Keras 3.15; compared with them by test/slow/training/builder-configs.test.ts.
 */
import { didYouMean, failure } from '../../tensor/errors.ts';
import { type Config, snake } from '../settings.ts';
import type { ConfigValue } from '../types.ts';
import { constraintConfig, initializerConfig, regularizerConfig } from './parts.ts';
import { type CallOptions, functionOf, type LayerFunction, LayerNode } from './symbolic.ts';

/** What every layer takes. */
export interface LayerOptions {
  /** By default the class in snake case, with a number from the second on: `dense`, `dense_1`. */
  readonly name?: string;
  /** False for a layer whose weights training leaves alone. */
  readonly trainable?: boolean;
}

/** One argument of a layer class. */
export interface Field {
  /** Written where the option is left out; without one the option must be given. */
  readonly fallback?: ConfigValue;
  /** Checks a value and brings it to what Keras writes. `options` has all that are given. */
  readonly write?: (value: never, subject: string, options: Readonly<Record<string, unknown>>) => ConfigValue;
}

type Values<O> = Required<Omit<O, keyof LayerOptions>>;
type Given<O> = Record<string, never> extends O ? [options?: O] : [options: O];

/** What a class has beyond its fields. */
export interface ClassMore {
  /** How many tensors a call gives. */
  readonly results?: (config: Config, call: ReadonlyMap<string, unknown>) => number;
  /** Called on a list of tensors, never on one. */
  readonly list?: true;
}

/** A function that makes layers of one class. */
export type LayerMaker<O> = (...options: Given<O>) => LayerFunction;

/**
 * @param className Keras's name
 * @param fields one per option of `O`, in camel case
 */
// @__NO_SIDE_EFFECTS__
export function layerClass<O extends LayerOptions>(
  className: string,
  fields: { readonly [K in keyof Values<O>]: Field },
  more: ClassMore = {},
): LayerMaker<O> {
  const table: Readonly<Record<string, Field>> = fields;
  return (...[options]: Given<O>) => {
    const given = (options ?? {}) as Readonly<Record<string, unknown>> & LayerOptions;
    const { config, inner } = configOf(className, table, given);
    const write = (nameOf: (layer: LayerNode) => string): Config => written(config, nameOf);
    const results = (call: CallOptions | ReadonlyMap<string, unknown>): number =>
      more.results?.(config as Config, call as ReadonlyMap<string, unknown>) ?? 1;
    return functionOf(new LayerNode(className, given, write, { inner, results, list: more.list ?? false }));
  };
}

/** A layer inside a config, until it has a name. */
interface Slot {
  readonly slot: LayerNode;
  /** Put before its name: Keras calls the layers of a Bidirectional `forward_lstm` and `backward_lstm`. */
  readonly prefix: string;
  readonly change: Config;
}

const isSlot = (value: unknown): value is Slot => typeof value === 'object' && value !== null && 'slot' in value;

function configOf(
  className: string,
  fields: Readonly<Record<string, Field>>,
  given: Readonly<Record<string, unknown>>,
): { config: Readonly<Record<string, unknown>>; inner: LayerNode[] } {
  checkGiven(className, fields, given);
  const config: Record<string, unknown> = {};
  const inner: LayerNode[] = [];
  for (const [name, field] of Object.entries(fields)) {
    const subject = `${className}, option '${name}'`;
    const value = given[name] === undefined ? field.fallback : given[name];
    if (value === undefined) throw failure(className, `option '${name}' must be given`);
    const result: unknown = field.write ? field.write(value as never, subject, given) : plain(value, subject);
    config[snake(name)] = result;
    for (const part of Array.isArray(result) ? result : [result]) if (isSlot(part)) inner.push(part.slot);
  }
  return { config, inner };
}

function checkGiven(className: string, fields: Readonly<Record<string, Field>>, given: unknown): void {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw failure(className, 'options are an object', { got: given }, optionsHint(fields));
  const names = [...Object.keys(fields), 'name', 'trainable'];
  for (const name of Object.keys(given))
    if (!names.includes(name)) throw failure(className, `unknown option '${name}'`, {}, didYouMean(name, names));
  const { name, trainable } = given as LayerOptions;
  if (name !== undefined && (typeof name !== 'string' || name === '' || name.includes('/')))
    throw failure(className, 'a name is a text without /', { got: name });
  if (trainable !== undefined && typeof trainable !== 'boolean')
    throw failure(className, 'trainable must be true or false', { got: trainable });
}

/** The options by name: those that must be given, or the first. */
function optionsHint(fields: Readonly<Record<string, Field>>): string {
  const names = Object.keys(fields);
  const needed = names.filter((name) => fields[name]!.fallback === undefined);
  const shown = needed.length > 0 ? needed : names.slice(0, 1);
  return `options by name: { ${[...shown, 'name'].map((name) => `${name}: …`).join(', ')} }`;
}

/** The config with the layers inside serialised. */
function written(config: Readonly<Record<string, unknown>>, nameOf: (layer: LayerNode) => string): Config {
  const value = (entry: unknown): ConfigValue => {
    if (Array.isArray(entry)) return entry.map(value);
    return isSlot(entry) ? serialized(entry.slot, nameOf, entry) : (entry as ConfigValue);
  };
  return Object.fromEntries(Object.entries(config).map(([key, entry]) => [key, value(entry)]));
}

/** A layer as Keras serialises it, without its calls. */
export function serialized(
  node: LayerNode,
  nameOf: (layer: LayerNode) => string,
  { prefix, change }: Pick<Slot, 'prefix' | 'change'> = { prefix: '', change: {} },
): { module: string; class_name: string; config: Config; registered_name: null } {
  const own = nameOf(node);
  const name = prefix === '' || own.startsWith(prefix) ? own : `${prefix}_${own}`;
  const module = node.className === 'Functional' ? 'keras.src.models.functional' : moduleOf(node.className);
  const trainable = untrained.test(node.className) ? {} : { trainable: node.trainable };
  const common = node.model ? { name, ...trainable } : { name, ...trainable, dtype: 'float32' };
  const config = { ...common, ...node.write(nameOf), ...change };
  return { module, class_name: node.className, config, registered_name: null };
}

/** Layers whose constructors take no `trainable`. */
const untrained = /^(Discretization|SpatialDropout[123]D)$/;

const moduleOf = (className: string): string => (className === 'Sequential' ? 'keras' : 'keras.layers');

function plain(value: unknown, subject: string): ConfigValue {
  const fits = (v: unknown): boolean =>
    v === null || ['string', 'boolean'].includes(typeof v) || (typeof v === 'number' && Number.isFinite(v));
  if (fits(value) || (Array.isArray(value) && value.flat(3).every(fits))) return value as ConfigValue;
  throw failure(subject, 'is no value of a config', { got: value });
}

/** An option that must be given, of one of these kinds. */
export const count: Field = { write: whole(1) };
export const anyNumber: Field = { write: number };

/** @throws where the value is no whole number from `least` up */
export function whole(least: number): (value: number, subject: string) => number {
  return (value, subject) => {
    if (Number.isInteger(value) && value >= least) return value;
    throw failure(subject, `is a whole number from ${least} up`, { got: value });
  };
}

function number(value: number, subject: string): number {
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw failure(subject, 'is a number', { got: value });
}

/** A number with a default. */
export const numberOr = (fallback: number): Field => ({ fallback, write: number });

/** A share from 0 to below 1 (dropout). */
export const rate = (fallback?: number): Field => ({
  ...(fallback === undefined ? {} : { fallback }),
  write: (value: number, subject: string) => {
    if (typeof value === 'number' && value >= 0 && value <= 1) return value;
    throw failure(subject, 'is a share from 0 to 1', { got: value });
  },
});

/** True or false, with a default. */
export const flag = (fallback: boolean): Field => ({
  fallback,
  write: (value: boolean, subject: string) => {
    if (typeof value === 'boolean') return value;
    throw failure(subject, 'must be true or false', { got: value });
  },
});

/** Whatever a config may hold. */
export const anything = (fallback: ConfigValue): Field => ({ fallback });

/** One of some words. */
export const oneOf = (words: readonly string[], fallback: string): Field => ({
  fallback,
  write: (value: string, subject: string) => {
    if (words.includes(value)) return value;
    throw failure(subject, `is one of ${words.join(', ')}`, { got: value }, didYouMean(String(value), words));
  },
});

/** A whole number per axis of space: one number stands for all. `like` names the option whose value it takes when it is left out. */
export const perAxis = (axes: number, fallback?: number, like?: string): Field => ({
  ...(like === undefined ? (fallback === undefined ? {} : { fallback }) : { fallback: null }),
  write: (value: number | readonly number[] | null, subject: string, options: Readonly<Record<string, unknown>>) => {
    const given = value ?? (like === undefined ? value : ((options[like] ?? fallback) as number | readonly number[]));
    const list = Array.isArray(given) ? given : new Array<unknown>(axes).fill(given);
    if (list.length === axes && list.every((size) => Number.isInteger(size) && size > 0)) return list as number[];
    throw failure(subject, `is a whole number from 1 up, or ${axes} of them`, { got: value });
  },
});

/** An activation by Keras's name; null is linear. */
export const activation = (fallback: string): Field => ({
  fallback,
  write: (value: string | null, subject: string) => {
    if (value === null) return 'linear';
    if (typeof value === 'string' && value !== '') return value;
    throw failure(subject, "is the name of an activation, such as 'relu'", { got: value });
  },
});

/** The three options of a weight: how it begins, what is added to the loss for it, and what it is kept to. */
export const initializer = (fallback: string): Field => ({ fallback, write: initializerConfig });
export const regularizer: Field = { fallback: null, write: regularizerConfig };
export const constraint: Field = { fallback: null, write: constraintConfig };

/** A layer (or cell) inside another. */
export const wrapped: Field = { write: (layer: LayerFunction, subject: string) => slotOf(layer, subject) as never };

/** @throws where `layer` is none */
export function slotOf(layer: LayerFunction, subject: string, prefix = '', change: Config = {}): Slot {
  if (typeof layer === 'function' && layer.node instanceof LayerNode) return { slot: layer.node, prefix, change };
  throw failure(subject, 'is a layer', { got: layer }, 'layers.dense({ units: 3 }), not called on a tensor');
}
