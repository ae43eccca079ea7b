/** A campaign: inputs by index until a count or a time is reached, counted by format, faults handed over as they are found. */

import { makeFlip } from './flips.ts';
import { type Format, formats, isFault, type Job, type Outcome, type Seed, weights } from './formats.ts';
import { makeInput } from './mutate/input.ts';
import { type Finished, type Limits, Pool, usual } from './pool.ts';

export interface Plan {
  readonly seeds: readonly Seed[];
  readonly seed: number;
  readonly formats?: readonly Format[] | undefined;
  /** How many inputs; or until `until`, by `performance.now()`. */
  readonly count?: number | undefined;
  readonly until?: number | undefined;
  /** How many bit flips in `.keras` archives after them. */
  readonly flips?: number | undefined;
  /** The first index, for the rest of an earlier campaign. */
  readonly from?: number | undefined;
  readonly jobs: number;
  readonly limits?: Limits | undefined;
}

export interface Tally {
  readonly counts: Map<Outcome, number>;
  slowest: number;
  largest: number;
}
export interface Fault {
  readonly job: Job;
  readonly result: Finished;
}
export interface Report {
  /** By format; `flips` are the bit flips. */
  readonly tallies: ReadonlyMap<Format | 'flips', Tally>;
  readonly faults: readonly Fault[];
}

export async function runCampaign(
  plan: Plan,
  onFault: (fault: Fault) => void = () => {},
  onDone: (count: number) => void = () => {},
): Promise<Report> {
  const { seeds, seed, jobs, until = Number.POSITIVE_INFINITY, flips = 0, from = 0 } = plan;
  const count = plan.count ?? (plan.until === undefined ? 0 : Number.POSITIVE_INFINITY);
  const chosen = weightsOf(plan.formats);
  const pool = new Pool({ seed, weights: chosen, seeds }, plan.limits ?? usual);
  const tallies = new Map<Format | 'flips', Tally>();
  const faults: Fault[] = [];
  let [inputs, flipped, done] = [0, 0, 0];
  const next = (): Job | null => {
    if (inputs < count && performance.now() < until) return { kind: 'input', index: from + inputs++ };
    return flipped < flips ? { kind: 'flip', index: from + flipped++ } : null;
  };
  await pool.run(next, jobs, (job, found) => {
    // A process that was killed could not say what it was reading.
    const result = found.changes.length > 0 ? found : { ...found, ...describe(plan, job) };
    const key = job.kind === 'flip' ? 'flips' : result.format;
    const tally = tallies.get(key) ?? { counts: new Map(), slowest: 0, largest: 0 };
    tallies.set(key, tally);
    tally.counts.set(result.outcome, (tally.counts.get(result.outcome) ?? 0) + 1);
    tally.slowest = Math.max(tally.slowest, result.milliseconds);
    tally.largest = Math.max(tally.largest, result.megabytes ?? 0);
    if (isFault(result.outcome)) {
      faults.push({ job, result });
      onFault({ job, result });
    }
    onDone(++done);
  });
  return { tallies, faults };
}

export function weightsOf(chosen: readonly Format[] = formats): Partial<Record<Format, number>> {
  return Object.fromEntries(chosen.map((format) => [format, weights[format]]));
}

/** The input of a job, made again. */
export function partsOf({ seeds, seed, formats: chosen }: Plan, job: Job) {
  if (job.kind === 'parts') return job.parts;
  return job.kind === 'flip'
    ? makeFlip(seeds, seed, job.index).parts
    : makeInput(seeds, weightsOf(chosen), seed, job.index).parts;
}

function describe(plan: Plan, job: Job): { format: Format; changes: readonly string[] } {
  if (job.kind === 'parts') return { format: job.format, changes: [] };
  if (job.kind === 'flip') return { format: 'keras', changes: ['flip'] };
  const { format, changes } = makeInput(plan.seeds, weightsOf(plan.formats), plan.seed, job.index);
  return { format, changes };
}

/** A line per format: how many inputs had which outcome, the slowest, and the most memory. */
export function tableOf({ tallies }: Report): string {
  const columns = [
    'inputs',
    'answers',
    'refused',
    'other errors',
    'hangs',
    'memory',
    'died',
    'wrong',
    'slowest',
    'largest',
  ];
  const kinds: readonly Outcome[] = ['answer', 'refused', 'error', 'hang', 'memory', 'died', 'wrong'];
  const row = (name: string, { counts, slowest, largest }: Tally): string[] => {
    const of = kinds.map((kind) => counts.get(kind) ?? 0);
    return [name, String(of.reduce((sum, n) => sum + n, 0)), ...of.map(String), `${slowest} ms`, `${largest} MB`];
  };
  const order = [...formats, 'flips'] as const;
  const found = order.flatMap((name) => (tallies.has(name) ? [[name, tallies.get(name)!] as const] : []));
  const total: Tally = { counts: new Map(), slowest: 0, largest: 0 };
  for (const [, tally] of found) {
    for (const [kind, n] of tally.counts) total.counts.set(kind, (total.counts.get(kind) ?? 0) + n);
    total.slowest = Math.max(total.slowest, tally.slowest);
    total.largest = Math.max(total.largest, tally.largest);
  }
  const rows = [['format', ...columns], ...found.map(([name, tally]) => row(name, tally)), row('all', total)];
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((cells) => cells[i]!.length)));
  return rows
    .map((cells) => cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  '))
    .join('\n');
}
