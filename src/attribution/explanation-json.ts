/**
 * Explanations as JSON: plain standard JSON, in which a tensor is `{ "dtype", "shape", "data" }` with flat row-major data, and the
 * numbers that JSON lacks are the strings "NaN", "Infinity", "-Infinity" and "-0" (outside tensors: `{ "number": "NaN" }`).
 */
import { allocate, type DType } from '../tensor/dtype.ts';
import { failure } from '../tensor/errors.ts';
import { sizeOf } from '../tensor/shape.ts';
import { Tensor, tensor } from '../tensor/tensor.ts';
import type { ExplanationData, ExplanationExtra, ExplanationMeta } from './explanation.ts';

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

const dtypes: readonly string[] = ['float32', 'float64', 'int32', 'bool'] satisfies DType[];
const writtenNumbers: ReadonlySet<string> = new Set(['NaN', 'Infinity', '-Infinity', '-0']);
const subject = 'Explanation.fromJSON';

/** Any value of an explanation as JSON. Typed arrays other than tensors do not occur. */
export function encode(value: unknown): Json {
  if (value instanceof Tensor) {
    return { dtype: value.dtype, shape: [...value.shape], data: Array.from(value.data, encodeNumber) };
  }
  if (typeof value === 'number') {
    const written = encodeNumber(value);
    return typeof written === 'string' ? { number: written } : written;
  }
  if (Array.isArray(value)) return value.map(encode);
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, encode(item)]));
  }
  if (typeof value === 'function') return value.name || 'anonymous';
  return typeof value === 'string' || typeof value === 'boolean' ? value : null;
}

function encodeNumber(value: number): number | string {
  if (Object.is(value, -0)) return '-0';
  return Number.isFinite(value) ? value : String(value);
}

/** The parts of an explanation. @throws PathgradError naming what is missing or malformed */
export function decodeExplanation(json: string | object): {
  meta: ExplanationMeta;
  data: ExplanationData;
  extra: ExplanationExtra;
} {
  const root = typeof json === 'string' ? parse(json) : json;
  const { meta, data, extra } = record(root, 'the explanation', ['meta', 'data', 'extra']);
  record(meta, 'meta', ['name', 'type', 'explanations', 'params', 'version', 'path']);
  record(data, 'data', ['attributions', 'X', 'forwardKwargs', 'baselines', 'predictions', 'deltas', 'target']);
  record(extra, 'extra', [
    'names',
    'relativeDeltas',
    'completeness',
    'baselinePredictions',
    'nSteps',
    'warnings',
    'diagnostics',
  ]);
  const decoded = {
    meta: decode(meta, 'meta') as ExplanationMeta,
    data: decode(data, 'data') as ExplanationData,
    extra: decode(extra, 'extra') as ExplanationExtra,
  };
  const { attributions, X, baselines, predictions, deltas } = decoded.data;
  tensorsIn({ attributions, X, baselines, predictions: [predictions], deltas: [deltas] });
  return decoded;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw failure(subject, 'the text is no JSON', { length: text.length }, undefined, cause);
  }
}

function record(value: unknown, what: string, keys: readonly string[]): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw failure(subject, `${what} is no object`);
  const missing = keys.filter((key) => !(key in value));
  if (missing.length === 0) return value as Record<string, unknown>;
  throw failure(subject, `${what} has no ${missing.join(', ')}`, {}, 'only what Explanation.toJSON wrote can be read');
}

function decode(value: unknown, path: string): unknown {
  if (Array.isArray(value)) return value.map((item, i) => decode(item, `${path}[${i}]`));
  if (typeof value !== 'object' || value === null) return value;
  if ('dtype' in value && 'data' in value) return decodeTensor(value as Record<string, unknown>, path);
  if ('number' in value && Object.keys(value).length === 1) return Number(value.number);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, decode(item, `${path}.${key}`)]));
}

function decodeTensor({ dtype, shape, data }: Record<string, unknown>, path: string): Tensor {
  const valid =
    dtypes.includes(String(dtype)) &&
    Array.isArray(shape) &&
    shape.every((dim) => Number.isInteger(dim) && dim >= 0) &&
    Array.isArray(data) &&
    sizeOf(shape as number[]) === data.length;
  if (!valid) throw failure(subject, `${path} is no tensor`, { dtype, shape });
  const values = allocate(dtype as DType, data.length);
  data.forEach((item: unknown, i) => {
    const known = typeof item === 'number' || (typeof item === 'string' && writtenNumbers.has(item));
    if (!known) throw failure(subject, `${path} holds something other than a number`, { at: i, got: String(item) });
    values[i] = Number(item);
  });
  return tensor(values, shape as number[]);
}

function tensorsIn(lists: { readonly [name: string]: readonly unknown[] }): void {
  for (const [name, list] of Object.entries(lists)) {
    if (!Array.isArray(list) || !list.every((item) => item instanceof Tensor)) {
      throw failure(subject, `data.${name} must hold tensors`);
    }
  }
}
