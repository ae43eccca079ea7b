/**
 * Which columns of a table feed which input of a model: those that are named, else a column of an input's name, else all others in the order of the
 * file for the one input that is left. Nothing is guessed beyond that: where numbers do not fit, the error lists both.
 */
import { arraysOf, type Cell, columnOf, isListColumn, numbersOf, type Table, textsOf } from '../inputs/table/table.ts';
import type { RawInput } from '../model/definition.ts';
import type { Model } from '../model/model.ts';
import { didYouMean, failure } from '../tensor/errors.ts';
import { sizeOf } from '../tensor/shape.ts';
import type { InputRows } from './input-rows.ts';

export interface ColumnChoice {
  /** Columns by the input that they feed; under '' those of a model's only input. */
  readonly columns?: ReadonlyMap<string, readonly string[]>;
  /** The column of the right answers, which feeds no input. */
  readonly label?: string | null;
  /** Columns that feed no input. */
  readonly drop?: readonly string[];
}

export interface TableRows {
  /** By the names of `model.rawInputs`. */
  readonly rows: ReadonlyMap<string, InputRows>;
  readonly count: number;
  /** Of each sample, the number of its (first) row in the file. */
  readonly places: readonly number[];
  /** The right answers as the file has them, where `label` names their column. */
  readonly labels: readonly string[] | null;
  readonly notices: readonly string[];
}

/** @throws PathgradError for columns and inputs that there are not, and where the number of columns is not what an input takes */
export function tableRows(table: Table, model: Model, choice: ColumnChoice = {}): TableRows {
  const { label = null, drop = [] } = choice;
  for (const column of [...(label === null ? [] : [label]), ...drop]) columnOf(table, column);
  const inputs = model.hasInputShape ? model.rawInputs : model.rawInputs.map((input) => ({ ...input, shape: null }));
  const chosen = assign(table, inputs, choice);
  const fed = new Map(inputs.map((input) => [input.name, columnRows(table, input, chosen.get(input.name)!)]));
  const counts = [...fed.values()].map(({ count }) => count);
  const count = counts[0]!;
  const used = new Set([...chosen.values()].flat());
  const left = table.columns.filter((column) => !used.has(column) && column !== label && !drop.includes(column));
  const asked = choice.columns !== undefined && choice.columns.size > 0;
  const notices =
    left.length === 0 || asked ? [] : [`${table.name}: columns that feed no input are left out: ${left.join(', ')}`];
  const each = table.rows.length / count;
  const texts = label === null ? null : columnOf(table, label).map(textIn);
  return {
    rows: fed,
    count,
    places: Array.from({ length: count }, (_, i) => table.rows[Math.floor(i * each)]!),
    labels: texts && each === 1 ? texts : null,
    notices: [...table.notices, ...notices],
  };
}

/** A cell as people read it. */
export const textIn = (cell: Cell): string => (cell === null ? '' : Array.isArray(cell) ? '[…]' : String(cell));

/** Numbers that a row of the input has; null where any number will do. */
function widthOf({ shape }: RawInput): number | null {
  const row = shape?.slice(1);
  return row?.every((dim) => dim !== null) ? sizeOf(row as readonly number[]) : null;
}

function assign(
  table: Table,
  inputs: readonly RawInput[],
  { columns = new Map(), label = null, drop = [] }: ColumnChoice,
): Map<string, readonly string[]> {
  const names = inputs.map(({ name }) => name);
  const chosen = new Map<string, readonly string[]>();
  for (const [name, list] of columns) {
    const only = name === '' && inputs.length === 1 ? names[0]! : name;
    if (only === '')
      throw failure(
        'columns',
        'are of which input?',
        { inputs: names },
        `say so: --columns ${names[0]}=${list.join(',')}`,
      );
    if (!names.includes(only))
      throw failure('columns', `the model has no input '${only}'`, { inputs: names }, didYouMean(only, names));
    for (const column of list) columnOf(table, column);
    chosen.set(only, list);
  }
  const free = table.columns.filter((column) => column !== label && !drop.includes(column));
  for (const input of inputs) {
    const own = free.includes(input.name) && (widthOf(input) === 1 || isListColumn(columnOf(table, input.name)));
    if (!chosen.has(input.name) && own) chosen.set(input.name, [input.name]);
  }
  const open = inputs.filter(({ name }) => !chosen.has(name));
  const used = new Set([...chosen.values()].flat());
  const rest = free.filter((column) => !used.has(column));
  if (open.length > 1) {
    const hint = `name the columns of each: --columns ${open[0]!.name}=a,b,c`;
    throw failure(
      table.name,
      `which columns feed the inputs ${open.map(({ name }) => `'${name}'`).join(' and ')}?`,
      { columns: rest },
      hint,
    );
  }
  if (open.length === 1) chosen.set(open[0]!.name, rest);
  return chosen;
}

/**
 * Rows of one input from these columns.
 * @throws PathgradError where the input does not take as many, or takes other values
 */
export function columnRows(table: Table, input: RawInput, columns: readonly string[]): InputRows {
  const count = table.rows.length;
  const [first] = columns;
  if (first === undefined)
    throw failure(table.name, `has no column left for the input '${input.name}'`, { columns: table.columns });
  if (columns.length === 1 && isListColumn(columnOf(table, first))) return listRows(table, input, first);
  const width = widthOf(input);
  const shape = input.shape?.slice(1) ?? [null];
  if (shape.length === 2 && shape[1] === columns.length && width !== columns.length)
    return stepRows(table, input, columns);
  if (width !== null && width !== columns.length) throw misfit(table, input, columns, width);
  const cells = columns.map((column) => columnOf(table, column));
  const part: InputRows['part'] = (row) => ({
    kind: 'table',
    features: columns,
    shown: cells.map((column) => textIn(column[row]!)),
  });
  const full = [count, ...(width === null ? [columns.length] : (shape as readonly number[]))];
  if (input.dtype === 'string') {
    const texts = columns.map((column) => textsOf(table, column));
    const strings = Array.from({ length: count }, (_, row) => texts.map((column) => column[row]!)).flat();
    return { count, feed: { strings, shape: full }, part };
  }
  const { data } = numbersOf(table, columns);
  checkWholes(table, input, data, columns);
  // A row of as many numbers as a series has steps is that series.
  const series = shape.length === 2 ? { kind: 'series' as const } : null;
  return { count, feed: { data, shape: full }, part: series ? () => series : part };
}

function misfit(table: Table, { name }: RawInput, columns: readonly string[], width: number): Error {
  const listed = columns.length > 40 ? [...columns.slice(0, 40), '…'] : columns;
  const hint =
    columns.length > width
      ? 'name the column of the answers (--label), those to leave out (--drop), or those to take (--columns)'
      : 'the file lacks columns that the model was built with';
  return failure(
    table.name,
    `the input '${name}' takes ${width} numbers a row, and ${columns.length} columns are left for it`,
    { columns: listed },
    hint,
  );
}

/** Rows that are steps of a series, columns that are its channels: one series after another. */
function stepRows(table: Table, input: RawInput, channels: readonly string[]): InputRows {
  const found = table.rows.length;
  const steps = input.shape![1] ?? found;
  if (found % steps !== 0) {
    throw failure(
      table.name,
      `rows are steps of '${input.name}', and a series has ${steps}`,
      { rows: found },
      `choose ${steps} rows, or a multiple: --rows 0:${steps}`,
    );
  }
  const { data } = numbersOf(table, channels);
  const count = found / steps;
  return { count, feed: { data, shape: [count, steps, channels.length] }, part: () => ({ kind: 'series', channels }) };
}

/** A column of lists: each the value of the input in one row. */
function listRows(table: Table, input: RawInput, column: string): InputRows {
  if (input.dtype === 'string')
    throw failure(table.name, `the input '${input.name}' takes texts, and column '${column}' holds lists`);
  const { data, shape } = arraysOf(table, column);
  checkWholes(table, input, data, [column]);
  const expected = input.shape ?? shape;
  const width = widthOf(input);
  const fits =
    expected.length === shape.length &&
    expected.every((dim, axis) => axis === 0 || dim === null || dim === shape[axis]);
  const full = fits ? shape : width === sizeOf(shape.slice(1)) ? [shape[0]!, ...(expected.slice(1) as number[])] : null;
  if (!full) {
    throw failure(table.name, `lists of column '${column}' do not have the shape that '${input.name}' takes`, {
      got: shape.slice(1),
      takes: expected.slice(1).map((dim) => dim ?? 'any'),
    });
  }
  const kind = ({ 2: 'table', 3: 'series' } as const)[full.length as 2 | 3] ?? 'array';
  return { count: shape[0]!, feed: { data, shape: full }, part: () => ({ kind }) };
}

/** @throws where an input of whole numbers would get others */
function checkWholes(table: Table, input: RawInput, data: Float64Array, columns: readonly string[]): void {
  if (input.dtype !== 'int32') return;
  const odd = data.findIndex((value) => !Number.isInteger(value) || Math.abs(value) >= 2 ** 31);
  if (odd < 0) return;
  const each = data.length / table.rows.length;
  const where = `${table.name}, row ${table.rows[Math.floor(odd / each)]}, column '${columns[odd % each] ?? columns[0]}'`;
  throw failure(where, `${data[odd]} is no whole number, and '${input.name}' takes whole numbers`);
}
