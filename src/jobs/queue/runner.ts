/**
 * Runs what is left of a job over a queue: keeps some chunks in it, sees which are committed, puts back what is lost. Invariant: what is finished is
 * said by the job's folder alone; Redis may lose everything, and no chunk is lost, none twice in the output.
 */
import { failure } from '../../tensor/errors.ts';
import type { JobFolder } from '../folder/job-folder.ts';
import { addRecord, type JobCounts } from '../folder/manifest.ts';
import { checkFailures, closeAfter, type LocalOptions } from '../run/local.ts';
import { Pace } from '../run/pace.ts';
import { QueuedChunks } from './chunks.ts';
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
  /**
   * Chunks in the queue at a time, so that a job of a million chunks takes no more of Redis; 1000 if left out. Where more than half of them are at
   * work it is twice as many as those.
   */
  readonly window?: number;
  /** Is told what a person has to do while the run waits. */
  readonly say?: (line: string) => void;
}

export interface QueuedCounts extends JobCounts {
  /** Chunks that were begun more than once in this run: after an error, or after their worker was gone. */
  readonly retries: number;
}

/** How often the queue is asked which chunks have ended. */
const POLL_MS = 250;
/** How often all that is out is looked for, in the folder and in the queue: chunks that failed for good, or that Redis has lost. */
const LOOK_MS = 3000;
/** Looks after which a run that waits while nobody works says so. */
const IDLE_LOOKS = 3;
/** How long a worker that has committed the last chunks may take to say so. */
const SAYS_MS = 1000;
/** A file of a part is written in seconds: who has not gone on for so long was killed. */
const ABANDONED_MS = 600_000;

/** @throws PathgradError where a chunk fails at every attempt, rows fail too often, Redis is gone for good; the signal's reason */
export async function runQueued(job: JobFolder, options: QueuedOptions): Promise<QueuedCounts> {
  const { url, maxFailures, signal, onProgress, patience = 600, window = 1000, say = () => {} } = options;
  const place = redisPlace(url);
  const { left, counts: before } = job.survey();
  let counts = before;
  let retries = 0;
  const pace = new Pace(job.manifest.input.rows, before);
  const tell = (): void => onProgress?.(pace.at(counts));
  checkFailures(job, counts, maxFailures);
  tell();
  if (left.length === 0) {
    job.tidy();
    job.close(counts);
    return { ...counts, retries };
  }
  const { Queue } = await loadBullMq();
  let over = false;
  const queue = new Queue<QueuedChunk>(QUEUE, { connection: connectionOf(place, () => over) });
  let lost: Error | null = null;
  queue.on('error', (error) => {
    lost = error;
  });
  const again = `start Redis, then pathgrad job resume ${job.path} --queue ${shownPlace(place)}`;
  const ask = <T>(seconds: number, work: Promise<T>): Promise<T> =>
    withinSeconds(seconds, place, work, again, () => lost);
  const queued = new QueuedChunks(queue, job);
  /** In the queue, and not known to be committed. */
  const outstanding = new Set<number>();
  /** Committed, while the queue does not know of it yet: the runner looked just then, or a worker lost its lock. */
  const ahead = new Set<number>();
  let next = 0;
  let room = window;
  let looked = performance.now();
  let looksIdle = 0;
  let stop: unknown = null;
  const committed = (chunk: number): boolean => {
    const record = job.record(chunk);
    if (!record) return false;
    outstanding.delete(chunk);
    counts = addRecord(counts, record);
    tell();
    return true;
  };
  /** Takes what has ended out of the queue. */
  const gather = async (): Promise<void> => {
    const ended = await ask(patience, queued.ended());
    const through = [...ended].filter((chunk) => ahead.delete(chunk) || (outstanding.has(chunk) && committed(chunk)));
    if (through.length > 0) retries += await ask(patience, queued.take(through));
  };
  try {
    job.tidy({ olderThanMs: ABANDONED_MS });
    await ask(15, queue.waitUntilReady());
    // What an earlier run left there would keep the chunks out.
    await ask(
      patience,
      queued.ended().then((old) => queued.take([...old])),
    );
    while (counts.chunks < job.chunks) {
      signal?.throwIfAborted();
      const more = left.slice(next, next + Math.max(0, room - outstanding.size));
      if (more.length > 0) {
        await ask(patience, queued.put(more));
        next += more.length;
        for (const chunk of more) outstanding.add(chunk);
      }
      if (performance.now() - looked <= LOOK_MS) await gather();
      else {
        looked = performance.now();
        // In this order: what ends in between is in both.
        const live = await ask(patience, queued.live());
        await gather();
        for (const chunk of job.recorded(outstanding)) if (committed(chunk)) ahead.add(chunk);
        const lost = [...outstanding].filter((chunk) => !live.has(chunk));
        if (lost.length > 0) await ask(patience, putBack(queued, job, lost));
        const atWork = await ask(patience, queued.atWork());
        room = Math.max(window, 2 * atWork);
        looksIdle = atWork > 0 || outstanding.size === 0 ? 0 : looksIdle + 1;
        if (looksIdle === IDLE_LOOKS)
          say(`no worker takes chunks; to start one: pathgrad job worker --queue ${shownPlace(place)}`);
      }
      checkFailures(job, counts, maxFailures);
      if (counts.chunks < job.chunks) await pause(POLL_MS);
    }
    for (const late = performance.now() + SAYS_MS; ahead.size > 0 && performance.now() < late; await pause(50))
      await gather();
    retries += await ask(patience, queued.take([...ahead]));
    ahead.clear();
    return { ...counts, retries };
  } catch (error) {
    stop = error;
    throw error;
  } finally {
    // What is not needed any more: workers need not see it.
    await atMost(2000, queued.take([...outstanding, ...ahead]));
    over = true;
    await atMost(2000, queue.close());
    await atMost(1000, queue.disconnect());
    // Workers that live may be about to commit a chunk of a job that ended early; nobody writes on for a finished one.
    closeAfter(stop, () => {
      job.tidy({ olderThanMs: stop === null ? 0 : ABANDONED_MS });
      job.close(job.survey(false).counts);
    });
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Puts chunks back that are neither committed nor in any list of the queue. @throws where one of them failed for good */
async function putBack(queued: QueuedChunks, job: JobFolder, chunks: readonly number[]): Promise<void> {
  for (const [i, found] of (await Promise.all(chunks.map((chunk) => queued.failureOf(chunk)))).entries()) {
    if (!found || job.record(chunks[i]!)) continue;
    const { reason, times } = found;
    const hint = /stalled/.test(reason)
      ? 'its workers were killed or silent each time: they may lack memory; then pathgrad job resume'
      : 'mend it, then pathgrad job resume';
    throw failure(
      job.path,
      `chunk ${chunks[i]} failed ${times === 1 ? 'once' : `${times} times`}: ${reason}`,
      {},
      hint,
    );
  }
  // What is left of them, a name without a place in a list, would keep them out.
  await queued.take(chunks);
  await queued.put(chunks);
}
