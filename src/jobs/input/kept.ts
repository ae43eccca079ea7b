/**
 * The types of columns that the output repeats, for formats whose files have a schema. Invariant: they follow from the whole input, so that all parts
 * of a job have the same ones, and no value is lost: a column with one value of another type is one of texts.
 */
import type { ChunkIndex } from './chunks.ts';
import type { JobInput } from './input.ts';

export type KeptType = 'boolean' | 'integer' | 'number' | 'text';
export type KeptTypes = Readonly<Record<string, KeptType>>;

/** As JSON writes them: `007` and `+1` are names of things, `1_000` and `0x10` texts. */
const NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;
const WHOLE = /^-?\d+$/;

/** Of CSV, where all is text: numbers that a double holds; whole ones beyond 2^53 are ids, which would become others. */
function typeOfText(text: string): KeptType | null {
  if (text === '') return null;
  if (!NUMBER.test(text)) return 'text';
  const value = Number(text);
  if (!WHOLE.test(text)) return Number.isFinite(value) ? 'number' : 'text';
  return Number.isSafeInteger(value) && !Object.is(value, -0) ? 'integer' : 'text';
}

function typeOf(value: unknown): KeptType | null {
  if (value === null || value === undefined) return null;
  if (typeof value === 'boolean') return 'boolean';
  if (typeof value !== 'number') return 'text';
  if (!Number.isFinite(value)) return 'text';
  return Number.isSafeInteger(value) && !Object.is(value, -0) ? 'integer' : 'number';
}

/** What holds both; null is a column without a value so far. */
function both(a: KeptType | null, b: KeptType | null): KeptType | null {
  if (a === null || b === null || a === b) return a ?? b;
  return [a, b].every((one) => one === 'integer' || one === 'number') ? 'number' : 'text';
}

/**
 * Of Parquet as its schema says, of NDJSON and CSV by reading all rows once more, until every column is known to be of texts.
 * @throws PathgradError for a column that there is not; the signal's reason
 */
export async function keptTypes(
  input: JobInput,
  index: ChunkIndex,
  columns: readonly string[],
  signal?: AbortSignal,
): Promise<KeptTypes> {
  const schema = await input.types?.(columns);
  if (schema) return schema;
  const of = input.kind === 'csv' ? (value: unknown) => typeOfText(String(value ?? '')) : typeOf;
  const types = columns.map((): KeptType | null => null);
  for (let chunk = 0; chunk + 1 < index.rows.length && types.some((type) => type !== 'text'); chunk++) {
    signal?.throwIfAborted();
    const rows = await input.read(index, chunk);
    for (let at = 0; at < rows.numbers.length; at++)
      for (const [c, value] of rows.kept(at, columns).entries()) types[c] = both(types[c]!, of(value));
  }
  return Object.fromEntries(columns.map((column, c) => [column, types[c] ?? 'text']));
}

/** A value in its column's type; null is none. */
export function asType(value: unknown, type: KeptType): string | number | boolean | null {
  if (value === null || value === undefined) return null;
  if (type === 'text') return typeof value === 'object' ? JSON.stringify(value) : String(value);
  if (type === 'boolean') return value === true;
  return value === '' ? null : Number(value);
}
