/**
 * Worker threads over the shared memory. One call of a plan is open at a time, or some that may run at the same time; it is cut into chunks, and every thread,
 * this one included, takes the next chunk until none is left. This thread never waits for a worker that has not taken
 * anything, so that starting workers costs no time, and results do not depend on who computes what.
 *
 * The ticket word holds the call's number and the next chunk, and is only changed by compare-and-exchange while a call is
 * open: whoever raises it owns that chunk, and the call cannot end before the chunk is counted as done. Between calls the
 * ticket is closed, so that the other words can be rewritten.
 */
import { failure } from '../../../tensor/errors.ts';
import { nodeModule } from '../../../tensor/platform.ts';
import { type Machine, scratchBytes } from '../machine.ts';
import type { Call, Trace } from '../step.ts';
import { type Stoppable, startWorker } from './start-worker.ts';
import { callDoubles, closed, control, recordDoubles, thrownText } from './worker-source.ts';

/** Chunks per thread and call: more even out threads that are held up, fewer repeat less work per chunk. */
const chunksPerThread = 8;
const mostThreads = 64;
/** Looks at the count of finished chunks before sleeping. */
const spins = 20_000;
/** A chunk that takes longer than this means a worker is gone. */
const patienceMs = 10_000;

/** Up to twice as many as wanted, each as small as is worth it: two to a chunk here and one there would leave threads without work at the end. */
function chunksOf({ units, grain }: Call, threads: number): number {
  const [wanted, possible] = [threads * chunksPerThread, Math.floor(units / grain)];
  return possible < 2 * wanted ? Math.min(possible, closed - 1) : wanted;
}

/** A call that is open, and its chunks. */
interface Shared {
  readonly call: Call;
  readonly chunks: number;
}

/** Threads that this machine runs at once. */
export function availableThreads(): number {
  const count = nodeModule('node:os')?.availableParallelism() ?? globalThis.navigator?.hardwareConcurrency ?? 1;
  return Math.min(Math.max(1, count), mostThreads);
}

/** Whether this thread may sleep: browsers forbid it on a page's main thread, and allow it in workers. */
function canSleep(words: Int32Array): boolean {
  try {
    Atomics.wait(words, control.done, Atomics.load(words, control.done) ^ 1, 0); // it holds another value: no wait
    return true;
  } catch {
    return false;
  }
}

/** Workers that fail before they started, in a row and per thread, after which no more are started. */
const mostFailures = 3;
/** How long a worker of a browser, which does not say when it has ended, is given to end. */
const endingMs = 100;

/** A memory with its kernels, and the threads that work on it. */
export interface Running {
  readonly machine: Machine;
  readonly threads: Threads;
}

export class Threads {
  readonly #machine: Machine;
  readonly #words: Int32Array;
  readonly #record: Float64Array;
  readonly #numbers: ReadonlyMap<string, number>;
  readonly #startWorker: typeof startWorker;
  readonly #patienceMs: number;
  /** By number; a worker that ended leaves its place to another. */
  readonly #workers: (Stoppable | null)[] = [];
  /** The scratch block of each. */
  readonly #scratch: number[] = [];
  #failures = 0;
  /** Settles when workers that were given up have ended; until then they may write where they were at work. */
  #ending: Promise<void> | null = null;
  #limit: number;
  #number = 0;
  /** Told of every call. */
  trace: Trace | null = null;

  /**
   * @param limit threads to use at most, this one included
   * @param start how a worker is started, and how long it may take for a chunk
   */
  constructor(machine: Machine, limit: number, start = { worker: startWorker, patienceMs }) {
    this.#machine = machine;
    this.#startWorker = start.worker;
    this.#patienceMs = start.patienceMs;
    this.#limit = machine.loaded.shared ? limit : 1;
    const at = machine.heap.allocate(control.words * 4 + recordDoubles * 8);
    const { buffer } = machine.loaded.memory;
    this.#words = new Int32Array(buffer, at, control.words);
    this.#record = new Float64Array(buffer, at + control.words * 4, recordDoubles);
    this.#numbers = new Map(Object.keys(machine.kernels).map((name, i) => [name, i]));
    this.#words.fill(0);
    this.#words[control.ticket] = closed;
    this.#words[control.allowed] = this.#limit - 1;
  }

  /** Threads that may be used, this one included. */
  get limit(): number {
    return this.#limit;
  }

  set limit(count: number) {
    if (!(Number.isInteger(count) && count >= 1 && count <= mostThreads)) {
      throw failure('wasm', `threads must be an integer from 1 to ${mostThreads}`, { got: count });
    }
    // A memory that is not shared moves when it grows, and the words are no longer there; nobody else reads them then.
    if (!this.#machine.loaded.shared) return;
    this.#limit = count;
    Atomics.store(this.#words, control.allowed, this.#limit - 1);
  }

  /** Workers that have started and can take chunks. */
  get running(): number {
    if (!this.#machine.loaded.shared) return 0;
    const started = this.#words.subarray(control.started, control.started + this.#limit - 1);
    return started.reduce((count, flag) => count + flag, 0);
  }

  /** Null, or what to wait for before the next run: workers that were given up and have not ended yet. */
  get ending(): Promise<void> | null {
    return this.#ending;
  }

  /** Makes all calls of a list, in order. */
  run(calls: readonly Call[]): void {
    if (this.#ending) {
      const hint = 'await plan.run(inputs), which waits for them, or try again later';
      throw failure('wasm', 'worker threads that did not answer have not ended yet', {}, hint);
    }
    const { kernels } = this.#machine;
    const { trace } = this;
    let next = 0;
    for (let at = 0; at < calls.length; at = next) {
      next = at + 1;
      const call = calls[at]!;
      const started = trace ? performance.now() : 0;
      let chunks = chunksOf(call, this.#limit);
      let more: Shared[] | null = null;
      if (this.#limit > 1 && calls[next]?.beside) [next, chunks, more] = this.#together(calls, at);
      if (this.#limit > 1 && chunks > 1 && !call.fault) this.#share(more ?? [{ call, chunks }], chunks);
      else {
        const result = (call.own?.kernels ?? kernels)[call.fn]!(0, call.units, ...call.args);
        if (call.fault && result !== undefined && result >= 0) throw call.fault(result);
      }
      if (trace) this.#tell(trace, calls.slice(at, next), performance.now() - started);
    }
  }

  /** The calls from `at` on that run at the same time, as many as there is room for: what comes next, and chunks. */
  #together(calls: readonly Call[], at: number): [next: number, chunks: number, shared: Shared[]] {
    const shared: Shared[] = [];
    let [next, all, room] = [at, 0, recordDoubles];
    for (; next === at || calls[next]?.beside; next++) {
      const call = calls[next]!;
      const chunks = Math.max(1, chunksOf(call, this.#limit));
      room -= callDoubles + call.args.length;
      if (next > at && (room < 0 || all + chunks >= closed)) break;
      shared.push({ call, chunks });
      all += chunks;
    }
    return [next, all, shared];
  }

  /** Calls that ran at the same time took as long as their units say. */
  #tell(trace: Trace, calls: readonly Call[], ms: number): void {
    const all = calls.reduce((sum, { units }) => sum + units, 0);
    for (const call of calls) trace(call, (ms * call.units) / all);
  }

  #share(shared: readonly Shared[], chunks: number): void {
    for (let number = 0; number < this.#limit - 1; number++) if (!this.#workers[number]) this.#start(number);
    const words = this.#words;
    let at = 0;
    for (const { call, chunks: count } of shared) {
      const { fn, own, units, args } = call;
      const kernel = (own?.numbers ?? this.#numbers).get(fn)!;
      this.#record.set([kernel, units, count, own?.at ?? 0, own?.bytes ?? 0, args.length, ...args], at);
      at += callDoubles + args.length;
    }
    Atomics.store(words, control.chunks, chunks);
    Atomics.store(words, control.pages, this.#machine.loaded.memory.buffer.byteLength / 65536);
    Atomics.store(words, control.done, 0);
    this.#number = (this.#number + 1) & 0x1fffff;
    Atomics.store(words, control.ticket, this.#number << 10);
    if (Atomics.load(words, control.sleepers) > 0) Atomics.notify(words, control.ticket);
    const fault = this.#takeChunks(shared, chunks);
    this.#awaitDone(chunks);
    Atomics.store(words, control.ticket, (this.#number << 10) | closed);
    // Taken back whoever failed, or the next call would be blamed.
    const failed = Atomics.exchange(words, control.failed, 0) !== 0;
    if (fault !== undefined) throw fault;
    if (failed) {
      const kernel = shared.map(({ call }) => call.fn).join();
      throw failure('wasm', 'a worker thread failed', { kernel, thrown: thrownText(words) });
    }
  }

  /** What a kernel threw; its chunk counts as done, since the call must not end while others work on it. */
  #takeChunks(shared: readonly Shared[], chunks: number): unknown {
    const words = this.#words;
    let fault: unknown;
    for (;;) {
      const ticket = Atomics.load(words, control.ticket);
      const chunk = ticket & closed;
      if (chunk >= chunks) return fault;
      if (Atomics.compareExchange(words, control.ticket, ticket, ticket + 1) !== ticket) continue;
      try {
        this.#compute(shared, chunk);
      } catch (error) {
        fault ??= error;
      }
      Atomics.add(words, control.done, 1);
    }
  }

  #compute(shared: readonly Shared[], chunk: number): void {
    let [i, own] = [0, chunk];
    while (own >= shared[i]!.chunks) own -= shared[i++]!.chunks;
    const { call, chunks } = shared[i]!;
    const kernel = (call.own?.kernels ?? this.#machine.kernels)[call.fn]!;
    kernel(Math.ceil((own * call.units) / chunks), Math.ceil(((own + 1) * call.units) / chunks), ...call.args);
  }

  #awaitDone(chunks: number): void {
    const words = this.#words;
    for (let i = 0; i < spins; i++) if (Atomics.load(words, control.done) === chunks) return;
    const sleeps = canSleep(words);
    let [seen, since] = [-1, performance.now()];
    for (;;) {
      const done = Atomics.load(words, control.done);
      if (done === chunks) return;
      if (done !== seen) [seen, since] = [done, performance.now()];
      if (performance.now() - since > this.#patienceMs) this.#giveUp(chunks - done);
      if (sleeps) Atomics.wait(words, control.done, done, 100);
    }
  }

  /**
   * A chunk was taken and never finished. All workers are ended, since a slow one may still write into memory: until they have ended
   * nothing is freed and nothing runs. Then the next run starts new ones.
   */
  #giveUp(missing: number): never {
    const words = this.#words;
    const { heap } = this.#machine;
    const ends = this.#workers.splice(0).map((worker) => worker?.terminate());
    Atomics.store(words, control.ticket, (this.#number << 10) | closed);
    heap.keepFreed = true;
    const ended = Promise.allSettled(
      ends.map((end) => (end instanceof Promise ? end : new Promise((then) => setTimeout(then, endingMs)))),
    );
    this.#ending = ended.then(() => {
      words.fill(0, control.started, control.started + mostThreads);
      for (const word of [control.sleepers, control.failed]) Atomics.store(words, word, 0);
      heap.keepFreed = false;
      this.#ending = null;
    });
    throw failure(
      'wasm',
      'a worker thread does not answer',
      { chunksMissing: missing, patience: `${this.#patienceMs / 1000} s` },
      'it was ended from outside or ran out of memory; the next run starts new threads',
    );
  }

  #start(number: number): void {
    if (this.#failures >= mostFailures * this.#limit) return;
    const scratch = (this.#scratch[number] ??= this.#machine.heap.allocate(scratchBytes));
    const { module, memory } = this.#machine.loaded;
    const extras = this.#machine.extras.map((extra) => [extra.at, extra.module] as const);
    const data = { module, memory, extras, scratch, at: this.#words.byteOffset, number };
    const ended = (failed: boolean): void => {
      // One that was given up, or whose place is taken, is no longer of concern; an error comes before an exit.
      if (!worker || this.#workers[number] !== worker) return;
      this.#workers[number] = null;
      const started = Atomics.exchange(this.#words, control.started + number, 0) === 1;
      if (started) this.#failures = 0;
      else if (failed) this.#failures++;
    };
    const worker = this.#startWorker(data, ended);
    if (worker) this.#workers[number] = worker;
    else this.limit = number + 1;
  }
}
