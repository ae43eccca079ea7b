/**
 * The chunks of one job in the queue, as Redis knows them. Invariant: all that is asked of Redis is asked for many chunks at once, and what it answers
 * only says where to look: what is finished is said by the job's folder.
 */
import type { JobType, Queue } from 'bullmq';
import type { JobFolder } from '../folder/job-folder.ts';
import type { QueuedChunk } from './connect.ts';

/** Times that a chunk is tried where it fails, with waits of 1, 2, 4 and 8 seconds. */
const ATTEMPTS = 5;
const DAY = 24 * 3600;
/** BullMQ 5 has a list of its own for what waits while the queue is paused; 6 knows of none, and says that it is empty. */
const LIVE = ['wait', 'active', 'delayed', 'prioritized', 'paused'] as const;
const ENDED = ['completed', 'failed'] as const;

export class QueuedChunks {
  readonly #queue: Queue<QueuedChunk>;
  readonly #job: string;
  readonly #folder: string;

  constructor(queue: Queue<QueuedChunk>, { id, path }: JobFolder) {
    this.#queue = queue;
    this.#job = id;
    this.#folder = path;
  }

  /** The same chunk of the same job has one name, so that it is in the queue once. */
  #name(chunk: number): string {
    return `${this.#job}-${chunk}`;
  }

  /** Of all that is in these states the chunks of this job; one script of Redis, so that none is missed on its way from one to another. */
  async #in(states: readonly (typeof LIVE | typeof ENDED)[number][]): Promise<Set<number>> {
    const before = `${this.#job}-`;
    const names = await this.#queue.getRanges([...states] as JobType[], 0, -1);
    return new Set(names.filter((name) => name.startsWith(before)).map((name) => Number(name.slice(before.length))));
  }

  /** Chunks that wait, are at work, or will be tried again. */
  live(): Promise<Set<number>> {
    return this.#in(LIVE);
  }

  /** Chunks that a worker has said to be done, or that failed for good. */
  ended(): Promise<Set<number>> {
    return this.#in(ENDED);
  }

  /** Chunks of any job that are at work. */
  atWork(): Promise<number> {
    return this.#queue.getActiveCount();
  }

  async put(chunks: readonly number[]): Promise<void> {
    const options = {
      attempts: ATTEMPTS,
      backoff: { type: 'exponential', delay: 1000 },
      // The runner takes them out; what it cannot take out any more goes by itself.
      removeOnComplete: { age: DAY },
      removeOnFail: { age: 7 * DAY },
    } as const;
    const data = { folder: this.#folder, job: this.#job };
    await this.#queue.addBulk(
      chunks.map((chunk) => ({
        name: 'chunk',
        data: { ...data, chunk },
        opts: { ...options, jobId: this.#name(chunk) },
      })),
    );
  }

  /** Takes chunks out, whatever their state; what a worker still holds stays until it lets go. @returns how often they were begun again */
  async take(chunks: readonly number[]): Promise<number> {
    const found = await Promise.all(chunks.map((chunk) => this.#queue.getJob(this.#name(chunk))));
    await Promise.all(chunks.map((chunk) => this.#queue.remove(this.#name(chunk))));
    return found.reduce((sum, one) => sum + Math.max(0, (one?.attemptsStarted ?? 0) - 1), 0);
  }

  /** Why a chunk failed for good, and how often it was tried; null where it did not. */
  async failureOf(chunk: number): Promise<{ readonly reason: string; readonly times: number } | null> {
    const found = await this.#queue.getJob(this.#name(chunk));
    if (!found || !(await found.isFailed())) return null;
    return { reason: found.failedReason, times: Math.max(found.attemptsMade, found.attemptsStarted) };
  }
}
