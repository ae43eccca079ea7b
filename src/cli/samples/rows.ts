/** Which rows of a file are looked at: --index 0,1,9 or --rows 0:100; all where neither is given. */
import { type Arguments, usage, wholeNumbers } from '../flags/flags.ts';

/** Numbers of rows in the order asked for, or a range without its end. */
export type RowChoice = { readonly from?: number; readonly to?: number } | readonly number[];

export const isList = (choice: RowChoice): choice is readonly number[] => Array.isArray(choice);

/** @throws UsageError for what is no list and no range */
export function readRows(args: Arguments): RowChoice {
  const [index, range] = [args.text('index'), args.text('rows')];
  if (index !== undefined && range !== undefined) throw usage('--index', 'does not go with --rows', 'give one of them');
  if (index !== undefined) {
    const rows = wholeNumbers('index', index);
    const below = rows.find((row) => row < 0);
    if (below !== undefined) throw usage('--index', `there is no row ${below}`, 'rows count from 0: --index 0,1,9');
    return rows;
  }
  if (range === undefined) return {};
  const [, from = '', to = ''] = /^(\d*):(\d*)$/.exec(range.trim()) ?? [];
  if (from === '' && to === '')
    throw usage('--rows', `'${range}' is no range of rows`, 'for example --rows 0:100 or --rows 500:');
  if (to !== '' && Number(to) <= Number(from))
    throw usage('--rows', `'${range}' holds no row`, 'the end is not in the range: --rows 0:100 are 100 rows');
  return { ...(from !== '' && { from: Number(from) }), ...(to !== '' && { to: Number(to) }) };
}

/** The numbers of the rows of a file of `count`. A range may end behind it; a number may not. */
export function rowNumbers(choice: RowChoice, count: number): number[] {
  if (isList(choice)) return [...choice];
  const { from = 0, to = count } = choice;
  if (from >= count && count > 0) throw usage('--rows', `begins behind the last row`, `there are ${count} rows`);
  return Array.from({ length: Math.max(0, Math.min(to, count) - from) }, (_, i) => from + i);
}
