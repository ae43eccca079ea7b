/**
 * Parquet files to tables: flat columns of numbers, texts, booleans, dates and decimals; plain and dictionary encodings; Snappy, gzip and zstd. Read
 * by ranges, so that of a large file only the row groups and columns that are asked for are touched. Our own code, held to hyparquet by the tests:
 * readers that there are believe the sizes in a file. Source: Apache Parquet 2.11.
 */
import { notA } from '../../guard/content.ts';
import { Guard } from '../../guard/guard.ts';
import { largerThanLimits } from '../../guard/inputs.ts';
import { damaged, failure } from '../../tensor/errors.ts';
import type { PlatformBlob } from '../../tensor/platform.ts';
import { type Cell, checkColumns, type RowChoice, RowCollector, type Table } from '../table/table.ts';
import { type ParquetMetadata, readMetadata } from './metadata.ts';
import { readChunk } from './pages.ts';

/** Bytes, or a file of the browser or of Node (`openAsBlob`). */
export type ParquetSource = Uint8Array | PlatformBlob;

const MAGIC = [0x50, 0x41, 0x52, 0x31];
/** Bytes of a footer; those of tables of thousands of columns and groups have a few million. */
const FOOTER_LIMIT = 2 ** 26;

/**
 * The rows of a file. Columns of lists and records are left out, with a notice.
 * @throws PathgradError naming the column and what is damaged or not read
 */
export async function parquetTable(source: ParquetSource, name: string, rows: RowChoice | undefined): Promise<Table> {
  const size = source instanceof Uint8Array ? source.length : source.size;
  const range = async (from: number, to: number): Promise<Uint8Array> =>
    source instanceof Uint8Array
      ? source.subarray(from, to)
      : new Uint8Array(await source.slice(from, to).arrayBuffer());
  const metadata = readMetadata(await footerOf(range, size, name), name, size);
  const columns = metadata.columns.map((column) => column.name);
  if (columns.length === 0) throw failure(name, 'has no column of one value per row', { columns: metadata.nested });
  checkColumns(name, columns);
  const kept = new RowCollector(name, rows);
  const guard = new Guard(name, size);
  for (const group of metadata.groups) {
    if (kept.done) break;
    if (!wantsSome(kept, rows, group.rows)) {
      kept.skip(group.rows);
      continue;
    }
    largerThanLimits(name, 'cells', group.rows * columns.length, 'write it with smaller row groups');
    const cells: Cell[][] = [];
    for (const [i, chunk] of group.chunks.entries()) {
      cells.push(readChunk(await range(chunk.start, chunk.end), metadata.columns[i]!, chunk, group.rows, name, guard));
    }
    for (let row = 0; row < group.rows && !kept.done; row++) {
      if (kept.wantsNext) kept.keep(cells.map((column) => column[row]!));
      else kept.skip();
    }
  }
  return kept.table(columns, noticesOf(metadata, name));
}

/** Rows of each group, which are read together. */
export async function groupsOf(source: PlatformBlob, name: string): Promise<number[]> {
  const range = async (from: number, to: number) => new Uint8Array(await source.slice(from, to).arrayBuffer());
  return readMetadata(await footerOf(range, source.size, name), name, source.size).groups.map(({ rows }) => rows);
}

/** What cells of each flat column are. Decimals are numbers, dates texts, as they are read. */
export async function typesOf(
  source: PlatformBlob,
  name: string,
): Promise<ReadonlyMap<string, 'boolean' | 'integer' | 'number' | 'text'>> {
  const range = async (from: number, to: number) => new Uint8Array(await source.slice(from, to).arrayBuffer());
  const { columns } = readMetadata(await footerOf(range, source.size, name), name, source.size);
  return new Map(
    columns.map(({ name: column, type, meaning }) => {
      if (meaning === 'decimal') return [column, 'number'] as const;
      if (meaning === 'date' || meaning === 'unread' || type > 5) return [column, 'text'] as const;
      return [column, type === 0 ? 'boolean' : type < 3 ? 'integer' : 'number'] as const;
    }),
  );
}

/** Whether any of the next `count` rows is asked for. */
function wantsSome(kept: RowCollector, rows: RowChoice | undefined, count: number): boolean {
  const [from, to] = [kept.seen, kept.seen + count];
  if (rows === undefined) return true;
  if (Array.isArray(rows)) return (rows as readonly number[]).some((row) => row >= from && row < to);
  const { from: first = 0, to: last = Number.POSITIVE_INFINITY } = rows as { from?: number; to?: number };
  return first < to && last > from;
}

async function footerOf(
  range: (from: number, to: number) => Promise<Uint8Array>,
  size: number,
  name: string,
): Promise<Uint8Array> {
  const head = await range(0, Math.min(4, size));
  const tail = size < 12 ? new Uint8Array(8) : await range(size - 8, size);
  if (size < 12 || !MAGIC.every((byte, i) => head[i] === byte && tail[4 + i] === byte)) {
    if (MAGIC.every((byte, i) => head[i] === byte))
      throw failure(name, 'is a damaged Parquet file: it is cut short', { bytes: size }, 'get the file anew');
    throw notA(name, 'a Parquet file', await range(0, Math.min(size, 512)), 'of a table as text: CSV or NDJSON', size);
  }
  const length = new DataView(tail.buffer, tail.byteOffset, 8).getUint32(0, true);
  if (length > size - 12 || length > FOOTER_LIMIT) {
    throw damaged(name, 'is a damaged Parquet file: its footer lies outside of it', { footer: length, bytes: size });
  }
  return range(size - 8 - length, size - 8);
}

function noticesOf({ nested }: ParquetMetadata, name: string): string[] {
  if (nested.length === 0) return [];
  const which = nested.slice(0, 5).join(', ') + (nested.length > 5 ? ', …' : '');
  return [`${name}: columns of lists and records are left out: ${which}`];
}
