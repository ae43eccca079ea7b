/** What `pathgrad job` prints: how far a job is, how fast, how long it will take. */
import type { JobCounts, JobManifest } from '../../jobs/folder/manifest.ts';
import type { JobProgress } from '../../jobs/run/pace.ts';

/** `1 h 5 min`, `40 s` */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  const minutes = Math.round(whole / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

const rateOf = (rate: number): string => (rate < 10 ? rate.toPrecision(2) : String(Math.round(rate)));

/** `12000 of 100000 rows (12 %), 80 rows/s, 18 min left, 3 failed` */
export function progressLine({ rows, total, rate, left, failed }: JobProgress): string {
  const parts = [`${rows} of ${total} rows (${Math.floor((100 * rows) / total)} %)`];
  if (rate !== null) parts.push(`${rateOf(rate)} rows/s`);
  if (left !== null && rows < total) parts.push(`${duration(left)} left`);
  if (failed > 0) parts.push(`${failed} failed`);
  return parts.join(', ');
}

/** What a job has done, line by line. */
export function statusLines(manifest: JobManifest, counts: JobCounts, running: string | null): string[] {
  const { input, model, output } = manifest;
  const done = counts.chunks === output.chunks;
  return [
    `model     ${model.path}`,
    `input     ${input.path} (${input.rows} ${input.rows === 1 ? 'row' : 'rows'})`,
    `state     ${done ? 'finished' : running ? `running (${running})` : 'not finished: pathgrad job resume goes on'}`,
    `chunks    ${counts.chunks} of ${output.chunks}`,
    `rows      ${counts.rows} of ${input.rows}: ${counts.explained} explained, ${counts.failed} failed, ${counts.leftOut} left out by --where`,
    ...(counts.failed > 0 ? ['failures  dead-letters.ndjson'] : []),
    ...Object.entries(counts.warnings).map(
      ([code, rows]) => `warning   ${code}: ${rows} ${rows === 1 ? 'row' : 'rows'}`,
    ),
  ];
}
