/** Initializers, regularizers and constraints as options: by Keras's name or with their arguments, and as Keras serialises them. */
import { didYouMean, failure } from '../../tensor/errors.ts';
import { snake } from '../settings.ts';
import type { ConfigValue } from '../types.ts';

/** By name (`'he_normal'`, `'HeNormal'`), or with arguments: `{ className: 'RandomNormal', stddev: 0.02 }`. */
export type Part =
  | string
  | { readonly className: string; readonly [argument: string]: number | string | boolean | null | readonly number[] };

type Table = Readonly<Record<string, Readonly<Record<string, ConfigValue>>>>;

const scaled = { seed: null };
const initializers: Table = {
  Zeros: {},
  Ones: {},
  Constant: { value: 0 },
  RandomNormal: { mean: 0, stddev: 0.05, seed: null },
  RandomUniform: { minval: -0.05, maxval: 0.05, seed: null },
  TruncatedNormal: { mean: 0, stddev: 0.05, seed: null },
  VarianceScaling: { scale: 1, mode: 'fan_in', distribution: 'truncated_normal', seed: null },
  GlorotUniform: scaled,
  GlorotNormal: scaled,
  HeUniform: scaled,
  HeNormal: scaled,
  LecunUniform: scaled,
  LecunNormal: scaled,
  Orthogonal: { gain: 1, seed: null },
  Identity: { gain: 1 },
};
const regularizers: Table = {
  L1: { l1: 0.01 },
  L2: { l2: 0.01 },
  L1L2: { l1: 0, l2: 0 },
  OrthogonalRegularizer: { factor: 0.01, mode: 'rows' },
};
const constraints: Table = {
  MaxNorm: { max_value: 2, axis: 0 },
  MinMaxNorm: { min_value: 0, max_value: 1, rate: 1, axis: 0 },
  NonNeg: {},
  UnitNorm: { axis: 0 },
};
/** Names that are not the class in snake case. */
const aliases: Readonly<Record<string, string>> = {
  uniform: 'RandomUniform',
  normal: 'RandomNormal',
  zero: 'Zeros',
  one: 'Ones',
  orthogonal_initializer: 'Orthogonal',
  identity_initializer: 'Identity',
};

/** @throws PathgradError for a name or argument that there is not, with the nearest that there is */
export const initializerConfig = (value: Part, subject: string): ConfigValue =>
  serialize(value, subject, 'initializers', initializers);

/** @throws as `initializerConfig`; null is none */
export const regularizerConfig = (value: Part | null, subject: string): ConfigValue =>
  value === null ? null : serialize(value, subject, 'regularizers', regularizers);

/** @throws as `initializerConfig`; null is none */
export const constraintConfig = (value: Part | null, subject: string): ConfigValue =>
  value === null ? null : serialize(value, subject, 'constraints', constraints);

/** A penalty, a deviation or a bound below 0 is a mistake; Keras says so of penalties, and trains on with the others. */
const fromZero = new Set(['l1', 'l2', 'factor', 'stddev', 'scale', 'max_value', 'min_value', 'rate']);

function checkArgument(subject: string, where: string, key: string, usual: ConfigValue, given: unknown): void {
  const isNumber = typeof given === 'number' && Number.isFinite(given);
  if (key === 'axis' && (isNumber || (Array.isArray(given) && given.every(Number.isInteger)))) return;
  if (typeof usual === 'number' && !isNumber) throw failure(subject, `${where} is a number`, { got: given });
  if (fromZero.has(key) && (given as number) < 0)
    throw failure(subject, `${where} is a number from 0 up`, { got: given });
  if (typeof usual === 'string' && typeof given !== 'string')
    throw failure(subject, `${where} is a text`, { got: given });
}

function serialize(value: Part, subject: string, kind: string, table: Table): ConfigValue {
  const { className: given, ...options } = typeof value === 'string' ? { className: value } : (value ?? {});
  const same = (name: string): string => name.toLowerCase().replaceAll('_', '');
  const wanted = aliases[String(given)] ?? String(given);
  const className = Object.keys(table).find((name) => same(name) === same(wanted));
  if (className === undefined)
    throw failure(
      subject,
      `there is no '${given}' among the ${kind}`,
      {},
      didYouMean(String(given), Object.keys(table)),
    );
  const config: Record<string, ConfigValue> = { ...table[className] };
  for (const [name, argument] of Object.entries(options)) {
    const key = snake(name);
    if (!Object.hasOwn(config, key))
      throw failure(subject, `${className} has no argument '${name}'`, {}, didYouMean(key, Object.keys(config)));
    checkArgument(subject, `${className}, ${name}`, key, config[key]!, argument);
    config[key] = argument as ConfigValue;
  }
  return { module: `keras.${kind}`, class_name: className, config, registered_name: null };
}
