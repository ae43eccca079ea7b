/** The folder of a job, with chunks computed in this process: commits, damaged parts, changed settings, versions, locks, dead letters, resuming. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parseFlags, usage } from '../../src/cli/flags/flags.ts';
import { jobGroups } from '../../src/cli/job/flags.ts';
import { progressLine } from '../../src/cli/job/words.ts';
import { inJobFlags } from '../../src/jobs/chunk/arguments.ts';
import { JobFolder } from '../../src/jobs/folder/job-folder.ts';
import { lockFolder, lockHolder } from '../../src/jobs/folder/lock.ts';
import type { JobManifest } from '../../src/jobs/folder/manifest.ts';
import { redisPlace } from '../../src/jobs/queue/connect.ts';
import { beginJob, continueJob } from '../../src/jobs/run/begin.ts';
import { checkFailures, runLocal } from '../../src/jobs/run/local.ts';
import { ChunkWork } from '../../src/jobs/run/work.ts';
import { example, temporaryFolder } from '../support/cli.ts';

const test = suite('jobs: folder');
const { path } = temporaryFolder();
const csv = readFileSync(example('wine.csv'), 'utf8').split('\n').slice(0, 21);
writeFileSync(
  path('wine.csv'),
  [...csv.slice(0, 6), csv[6]!.replace(/^[^,]*/, 'much'), ...csv.slice(7), ''].join('\n'),
);

const begin = (output: string, ...flags: string[]) =>
  beginJob(parseFlags(['--label', 'cultivar', '--chunk', '8', '--steps', '4', ...flags], jobGroups, 'job run'), {
    model: example('wine-mlp.keras'),
    input: path('wine.csv'),
    output: path(output),
  });

async function rejects(work: Promise<unknown>, message: RegExp): Promise<void> {
  await work.then(
    () => assert.unreachable(`not refused: ${message}`),
    (error: Error) => assert.match(error.message, message),
  );
}

test('a chunk gives the same bytes twice; a failed row is a dead letter; damaged parts and records are left to do', async () => {
  const { job, again, unlock } = await begin('one');
  assert.not.ok(again);
  await rejects(begin('one'), /another run works on this folder/);
  assert.is(job.chunks, 3);
  const work = await ChunkWork.open(job.path);
  for (const chunk of [2, 0, 1]) await work.run(chunk);
  const { left, counts } = job.survey();
  assert.equal(left, []);
  assert.equal([counts.rows, counts.explained, counts.failed, counts.leftOut], [20, 19, 1, 0]);
  job.close(counts);
  const [letter, ...more] = readFileSync(path('one/dead-letters.ndjson'), 'utf8').trim().split('\n');
  assert.is(more.length, 0);
  assert.is(JSON.parse(letter!).row, 5);
  assert.match(JSON.parse(letter!).error, /'much' is not a number/);
  const part = readFileSync(job.partPath(0));
  const rows = part
    .toString()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.equal(
    rows.map(({ row }) => row),
    [0, 1, 2, 3, 4, 6, 7],
  );
  assert.is(rows[0].features.length, 13);
  assert.throws(() => checkFailures(job, counts, 0), /1 row failed, and --max-failures is 0; the first: row 5/);

  const damaged = Buffer.from(part);
  damaged[10]! ^= 1;
  writeFileSync(job.partPath(0), damaged);
  writeFileSync(path('one/chunks/000002.json'), '{"chunk": 2');
  assert.equal(job.survey().left, [0, 2]);
  await work.run(0);
  await work.run(2);
  assert.equal(readFileSync(job.partPath(0)), part);
  assert.equal(job.survey().counts, counts);
  unlock();
});

test('another input, model or setting under an old manifest is refused, and it is said what changed', async () => {
  await rejects(begin('one', '--baseline', 'zeros'), /changed is --baseline \(left out before, zeros now\)/);
  await rejects(begin('one', '--format', 'csv'), /changed is --format \(ndjson before, csv now\)/);
  const same = await begin('one');
  assert.ok(same.again);
  same.unlock();
  const content = readFileSync(path('wine.csv'), 'utf8');
  writeFileSync(path('wine.csv'), `${content}${csv[1]}\n`);
  await rejects(continueJob(path('one')), /changed is the input .*wine\.csv \(\d+ bytes before, \d+ now\)/);
  writeFileSync(path('wine.csv'), content);
  (await continueJob(path('one'))).unlock();
});

test('another model under an old manifest is refused', async () => {
  const model = path('copy.keras');
  const args = parseFlags(['--label', 'cultivar', '--chunk', '8', '--steps', '4'], jobGroups, 'job run');
  const asked = { model, input: path('wine.csv'), output: path('models') };
  const bytes = readFileSync(example('wine-mlp.keras'));
  writeFileSync(model, bytes);
  const { job, unlock } = await beginJob(args, asked);
  await (await ChunkWork.open(job.path)).run(0);
  unlock();
  bytes[bytes.length >> 1]! ^= 1;
  writeFileSync(model, bytes);
  await rejects(beginJob(args, asked), /changed is the model .*copy\.keras/);
  await rejects(continueJob(job.path), /changed is the model/);
  assert.is(lockHolder(job.path), null);
});

test('a column that there is not was told row by row, by a job that had begun', async () => {
  await rejects(begin('columns', '--keep', 'prolin'), /has no column 'prolin'\nhint: did you mean 'proline'/);
  await rejects(begin('columns', '--drop', 'ash,hu'), /has no column 'hu'/);
  const args = parseFlags(['--label', 'cultivr'], jobGroups, 'job run');
  const asked = { model: example('wine-mlp.keras'), input: path('wine.csv'), output: path('columns') };
  await rejects(beginJob(args, asked), /has no column 'cultivr'\nhint: did you mean 'cultivar'/);
  assert.is(lockHolder(path('columns')), null);
});

test('a job of which all rows had failed was in the way of one with the flags mended', async () => {
  const options = { workers: 1, maxFailures: 1000, signal: null, onProgress: null };
  const asked = { model: example('wine-mlp.keras'), input: path('wine.csv'), output: path('mended') };
  // Without --label the class is one column too many.
  const wrong = await beginJob(parseFlags(['--chunk', '8', '--steps', '4'], jobGroups, 'job run'), asked);
  await rejects(
    runLocal(wrong.job, options),
    /rows that were tried failed.*14 columns[\s\S]*mend them, and run it again/,
  );
  wrong.unlock();
  const { job, again, unlock } = await begin('mended');
  assert.not.ok(again);
  const counts = await runLocal(job, options);
  unlock();
  assert.is(counts.explained, job.manifest.input.rows - 1);
});

test('an address as --output was a folder of that name', async () => {
  const args = parseFlags(['--label', 'cultivar'], jobGroups, 'job run');
  const asked = { model: example('wine-mlp.keras'), input: path('wine.csv') };
  for (const output of ['s3://bucket/prefix', 'https://host/path?token=x', 'gs://bucket/x'])
    await rejects(
      beginJob(args, { ...asked, output }),
      /--output: \S+(bucket|path)\S* is an address\nhint: a job writes into a folder/,
    );
});

test("errors about a model's output name the flag of jobs", () => {
  const told = inJobFlags(usage('--output', 'is needed', 'explain --output NAME')) as Error;
  assert.is(told.message, '--model-output: is needed\nhint: explain --model-output NAME');
  const other = usage('--no-output', 'x');
  assert.is((inJobFlags(other) as Error).message, other.message);
});

test('a job of another version or other kernels is refused; a folder of other files, too', async () => {
  const file = path('one/manifest.json');
  const text = readFileSync(file, 'utf8');
  const manifest = JSON.parse(text) as JobManifest;
  writeFileSync(file, JSON.stringify({ ...manifest, pathgrad: '0.0.1' }));
  await rejects(ChunkWork.open(path('one')), /begun by another version.*0\.0\.1/);
  writeFileSync(file, JSON.stringify({ ...manifest, kernels: 'other' }));
  await rejects(continueJob(path('one')), /other kernels/);
  writeFileSync(file, text);
  mkdirSync(path('full'));
  writeFileSync(path('full/notes.txt'), '');
  await rejects(begin('full'), /holds files that are of no job/);
  assert.throws(() => JobFolder.open(path('full')), /holds no job/);
});

test('a lock whose process is gone is taken over, one of another machine is not', () => {
  const lock = path('full/lock.json');
  const unlock = lockFolder(path('full'));
  const mine = JSON.parse(readFileSync(lock, 'utf8'));
  assert.throws(() => lockFolder(path('full')), /another run/);
  writeFileSync(lock, JSON.stringify({ ...mine, pid: 2 ** 22 + 5, began: '1', id: 'gone' }));
  const taken = lockFolder(path('full'));
  unlock(); // no longer its own
  assert.throws(() => lockFolder(path('full')), /another run/);
  taken();
  writeFileSync(lock, JSON.stringify({ ...mine, host: 'elsewhere', id: 'far' }));
  assert.throws(() => lockFolder(path('full')), /delete/);
  assert.is(lockHolder(path('full')), `process ${process.pid} on elsewhere`);
  rmSync(lock);
  // The process of that number began at another time: numbers come back.
  writeFileSync(lock, JSON.stringify({ ...mine, began: '1' }));
  assert.is(lockHolder(path('full')), process.platform === 'linux' ? null : `process ${process.pid} on ${mine.host}`);
  rmSync(lock);
});

test('of more than ten thousand chunks each thousand has folders of its own', async () => {
  mkdirSync(path('many'));
  const chunks = 12_000;
  const { input, ...same } = JSON.parse(readFileSync(path('one/manifest.json'), 'utf8')) as JobManifest;
  const output = { format: 'ndjson', chunkRows: 1, chunks } as const;
  const rows = Array.from({ length: chunks + 1 }, (_, i) => i);
  const job = JobFolder.create(path('many'), { ...same, input, output }, { input: input.sha256, rows });
  const numbers = { kind: 'words', names: [], scores: [] } as const;
  const scores = { score: 0, baselineScore: 0, completeness: 0 } as const;
  const row = { row: 1, kept: [], prediction: [], target: '', targetIndex: 0, ...scores, warnings: [], numbers };
  const result = { rows: [row], failed: [], seen: 1, explained: 1, warnings: {} };
  for (const chunk of [11_234, 7, 999, 1000]) {
    const { part } = await job.commit(chunk, result);
    assert.is(
      part!.file,
      `parts-${String(Math.floor(chunk / 1000)).padStart(4, '0')}/part-${String(chunk).padStart(6, '0')}.ndjson`,
    );
  }
  const again = JobFolder.open(path('many'));
  assert.equal(
    again.recorded().sort((a, b) => a - b),
    [7, 999, 1000, 11_234],
  );
  assert.is(again.survey().counts.explained, 4);
  writeFileSync(path('many/parts-0011/.part-011235.ndjson.0123456789.part'), 'half');
  again.tidy();
  assert.equal(readdirSync(path('many/parts-0011')), ['part-011234.ndjson']);
});

test('settings that would mean something else in every chunk are refused', async () => {
  await rejects(begin('two', '--baseline', 'mean'), /'mean' would be another one in every chunk/);
  await rejects(begin('two', '--target', '0,1'), /one for all rows/);
});

test('addresses of Redis, with password and TLS; progress in words', () => {
  assert.equal(redisPlace('redis://host'), { host: 'host', port: 6379 });
  const secret = redisPlace('rediss://me:a%40b@h:7000/2');
  assert.equal(secret, { host: 'h', port: 7000, username: 'me', password: 'a@b', db: 2, tls: { servername: 'h' } });
  assert.throws(() => redisPlace('http://host'), /is no address of Redis/);
  const counts = { chunks: 1, rows: 1000, explained: 998, failed: 2, leftOut: 0, warnings: {} };
  assert.is(
    progressLine({ ...counts, total: 10_000, rate: 80, left: 112.5 }),
    '1000 of 10000 rows (10 %), 80 rows/s, 2 min left, 2 failed',
  );
});

test.run();
