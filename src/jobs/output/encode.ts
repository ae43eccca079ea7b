/** A chunk's rows as the bytes of its part file. The same rows give the same bytes. */
import { failure } from '../../tensor/errors.ts';
import type { OutputRow } from '../chunk/row.ts';
import type { KeptTypes } from '../input/kept.ts';
import { flatColumns } from './flat.ts';

export const outputFormats = ['ndjson', 'csv', 'parquet'] as const;
/** Formats of part files. */
export type OutputFormat = (typeof outputFormats)[number];

/**
 * @param rows at least one
 * @param types of the columns that are repeated from the input, for Parquet
 * @throws where the package that writes Parquet is not installed
 */
export async function encodePart(
  format: OutputFormat,
  rows: readonly OutputRow[],
  types?: KeptTypes,
): Promise<Uint8Array> {
  if (format === 'ndjson') return Buffer.from(rows.map((row) => `${JSON.stringify(lineOf(row))}\n`).join(''));
  if (format === 'csv') return Buffer.from(csvOf(rows));
  const { parquetWriteBuffer } = await loadWriter();
  const columnData = flatColumns(rows, types).map(({ name, type, values }) => ({
    name,
    type: ({ boolean: 'BOOLEAN', integer: 'INT64', number: 'DOUBLE', text: 'STRING' } as const)[type],
    data: type === 'integer' ? values.map((value) => (value === null ? null : BigInt(value))) : [...values],
  }));
  return new Uint8Array(parquetWriteBuffer({ columnData }));
}

/** The optional package, asked for when the first part is written, and before a job begins. */
export async function loadWriter(): Promise<typeof import('hyparquet-writer')> {
  try {
    return await import('hyparquet-writer');
  } catch (error) {
    const hint = 'npm install hyparquet-writer; or --format ndjson, or csv';
    throw failure('--format', 'parquet needs the package hyparquet-writer, which is not installed', {}, hint, error);
  }
}

function lineOf({ row, kept, numbers, ...rest }: OutputRow): object {
  const named = numbers.kind === 'pixels' ? {} : { [numbers.kind]: numbers.names, scores: numbers.scores };
  const sums = numbers.kind === 'pixels' ? { positive: numbers.positive, negative: numbers.negative } : {};
  return { row, ...(kept.length > 0 && { kept: Object.fromEntries(kept) }), ...rest, ...named, ...sums };
}

function csvOf(rows: readonly OutputRow[]): string {
  const columns = flatColumns(rows);
  const field = (value: string | number | boolean | null): string => {
    const text = value === null ? '' : String(value);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const lines = rows.map((_, i) => columns.map(({ values }) => field(values[i]!)).join(','));
  return [columns.map(({ name }) => field(name)).join(','), ...lines, ''].join('\n');
}
