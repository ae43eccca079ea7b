/** What the table, the report and the files say of a comparison, once for all. */
import type { MetricRow } from '../../attribution/metrics/table.ts';
import { largest } from '../../tensor/largest.ts';
import { plain } from '../../visualize/format.ts';
import type { Cell, Compared, Shared } from './run.ts';

export interface ComparisonOf {
  readonly path: string;
  readonly compared: readonly Compared[];
  readonly judges: readonly MetricRow[];
  readonly shared: Shared;
}

export const arrow = { higher: '↑', lower: '↓' } as const;

/** `completeness` as a share that is missing: `explain` prints what is there, and the two must not be taken for each other. */
export const columnName = ({ name, title, better }: MetricRow): string =>
  `${name === 'completeness' ? 'missing share' : title} ${arrow[better]}`;

/** `0.312 ± 0.051`, both to the last digit of the mean; how many inputs it is of where not all. */
export function cellText(cell: Cell, inputs: number): string | null {
  if (cell.reason !== null) return null;
  const of = cell.n < inputs ? ` (n ${cell.n})` : '';
  const [mean, sd] = [cell.mean!, cell.sd];
  if (sd === null) return `${plain(mean)}${of}`;
  // Decimals of the larger of the two at three digits, so that they end at the same place.
  const size = Math.max(Math.abs(mean), sd);
  if (size !== 0 && (size < 1e-3 || size >= 1e6)) return `${plain(mean)} ± ${plain(sd, 2)}${of}`;
  const decimals = size < 0.01 ? 5 : Math.max(0, Math.min(3, 2 - Math.floor(Math.log10(size))));
  return `${fixed(mean, decimals)} ± ${fixed(sd, decimals)}${of}`;
}

/** Cells of a column with their ± below each other. */
export function alignSpreads(cells: readonly string[]): string[] {
  const spreads = cells.map((cell) => cell.split(' ± ')).filter(({ length }) => length > 1);
  const width = (part: number): number =>
    largest(
      spreads.map((spread) => spread[part]!.length),
      0,
    );
  const [left, right] = [width(0), width(1)];
  return cells.map((cell) => {
    const [mean, sd] = cell.split(' ± ');
    return sd === undefined ? cell : `${mean!.padStart(left)} ± ${sd.padEnd(right)}`;
  });
}

/** A number that is not 0 does not look like it. */
function fixed(value: number, decimals: number): string {
  const text = value.toFixed(decimals);
  if (value === 0 || Number(text) !== 0) return text;
  return `${value < 0 ? '> -' : '< '}${(10 ** -decimals).toFixed(decimals)}`;
}

/** Milliseconds per input. */
export const timeText = (milliseconds: number, inputs: number): string => plain(milliseconds / inputs);

/** `+12 MB`; less than can be told is no 0. */
export const memoryText = (bytes: number): string =>
  bytes < 5e4 ? '< 0.1 MB' : `+${bytes < 9.95e6 ? (bytes / 1e6).toFixed(1) : Math.round(bytes / 1e6)} MB`;

/** How numbers came about and what they do not say. */
export function notes({ judges, shared }: ComparisonOf): string[] {
  const inputs = shared.batch.samples.length;
  const spread =
    inputs > 1 ? `Means ± standard deviations over ${inputs} inputs` : 'Numbers of 1 input, without a spread';
  const judged = `${spread}. ↑: higher is better, ↓: lower is better. Differences within the spread order nothing, and metrics disagree with each other.`;
  return [
    ...(judges.length > 0 ? [judged] : []),
    `All methods explain the same inputs and targets; those that compare with a baseline take the same one (${shared.baseline.name})${judges.length > 0 ? ', and all are judged from it' : ''}.`,
    'ms: time per input, all inputs explained together; the faster of two runs where the first took less than 2 s, as it also builds graphs.',
    'memory: how far the resident memory of the process rose while the method ran, sampled between chunks. What ran before leaves memory that is used again and not counted.',
  ];
}

/** Footnotes: each reason once, numbered from 1. */
export class Reasons {
  readonly list: string[] = [];

  /** The number of a reason. */
  of(reason: string): number {
    const at = this.list.indexOf(reason);
    return at >= 0 ? at + 1 : this.list.push(reason);
  }
}
