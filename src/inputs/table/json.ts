/**
 * Rows as JSON: NDJSON (one object or list per line), and one array of such rows. Invariant: all rows have the columns of the first. Objects may have
 * them in any order; lists have none, and their columns are called 0, 1, 2, …
 */
import { DATA_JSON, parseJson } from '../../guard/json.ts';
import { failure } from '../../tensor/errors.ts';
import { checkOptions } from '../../tensor/options.ts';
import { type ByteSource, linesOf, textOf } from './source.ts';
import { type Cell, checkColumns, ROW_LIMIT, type RowChoice, RowCollector, type Table } from './table.ts';

/** What `readNdjson` and `readJsonRows` take beside the file. */
export interface JsonRowsOptions {
  /** Which rows to keep, from 0; all if left out. */
  readonly rows?: RowChoice;
}

/**
 * Reads NDJSON (JSON Lines): one object or list per line, empty lines are none. It is read to the last row that is asked for.
 * @param name of the file, for errors
 * @throws PathgradError naming the line that is no JSON, or has other columns than the first
 */
export async function readNdjson(source: ByteSource, name = 'NDJSON', options: JsonRowsOptions = {}): Promise<Table> {
  checkOptions<JsonRowsOptions>('readNdjson', options, { rows: 1 });
  const rows = new RowReader(name, options.rows);
  for await (const { line, text } of linesOf(textOf(source, name), name, ROW_LIMIT)) {
    if (text.trim() === '') continue;
    if (rows.skips()) continue;
    rows.add(parseJson(text, `${name}, line ${line}`, DATA_JSON), `line ${line}`);
    if (rows.done) break;
  }
  return rows.table();
}

/**
 * Rows of a JSON array of objects or lists.
 * @param text of the file
 * @throws PathgradError naming the row that has other columns than the first
 */
export function readJsonRows(text: string, name = 'JSON', options: JsonRowsOptions = {}): Table {
  checkOptions<JsonRowsOptions>('readJsonRows', options, { rows: 1 });
  const parsed = parseJson(text, name, DATA_JSON);
  const list = Array.isArray(parsed) ? parsed : null;
  if (!list) {
    const hint = '[{"age": 41, …}, …], or one object per line as NDJSON';
    throw failure(name, 'holds no array of rows', { found: parsed === null ? 'null' : typeof parsed }, hint);
  }
  const rows = new RowReader(name, options.rows);
  for (const row of list) {
    if (rows.done) break;
    if (!rows.skips()) rows.add(row, `row ${rows.seen}`);
  }
  return rows.table();
}

/** Rows brought to the columns of the first. */
class RowReader {
  readonly #name: string;
  readonly #kept: RowCollector;
  #columns: readonly string[] | null = null;
  #lists = false;

  constructor(name: string, rows: RowChoice | undefined) {
    this.#name = name;
    this.#kept = new RowCollector(name, rows);
  }

  get seen(): number {
    return this.#kept.seen;
  }

  get done(): boolean {
    return this.#kept.done;
  }

  /** Passes over a row that is not wanted, unread. */
  skips(): boolean {
    if (this.#kept.wantsNext) return false;
    this.#kept.skip();
    return true;
  }

  add(row: unknown, where: string): void {
    const subject = `${this.#name}, ${where}`;
    if (typeof row !== 'object' || row === null)
      throw failure(subject, 'is no object and no list', { found: row === null ? 'null' : typeof row });
    // A list of lists is the value of one input, such as the steps of a series.
    const cells = Array.isArray(row) ? (row.some((one) => Array.isArray(one)) ? [row] : row) : null;
    if (this.#columns === null) {
      this.#lists = cells !== null;
      this.#columns = cells ? cells.map((_, i) => String(i)) : Object.keys(row);
      if (this.#columns.length === 0) throw failure(subject, 'has no columns');
      checkColumns(this.#name, this.#columns);
    }
    if (this.#lists !== (cells !== null))
      throw failure(
        subject,
        `is ${cells ? 'a list' : 'an object'}, and the first row ${cells ? 'an object' : 'a list'}`,
      );
    this.#kept.keep(cells ? this.#ofList(cells, subject) : this.#ofObject(row as Record<string, unknown>, subject));
  }

  table(): Table {
    return this.#kept.table(this.#columns ?? []);
  }

  #ofList(cells: readonly unknown[], subject: string): Cell[] {
    if (cells.length !== this.#columns!.length) {
      throw failure(subject, 'has another length than the first row', {
        values: cells.length,
        columns: this.#columns!.length,
      });
    }
    return cells.map((value) => cellOf(value, subject));
  }

  #ofObject(row: Record<string, unknown>, subject: string): Cell[] {
    const columns = this.#columns!;
    const missing = columns.find((column) => !Object.hasOwn(row, column));
    if (missing !== undefined) throw failure(subject, `has no '${missing}', as the first row has`);
    if (Object.keys(row).length !== columns.length) {
      const extra = Object.keys(row).find((key) => !columns.includes(key));
      throw failure(subject, `has '${extra}', which the first row has not`);
    }
    return columns.map((column) => cellOf(row[column], `${subject}, '${column}'`));
  }
}

function cellOf(value: unknown, subject: string): Cell {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    throw failure(subject, 'holds an object', {}, 'rows hold numbers, texts, and lists of numbers');
  return value as Cell;
}
