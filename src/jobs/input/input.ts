/** The input of a job, whatever kind of file it is: cut into chunks once, then read chunk by chunk, in any order, by anyone. */
import { type Arguments, usage } from '../../cli/flags/flags.ts';
import { batchOfTable } from '../../cli/samples/read.ts';
import type { Table } from '../../inputs/index.ts';
import { columnOf } from '../../inputs/table/table.ts';
import { failure } from '../../tensor/errors.ts';
import type { RangedFile } from '../storage/ranged.ts';
import type { ChunkIndex, Scanned } from './chunks.ts';
import type { KeptTypes } from './kept.ts';
import { npyInput } from './npy.ts';
import { parquetInput } from './parquet.ts';
import { pictureInput } from './pictures.ts';
import { type ChunkRows, type FailedRow, rowsOf } from './rows.ts';
import { type TextKind, TextTable } from './text-table.ts';
import { conditionsOf, placesWhere } from './where.ts';

export const inputKinds = ['ndjson', 'csv', 'text', 'parquet', 'npy', 'pictures'] as const;
export type InputKind = (typeof inputKinds)[number];

export interface JobInput {
  readonly kind: InputKind;
  /** Cuts the input into chunks and hashes it. */
  scan(chunkRows: number): Promise<Scanned>;
  read(index: ChunkIndex, chunk: number): Promise<ChunkRows>;
  /** Types of columns, where the file itself says them. @throws for a column that there is not */
  types?(columns: readonly string[]): Promise<KeptTypes>;
}

const endings: Readonly<Record<string, InputKind>> = {
  '.ndjson': 'ndjson',
  '.jsonl': 'ndjson',
  '.json': 'ndjson',
  '.csv': 'csv',
  '.tsv': 'csv',
  '.txt': 'text',
  '.parquet': 'parquet',
  '.npy': 'npy',
};

/** The kind of a file by its ending. @throws for one that no job reads */
export function kindOf(ending: string, name: string): InputKind {
  const kind = endings[ending];
  if (kind) return kind;
  const hint = `by their ending: ${Object.keys(endings).join(', ')}, also with .gz; or a folder of pictures`;
  throw failure(name, 'is of a kind that no job reads', {}, hint);
}

/** @throws UsageError for flags that do not go with the kind */
export function checkFlags(kind: InputKind, name: string, args: Arguments): void {
  const table = kind === 'ndjson' || kind === 'csv' || kind === 'text' || kind === 'parquet';
  for (const flag of ['where', 'keep', 'columns', 'label', 'drop']) {
    if (args.has(flag) && !table) throw usage(`--${flag}`, 'is about columns of a table', `${name} has none`);
  }
  if (args.has('separator') && kind !== 'csv') throw usage('--separator', 'is of CSV', 'leave it out');
  conditionsOf(args.all('where'));
}

/** The rows of a file. @param file that of pictures is their folder's path */
export function inputOf(kind: InputKind, file: RangedFile | string, args: Arguments): JobInput {
  if (typeof file === 'string') return pictureInput(file);
  if (kind === 'npy') return npyInput(file);
  const where = conditionsOf(args.all('where'));
  const rowsIn = (whole: Table | null, failed: readonly FailedRow[], seen: number): ChunkRows => {
    const table = whole && where.length > 0 ? rowsOf(whole, placesWhere(whole, where)) : whole;
    return {
      numbers: table?.rows ?? [],
      failed,
      seen,
      length: (at) => table!.cells.reduce((sum, column) => sum + lengthIn(column[at]), 0),
      kept: (at, columns) => columns.map((column) => columnOf(table!, column)[at]!),
      batch: async (own, model, at) => checked(batchOfTable(own, model, rowsOf(table!, at), 'input'), at.length),
    };
  };
  if (kind === 'parquet') return parquetInput(file, rowsIn);
  const text = new TextTable(file, kind as TextKind, args.text('separator')?.replace('\\t', '\t') ?? null);
  return {
    kind,
    scan: (chunkRows) => text.scan(chunkRows),
    read: async (index, chunk) => {
      const { table, failed, seen } = await text.read(index, chunk);
      return rowsIn(table, failed, seen);
    },
  };
}

const lengthIn = (cell: unknown): number => (typeof cell === 'string' ? cell.length : 0);

/** A row of the input is a sample. @throws where steps of a series are rows */
function checked<T extends { readonly samples: readonly unknown[] }>(batch: T, rows: number): T {
  if (batch.samples.length === rows) return batch;
  throw failure('input', 'has several rows per sample', {}, 'a job needs a row per sample: a list of all its steps');
}

export type RowsIn = (table: Table | null, failed: readonly FailedRow[], seen: number) => ChunkRows;
