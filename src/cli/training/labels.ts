/** Right answers in the columns of a table: one, or several that are 0 or 1 (or numbers) each, for a model of several scores. */
import { columnOf } from '../../inputs/table/table.ts';
import { textIn } from '../../open/columns.ts';
import { type AnyModel, isTransformer } from '../../open/model.ts';
import { failure } from '../../tensor/errors.ts';
import { STANDARD } from '../files.ts';
import { type Arguments, usage } from '../flags/flags.ts';
import { replaced } from '../flags/replaced.ts';
import type { Batch } from '../samples/batch.ts';
import { readBatch } from '../samples/read.ts';
import { readRows } from '../samples/rows.ts';
import { readTableFile, type TableKind } from '../samples/table.ts';

export interface Columns {
  readonly batch: Batch;
  readonly names: readonly string[];
  /** By column, and then by row. */
  readonly cells: readonly (readonly string[])[];
}

/** @returns null where one column is named and the reader of rows takes it along */
export async function readColumns(
  args: Arguments,
  model: AnyModel,
  kind: TableKind,
  label: string,
): Promise<Columns | null> {
  if (!label.includes(',') && !isTransformer(model)) return null;
  if (args.text(kind) === STANDARD)
    throw usage(`--${kind}`, 'is read twice for these labels', 'give a file in the place of -');
  const table = await readTableFile(args, kind, readRows(args));
  const names = table.columns.includes(label) ? [label] : label.split(',').map((name) => name.trim());
  const twice = names.find((name, i) => name === '' || names.indexOf(name) < i);
  if (twice !== undefined) throw usage('--label', `'${label}' names a column twice or none`, '--label A,B');
  const cells = names.map((name) => columnOf(table, name).map(textIn));
  const drop = [...names, ...(args.text('drop')?.split(',') ?? [])].join(',');
  const batch = await readBatch(replaced(args, { label: null, drop: [drop] }), model);
  if (batch.samples.length !== cells[0]!.length) {
    const details = { rows: batch.samples.length, labels: cells[0]!.length };
    throw failure(
      table.name,
      'rows are steps of a series, which have no label each',
      details,
      'give a series a row: NDJSON',
    );
  }
  return { batch, names, cells };
}
