/**
 * `pathgrad/jobs`: explaining the rows of a file, however many, in a job that resumes: on the cores of this machine, or over a queue on Redis. Of Node
 * alone; the command line `pathgrad job` is this.
 */
import { resolve } from 'node:path';
import { type Arguments, parseFlags } from '../cli/flags/flags.ts';
import { jobGroups } from '../cli/job/flags.ts';
import { checkOptions } from '../tensor/options.ts';
import { JobFolder } from './folder/job-folder.ts';
import { lockHolder } from './folder/lock.ts';
import type { JobCounts, JobManifest } from './folder/manifest.ts';
import type { OutputFormat } from './output/encode.ts';
import { type Begun, beginJob, continueJob } from './run/begin.ts';
import { runLocal } from './run/local.ts';
import type { JobProgress } from './run/pace.ts';

export type { ChunkRecord, JobCounts, JobManifest } from './folder/manifest.ts';
export type { OutputFormat } from './output/encode.ts';
export type { JobProgress } from './run/pace.ts';

/** How a job runs: nothing of it changes what comes out. */
export interface JobRunOptions {
  /** Threads on this machine; as many as cores and memory allow if left out. */
  readonly workers?: number;
  /** Failed rows at which the job ends; 1000 if left out. */
  readonly maxFailures?: number;
  /** `redis://HOST:PORT`: chunks go to workers of this queue. Needs the packages bullmq and ioredis. */
  readonly queue?: string;
  /** Ends the job; finished chunks are kept. */
  readonly signal?: AbortSignal;
  /** After each chunk: rows done, rows per second, seconds left. */
  readonly onProgress?: (progress: JobProgress) => void;
}

/** What a job is. */
export interface JobOptions extends JobRunOptions {
  /** The model, of any format: a path, `https://…` or `s3://BUCKET/KEY`. */
  readonly model: string;
  /** `.ndjson`, `.csv`, `.tsv`, `.parquet`, `.npy`, `.txt`, or a folder of pictures; a path, `https://…` or `s3://BUCKET/KEY`, or `-`. */
  readonly input: string;
  /** The folder for parts and manifest; that of the same job is gone on with. */
  readonly output: string;
  /** Of the parts; 'ndjson' if left out. Parquet needs the package hyparquet-writer. */
  readonly format?: OutputFormat;
  /** Rows of a chunk; 1000 if left out. */
  readonly chunk?: number;
  /** Flags of `pathgrad job run` by their names: `{ explainer: 'saliency', columns: 'text', full: true }`. */
  readonly settings?: Readonly<Record<string, string | number | boolean | readonly string[]>>;
}

/** What `jobStatus` gives. */
export interface JobStatus {
  readonly manifest: JobManifest;
  readonly done: JobCounts;
  readonly finished: boolean;
  /** Who works on it, as `process 12 on host`; null where nobody does, or workers of a queue alone. */
  readonly running: string | null;
}

const MAX_FAILURES = 1000;
const runNames = { workers: 1, maxFailures: 1, queue: 1, signal: 1, onProgress: 1 } as const;

function argumentsOf({ format, chunk, settings = {} }: JobOptions): Arguments {
  const given: NonNullable<JobOptions['settings']> = {
    ...settings,
    ...(format !== undefined && { format }),
    ...(chunk !== undefined && { chunk }),
  };
  const argv = Object.entries(given).flatMap(([flag, value]) => {
    if (value === false) return [];
    const values = Array.isArray(value) ? (value as readonly string[]) : [value];
    return value === true ? [`--${flag}`] : values.map((one) => `--${flag}=${one}`);
  });
  return parseFlags(argv, jobGroups, 'job run');
}

async function finish({ job, unlock }: Begun, options: JobRunOptions): Promise<JobCounts> {
  const { workers = null, maxFailures = MAX_FAILURES, queue, signal = null, onProgress = null } = options;
  try {
    if (queue === undefined) return await runLocal(job, { workers, maxFailures, signal, onProgress });
    const { runQueued } = await import('./queue/runner.ts');
    return await runQueued(job, { url: queue, maxFailures, signal, onProgress });
  } finally {
    unlock();
  }
}

/**
 * Explains the rows of a file and writes parts, one per chunk, with a manifest. Killed at any moment, `resumeJob` goes on, and the same bytes come out.
 * @throws PathgradError for another job in the folder (it says what changed), a folder that another run works on, flags that do not go with the
 *   model, more failed rows than may; the signal's reason
 */
export async function runJob(options: JobOptions): Promise<JobCounts> {
  checkOptions<JobOptions>('runJob', options, {
    model: 1,
    input: 1,
    output: 1,
    format: 1,
    chunk: 1,
    settings: 1,
    ...runNames,
  });
  return finish(await beginJob(argumentsOf(options), options), options);
}

/** Goes on with the job of a folder. @throws PathgradError as `runJob` does, and where input, model or files of its settings have changed */
export async function resumeJob(folder: string, options: JobRunOptions = {}): Promise<JobCounts> {
  checkOptions<JobRunOptions>('resumeJob', options, runNames);
  return finish(await continueJob(folder, options.signal), options);
}

/** How far the job of a folder is. @throws PathgradError where the folder holds none */
export function jobStatus(folder: string): JobStatus {
  const job = JobFolder.open(resolve(folder));
  const { counts } = job.survey(false);
  return {
    manifest: job.manifest,
    done: counts,
    finished: counts.chunks === job.chunks,
    running: lockHolder(job.path),
  };
}

/** A page about all rows of a job: what moved each target. @throws PathgradError where the folder holds no job */
export async function reportOfJob(folder: string): Promise<string> {
  const job = JobFolder.open(resolve(folder));
  return (await import('./report.ts')).jobReport(job, job.survey(false).counts);
}

/** What `workOnQueue` takes. */
export interface QueueWorkerOptions {
  /** `redis://HOST:PORT`, `redis://:PASSWORD@HOST:PORT`, or `rediss://` for TLS. */
  readonly queue: string;
  /** Chunks at a time, each in a thread; as many as cores if left out. */
  readonly workers?: number;
  /** Seconds after which a worker that is silent loses its chunks to another; 30 if left out. */
  readonly lockSeconds?: number;
  /** Ends the worker when its chunks are committed. */
  readonly signal?: AbortSignal;
  /** Is told what happens, a line at a time. */
  readonly onMessage?: (line: string) => void;
}

/**
 * Takes chunks of any job from a queue, until the signal ends it. The folders of jobs, with their models and inputs, are under the same paths here as
 * where the jobs were begun.
 * @throws PathgradError for a job of another version, and where Redis is gone for ten minutes
 */
export async function workOnQueue(options: QueueWorkerOptions): Promise<void> {
  checkOptions<QueueWorkerOptions>('workOnQueue', options, {
    queue: 1,
    workers: 1,
    lockSeconds: 1,
    signal: 1,
    onMessage: 1,
  });
  const {
    queue,
    workers = null,
    lockSeconds = 30,
    signal = new AbortController().signal,
    onMessage = () => {},
  } = options;
  const { runWorker } = await import('./queue/worker.ts');
  return runWorker({ url: queue, workers, signal, say: onMessage, lockMs: 1000 * lockSeconds });
}
