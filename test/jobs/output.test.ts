/** Part files: the same rows in each format, read back by our readers and by hyparquet, and the report over them. */
import { mkdirSync } from 'node:fs';
import { parquetReadObjects } from 'hyparquet';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { OutputRow } from '../../src/jobs/chunk/row.ts';
import { JobFolder } from '../../src/jobs/folder/job-folder.ts';
import type { JobManifest } from '../../src/jobs/folder/manifest.ts';
import { decodePart } from '../../src/jobs/output/decode.ts';
import { encodePart, outputFormats } from '../../src/jobs/output/encode.ts';
import { jobReport } from '../../src/jobs/report.ts';
import { temporaryFolder } from '../support/cli.ts';

const test = suite('jobs: output');
const { path } = temporaryFolder();

const row = (at: number, numbers: OutputRow['numbers']): OutputRow => ({
  row: at,
  kept: [['id', `"${at}", <b>`]],
  prediction: [{ label: 'yes', score: 0.75 }],
  target: 'yes <i>',
  targetIndex: at === 1 ? null : 0,
  score: 0.75,
  baselineScore: Number.NaN,
  completeness: null,
  warnings: ['incomplete'],
  numbers,
});
const kinds: readonly OutputRow['numbers'][] = [
  { kind: 'features', names: ['age', 'a,b'], scores: [0.1, -(2 ** -24)] },
  { kind: 'words', names: ['a "word"', 'none'], scores: [1 / 3, -1] },
  { kind: 'pixels', positive: 0.5, negative: -0.25 },
];

test('each format holds the same numbers, to the last bit', async () => {
  for (const numbers of kinds) {
    const rows = [row(0, numbers), row(1, numbers)];
    const decoded = [];
    for (const format of outputFormats) {
      const bytes = await encodePart(format, rows);
      assert.equal(await encodePart(format, rows), bytes);
      decoded.push(await decodePart(format, bytes, `part.${format}`));
    }
    assert.equal(decoded[1], decoded[0]);
    assert.equal(decoded[2], decoded[0]);
    assert.is(decoded[0]!.length, 2);
  }
});

test('hyparquet reads the columns with their types', async () => {
  const bytes = await encodePart('parquet', [row(0, kinds[0]!), row(1, kinds[0]!)]);
  const [first, second] = await parquetReadObjects({ file: bytes.slice().buffer });
  assert.is(first!['row'], 0n);
  assert.is(second!['target_index'] ?? null, null);
  assert.is(first!['id'], '"0", <b>');
  assert.is(first!['attribution.a,b'], -(2 ** -24));
  assert.is(first!['baseline_score'] ?? null, null);
});

test('the report holds means over all parts, and no markup of the input', async () => {
  mkdirSync(path('job'));
  const input = { path: 'rows.csv', kind: 'csv', bytes: 1, sha256: 'x', rows: 4 } as const;
  const output = { format: 'csv', chunkRows: 2, chunks: 2 } as const;
  const model = { path: 'm.keras', sha256: 'y' };
  const manifest = { pathgrad: '0', layout: 1, kernels: 'plain', model, input, output, settings: {}, files: {} };
  const job = JobFolder.create(path('job'), manifest satisfies Omit<JobManifest, 'done'>, {
    input: 'x',
    rows: [0, 2, 4],
  });
  for (const chunk of [0, 1]) {
    const rows = [
      row(2 * chunk, kinds[0]!),
      row(2 * chunk + 1, { ...kinds[0]!, scores: [0.3, 0] } as OutputRow['numbers']),
    ];
    await job.commit(chunk, { rows, failed: [], seen: 2, explained: 2, warnings: { incomplete: 2 } });
  }
  const page = await jobReport(job, job.survey().counts);
  assert.match(page, /4 rows explained for yes &lt;i&gt;/);
  assert.match(page, /<td>age<\/td><td>4<\/td><td>0\.2<\/td><td>0\.2<\/td>/);
  assert.match(page, /warning: incomplete<\/th><td>4 rows/);
  assert.not.match(page, /<i>/);
});

test.run();
