/**
 * Reads a layer's config option by option. What nobody read and what is not known to be without effect at inference is an
 * error, so that an option that changes the result is never ignored in silence. Keras's own constructors are as strict.
 */

import type { FloatDType } from '../../tensor/dtype.ts';
import { didYouMean, failure, type PathgradError } from '../../tensor/errors.ts';
import { isBoolean } from '../config/json.ts';
import type { Dialect, Json, LayerSpec } from '../config/spec.ts';

/** Options of training, of bookkeeping, of input shapes that are read elsewhere, and of adapters, which are added to their kernels. */
const withoutEffect = new Set(
  (
    'name trainable dtype batch_input_shape batch_shape build_config build_input_shape input_dtype input_shape input_dim ' +
    'input_length init seed autocast sparse ragged optional activity_regularizer weights activity_regularizer_l1 ' +
    'activity_regularizer_l2 supports_masking implementation lora_rank lora_alpha'
  ).split(' '),
);
const trainingOption = /(_initializer|_regularizer|_constraint|^init)$/;

/** Whether an option of this name is without effect at inference, whatever the layer. */
export function isTrainingOption(key: string): boolean {
  return withoutEffect.has(key) || trainingOption.test(key);
}

export interface OptionsContext {
  /** Subject of error messages: `model.h5, layer 'conv' (Conv2D)`. */
  readonly subject: string;
  readonly className: string;
  readonly dialect: Dialect;
  /** Convolution kernels were stored for a convolution that turns them round (Theano), and are to be turned back. */
  readonly flipKernels: boolean;
  /** The float type that the model computes in; float32 if not given. */
  readonly computeType?: FloatDType;
  /** The layer that this one wraps, in today's words. */
  readonly wrapped?: LayerSpec | undefined;
}

/** `only`: values other than the default are refused, and `reason` says what is needed. */
export type OptionUse = { readonly kind: 'read' | 'ignored' } | { readonly kind: 'only'; readonly reason: string };

export class Options {
  readonly subject: string;
  readonly className: string;
  readonly dialect: Dialect;
  readonly flipKernels: boolean;
  readonly computeType: FloatDType;
  readonly wrapped: LayerSpec | undefined;
  readonly #config: Readonly<Record<string, Json>>;
  readonly #read = new Map<string, OptionUse>();

  constructor(config: Readonly<Record<string, Json>>, context: OptionsContext) {
    this.#config = config;
    this.subject = context.subject;
    this.className = context.className;
    this.dialect = context.dialect;
    this.flipKernels = context.flipKernels;
    this.computeType = context.computeType ?? 'float32';
    this.wrapped = context.wrapped;
  }

  /** The value as stored; `undefined` where the file has none or null. NumPy values are unwrapped. */
  raw(key: string): Json | undefined {
    if (!this.#read.has(key)) this.#read.set(key, { kind: 'read' });
    return unwrap(Object.hasOwn(this.#config, key) ? this.#config[key] : undefined) ?? undefined;
  }

  /** Whether the file has the option at all, null included. */
  has(key: string): boolean {
    return Object.hasOwn(this.#config, key);
  }

  /** Without effect at inference. */
  ignore(...keys: readonly string[]): void {
    for (const key of keys) this.#read.set(key, { kind: 'ignored' });
  }

  ignoreAll(): void {
    this.ignore(...Object.keys(this.#config));
  }

  /** Values other than `allowed` (and null) would change the result in a way that is not implemented. */
  expect(key: string, allowed: Json, reason: string): void {
    this.#read.set(key, { kind: 'only', reason });
    const value = this.raw(key);
    const fits = value === allowed || (typeof allowed === 'boolean' && isBoolean(value, allowed));
    if (value !== undefined && !fits) throw this.wrong(key, value, reason);
  }

  number(key: string, fallback?: number): number {
    const given = this.raw(key) ?? fallback;
    const value = typeof given === 'boolean' ? Number(given) : given; // Python's booleans are integers
    if (typeof value !== 'number' || !Number.isFinite(value)) throw this.wrong(key, value, 'a number');
    return value;
  }

  /** An integer from 1 up. */
  count(key: string, fallback?: number): number {
    const value = this.number(key, fallback);
    if (!Number.isInteger(value) || value < 1) throw this.wrong(key, value, 'an integer from 1 up');
    return value;
  }

  flag(key: string, fallback: boolean): boolean {
    const value = this.raw(key) ?? fallback;
    if (isBoolean(value, true)) return true;
    if (!isBoolean(value, false)) throw this.wrong(key, value, 'true or false');
    return false;
  }

  choice<T extends string>(key: string, allowed: readonly T[], fallback: T): T {
    const value = this.raw(key) ?? fallback;
    const found = allowed.find((name) => name === value);
    if (found === undefined) throw this.wrong(key, value, `one of ${allowed.join(', ')}`);
    return found;
  }

  /** `count` integers from 1 up; one number stands for all of them. */
  perAxis(key: string, count: number, fallback?: number): number[] {
    const value = this.raw(key) ?? fallback;
    const list = Array.isArray(value) ? (value as readonly Json[]) : new Array<Json | undefined>(count).fill(value);
    const fits = list.length === count && list.every((v) => typeof v === 'number' && Number.isInteger(v) && v > 0);
    if (!fits) throw this.wrong(key, value, `${count} integer${count > 1 ? 's' : ''} from 1 up`);
    return list as number[];
  }

  /** Integers of any sign, from one number or a list. */
  integers(key: string, fallback?: readonly number[]): number[] {
    const value = this.raw(key) ?? fallback;
    const list = Array.isArray(value) ? (value as readonly Json[]) : [value];
    if (!list.every((v) => Number.isInteger(v))) throw this.wrong(key, value, 'an integer or a list of them');
    return list as number[];
  }

  get channelsFirst(): boolean {
    return this.choice('data_format', ['channels_last', 'channels_first'], 'channels_last') === 'channels_first';
  }

  /** What became of each option that was asked for, for the generated docs. */
  get uses(): ReadonlyMap<string, OptionUse> {
    return this.#read;
  }

  /** Throws if the config has an option that nothing above has read. */
  finish(): void {
    for (const [key, value] of Object.entries(this.#config)) {
      if (value === null || this.#read.has(key) || isTrainingOption(key)) continue;
      const hint = `${didYouMean(key, [...this.#read.keys()])} An option that is not understood could change the result.`;
      throw failure(this.subject, `option '${key}' is not supported`, { value }, hint);
    }
  }

  wrong(key: string, value: Json | undefined, expected: string): PathgradError {
    const problem = value === undefined ? `option '${key}' is missing` : `option '${key}' has an unusable value`;
    const details = value === undefined ? { expected } : { value: JSON.stringify(value), expected };
    return failure(this.subject, problem, details);
  }
}

/** Old Keras wrote NumPy scalars as `{type: 'ndarray', value}`, Keras 3 writes `{class_name: '__numpy__', config: {value}}`. */
function unwrap(value: Json | undefined): Json | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const record = value as { readonly [key: string]: Json };
  if (record['type'] === 'ndarray') return record['value'];
  const name = record['class_name'];
  if (name !== '__numpy__' && name !== '__tensor__') return value;
  return (record['config'] as { readonly [key: string]: Json } | null)?.['value'];
}
