/**
 * A worker of a queue: takes chunks of any job and commits them. Invariant: this thread only talks to Redis, so that the heartbeat never waits for a
 * computation; chunks are computed in threads of their own. A chunk that someone has committed already is passed over.
 */
import { availableParallelism } from 'node:os';
import { UsageError } from '../../cli/flags/flags.ts';
import { failure, PathgradError } from '../../tensor/errors.ts';
import { JobFolder } from '../folder/job-folder.ts';
import { ChunkThread } from '../run/threads.ts';
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

export interface WorkerSettings {
  readonly url: string;
  /** Chunks at a time, each in a thread; null: as many as cores. */
  readonly workers: number | null;
  /** Ends the worker when its chunks are committed. */
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
  /** Milliseconds after which a worker that is silent has lost its chunks; 30,000 if left out. */
  readonly lockMs?: number;
  /** Seconds without Redis after which the worker ends; 10 minutes if left out. */
  readonly patience?: number;
  /** Milliseconds that chunks in work may take to be finished when the worker ends; 60,000 if left out. */
  readonly finishMs?: number;
}

/** How often a chunk may lose its worker. */
const STALLED = 10;

/** Works until the signal says otherwise. @throws PathgradError for a job of another version, and where Redis is gone for good */
export async function runWorker({
  url,
  workers,
  signal,
  say,
  lockMs = 30_000,
  patience = 600,
  finishMs = 60_000,
}: WorkerSettings): Promise<void> {
  const place = redisPlace(url);
  const { Worker, UnrecoverableError } = await loadBullMq();
  const threads = new ThreadPool();
  let stop: (error: Error | null) => void = () => {};
  const stopped = new Promise<Error | null>((resolve) => {
    stop = resolve;
  });
  let [ending, over] = [false, false];
  const worker = new Worker<QueuedChunk>(
    QUEUE,
    async ({ data: { folder, job: id, chunk } }) => {
      const job = JobFolder.open(folder);
      if (job.id !== id) return 'another job lies there now';
      try {
        job.checkVersion();
      } catch (error) {
        // Another worker, of that version, has to do it.
        stop(error as Error);
        throw error;
      }
      if (job.record(chunk, true)) return 'committed already';
      try {
        const { explained } = await threads.run(job, chunk);
        return explained;
      } catch (error) {
        say(`chunk ${chunk} of ${folder}: ${(error as Error).message}`);
        if (error instanceof UsageError) throw new UnrecoverableError(error.message);
        throw error;
      }
    },
    {
      connection: connectionOf(place, () => over),
      concurrency: workers ?? availableParallelism(),
      lockDuration: lockMs,
      stalledInterval: lockMs,
      maxStalledCount: STALLED,
      autorun: false,
    },
  );
  let silent: NodeJS.Timeout | null = null;
  let lost: Error | null = null;
  worker.on('error', (error) => {
    lost = error;
    if (
      !/ECONN|ENOTFOUND|ETIMEDOUT|EPIPE|closed|Socket/i.test(
        `${(error as NodeJS.ErrnoException).code} ${error.message}`,
      )
    ) {
      say(error.message);
      return;
    }
    // Nobody waits for it any more; a timer would keep the process.
    if (ending) return;
    if (silent === null) say(`${shownPlace(place)} is gone: waiting for it`);
    silent ??= setTimeout(() => {
      stop(
        failure('--queue', `${shownPlace(place)} is gone`, { seconds: patience }, 'start Redis, then the worker again'),
      );
    }, 1000 * patience);
  });
  const back = (): void => {
    if (silent !== null) {
      clearTimeout(silent);
      say(`${shownPlace(place)} is back`);
    }
    silent = null;
  };
  worker.on('active', back);
  worker.on('drained', back);
  worker.on('ready', back);
  const abort = (): void => stop(null);
  signal.addEventListener('abort', abort);
  try {
    await withinSeconds(15, place, worker.waitUntilReady(), 'start Redis, or mend the address', () => lost);
    say(`worker of ${shownPlace(place)}, ${workers ?? availableParallelism()} chunks at a time`);
    worker.run().catch((error: Error) => stop(error));
    if (signal.aborted) stop(null);
    const error = await stopped;
    if (error) throw error instanceof PathgradError ? error : failure('--queue', error.message);
  } finally {
    ending = true;
    signal.removeEventListener('abort', abort);
    if (silent !== null) clearTimeout(silent);
    // Chunks in work are finished, unless Redis is gone.
    const closing = worker.close(silent !== null);
    await atMost(finishMs, closing);
    await threads.end();
    // Where Redis went meanwhile, BullMQ waits for it, and its timers keep the process, until the connection is given up.
    over = true;
    await atMost(5000, closing);
    await atMost(1000, worker.disconnect());
  }
}

/** Threads by the job that they have opened; those of another job make room. Invariant: each is idle or busy from its first moment, and none outlives `end`. */
export class ThreadPool {
  #idle: { readonly id: string; readonly thread: ChunkThread }[] = [];
  readonly #busy = new Set<ChunkThread>();
  readonly #start: (folder: string) => ChunkThread;
  #ended = false;

  constructor(start = (folder: string): ChunkThread => new ChunkThread(folder)) {
    this.#start = start;
  }

  /** @param job as it is in its folder now: threads that opened another one there are not asked */
  async run({ path, id }: JobFolder, chunk: number) {
    const thread = await this.#take(path, id);
    try {
      const record = await thread.run(chunk);
      this.#idle.push({ id, thread });
      return record;
    } catch (error) {
      // It may be dead, or out of memory: the next chunk gets a new one.
      await thread.end();
      throw error;
    } finally {
      this.#busy.delete(thread);
    }
  }

  async #take(folder: string, id: string): Promise<ChunkThread> {
    // A thread may end while nobody asks it: memory, a fault in a package.
    const dead = this.#idle.filter(({ thread }) => thread.dead);
    this.#idle = this.#idle.filter(({ thread }) => !thread.dead);
    await Promise.all(dead.map(({ thread }) => thread.end()));
    const at = this.#idle.findIndex((one) => one.id === id);
    if (at >= 0) {
      const { thread } = this.#idle.splice(at, 1)[0]!;
      this.#busy.add(thread);
      return thread;
    }
    await this.#idle.pop()?.thread.end();
    // Redis may have gone for good while the chunk was on its way.
    if (this.#ended) throw failure('job', 'its threads were ended');
    const thread = this.#start(folder);
    this.#busy.add(thread);
    try {
      await thread.ready();
      return thread;
    } catch (error) {
      await thread.end();
      this.#busy.delete(thread);
      throw error;
    }
  }

  async end(): Promise<void> {
    this.#ended = true;
    await Promise.all([...this.#idle.map(({ thread }) => thread), ...this.#busy].map((thread) => thread.end()));
    this.#idle = [];
  }
}
