/** `readParquet`: the reader is loaded when a Parquet file comes. */
import { checkOptions } from '../../tensor/options.ts';
import type { RowChoice, Table } from '../table/table.ts';
import type { ParquetSource } from './parquet.ts';

export type { ParquetSource } from './parquet.ts';

/** What `readParquet` takes beside the file. */
export interface ParquetOptions {
  /** Which rows to keep, from 0; all if left out. */
  readonly rows?: RowChoice;
}

/**
 * Reads a Parquet file: flat columns of numbers, texts, booleans, dates and decimals. Of a `Blob` only the row groups that are asked for are read.
 * @param source bytes, or a file
 * @param name of the file, for errors
 * @throws PathgradError naming the column and what is damaged or not read (times, bytes, rare encodings, Brotli and LZ4)
 */
export async function readParquet(
  source: ParquetSource,
  name = 'Parquet',
  options: ParquetOptions = {},
): Promise<Table> {
  checkOptions<ParquetOptions>('readParquet', options, { rows: 1 });
  const { parquetTable } = await import('./parquet.ts');
  return parquetTable(source, name, options.rows);
}
