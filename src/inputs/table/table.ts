/**
 * Tables: what CSV, NDJSON, JSON and Parquet files come to, before anyone knows which columns a model takes. Invariant: every column has one cell
 * per row that was kept, and a row's number is its place in the file, from 0, whatever else was kept.
 */
import { largerThanLimits } from '../../guard/inputs.ts';
import { didYouMean, failure } from '../../tensor/errors.ts';

/** Numbers nested in lists, as JSON has them. */
export type NestedNumbers = number | readonly NestedNumbers[];

/** A value as the file has it; of CSV always a text. Null is a value that is missing. */
export type Cell = string | number | boolean | null | readonly NestedNumbers[];

/** Some or all rows of a file, column by column. `numbersOf`, `textsOf` and `arraysOf` make values of the cells. */
export interface Table {
  /** The file, for errors. */
  readonly name: string;
  readonly columns: readonly string[];
  /** One list per column, one cell per row. */
  readonly cells: readonly (readonly Cell[])[];
  /** The number in the file, from 0, of each row that was kept. */
  readonly rows: readonly number[];
  /** What a user should know about how the file was read. */
  readonly notices: readonly string[];
}

/** Which rows to keep: a range without its end, or their numbers, from 0; all if left out. */
export type RowChoice = { readonly from?: number; readonly to?: number } | readonly number[];

/** Columns of one table: more is a file that is no table. */
export const COLUMN_LIMIT = 2 ** 16;
/** Characters of one row. */
export const ROW_LIMIT = 2 ** 24;

/** Collects rows. It says when no later row is wanted, so that the rest of a large file need not be read. */
export class RowCollector {
  readonly #name: string;
  readonly #wanted: ReadonlySet<number> | null;
  readonly #from: number;
  readonly #to: number;
  readonly #numbers: number[] = [];
  readonly #order: readonly number[] | null;
  #seen = 0;
  #cells: Cell[][] | null = null;

  /** @throws PathgradError for rows that are no whole numbers from 0 */
  constructor(name: string, rows: RowChoice = {}) {
    this.#name = name;
    const list = Array.isArray(rows) ? (rows as readonly number[]) : null;
    const { from = 0, to = Number.POSITIVE_INFINITY } = (list ? {} : rows) as { from?: number; to?: number };
    const odd = (list ?? [from, ...(to === Number.POSITIVE_INFINITY ? [] : [to])]).find(
      (n) => !(Number.isSafeInteger(n) && n >= 0),
    );
    if (odd !== undefined) throw failure('rows', 'must be whole numbers from 0', { got: odd });
    if (!list && to <= from) throw failure('rows', 'hold no row', { from, to }, 'the end of the range is not in it');
    if (list && list.length === 0) throw failure('rows', 'hold no row');
    this.#order = list;
    this.#wanted = list && new Set(list);
    this.#from = list ? list.reduce((a, b) => Math.min(a, b)) : from;
    this.#to = list ? list.reduce((a, b) => Math.max(a, b)) + 1 : to;
  }

  /** Rows seen so far. */
  get seen(): number {
    return this.#seen;
  }

  /** Whether the next row is to be kept. */
  get wantsNext(): boolean {
    return this.#seen >= this.#from && this.#seen < this.#to && (this.#wanted?.has(this.#seen) ?? true);
  }

  /** Whether no row that comes is wanted. */
  get done(): boolean {
    return this.#seen >= this.#to;
  }

  skip(count = 1): void {
    this.#seen += count;
  }

  /** @param cells one per column, in the columns' order */
  keep(cells: readonly Cell[]): void {
    this.#cells ??= cells.map(() => []);
    largerThanLimits(
      this.#name,
      'cells',
      (this.#numbers.length + 1) * cells.length,
      'choose some rows: --rows 0:100000, or rows: { from: 0, to: 100000 }',
    );
    cells.forEach((cell, column) => {
      this.#cells![column]!.push(cell);
    });
    this.#numbers.push(this.#seen++);
  }

  /** The table of the rows kept, in the order asked for. @throws where there is none, or one asked for is not there */
  table(columns: readonly string[], notices: readonly string[] = []): Table {
    const name = this.#name;
    if (this.#seen === 0)
      throw failure(
        name,
        'holds no row',
        columns.length > 0 ? { columns } : {},
        'give a file with a row for each input',
      );
    const missing = this.#order?.find((row) => row >= this.#seen) ?? (this.#numbers.length === 0 ? this.#from : null);
    if (missing !== null && missing !== undefined) {
      throw failure(name, `has no row ${missing}`, { rows: this.#seen }, `rows go from 0 to ${this.#seen - 1}`);
    }
    const cells = this.#cells!;
    if (!this.#order) return { name, columns, cells, rows: this.#numbers, notices };
    const place = new Map(this.#numbers.map((row, i) => [row, i]));
    const at = this.#order.map((row) => place.get(row)!);
    return { name, columns, cells: cells.map((list) => at.map((i) => list[i]!)), rows: [...this.#order], notices };
  }
}

/** @throws PathgradError for a column without a name, or a name that two columns have */
export function checkColumns(name: string, columns: readonly string[]): void {
  if (columns.length > COLUMN_LIMIT) {
    throw failure(name, 'has more columns than are read', { columns: columns.length, limit: COLUMN_LIMIT });
  }
  const seen = new Map<string, number>();
  columns.forEach((column, i) => {
    const first = seen.get(column);
    if (first !== undefined)
      throw failure(name, `two columns are called '${column}'`, { columns: [first + 1, i + 1] }, 'rename one of them');
    seen.set(column, i);
  });
}

/** A column by name. @throws with the nearest names */
export function columnOf({ name, columns, cells }: Table, column: string): readonly Cell[] {
  const at = columns.indexOf(column);
  if (at < 0) throw failure(name, `has no column '${column}'`, {}, didYouMean(column, columns));
  return cells[at]!;
}

/** `row 3, column 'age'` */
const place = ({ name, rows }: Table, row: number, column: string): string =>
  `${name}, row ${rows[row]}, column '${column}'`;

/**
 * The numbers of columns, row by row: `[rows, columns.length]`. Booleans are 1 and 0.
 * @throws naming row and column where a value is no number or is missing
 */
export function numbersOf(table: Table, columns: readonly string[]): { data: Float64Array; shape: [number, number] } {
  const width = columns.length;
  const data = new Float64Array(table.rows.length * width);
  columns.forEach((column, c) => {
    columnOf(table, column).forEach((cell, row) => {
      data[row * width + c] = numberIn(table, cell, row, column);
    });
  });
  return { data, shape: [table.rows.length, width] };
}

function numberIn(table: Table, cell: Cell, row: number, column: string): number {
  if (typeof cell === 'number' && Number.isFinite(cell)) return cell;
  if (typeof cell === 'boolean') return Number(cell);
  const where = place(table, row, column);
  if (cell === null || (typeof cell === 'string' && cell.trim() === ''))
    throw failure(where, 'has no value', {}, 'the model takes numbers: fill it in, or leave the row out');
  if (typeof cell === 'string') {
    const value = Number(cell);
    // `0x10` is a number to JavaScript alone.
    if (Number.isFinite(value) && /^\s*[+-]?[\d.]/.test(cell) && !/^\s*[+-]?0[xbo]/i.test(cell)) return value;
    const comma = /^\s*[+-]?\d+,\d+\s*$/.test(cell)
      ? 'write decimals with a point'
      : 'a column of texts goes to an input of texts';
    throw failure(where, `'${shortened(cell)}' is not a number`, {}, comma);
  }
  throw failure(where, Array.isArray(cell) ? 'is a list, not a number' : `${cell} is not a number`);
}

/** The texts of a column as the file has them; numbers as JavaScript writes them. @throws naming the row where one is missing */
export function textsOf(table: Table, column: string): string[] {
  return columnOf(table, column).map((cell, row) => {
    if (cell !== null && !Array.isArray(cell)) return String(cell);
    throw failure(place(table, row, column), cell === null ? 'has no value' : 'is a list, not a text');
  });
}

/** Lists of numbers of a column, all of one shape: `[rows, ...shape]`. @throws naming the row that has another shape */
export function arraysOf(table: Table, column: string): { data: Float64Array; shape: number[] } {
  const cells = columnOf(table, column);
  const shape = shapeOf(cells[0]!);
  const size = shape.reduce((a, b) => a * b, 1);
  largerThanLimits(table.name, 'cells', size * cells.length);
  const data = new Float64Array(cells.length * size);
  cells.forEach((cell, row) => {
    let at = row * size;
    const put = (value: unknown, axis: number): void => {
      if (axis === shape.length) {
        if (typeof value !== 'number' || !Number.isFinite(value))
          throw failure(place(table, row, column), 'holds something that is not a number', { got: typeof value });
        data[at++] = value;
        return;
      }
      if (!Array.isArray(value) || value.length !== shape[axis]) {
        const got = Array.isArray(value) ? shapeOf(value as Cell) : typeof value;
        throw failure(place(table, row, column), 'has another shape than the first row', { got, first: shape });
      }
      for (const inner of value) put(inner, axis + 1);
    };
    put(cell, 0);
  });
  return { data, shape: [cells.length, ...shape] };
}

function shapeOf(cell: Cell): number[] {
  const shape: number[] = [];
  for (let level: unknown = cell; Array.isArray(level); level = level[0]) shape.push(level.length);
  return shape;
}

/** Whether a column's first value is a list of numbers. */
export const isListColumn = (cells: readonly Cell[]): boolean => Array.isArray(cells[0]);

const shortened = (text: string): string => (text.length > 40 ? `${text.slice(0, 39)}…` : text);
