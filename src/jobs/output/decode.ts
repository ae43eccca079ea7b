/** Part files read back, for the report: what each row's numbers are of. */
import { readCsv, readParquet, type Table } from '../../inputs/index.ts';
import { columnOf } from '../../inputs/table/table.ts';
import type { OutputFormat } from './encode.ts';

export interface PartRow {
  readonly target: string;
  readonly names: readonly string[];
  readonly scores: readonly number[];
}

const SUMS = ['positive', 'negative'] as const;
const PREFIX = 'attribution.';

/** @param name of the file, for errors */
export async function decodePart(format: OutputFormat, bytes: Uint8Array, name: string): Promise<PartRow[]> {
  if (format === 'ndjson') return linesOf(bytes);
  return tableRows(
    format === 'csv' ? await readCsv(bytes, name, { separator: ',', header: true }) : await readParquet(bytes, name),
  );
}

function linesOf(bytes: Uint8Array): PartRow[] {
  const lines = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8').split('\n');
  return lines
    .filter((line) => line !== '')
    .map((line) => {
      const row = JSON.parse(line) as Record<string, unknown> & { target: string };
      const names = (row['words'] ?? row['features'] ?? row['entries']) as string[] | undefined;
      if (names) return { target: row.target, names, scores: row['scores'] as number[] };
      return { target: row.target, names: SUMS, scores: SUMS.map((side) => row[side] as number) };
    });
}

function tableRows(table: Table): PartRow[] {
  const targets = columnOf(table, 'target').map(String);
  if (table.columns.includes('names')) {
    const [names, scores] = ['names', 'attributions'].map((column) =>
      columnOf(table, column).map((cell) => JSON.parse(String(cell))),
    );
    return targets.map((target, i) => ({ target, names: names![i] as string[], scores: scores![i] as number[] }));
  }
  const columns = table.columns.filter((column) => column.startsWith(PREFIX));
  const names = columns.map((column) => column.slice(PREFIX.length));
  const cells = columns.map((column) => columnOf(table, column));
  return targets.map((target, i) => ({ target, names, scores: cells.map((column) => Number(column[i])) }));
}
