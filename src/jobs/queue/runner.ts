/**
 * Runs what is left of a job over a queue: keeps some chunks in it, sees which are committed, puts back what is lost. Invariant: what is finished is
 * said by the job's folder alone; Redis may lose everything, and no chunk is lost, none twice in the output.
 */
import type { Job, Queue } from 'bullmq';
import { failure } from '../../tensor/errors.ts';
import { sha256Of } from '../folder/files.ts';
import type { JobFolder } from '../folder/job-folder.ts';
import { addRecord, type JobCounts } from '../folder/manifest.ts';
import { checkFailures, closeAfter, type LocalOptions } from '../run/local.ts';
import { Pace } from '../run/pace.ts';
import {
  atMost,
  connectionOf,
  loadBullMq,
  QUEUE,
  type QueuedChunk,
  redisPlace,
  shownPlace,
  withinSeconds,
} from './connect.ts';

export interface QueuedOptions extends Omit<LocalOptions, 'workers'> {
  readonly url: string;
  /** Seconds without an answer of Redis after which the run ends; 10 minutes if left out. */
  readonly patience?: number;
  /** Chunks in the queue at a time, so that a job of a million chunks takes no more of Redis; 1000 if left out. */
  readonly window?: number;
}

export interface QueuedCounts extends JobCounts {
  /** Chunks that were begun more than once in this run: after an error, or after their worker was gone. */
  readonly retries: number;
}

/** Times that a chunk is tried where it fails, with waits of 1, 2, 4 and 8 seconds. */
const ATTEMPTS = 5;
const POLL_MS = 250;
/** How often the queue is asked for chunks that failed for good, or that it has lost. */
const LOOK_MS = 3000;
/** A file of a part is written in seconds: who has not gone on for so long was killed. */
const ABANDONED_MS = 600_000;

/** @throws PathgradError where a chunk fails at every attempt, rows fail too often, Redis is gone for good; the signal's reason */
export async function runQueued(job: JobFolder, options: QueuedOptions): Promise<QueuedCounts> {
  const { url, maxFailures, signal, onProgress, patience = 600, window = 1000 } = options;
  const place = redisPlace(url);
  const { Queue } = await loadBullMq();
  const { left, counts: before } = job.survey();
  let counts = before;
  let retries = 0;
  const pace = new Pace(job.manifest.input.rows, before);
  const tell = (): void => onProgress?.(pace.at(counts));
  checkFailures(job, counts, maxFailures);
  tell();
  const queue = new Queue<QueuedChunk>(QUEUE, { connection: connectionOf(place) });
  let lost: Error | null = null;
  queue.on('error', (error) => {
    lost = error;
  });
  const again = `start Redis, then pathgrad job resume ${job.path} --queue ${shownPlace(place)}`;
  const ask = <T>(seconds: number, work: Promise<T>): Promise<T> =>
    withinSeconds(seconds, place, work, again, () => lost);
  // The same chunk of the same job has one name, so that it is in the queue once.
  const id = sha256Of(JSON.stringify([job.path, { ...job.manifest, done: null }])).slice(0, 16);
  const outstanding = new Set<number>();
  let next = 0;
  let looked = performance.now();
  let stop: unknown = null;
  try {
    job.tidy({ olderThanMs: ABANDONED_MS });
    await ask(15, queue.waitUntilReady());
    while (counts.chunks < job.chunks) {
      signal?.throwIfAborted();
      const more = left.slice(next, next + Math.max(0, window - outstanding.size));
      if (more.length > 0) {
        await ask(patience, enqueue(queue, id, job.path, more));
        next += more.length;
        for (const chunk of more) outstanding.add(chunk);
      }
      for (const chunk of [...outstanding]) {
        const record = job.record(chunk);
        if (!record) continue;
        outstanding.delete(chunk);
        counts = addRecord(counts, record);
        retries += await ask(patience, settle(queue, id, chunk));
        tell();
        checkFailures(job, counts, maxFailures);
      }
      if (performance.now() - looked > LOOK_MS) {
        looked = performance.now();
        await ask(patience, look(queue, id, job, [...outstanding]));
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    return { ...counts, retries };
  } catch (error) {
    stop = error;
    throw error;
  } finally {
    // What is not needed any more: workers need not see it.
    await atMost(2000, Promise.all([...outstanding].map((chunk) => queue.remove(nameOf(id, chunk)))));
    await atMost(2000, queue.close());
    await atMost(1000, queue.disconnect());
    // Workers that live may be about to commit a chunk of a job that ended early; nobody writes on for a finished one.
    closeAfter(stop, () => {
      job.tidy({ olderThanMs: stop === null ? 0 : ABANDONED_MS });
      job.close(job.survey(false).counts);
    });
  }
}

const nameOf = (id: string, chunk: number): string => `${id}-${chunk}`;

async function enqueue(
  queue: Queue<QueuedChunk>,
  id: string,
  folder: string,
  chunks: readonly number[],
): Promise<void> {
  const options = {
    attempts: ATTEMPTS,
    backoff: { type: 'exponential', delay: 1000 },
    removeOnComplete: false,
    removeOnFail: false,
  } as const;
  // What an earlier run left there under this name would keep the chunk out.
  const old = await Promise.all(chunks.map((chunk) => queue.getJob(nameOf(id, chunk))));
  for (const one of old) if (one && ((await one.isFailed()) || (await one.isCompleted()))) await one.remove();
  await queue.addBulk(
    chunks.map((chunk) => ({ name: 'chunk', data: { folder, chunk }, opts: { ...options, jobId: nameOf(id, chunk) } })),
  );
}

/** Takes a committed chunk out of the queue. @returns how often it was begun again */
async function settle(queue: Queue<QueuedChunk>, id: string, chunk: number): Promise<number> {
  for (let tries = 0; tries < 8; tries++) {
    const found = await queue.getJob(nameOf(id, chunk));
    if (!found) return 0;
    const ended = (await found.isCompleted()) || (await found.isFailed());
    if (ended || tries === 7) {
      const again = Math.max(0, found.attemptsStarted - 1);
      await found.remove().catch(() => {}); // still held by a worker that has gone: it is no longer needed
      return again;
    }
    // It was committed a moment ago, and its worker is about to say so.
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  return 0;
}

/** Ends the run where a chunk failed for good, and puts back what Redis has lost. */
async function look(
  queue: Queue<QueuedChunk>,
  id: string,
  job: JobFolder,
  outstanding: readonly number[],
): Promise<void> {
  const found: (Job<QueuedChunk> | undefined)[] = await Promise.all(
    outstanding.map((chunk) => queue.getJob(nameOf(id, chunk))),
  );
  const gone: number[] = [];
  for (const [i, one] of found.entries()) {
    const chunk = outstanding[i]!;
    if (job.record(chunk)) continue;
    if (!one || (await one.isCompleted())) gone.push(chunk);
    else if (await one.isFailed()) {
      const { failedReason: reason, attemptsMade: attempts } = one;
      throw failure(
        job.path,
        `chunk ${chunk} failed ${attempts} times: ${reason}`,
        {},
        'mend it, then pathgrad job resume',
      );
    }
  }
  if (gone.length > 0) await enqueue(queue, id, job.path, gone);
}
