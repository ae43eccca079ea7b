/**
 * Explanations as JSON: plain standard JSON, in which a tensor is `{ "dtype", "shape", "data" }` with flat row-major data, and the
 * numbers that JSON lacks are the strings "NaN", "Infinity", "-Infinity" and "-0" (outside tensors: `{ "number": "NaN" }`).
 * Records whose names could be mistaken for these (a kwarg called `dtype`) are `{ "record": [[name, value], ...] }`.
 * Invariant: what is read back is what was written, whatever its names and numbers; anything else is refused where it is.
 */
import { allocate, type DType } from '../../../tensor/dtype.ts';
import { didYouMean, failure } from '../../../tensor/errors.ts';
import { sizeOf } from '../../../tensor/shape.ts';
import { Tensor, tensor } from '../../../tensor/tensor.ts';
import type { ExplanationData, ExplanationExtra, ExplanationMeta } from './explanation.ts';
import { warningValues } from './warning-values.ts';

/** Plain data, as JSON holds it. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** Raised when a reader of an older version could not read, or would misread, what is written now. */
const format = 2;
const dtypes: readonly string[] = ['float32', 'float64', 'int32', 'bool'] satisfies DType[];
const writtenNumbers: ReadonlySet<string> = /* @__PURE__ */ new Set(['NaN', 'Infinity', '-Infinity', '-0']);
const reserved = ['dtype', 'number', 'record'];
/** Explanations nest less deep than this. */
const deepest = 32;
const subject = 'Explanation.fromJSON';

/** An explanation as JSON. */
export function encodeExplanation(parts: { readonly [name: string]: unknown }): Json {
  return encode({ format, ...parts }, 0);
}

/** Any value of an explanation. Typed arrays other than tensors do not occur. */
function encode(value: unknown, depth: number): Json {
  if (depth > deepest) throw failure('Explanation.toJSON', `is nested more than ${deepest} levels deep`);
  if (value instanceof Tensor) {
    return { dtype: value.dtype, shape: [...value.shape], data: Array.from(value.data, encodeNumber) };
  }
  if (typeof value === 'number') {
    const written = encodeNumber(value);
    return typeof written === 'string' ? { number: written } : written;
  }
  if (Array.isArray(value)) return value.map((item) => encode(item, depth + 1));
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).map(([key, item]): [string, Json] => [key, encode(item, depth + 1)]);
    return reserved.some((name) => Object.hasOwn(value, name)) ? { record: entries } : Object.fromEntries(entries);
  }
  if (typeof value === 'function') return value.name || 'anonymous';
  return typeof value === 'string' || typeof value === 'boolean' ? value : null;
}

function encodeNumber(value: number): number | string {
  if (Object.is(value, -0)) return '-0';
  return Number.isFinite(value) ? value : String(value);
}

/** What stands in a place: a type of value, a list of such (`number[]`), or one that may be null (`tensor?`). */
type Kind = 'string' | 'number' | 'boolean' | 'tensor' | 'record';
type Expected = Kind | `${Kind}[]` | `${Kind}?` | `${Kind}[]?` | 'any';

const parts = {
  meta: {
    name: 'string',
    type: 'string[]',
    explanations: 'string[]',
    params: 'record',
    version: 'string',
    path: 'record?',
  },
  data: {
    attributions: 'tensor[]',
    X: 'tensor[]',
    forwardKwargs: 'record',
    baselines: 'tensor[]',
    predictions: 'tensor',
    deltas: 'tensor?',
    target: 'tensor?',
  },
  extra: {
    names: 'string[]',
    relativeDeltas: 'tensor?',
    completeness: 'record[]',
    baselinePredictions: 'tensor?',
    nSteps: 'number',
    baselineSpread: 'record?',
    warnings: 'record[]',
    diagnostics: 'record',
  },
} as const satisfies Record<string, Record<string, Expected>>;

/** Records inside the parts, and lists of such, by where they are: what holds others comes before them. */
const inner: Readonly<Record<string, Readonly<Record<string, Expected>>>> = {
  'meta.params': { targetFn: 'string?', internalBatchSize: 'number', layer: 'any' },
  'meta.path': { pass: 'string', flopsRemoved: 'number', frontier: 'string[]', positionsRemoved: 'number' },
  'extra.completeness': {
    attributionSum: 'number',
    scoreChange: 'number',
    delta: 'number',
    relative: 'number',
    ok: 'boolean',
    steps: 'number',
    converged: 'boolean?',
  },
  'extra.baselineSpread': { count: 'number', std: 'tensor[]', scores: 'tensor' },
  'extra.diagnostics': {
    outputs: 'string',
    baselineEntropy: 'record[]?',
    firstNonFinite: 'record?',
    disconnected: 'string[]',
    held: 'string[]',
  },
  'extra.diagnostics.baselineEntropy': { nats: 'number', fraction: 'number' },
  'extra.warnings': { code: 'string', values: 'record' },
};

/** The parts of an explanation. @throws PathgradError naming what is missing or malformed, and where */
export function decodeExplanation(json: string | object): {
  meta: ExplanationMeta;
  data: ExplanationData<Tensor | null>;
  extra: ExplanationExtra<Tensor | null>;
} {
  const root = typeof json === 'string' ? parse(json) : json;
  const found = isRecord(root) ? root['format'] : format;
  if (isRecord(root) && found !== format) {
    const hint = 'only what Explanation.toJSON of this version wrote can be read';
    throw failure(subject, `the format is not ${format}`, { format: found ?? 'missing' }, hint);
  }
  checkRecord(root, 'the explanation', { meta: 'any', data: 'any', extra: 'any' });
  const decoded = Object.fromEntries(
    Object.entries(parts).map(([name, fields]) => {
      const part = decode((root as Record<string, unknown>)[name], name, 0);
      checkRecord(part, name, fields);
      return [name, part];
    }),
  ) as unknown as ReturnType<typeof decodeExplanation>;
  for (const [name, value] of Object.entries(decoded.data.forwardKwargs)) {
    check(value, `data.forwardKwargs.${name}`, 'tensor');
  }
  for (const [where, fields] of Object.entries(inner)) {
    // Checked by what holds it: a record, a list of records or null.
    const found = where.split('.').reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], decoded);
    if (Array.isArray(found)) for (const [i, item] of found.entries()) checkRecord(item, `${where}[${i}]`, fields);
    else if (found !== null) checkRecord(found, where, fields);
  }
  decoded.extra.warnings.forEach(checkWarning);
  return decoded;
}

function checkWarning({ code, values }: { readonly code: string; readonly values: unknown }, i: number): void {
  const where = `extra.warnings[${i}]`;
  if (!Object.hasOwn(warningValues, code)) {
    throw failure(subject, `${where} has an unknown code '${code}'`, {}, didYouMean(code, Object.keys(warningValues)));
  }
  checkRecord(values, `${where}.values`, warningValues[code as keyof typeof warningValues]);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw failure(subject, 'the text is no JSON', { length: text.length }, undefined, cause);
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Tensor);
}

function checkRecord(value: unknown, where: string, fields: Readonly<Record<string, Expected>>): void {
  if (!isRecord(value)) throw failure(subject, `${where} is no object`);
  const missing = Object.keys(fields).filter((key) => !Object.hasOwn(value, key));
  if (missing.length > 0) {
    const hint = 'only what Explanation.toJSON wrote can be read';
    throw failure(subject, `${where} has no ${missing.join(', ')}`, {}, hint);
  }
  for (const [key, expected] of Object.entries(fields)) check(value[key], `${where}.${key}`, expected);
}

function check(value: unknown, where: string, expected: Expected): void {
  if (expected === 'any' || (expected.endsWith('?') && value === null)) return;
  const [kind] = expected.split(/[[?]/) as [Kind];
  const fits = (item: unknown): boolean => {
    if (kind === 'record') return isRecord(item);
    return kind === 'tensor' ? item instanceof Tensor : typeof item === kind;
  };
  const many = expected.includes('[]');
  if (many ? Array.isArray(value) && value.every(fits) : fits(value)) return;
  throw failure(subject, `${where} must ${many ? `hold ${kind}s` : `be a ${kind}`}`);
}

function decode(value: unknown, path: string, depth: number): unknown {
  if (depth > deepest) throw failure(subject, `${path.slice(0, 80)}… is nested more than ${deepest} levels deep`);
  if (Array.isArray(value)) return value.map((item, i) => decode(item, `${path}[${i}]`, depth + 1));
  if (typeof value !== 'object' || value === null) return value;
  const object = value as Record<string, unknown>;
  if (Object.hasOwn(object, 'dtype')) return decodeTensor(object, path);
  if (Object.hasOwn(object, 'number')) {
    if (writtenNumbers.has(object['number'] as string)) return Number(object['number']);
    throw failure(subject, `${path} is no number`, { number: String(object['number']) });
  }
  let entries = Object.entries(object);
  if (Object.hasOwn(object, 'record')) {
    const list = object['record'];
    const isEntry = (entry: unknown): boolean =>
      Array.isArray(entry) && entry.length === 2 && typeof entry[0] === 'string';
    if (!Array.isArray(list) || !list.every(isEntry)) throw failure(subject, `${path} is no list of names and values`);
    entries = list as [string, unknown][];
  }
  return Object.fromEntries(entries.map(([key, item]) => [key, decode(item, `${path}.${key}`, depth + 1)]));
}

function decodeTensor({ dtype, shape, data }: Record<string, unknown>, path: string): Tensor {
  const valid =
    dtypes.includes(dtype as string) &&
    Array.isArray(shape) &&
    shape.every((dim) => Number.isSafeInteger(dim) && dim >= 0) &&
    Array.isArray(data) &&
    sizeOf(shape as number[]) === data.length;
  if (!valid) {
    const details = { dtype: typeof dtype === 'string' ? dtype.slice(0, 40) : typeof dtype };
    throw failure(
      subject,
      `${path} is no tensor`,
      details,
      'dtype, shape and as many numbers as the shape has room for',
    );
  }
  const values = allocate(dtype as DType, data.length);
  data.forEach((item: unknown, i) => {
    const known = typeof item === 'number' || (typeof item === 'string' && writtenNumbers.has(item));
    const got = String(item).slice(0, 40);
    if (!known) throw failure(subject, `${path} holds something other than a number`, { at: i, got });
    values[i] = Number(item);
    // Rounding is float32's; a fraction or an overflow would be another number.
    const kept = dtype === 'float32' ? Number.isFinite(Number(item)) === Number.isFinite(values[i]) : null;
    const exact = kept ?? (values[i] === Number(item) || Number.isNaN(values[i]));
    if (!exact || (dtype === 'bool' && values[i]! > 1)) {
      throw failure(subject, `${path} holds a number that ${dtype} lacks`, { at: i, got });
    }
  });
  return tensor(values, shape as number[]);
}
