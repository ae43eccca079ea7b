/**
 * What a queue may lose or keep too long: names without a place in a list, threads that died, chunks and threads of a job that another has taken the
 * folder of. With a real redis-server; where there is none this is reported and passed over.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Queue, UnrecoverableError, Worker } from 'bullmq';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parseFlags } from '../../../src/cli/flags/flags.ts';
import { jobGroups } from '../../../src/cli/job/flags.ts';
import type { JobFolder } from '../../../src/jobs/folder/job-folder.ts';
import { QUEUE } from '../../../src/jobs/queue/connect.ts';
import { runQueued } from '../../../src/jobs/queue/runner.ts';
import { runWorker, ThreadPool } from '../../../src/jobs/queue/worker.ts';
import { beginJob } from '../../../src/jobs/run/begin.ts';
import { runLocal } from '../../../src/jobs/run/local.ts';
import { ChunkThread } from '../../../src/jobs/run/threads.ts';
import { ChunkWork } from '../../../src/jobs/run/work.ts';
import { example, temporaryFolder } from '../../support/cli.ts';
import { bytesOf, endJobs, startJob, unfinishedIn } from '../../support/job-runs.ts';
import { endServers, freePort, hasRedis, startRedis, stopRedis } from '../../support/redis.ts';

const test = suite('jobs: what a queue loses');
const { path } = temporaryFolder();
const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function wineJob(name: string, flags: readonly string[] = ['--steps', '4']): Promise<JobFolder> {
  const args = parseFlags(['--label', 'cultivar', '--chunk', '50', ...flags], jobGroups, 'job run');
  const asked = { model: example('wine-mlp.keras'), input: example('wine.csv'), output: path(name) };
  const { job, unlock } = await beginJob(args, asked);
  unlock();
  return job;
}

/** @throws where it takes longer */
async function within<T>(seconds: number, work: Promise<T>, said: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not within ${seconds} s: ${said}`)), 1000 * seconds);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

/** A Redis, a worker on it, and what asks Redis itself, for the time of `use`. */
async function onRedis(use: (url: string, queue: Queue, redis: (...command: string[]) => string) => Promise<void>) {
  const port = await freePort();
  const server = await startRedis(path('.'), port);
  const queue = new Queue(QUEUE, { connection: { host: '127.0.0.1', port } });
  const redis = (...command: string[]): string =>
    spawnSync('redis-cli', ['-p', String(port), ...command], { encoding: 'utf8' }).stdout.trim();
  try {
    await use(`redis://127.0.0.1:${port}`, queue, redis);
  } finally {
    await queue.close();
    await stopRedis(server);
  }
}

const run = (job: JobFolder, url: string, signal: AbortSignal | null = null) =>
  runQueued(job, { url, maxFailures: 10, signal, onProgress: null, patience: 20 });

function work(url: string): { readonly end: () => Promise<void> } {
  const stop = new AbortController();
  const ended = runWorker({ url, workers: 1, signal: stop.signal, say: () => {} });
  return {
    end: () => {
      stop.abort();
      return ended;
    },
  };
}

test('a thread that died while it was idle was handed out again', async () => {
  const started: ChunkThread[] = [];
  const pool = new ThreadPool((folder) => {
    started.push(new ChunkThread(folder));
    return started.at(-1)!;
  });
  const job = await wineJob('threads');
  await pool.run(job, 0);
  await pool.run(job, 1);
  assert.is(started.length, 1, 'one is used again');
  await started[0]!.end();
  assert.is((await pool.run(job, 2)).chunk, 2);
  assert.is(started.length, 2);
  await pool.end();
});

test('what was computed for a job that is no longer in the folder was committed to the one that is', async () => {
  const old = await wineJob('changed');
  const late = await ChunkWork.open(old.path);
  rmSync(old.path, { recursive: true });
  const now = await wineJob('changed', ['--steps', '8']);
  assert.is.not(now.id, old.id);
  try {
    await late.run(0);
    assert.unreachable();
  } catch (error) {
    assert.match((error as Error).message, /changed: holds another job by now/);
  }
  assert.equal(now.recorded(), []);
});

test('a finished job asked for a Redis that nothing was left for', async () => {
  const job = await wineJob('done');
  await runLocal(job, { workers: 1, maxFailures: 0, signal: null, onProgress: null });
  const before = bytesOf(job.path);
  const counts = await run(job, 'redis://127.0.0.1:1');
  assert.equal([counts.explained, counts.retries], [178, 0]);
  assert.equal(bytesOf(job.path), before);
});

if (!hasRedis()) {
  test('the queue', () => console.log('skipped: there is no redis-server (apt install redis-server)'));
} else {
  test('a chunk that Redis had a name of and no place for was waited for without end', async () => {
    await onRedis(async (url, queue, redis) => {
      const job = await wineJob('placeless');
      const counts = run(job, url);
      while ((await queue.getWaitingCount()) < job.chunks) await wait(20);
      assert.is(redis('del', `bull:${QUEUE}:wait`, `bull:${QUEUE}:marker`), '2');
      const worker = work(url);
      assert.is((await within(60, counts, 'the job')).explained, 178);
      await worker.end();
      assert.equal(await queue.getRanges(['wait', 'active', 'completed', 'failed', 'delayed'], 0, -1), []);
    });
  });

  test('a chunk that Redis says is done while its part is gone is computed again', async () => {
    await onRedis(async (url, queue) => {
      const job = await wineJob('untrue');
      const stop = new AbortController();
      // Says so, and has done nothing.
      const liar = new Worker(QUEUE, async () => 'done', { connection: queue.opts.connection! });
      const first = run(job, url, stop.signal).catch((error: Error) => error.message);
      while ((await queue.getCompletedCount()) < job.chunks) await wait(20);
      await liar.close();
      const worker = work(url);
      while (job.recorded().length < job.chunks) await wait(20);
      assert.is(typeof (await within(60, first, 'the job')), 'object');
      await worker.end();
    });
  });

  test('a chunk that failed for good ends the run, with its reason', async () => {
    await onRedis(async (url, queue) => {
      const job = await wineJob('hopeless');
      const options = { connection: queue.opts.connection! };
      const refuse = (): never => {
        throw new UnrecoverableError('no such flag');
      };
      const worker = new Worker(QUEUE, async () => refuse(), options);
      const told = await run(job, url).catch((error: Error) => error.message);
      assert.match(
        String(told),
        /hopeless: chunk \d failed once: no such flag\nhint: mend it, then pathgrad job resume/,
      );
      await worker.close();
      assert.equal(await queue.getRanges(['wait', 'active', 'completed', 'failed', 'delayed'], 0, -1), []);
    });
  });

  test('a chunk that lost its worker too often ends the run, and it is said what to look at', async () => {
    await onRedis(async (url, queue) => {
      const job = await wineJob('stalled');
      const silent = { lockDuration: 500, stalledInterval: 500, maxStalledCount: 0, skipLockRenewal: true };
      const options = { connection: queue.opts.connection!, concurrency: 50, ...silent };
      // Takes chunks and is not heard of again.
      const worker = new Worker(QUEUE, () => new Promise(() => {}), options);
      const told = await within(
        60,
        run(job, url).catch((error: Error) => error.message),
        'the run',
      );
      assert.match(
        String(told),
        /stalled: chunk \d failed .*: job stalled more than allowable limit\nhint: its workers were killed/,
      );
      await worker.close(true);
    });
  });

  test('a worker that had opened a job computed the next one in the same folder with its settings', async () => {
    const local = await wineJob('reused', ['--steps', '8']);
    await runLocal(local, { workers: 1, maxFailures: 0, signal: null, onProgress: null });
    cpSync(local.path, path('whole'), { recursive: true });
    rmSync(local.path, { recursive: true });
    await onRedis(async (url, queue) => {
      const worker = work(url);
      await run(await wineJob('reused'), url);
      rmSync(local.path, { recursive: true });
      const job = await wineJob('reused', ['--steps', '8']);
      // Left behind by the job before: nobody's any more.
      await queue.add('chunk', { folder: job.path, job: 'of before', chunk: 9 }, { jobId: 'of before-9' });
      await within(60, run(job, url), 'the job');
      while ((await queue.getJob('of before-9'))?.returnvalue === null) await wait(20);
      assert.is((await queue.getJob('of before-9'))!.returnvalue, 'another job lies there now');
      await worker.end();
      assert.equal(bytesOf(job.path), bytesOf(path('whole')));
      assert.equal(unfinishedIn(job.path), []);
    });
  });

  test('a run that nobody works for waited without a word', async () => {
    await onRedis(async (url) => {
      const job = await wineJob('alone');
      const stop = new AbortController();
      const said: string[] = [];
      const say = (line: string): number => said.push(line);
      const options = { url, maxFailures: 10, signal: stop.signal, onProgress: null, say };
      const ended = runQueued(job, options).catch((error: Error) => error.message);
      while (said.length === 0) await wait(50);
      await wait(4000);
      stop.abort(new Error('enough'));
      assert.is(await within(20, ended, 'the run'), 'enough');
      assert.equal(said, [`no worker takes chunks; to start one: pathgrad job worker --queue ${url}`]);
    });
  });

  test('a window that is smaller than the job: all chunks, each once', async () => {
    await onRedis(async (url) => {
      const job = await wineJob('window', ['--steps', '4']);
      const worker = work(url);
      const counts = await within(
        60,
        runQueued(job, { url, maxFailures: 0, signal: null, onProgress: null, window: 1 }),
        'the job',
      );
      assert.equal([counts.chunks, counts.rows, counts.retries], [4, 178, 0]);
      await worker.end();
    });
  });

  test('a worker that was ending when Redis went kept its process', async () => {
    const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const before = timers();
    const port = await freePort();
    const server = await startRedis(path('.'), port);
    const url = `redis://127.0.0.1:${port}`;
    // Minutes of work.
    writeFileSync(path('long.txt'), readFileSync(example('sentences.txt'), 'utf8').repeat(40));
    const input = ['--input', path('long.txt'), '--vocab', example('imdb-vocab.txt'), '--steps', '200'];
    startJob('run', example('imdb-cnn.h5'), ...input, '--output', path('long'), '--queue', url);
    const stop = new AbortController();
    const worker = runWorker({ url, workers: 1, signal: stop.signal, say: () => {}, finishMs: 3000 });
    const queue = new Queue(QUEUE, { connection: { host: '127.0.0.1', port } });
    while ((await queue.getActiveCount()) === 0) await wait(20);
    await queue.close();
    stop.abort();
    await wait(500);
    await stopRedis(server);
    await within(30, worker, 'the end of the worker');
    endJobs();
    assert.is(timers(), before, 'timers that keep the process');
    assert.not.ok(process.getActiveResourcesInfo().includes('MessagePort'), 'a thread that outlives the worker');
  });
}

test.after(() => {
  endJobs();
  endServers();
});

test.run();
