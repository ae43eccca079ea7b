/** Values of JSON whose shape is not trusted. Invariant: only own properties count, so that a `__proto__` key in a file stays data. */

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

export type JsonRecord = { readonly [key: string]: Json };

export function isRecord(value: unknown): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Own value of a key, or null where it is absent (or null). */
export function field(record: JsonRecord, key: string): Json {
  return Object.hasOwn(record, key) ? (record[key] ?? null) : null;
}
