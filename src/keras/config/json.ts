/**
 * Reading JSON whose shape is not trusted: each accessor says which key of which layer is wrong.
 * Invariant: keys are copied as own properties, so that a `__proto__` key in a file stays data.
 */
import { parseJson as parse } from '../../guard/json.ts';
import { failure } from '../../tensor/errors.ts';
import type { Json } from './spec.ts';

export type JsonRecord = { readonly [key: string]: Json };

export function isRecord(value: unknown): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Own value of a key, or null where it is absent (or null). */
export function field(record: JsonRecord, key: string): Json {
  return Object.hasOwn(record, key) ? (record[key] ?? null) : null;
}

/** Whether a value is the boolean `wanted`, which Python also writes as 1 or 0 where people do. */
export function isBoolean(value: unknown, wanted: boolean): boolean {
  return value === wanted || value === Number(wanted);
}

export function textAt(record: JsonRecord, key: string, subject: string): string {
  const value = field(record, key);
  if (typeof value !== 'string' || value === '') {
    throw failure(subject, `'${key}' must be a text`, { found: describe(value) });
  }
  return value;
}

export function listAt(record: JsonRecord, key: string, subject: string): readonly Json[] {
  const value = field(record, key);
  if (!Array.isArray(value)) throw failure(subject, `'${key}' must be a list`, { found: describe(value) });
  return value;
}

/** What a value is, short enough for a message. */
export function describe(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object') return 'an object';
  const text = String(value);
  return `${typeof value} ${text.length > 40 ? `${text.slice(0, 40)}…` : text}`;
}

/** The JSON of a config; see guard/json.ts for what it may hold. */
export function parseJson(text: string, subject: string): Json {
  return parse(text, subject) as Json;
}
