/**
 * Parquet of others: files of pyarrow and DuckDB go into jobs and give the numbers of the same rows in CSV; both read the parts that come out, with the
 * types and, to the last bit, the values. Needs PATHGRAD_PYTHON (`test/shared/python.sh FOLDER` makes one).
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type JobOptions, runJob } from '../../src/jobs/index.ts';
import { example, temporaryFolder } from '../support/cli.ts';

const python = process.env['PATHGRAD_PYTHON'] || null;
const there = python !== null && spawnSync(python, ['-c', 'import duckdb, pyarrow']).status === 0;
const test = suite('jobs: Parquet of pyarrow and DuckDB');
const { path } = temporaryFolder();
const tables = (...args: string[]): string =>
  execFileSync(python!, [fileURLToPath(new URL('../golden/jobs/tables.py', import.meta.url)), ...args], {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });

interface Row {
  readonly row: number;
  readonly kept: Readonly<Record<string, unknown>>;
  readonly prediction: readonly { readonly label: string; readonly score: number }[];
  readonly target: string;
  readonly targetIndex: number;
  readonly score: number;
  readonly baselineScore: number;
  readonly completeness: number;
  readonly warnings: readonly string[];
  readonly features?: readonly string[];
  readonly words?: readonly string[];
  readonly scores: readonly number[];
}

async function job(input: string, output: string, more: Partial<JobOptions> = {}): Promise<Row[]> {
  const settings = { label: 'cultivar', drop: 'id,name,sold,price,picked', keep: 'id', steps: 5, ...more.settings };
  await runJob({
    model: example('wine-mlp.keras'),
    input: path(input),
    output: path(output),
    chunk: 100,
    workers: 1,
    ...more,
    settings,
  });
  return readdirSync(path(output))
    .filter((name) => name.endsWith('.ndjson') && name.startsWith('part-'))
    .sort()
    .flatMap((name) =>
      readFileSync(path(`${output}/${name}`), 'utf8')
        .trim()
        .split('\n'),
    )
    .map((line) => JSON.parse(line) as Row);
}

interface Read {
  readonly types: Readonly<Record<string, string>>;
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  readonly duckdbTypes: Readonly<Record<string, string>>;
  readonly duckdb: Read['rows'];
}

if (!there) {
  test.skip('no Python with pyarrow and DuckDB: PATHGRAD_PYTHON names one, test/shared/python.sh makes it', () => {});
} else {
  tables('make', example('wine.csv'), path('.'));

  test('rows of six files have the numbers of the same rows in CSV, and their cells', async () => {
    const csv = await job('rows.csv', 'csv', { settings: { drop: 'id' } });
    assert.is(csv.length, 300);
    const files = readdirSync(path('.')).filter((name) => name.endsWith('.parquet'));
    assert.is(files.length, 6);
    for (const file of files) {
      const rows = await job(file, `of-${file}`, { settings: { keep: 'id,name,sold,price,picked' } });
      assert.equal(
        rows.map(({ kept: _, ...row }) => row),
        csv.map(({ kept: _, ...row }) => row),
        file,
      );
      const { name, sold, ...cells } = rows[4]!.kept;
      assert.equal([name ?? null, rows[0]!.kept['name'], rows[6]!.kept['name']], [null, 'Šárka', '日本'], file);
      assert.is(String(cells['id']), String(10 ** 12 + 4));
      assert.is(Number(cells['price']), 1);
      assert.match(String(cells['picked']), /^2020-01-05/);
      assert.equal(
        [Boolean(Number(rows[3]!.kept['sold'])) || rows[3]!.kept['sold'] === 'true', sold === true],
        [true, false],
      );
    }
  });

  test('pyarrow and DuckDB read the parts: types as documented, values as in NDJSON to the last bit', async () => {
    const settings = { keep: 'id,name' };
    const rows = await job('pyarrow-snappy.parquet', 'lines', { settings });
    await job('pyarrow-snappy.parquet', 'out', { settings, format: 'parquet' });
    const read = JSON.parse(tables('read', path('out'))) as Read;
    const { features } = rows[0]!;
    const number = [
      'predicted_score',
      'score',
      'baseline_score',
      'completeness',
      ...features!.map((name) => `attribution.${name}`),
    ];
    const typesOf = (integer: string, double: string, text: string) => ({
      ...Object.fromEntries(['row', 'target_index', 'id'].map((name) => [name, integer])),
      ...Object.fromEntries(number.map((name) => [name, double])),
      ...Object.fromEntries(['name', 'predicted', 'target', 'warnings'].map((name) => [name, text])),
    });
    assert.equal(sorted(read.types), sorted(typesOf('int64', 'double', 'string')));
    assert.equal(sorted(read.duckdbTypes), sorted(typesOf('BIGINT', 'DOUBLE', 'VARCHAR')));
    const expected = rows.map((row) =>
      sorted({
        row: row.row,
        id: row.kept['id'],
        name: row.kept['name'] ?? null,
        predicted: row.prediction[0]!.label,
        predicted_score: row.prediction[0]!.score,
        target: row.target,
        target_index: row.targetIndex,
        score: row.score,
        baseline_score: row.baselineScore,
        completeness: row.completeness,
        warnings: row.warnings.join(' '),
        ...Object.fromEntries(features!.map((name, i) => [`attribution.${name}`, row.scores[i]])),
      }),
    );
    assert.equal(read.rows.map(sorted), expected);
    assert.equal(read.duckdb.map(sorted), expected);
    console.log(`note: ${rows.length} rows of ${Object.keys(read.types).length} columns`);
  });

  test('words and their attributions are lists as JSON, which both read as texts', async () => {
    const texts = { model: example('imdb-cnn.h5'), input: example('sentences.txt'), workers: 1 } as const;
    const settings = { vocab: example('imdb-vocab.txt'), steps: 3 };
    await runJob({ ...texts, output: path('words'), settings });
    await runJob({ ...texts, output: path('words-out'), format: 'parquet', settings });
    const lines = readFileSync(path('words/part-000000.ndjson'), 'utf8').trim().split('\n');
    const rows = lines.map((line) => JSON.parse(line) as Row);
    const read = JSON.parse(tables('read', path('words-out'))) as Read;
    for (const found of [read.rows, read.duckdb])
      assert.equal(
        found.map((row) => [JSON.parse(row['names'] as string), JSON.parse(row['attributions'] as string)]),
        rows.map((row) => [row.words, row.scores]),
      );
  });
}

function sorted<T>(record: Readonly<Record<string, T>>): [string, T][] {
  return Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1));
}

test.run();
