/** Rows of a Parquet file. Row groups are read whole; the last one is kept, since its rows are those of the next chunks too. */
import { readParquet, type Table } from '../../inputs/index.ts';
import { columnOf } from '../../inputs/table/table.ts';
import { failure } from '../../tensor/errors.ts';
import { type RangedFile, readThrough } from '../storage/ranged.ts';
import { evenChunks } from './chunks.ts';
import type { JobInput, RowsIn } from './input.ts';
import type { KeptType } from './kept.ts';

/** Ranges of so many bytes are kept: footers, which every row group is found by. */
const SMALL = 2 ** 16;

/** The file as the reader takes it, which asks for sizes and slices alone. */
function blobOf(file: RangedFile): Blob {
  const kept = new Map<string, Promise<Uint8Array>>();
  const range = (from: number, to: number): Promise<Uint8Array> => {
    if (to - from > SMALL || to < file.size - SMALL) return file.read(from, to);
    const key = `${from}-${to}`;
    const found = kept.get(key) ?? file.read(from, to);
    kept.set(key, found);
    found.catch(() => kept.delete(key));
    return found;
  };
  const slice = (from: number, to: number) => ({
    arrayBuffer: async () => (await range(from, to)).slice().buffer,
  });
  return { size: file.size, slice } as unknown as Blob;
}

export function parquetInput(file: RangedFile, rowsIn: RowsIn): JobInput {
  const path = file.name;
  const blob = blobOf(file);
  let groups: readonly number[] | null = null;
  let last: { readonly from: number; readonly table: Table } | null = null;
  const groupSizes = async (): Promise<readonly number[]> => {
    groups ??= await (await import('../../inputs/parquet/parquet.ts')).groupsOf(blob, path);
    return groups;
  };
  const groupAt = async (from: number, to: number): Promise<Table> => {
    if (last?.from !== from) {
      last = null;
      last = { from, table: await readParquet(blob, path, { rows: { from, to } }) };
    }
    return last.table;
  };
  return {
    kind: 'parquet',
    types: async (columns) => {
      const types = await (await import('../../inputs/parquet/parquet.ts')).typesOf(blob, path);
      const schema = { name: path, columns: [...types.keys()], cells: [...types.values()].map((type) => [type]) };
      return Object.fromEntries(
        columns.map((column) => [column, columnOf({ ...schema, rows: [0], notices: [] }, column)[0] as KeptType]),
      );
    },
    scan: async (chunkRows) => {
      const rows = (await groupSizes()).reduce((sum, count) => sum + count, 0);
      if (rows === 0) throw failure(path, 'holds no row', {}, 'give a file with a row for each input');
      return { index: evenChunks(rows, chunkRows), rows, sha256: await readThrough(file), bytes: file.size };
    },
    read: async ({ rows }, chunk) => {
      const [from, to] = [rows[chunk]!, rows[chunk + 1]!];
      const pieces: Table[] = [];
      let start = 0;
      for (const count of await groupSizes()) {
        const end = start + count;
        if (end > from && start < to) {
          const group = await groupAt(start, end);
          const [first, stop] = [Math.max(from, start) - start, Math.min(to, end) - start];
          pieces.push({
            ...group,
            cells: group.cells.map((column) => column.slice(first, stop)),
            rows: group.rows.slice(first, stop),
          });
        }
        start = end;
      }
      const [one] = pieces;
      const table = {
        ...one!,
        cells: one!.cells.map((_, c) => pieces.flatMap(({ cells }) => cells[c]!)),
        rows: pieces.flatMap((piece) => piece.rows),
      };
      return rowsIn(table, [], to - from);
    },
  };
}
