/** What the table, the report and the files say of a comparison, once for all. */
import type { MetricRow } from '../../attribution/metrics/table.ts';
import { plain } from '../../visualize/format.ts';
import type { Cell, Compared, Shared } from './run.ts';

export interface ComparisonOf {
  readonly path: string;
  readonly compared: readonly Compared[];
  readonly judges: readonly MetricRow[];
  readonly shared: Shared;
}

export const arrow = { higher: '↑', lower: '↓' } as const;

/** `0.312 ± 0.05`; how many inputs it is of where not all. */
export function cellText(cell: Cell, inputs: number): string | null {
  if (cell.reason !== null) return null;
  const spread = cell.sd === null ? '' : ` ± ${plain(cell.sd, 2)}`;
  return `${plain(cell.mean!)}${spread}${cell.n < inputs ? ` (n ${cell.n})` : ''}`;
}

/** Milliseconds per input. */
export const timeText = (milliseconds: number, inputs: number): string => plain(milliseconds / inputs);

/** `+12 MB` */
export const memoryText = (bytes: number): string =>
  `+${bytes < 9.95e6 ? (bytes / 1e6).toFixed(1) : Math.round(bytes / 1e6)} MB`;

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
