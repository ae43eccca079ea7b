/** --csv, --ndjson and --parquet: rows of a table, which of its columns feed what (--columns, --label, --drop), and columns of texts. */
import { basename } from 'node:path';
import { readCsv, readJsonRows, readNdjson, readParquet, type Table, textsOf } from '../../inputs/index.ts';
import { columnOf } from '../../inputs/table/table.ts';
import type { Model } from '../../model/model.ts';
import { type ColumnChoice, tableRows, textIn } from '../../open/columns.ts';
import { didYouMean, failure } from '../../tensor/errors.ts';
import type { TextPair } from '../../transformers/index.ts';
import { openBlob } from '../files.ts';
import { type Arguments, usage } from '../flags/flags.ts';
import type { Batch } from './batch.ts';
import { batchOf } from './join.ts';
import type { RowChoice } from './rows.ts';

export const tableKinds = ['csv', 'ndjson', 'parquet'] as const;

export type TableKind = (typeof tableKinds)[number];

/** The file of a flag, or the standard input for `-`. */
export async function readTableFile(args: Arguments, kind: TableKind, rows: RowChoice): Promise<Table> {
  const table = await readTable(args, kind, args.text(kind)!, rows);
  checkNames(args, table);
  return table;
}

/** @throws UsageError for a column that is named and that the table has not */
function checkNames(args: Arguments, { name, columns: known }: Table): void {
  const { columns, label, drop } = columnChoice(args);
  // Of several labels (A,B) each is a column.
  const labels = label === null || label === undefined || known.includes(label) ? [] : listIn('label', label);
  for (const [flag, names] of [
    ['columns', [...columns!.values()].flat()],
    ['label', labels],
    ['drop', drop!],
  ] as const) {
    const missing = names.find((column) => !known.includes(column));
    if (missing !== undefined)
      throw usage(`--${flag}`, `${name} has no column '${missing}'`, didYouMean(missing, known));
  }
}

export async function readTable(args: Arguments, kind: TableKind, path: string, rows: RowChoice): Promise<Table> {
  const blob = await openBlob(path);
  const name = path === '-' ? 'standard input' : path;
  if (kind === 'parquet') return readParquet(blob, name, { rows });
  if (kind === 'csv') {
    const separator = args.text('separator')?.replace('\\t', '\t');
    if (separator !== undefined && separator.length !== 1)
      throw usage('--separator', 'is one character', "for example --separator ';'");
    return readCsv(blob, name, { rows, ...(separator !== undefined && { separator }) });
  }
  // One array of rows is JSON, too.
  const start = await blob.slice(0, 4096).text();
  if (/^\s*\[\s*[[{]/.test(start) && !/^\s*\[[^\n]*\]\s*\n\s*\[/.test(start))
    return readJsonRows(await blob.text(), name, { rows });
  return readNdjson(blob, name, { rows });
}

/** What --columns, --label and --drop say. */
export function columnChoice(args: Arguments): ColumnChoice {
  const columns = new Map<string, readonly string[]>();
  for (const text of args.all('columns')) {
    const at = text.indexOf('=');
    const name = at < 0 ? '' : text.slice(0, at).trim();
    if (columns.has(name))
      throw usage('--columns', `names the columns of ${name === '' ? 'the input' : `'${name}'`} twice`);
    columns.set(name, listIn('columns', text.slice(at + 1)));
  }
  const drop = args.text('drop');
  return { columns, label: args.text('label') ?? null, drop: drop === undefined ? [] : listIn('drop', drop) };
}

function listIn(flag: string, text: string): string[] {
  const list = text.split(',').map((name) => name.trim());
  if (list.some((name) => name === ''))
    throw usage(`--${flag}`, `'${text}' names no column`, `for example --${flag} age,income`);
  return list;
}

export function tableBatch(args: Arguments, model: Model, table: Table): Batch {
  const { rows, places, labels, notices } = tableRows(table, model, columnChoice(args));
  const titles = places.map((place) => `${basename(table.name)} [${place}]`);
  return batchOf(model, rows, { titles, labels, notices });
}

/**
 * Texts of a table: of the one column that is named or left over, or pairs of two.
 * @param most columns that are read together
 */
export function textColumns(args: Arguments, table: Table, most: 1 | 2): (string | TextPair)[] {
  const { columns, label, drop } = columnChoice(args);
  const left = table.columns.filter((column) => column !== label && !drop!.includes(column));
  const chosen = [...columns!.values()].flat();
  const names = chosen.length > 0 ? chosen : left;
  if (names.length < 1 || names.length > most) {
    const hint = `name it: --columns ${left[0] ?? 'text'}`;
    throw failure(table.name, 'which column holds the texts?', { columns: left }, hint);
  }
  const [first, second] = names.map((name) => textsOf(table, name));
  return first!.map((text, row) => (second ? ([text, second[row]!] as const) : text));
}

/** The batch with the right answers of --label beside its texts. */
export function labelled(args: Arguments, table: Table, batch: Batch): Batch {
  const { label } = columnChoice(args);
  if (label === null || label === undefined) return batch;
  const cells = columnOf(table, label);
  return { ...batch, samples: batch.samples.map((sample, row) => ({ ...sample, label: textIn(cells[row]!) })) };
}
