/**
 * The figures that docs/jobs.md and bench/jobs-simulation.ts reckon with, measured here:
 *
 *   node --import tsx bench/jobs-sizing.ts [--only models,disk,queue] [--rounds 3] [--chunks 400]
 *
 * - `models`: processor seconds per row of the example models in one thread, 50 steps, output included, from the second chunk on; the least of a chunk.
 * - `disk`: milliseconds to commit a chunk (part and record, each forced to the disk), to see whether one is there, to read it back whole, to list.
 * - `queue`: on a Redis of its own (Debian's redis-server, appendfsync everysec): commands, Redis's own processor time and that of runner and worker
 *   per chunk, beyond those of the same job without a queue.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { parseFlags } from '../src/cli/flags/flags.ts';
import { jobGroups } from '../src/cli/job/flags.ts';
import { JobFolder } from '../src/jobs/folder/job-folder.ts';
import { runJob } from '../src/jobs/index.ts';
import { beginJob } from '../src/jobs/run/begin.ts';
import { ChunkWork } from '../src/jobs/run/work.ts';
import { built } from '../test/support/built.ts';
import { freePort, hasRedis, startRedis } from '../test/support/redis.ts';
import { example, writeWine } from './jobs-wine.ts';

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: 'models,disk,queue' },
    rounds: { type: 'string', default: '3' },
    chunks: { type: 'string', default: '400' },
  },
});
const wanted = values.only.split(',');
const folder = mkdtempSync(join(tmpdir(), 'pathgrad-sizing-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
console.log(`${cpus()[0]!.model}, Node ${process.versions.node}`);

interface Sized {
  readonly name: string;
  readonly model: string;
  readonly input: string;
  readonly flags: readonly string[];
  /** Rows of a chunk, about a second of work. */
  readonly chunk: number;
}

const lines = (name: string): string[] => readFileSync(example(name), 'utf8').trim().split('\n');

function repeated(file: string, texts: readonly string[], rows: number): string {
  writeFileSync(join(folder, file), Array.from({ length: rows }, (_, i) => `${texts[i % texts.length]}\n`).join(''));
  return join(folder, file);
}

function pictures(rows: number): string {
  const to = join(folder, 'digits');
  mkdirSync(to);
  const files = readdirSync(example('digits')).filter((name) => name.endsWith('.png'));
  for (let i = 0; i < rows; i++) cpSync(join(example('digits'), files[i % files.length]!), join(to, `${i}.png`));
  return to;
}

async function models(rounds: number): Promise<void> {
  await writeWine(join(folder, 'wine.csv'), 8000 * (rounds + 1));
  const vocab = (name: string): string[] => ['--vocab', example(name)];
  const all: Sized[] = [
    {
      name: 'wine-mlp, table of 13',
      model: 'wine-mlp.keras',
      input: join(folder, 'wine.csv'),
      flags: ['--label', 'cultivar', '--drop', 'id'],
      chunk: 8000,
    },
    { name: 'mnist-cnn, 28 x 28', model: 'mnist-cnn.h5', input: pictures(100 * (rounds + 1)), flags: [], chunk: 100 },
    {
      name: 'imdb-cnn, sentences',
      model: 'imdb-cnn.h5',
      input: repeated('texts.txt', lines('sentences.txt'), 100 * (rounds + 1)),
      flags: vocab('imdb-vocab.txt'),
      chunk: 100,
    },
    {
      name: 'agnews-bilstm, headlines',
      model: 'agnews-bilstm.h5',
      input: repeated('news.txt', lines('headlines.txt'), 30 * (rounds + 1)),
      flags: vocab('agnews-vocab.txt'),
      chunk: 30,
    },
  ];
  for (const { name, model, input, flags, chunk } of all) {
    const output = join(folder, `out-${model}`);
    const args = parseFlags([...flags, '--chunk', String(chunk)], jobGroups, 'job run');
    const { job, unlock } = await beginJob(args, { model: example(model), input, output });
    const work = await ChunkWork.open(job.path);
    const seconds: number[] = [];
    for (let at = 0; at < job.chunks; at++) {
      const before = process.cpuUsage();
      const { failed } = await work.run(at);
      if (failed.length > 0) throw new Error(failed[0]!.error);
      const { user, system } = process.cpuUsage(before);
      if (at > 0) seconds.push((user + system) / 1e6 / chunk);
    }
    unlock();
    const bytes = statSync(job.partPath(1)).size / chunk;
    const least = Math.min(...seconds);
    console.log(
      `${name}: ${(1 / least).toPrecision(3)} rows per second and core (${(1000 * least).toPrecision(3)} ms; ${seconds.length} chunks of ${chunk}), ${Math.round(bytes)} bytes of output per row`,
    );
  }
}

function time(work: () => unknown, times: number): number {
  const each = Array.from({ length: times }, () => {
    const began = performance.now();
    work();
    return performance.now() - began;
  }).sort((a, b) => a - b);
  return each[times >> 1]!;
}

async function disk(chunks: number): Promise<void> {
  const rows = Array.from({ length: chunks + 1 }, (_, i) => i);
  const job = JobFolder.create(
    join(folder, 'disk'),
    {
      pathgrad: '0',
      layout: 1,
      kernels: '',
      model: { path: '', sha256: '' },
      input: { path: '', kind: 'csv', bytes: 0, sha256: 'x', rows: chunks },
      output: { format: 'ndjson', chunkRows: 1, chunks },
      settings: {},
      files: {},
    },
    { input: 'x', rows },
  );
  // A part of about 400 kB.
  const numbers = { kind: 'words', names: ['x'.repeat(400_000)], scores: [1] } as const;
  const row = {
    row: 0,
    kept: [],
    prediction: [],
    target: '',
    targetIndex: 0,
    score: 0,
    baselineScore: 0,
    completeness: 0,
    warnings: [],
    numbers,
  };
  const each: number[] = [];
  for (let chunk = 0; chunk < chunks; chunk++) {
    const began = performance.now();
    await job.commit(chunk, { rows: [row], failed: [], seen: 1, explained: 1, warnings: {} });
    each.push(performance.now() - began);
  }
  each.sort((a, b) => a - b);
  let at = 0;
  console.log(
    `${chunks} parts of 400 kB: commit ${each[chunks >> 1]!.toFixed(2)} ms (median), ${each[Math.floor(chunks * 0.95)]!.toFixed(2)} ms (95 %); ` +
      `see a record ${time(() => job.record(at++ % chunks), chunks).toFixed(3)} ms; read a part whole ${time(() => job.record(at++ % chunks, true), chunks).toFixed(3)} ms; ` +
      `list ${((1000 * time(() => job.recorded(), 20)) / chunks).toFixed(2)} us per part`,
  );
}

/** What Redis says of itself. */
async function redisSays(port: number): Promise<{ commands: number; cpu: number }> {
  const { stdout } = spawnSync('redis-cli', ['-p', String(port), 'info'], { encoding: 'utf8' });
  const number = (name: string): number => Number(new RegExp(`^${name}:([\\d.]+)`, 'm').exec(stdout)?.[1]);
  return { commands: number('total_commands_processed'), cpu: number('used_cpu_sys') + number('used_cpu_user') };
}

async function queue(chunks: number): Promise<void> {
  if (!hasRedis()) {
    console.log('queue: left out, there is no redis-server (apt install redis-server)');
    return;
  }
  await writeWine(join(folder, 'few.csv'), chunks * 2);
  const options = {
    model: example('wine-mlp.keras'),
    input: join(folder, 'few.csv'),
    chunk: 2,
    settings: { label: 'cultivar', drop: 'id', steps: 2 },
  };
  // The same chunks by one thread of this process: what they cost without a queue.
  const cpuOf = async (work: () => Promise<unknown>): Promise<number> => {
    const before = process.cpuUsage();
    await work();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000 / chunks;
  };
  const local = await cpuOf(() => runJob({ ...options, output: join(folder, 'local'), workers: 1 }));
  const port = await freePort();
  await startRedis(folder, port);
  // As docs/jobs.md says to run it.
  spawnSync('redis-cli', ['-p', String(port), 'config', 'set', 'appendfsync', 'everysec']);
  const url = `redis://127.0.0.1:${port}`;
  const code = `import { workOnQueue } from ${JSON.stringify(`${built()}/jobs.js`)};
    const stop = new AbortController();
    process.on('SIGTERM', () => stop.abort());
    await workOnQueue({ queue: process.argv[1], workers: 1, signal: stop.signal });
    const { user, system } = process.cpuUsage();
    console.log((user + system) / 1000);`;
  const worker = spawn(process.execPath, ['--input-type=module', '-e', code, url], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let told = '';
  worker.stdout.on('data', (part) => (told += part));
  const before = await redisSays(port);
  const began = performance.now();
  const runner = await cpuOf(() => runJob({ ...options, output: join(folder, 'queued'), queue: url }));
  const seconds = (performance.now() - began) / 1000;
  const after = await redisSays(port);
  worker.kill('SIGTERM');
  await once(worker, 'close');
  console.log(
    `${chunks} chunks over a queue: ${((after.commands - before.commands) / chunks).toFixed(1)} commands per chunk, ${((1e6 * (after.cpu - before.cpu)) / chunks).toFixed(0)} us of Redis; ` +
      `${runner.toFixed(1)} ms of the runner, ${(Number(told) / chunks).toFixed(1)} ms of the worker with its computation and start, ${local.toFixed(1)} ms in one process without a queue; ` +
      `${((1000 * seconds) / chunks).toFixed(1)} ms from chunk to chunk`,
  );
}

if (wanted.includes('models')) await models(Number(values.rounds));
if (wanted.includes('disk')) await disk(Number(values.chunks));
if (wanted.includes('queue')) await queue(Number(values.chunks));
process.exit(0);
