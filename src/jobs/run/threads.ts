/** Threads that work on chunks, seen from outside. Invariant: a thread has one chunk at a time, so that nothing queues up in memory. */
import { existsSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { wasmBackend } from '../../backends/wasm/index.ts';
import { UsageError } from '../../cli/flags/flags.ts';
import { failure, PathgradError } from '../../tensor/errors.ts';
import { drawMark } from '../../tensor/write-beside.ts';
import { JobFolder } from '../folder/job-folder.ts';
import type { ChunkRecord } from '../folder/manifest.ts';

export type Answer =
  | { readonly kind: 'ready' }
  | { readonly kind: 'done'; readonly record: ChunkRecord }
  | { readonly kind: 'failed'; readonly message: string; readonly subject: string | null; readonly usage: boolean };

/** Where the thread's code lies: beside this file in the sources, an entry of its own in the built package. */
function entry(): URL {
  const here = import.meta.url;
  const names = here.endsWith('.ts') ? ['./thread.ts'] : ['./thread.mjs', './job-thread.js', '../job-thread.js'];
  const found = names.map((name) => new URL(name, here)).find((url) => existsSync(url));
  if (!found)
    throw failure(
      'pathgrad/jobs',
      'the file of its threads is missing',
      { beside: here },
      'a bundle cannot hold it: leave pathgrad external',
    );
  return found;
}

/** Sources in TypeScript (a test file that runs alone) need tsx, which a thread of Node 20 does not inherit. */
const throughTsx = (url: URL): string =>
  `import('tsx/esm/${'api'}').then(({ register }) => { register(); return import(${JSON.stringify(url.href)}); })`;

function start(folder: string, mark: string): Worker {
  const url = entry();
  // What Node was started with may be a program (`-e`), which is none of the thread's. Rows die young: a small nursery keeps memory down, and takes no time.
  const wide = wasmBackend.simd() === 'wide';
  const options = {
    workerData: { folder, mark, wide },
    execArgv: [],
    resourceLimits: { maxYoungGenerationSizeMb: 16 },
  };
  return url.href.endsWith('.ts') ? new Worker(throughTsx(url), { ...options, eval: true }) : new Worker(url, options);
}

export class ChunkThread {
  readonly #worker: Worker;
  readonly #folder: string;
  readonly #mark = drawMark();
  #waiting: { readonly resolve: (answer: Answer) => void; readonly reject: (error: Error) => void } | null = null;
  #early: Answer | null = null;
  #dead: Error | null = null;

  constructor(folder: string) {
    this.#folder = folder;
    this.#worker = start(folder, this.#mark);
    this.#worker.on('message', (answer: Answer) => {
      if (this.#waiting) this.#waiting.resolve(answer);
      else this.#early = answer;
      this.#waiting = null;
    });
    this.#worker.on('error', (error) => this.#die(error));
    this.#worker.on('exit', (code) => {
      this.#die(
        failure(
          'job',
          'a worker thread ended',
          { code },
          'fewer --workers need less memory; pathgrad job resume goes on',
        ),
      );
    });
  }

  #die(error: unknown): void {
    const code = (error as NodeJS.ErrnoException).code;
    const dead =
      code === 'ERR_WORKER_OUT_OF_MEMORY'
        ? failure(
            'job',
            'a worker thread ran out of memory',
            {},
            'fewer --workers, or a smaller --chunk in another folder',
          )
        : error instanceof Error
          ? error
          : new Error(String(error));
    this.#dead ??= dead;
    this.#waiting?.reject(this.#dead);
    this.#waiting = null;
  }

  #answer(): Promise<Answer> {
    if (this.#early) {
      const answer = this.#early;
      this.#early = null;
      return Promise.resolve(answer);
    }
    if (this.#dead) return Promise.reject(this.#dead);
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
  }

  /** Whether it has ended, asked or not. */
  get dead(): boolean {
    return this.#dead !== null;
  }

  /** Waits until model and input are open. @throws what kept the thread from opening them */
  async ready(): Promise<void> {
    checked(await this.#answer());
  }

  /** Explains a chunk and commits it. @throws what the chunk could not be explained for */
  async run(chunk: number): Promise<ChunkRecord> {
    this.#worker.postMessage(chunk);
    const answer = checked(await this.#answer());
    if (answer.kind !== 'done') throw failure('job', 'a worker thread answered out of turn', { answer: answer.kind });
    return answer.record;
  }

  /** Ends the thread at once, in the middle of writing a file too: what it had not committed was never there. */
  async end(): Promise<void> {
    this.#dead ??= failure('job', 'its threads were ended');
    await this.#worker.terminate();
    try {
      JobFolder.open(this.#folder).tidy({ mark: this.#mark });
    } catch {
      // The folder is gone, and with it what the thread left.
    }
  }
}

function checked(answer: Answer): Answer {
  if (answer.kind !== 'failed') return answer;
  const { message, subject, usage } = answer;
  if (subject === null) throw new Error(message);
  throw usage ? new UsageError(message, subject) : new PathgradError(message, subject);
}
