/** A comparison as a table for the terminal: a row per method, a column per measure, cut into blocks that fit the screen. */
import { visible } from '../../tensor/visible.ts';
import { entry, sumOf } from '../explainers.ts';
import { wrap } from '../print/wrap.ts';
import type { Compared } from './run.ts';
import {
  alignSpreads,
  type ComparisonOf,
  cellText,
  columnName,
  memoryText,
  notes,
  Reasons,
  timeText,
} from './words.ts';

const GAP = 2;
const LEAST_WIDTH = 80;
const MOST_WIDTH = 120;

interface Column {
  readonly title: string;
  readonly cells: readonly string[];
}

export function printComparison(comparison: ComparisonOf & { readonly described: string }): string {
  const { compared, judges, shared, described } = comparison;
  const inputs = shared.batch.samples.length;
  const width = Math.max(LEAST_WIDTH, Math.min(MOST_WIDTH, shared.terminal.columns));
  const reasons = new Reasons();
  const cell = (method: Compared, text: (ran: Extract<Compared, { reason: null }>) => string): string =>
    method.reason === null ? text(method) : '';
  const first: Column = {
    title: '',
    cells: compared.map(({ row, reason }) => (reason === null ? row.name : `${row.name} (${reasons.of(reason)})`)),
  };
  const columns: Column[] = [
    { title: 'ms', cells: compared.map((method) => cell(method, ({ taken }) => timeText(taken.milliseconds, inputs))) },
    { title: 'memory', cells: compared.map((method) => cell(method, ({ taken }) => memoryText(taken.memory))) },
    ...judges.map((judge, j) => ({
      title: columnName(judge),
      cells: alignSpreads(
        compared.map((method) =>
          cell(method, ({ cells }) => cellText(cells[j]!, inputs) ?? `- (${reasons.of(cells[j]!.reason!)})`),
        ),
      ),
    })),
  ];
  const says = [
    ...judges.flatMap((judge) => entry(columnName(judge), judge.says)),
    ...compared.flatMap(({ row }) => entry(row.name, `${row.says}; ${sumOf(row)}`)),
  ];
  const lines = [
    `${visible(shared.model.name)}: ${described}`,
    '',
    ...blocks(first, columns, width).flatMap((block) => [...block, '']),
    ...reasons.list.flatMap((reason, i) => indented(`(${i + 1}) `, visible(reason), width)),
    ...(reasons.list.length > 0 ? [''] : []),
    ...notes(comparison).flatMap((note) => wrap(visible(note), width)),
    '',
    'What the numbers mean:',
    ...says,
  ];
  return `${lines.join('\n')}\n`;
}

/** The columns side by side as far as the width reaches, the rest below. */
function blocks(first: Column, columns: readonly Column[], width: number): string[][] {
  const size = ({ title, cells }: Column): number => Math.max(title.length, ...cells.map(({ length }) => length));
  const left = size(first);
  const groups: Column[][] = [];
  let used = Number.POSITIVE_INFINITY;
  for (const column of columns) {
    used += GAP + size(column);
    if (used > width) {
      groups.push([]);
      used = left + GAP + size(column);
    }
    groups.at(-1)!.push(column);
  }
  return groups.map((group, g) => {
    const line = (name: string, cells: readonly string[]): string =>
      [name.padEnd(left), ...cells.map((text, i) => text.padStart(GAP + size(group[i]!)))].join('').trimEnd();
    const rows = first.cells.flatMap((name, r) => {
      const cells = group.map((column) => column.cells[r]!);
      // A method that did not run is named once.
      return g > 0 && cells.every((cell) => cell === '') ? [] : [line(name, cells)];
    });
    return [
      line(
        '',
        group.map(({ title }) => title),
      ),
      ...rows,
    ];
  });
}

function indented(mark: string, text: string, width: number): string[] {
  return wrap(text, width - mark.length).map((line, i) => (i === 0 ? mark : ' '.repeat(mark.length)) + line);
}
