/** A table of many rows streams through a job: memory is that of a chunk, whatever the number of rows (bench/jobs-rows.ts does five million). */
import { readdirSync, readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { measured, writeWine } from '../../../bench/jobs-wine.ts';
import { built } from '../../support/built.ts';
import { example, temporaryFolder } from '../../support/cli.ts';
import { recordsIn } from '../../support/job-runs.ts';

const test = suite('jobs: a long table');
const { path } = temporaryFolder();
const ROWS = 200_000;
const CHUNK = 2500;
const MB = 2 ** 20;

test('200,000 rows: under 400 MB, and no more at the end than after a quarter', async () => {
  await writeWine(path('rows.csv'), ROWS);
  const flags = ['--label', 'cultivar', '--drop', 'id', '--keep', 'id', '--steps', '3', '--workers', '2'];
  const argv = ['run', example('wine-mlp.keras'), '--input', path('rows.csv'), '--output', path('out')];
  const { code, text, seconds, cpuSeconds, peaks } = await measured(
    [`${built()}/cli.js`, 'job', ...argv, ...flags, '--chunk', String(CHUNK)],
    () => (recordsIn(path('out')) * CHUNK) / ROWS,
  );
  assert.is(code, 0, text);
  const parts = readdirSync(path('out'))
    .filter((name) => /^part-/.test(name))
    .sort();
  assert.is(parts.length, ROWS / CHUNK);
  const lines = parts.map((name) =>
    readFileSync(path(`out/${name}`), 'utf8')
      .trim()
      .split('\n'),
  );
  assert.is(
    lines.reduce((sum, { length }) => sum + length, 0),
    ROWS,
  );
  assert.is(JSON.parse(lines.at(-1)!.at(-1)!).row, ROWS - 1);
  const [quarter, end] = [peaks[5]!, peaks.at(-1)!];
  assert.ok(end < 400 * MB, `${end / MB} MB`);
  // 50 MB of text in, 70 MB out: what were kept of them would show.
  assert.ok(end - quarter < 48 * MB, `${quarter / MB} MB after a quarter, ${end / MB} MB at the end`);
  console.log(
    `note: ${ROWS} rows in ${seconds.toFixed(0)} s, ${(ROWS / cpuSeconds).toFixed(0)} rows per second of processor time, ${(end / MB).toFixed(0)} MB`,
  );
});

test.run();
