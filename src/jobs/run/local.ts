/** Runs what is left of a job on this machine. Invariant: a chunk is handed to one thread, and chunks are committed whole or not at all. */
import { statSync } from 'node:fs';
import { availableParallelism, freemem } from 'node:os';
import { failure } from '../../tensor/errors.ts';
import type { JobFolder } from '../folder/job-folder.ts';
import { addRecord, type JobCounts } from '../folder/manifest.ts';
import { modelPath } from '../storage/model.ts';
import { type JobProgress, Pace } from './pace.ts';
import { ChunkThread } from './threads.ts';

export interface LocalOptions {
  /** Threads; null: as many as cores and memory allow. */
  readonly workers: number | null;
  /** Failed rows at which the job ends. */
  readonly maxFailures: number;
  readonly signal: AbortSignal | null;
  readonly onProgress: ((progress: JobProgress) => void) | null;
}

/** What a thread takes beside its model, in bytes: the engine, its kernels, a chunk. */
const THREAD = 2 ** 27;

/** As many threads as there are cores, and as the free memory holds: a model takes about four times its file. */
export function usualWorkers(modelPath: string, chunks: number): number {
  const size = statSync(modelPath, { throwIfNoEntry: false })?.size ?? 0;
  const fit = Math.floor((freemem() * 0.8) / (THREAD + 4 * size));
  return Math.max(1, Math.min(availableParallelism(), fit, chunks));
}

/**
 * Works on the chunks that are left, and brings manifest and dead-letter file up to date, however it ends.
 * @throws PathgradError where rows fail too often, the disk is full, flags do not go with the model; the signal's reason
 */
export async function runLocal(
  job: JobFolder,
  { workers, maxFailures, signal, onProgress }: LocalOptions,
): Promise<JobCounts> {
  job.tidy();
  const { left, counts: before } = job.survey();
  let counts = before;
  const pace = new Pace(job.manifest.input.rows, before);
  const tell = (): void => onProgress?.(pace.at(counts));
  checkFailures(job, counts, maxFailures);
  tell();
  const count = left.length === 0 ? 0 : (workers ?? usualWorkers(modelPath(job.path, job.manifest.model), left.length));
  const threads = Array.from({ length: Math.min(count, left.length) }, () => new ChunkThread(job.path));
  let next = 0;
  let stop: unknown = null;
  const end = async (why: unknown): Promise<void> => {
    stop ??= why;
    await Promise.all(threads.map((thread) => thread.end()));
  };
  const aborted = (): void => void end(signal!.reason);
  signal?.addEventListener('abort', aborted);
  try {
    signal?.throwIfAborted();
    await Promise.all(
      threads.map(async (thread) => {
        try {
          await thread.ready();
          while (next < left.length && stop === null) {
            const record = await thread.run(left[next++]!);
            counts = addRecord(counts, record);
            tell();
            checkFailures(job, counts, maxFailures);
          }
        } catch (error) {
          // The first reason is the one that is told; ending the threads gives others.
          await end(error);
        }
      }),
    );
    if (stop !== null) throw stop;
    return counts;
  } finally {
    signal?.removeEventListener('abort', aborted);
    await Promise.all(threads.map((thread) => thread.end()));
    // A thread may have committed a chunk that it could not tell of any more.
    if (stop !== null) counts = job.survey(false).counts;
    closeAfter(stop, () => job.close(counts));
  }
}

/** Brings a job's files up to date behind a run; where that fails too (a full disk), what ended the run is what is told. */
export function closeAfter(stop: unknown, close: () => void): void {
  try {
    close();
  } catch (error) {
    if (stop === null) throw error;
  }
}

/** Rows at which a job that has explained none ends. */
const HOPELESS = 20;

/** @throws where more rows failed than may, or all that were tried */
export function checkFailures(job: JobFolder, { failed, explained }: JobCounts, maxFailures: number): void {
  if (failed === 0) return;
  const all = explained === 0 && failed >= Math.min(HOPELESS, job.manifest.input.rows);
  if (failed <= maxFailures && !all) return;
  const first = job
    .recorded()
    .sort((a, b) => a - b)
    .map((chunk) => job.record(chunk)?.failed[0])
    .find((one) => one !== undefined);
  const problem = all
    ? `${failed === 1 ? 'the one row that was tried' : `all ${failed} rows that were tried`} failed`
    : `${failed} ${failed === 1 ? 'row' : 'rows'} failed, and --max-failures is ${maxFailures}`;
  const hint = all
    ? 'the file, the columns or the flags may be at fault: mend them, and run it again'
    : `dead-letters.ndjson lists them; job resume --max-failures ${failed * 10} goes on`;
  throw failure(job.path, `${problem}; the first: row ${first?.row}: ${first?.error}`, {}, hint);
}
