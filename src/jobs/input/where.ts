/** `--where "age >= 40"`: which rows of a table are explained. Several hold all together. */
import { usage } from '../../cli/flags/flags.ts';
import type { Cell, Table } from '../../inputs/index.ts';
import { columnOf } from '../../inputs/table/table.ts';

interface Condition {
  readonly column: string;
  readonly holds: (cell: Cell) => boolean;
}

const signs = ['!=', '<=', '>=', '=', '<', '>'] as const;
type Sign = (typeof signs)[number];

/** Numbers are compared as numbers, all else as text. A cell without a value is equal to the empty text and neither less nor more than anything. */
function compare(sign: Sign, value: string): (cell: Cell) => boolean {
  const wanted = value.trim() === '' ? Number.NaN : Number(value);
  return (cell) => {
    const empty = cell === null || cell === '';
    const number = typeof cell === 'number' ? cell : typeof cell === 'string' && !empty ? Number(cell) : Number.NaN;
    const numbers = !Number.isNaN(number) && !Number.isNaN(wanted);
    const text = empty ? '' : String(cell);
    if (sign === '=') return numbers ? number === wanted : text === value;
    if (sign === '!=') return numbers ? number !== wanted : text !== value;
    if (empty || (!Number.isNaN(wanted) && !numbers)) return false;
    const order = numbers ? number - wanted : text < value ? -1 : text > value ? 1 : 0;
    return sign === '<' ? order < 0 : sign === '>' ? order > 0 : sign === '<=' ? order <= 0 : order >= 0;
  };
}

/** @throws UsageError for what is no condition */
export function conditionsOf(texts: readonly string[]): readonly Condition[] {
  return texts.map((text) => {
    const found = /^(.*?)\s*(!=|<=|>=|=|<|>)(\s*)(.*)$/s.exec(text.trim());
    const [, column = '', sign = '', gap = '', value = ''] = found ?? [];
    const hint = `COLUMN ${signs.join(' or ')} VALUE, as "age >= 40"`;
    if (column === '') throw usage('--where', `'${text}' is no condition`, hint);
    // What programmers type: ==, =>, <>. It would be compared with a text that begins with the second sign.
    const [second] = /^[=<>!]+/.exec(gap === '' ? value : '') ?? [];
    if (second !== undefined) {
      const quoted = `a value that begins with '${second[0]}' stands in quotes`;
      throw usage('--where', `'${text}': '${sign}${second}' is no comparison`, `${hint}; ${quoted}`);
    }
    return { column, holds: compare(sign as Sign, value.replace(/^(['"])(.*)\1$/s, '$2')) };
  });
}

/** Places of the rows that all conditions hold for. @throws for a column that there is not */
export function placesWhere(table: Table, conditions: readonly Condition[]): number[] {
  const cells = conditions.map(({ column }) => columnOf(table, column));
  return table.rows.map((_, i) => i).filter((i) => conditions.every(({ holds }, c) => holds(cells[c]![i]!)));
}
