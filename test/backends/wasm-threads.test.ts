/** Worker threads that fail: an error that says so, within the time a chunk may take, and a backend that goes on. */
import { Worker } from 'node:worker_threads';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Heap } from '../../src/backends/wasm/heap.ts';
import type { Machine } from '../../src/backends/wasm/machine.ts';
import type { WorkerData } from '../../src/backends/wasm/start-worker.ts';
import type { Call } from '../../src/backends/wasm/step.ts';
import { Threads } from '../../src/backends/wasm/threads.ts';
import { closed, control } from '../../src/backends/wasm/worker-source.ts';

const test = suite('wasm: threads');

const units = 8;
const call: Call = { fn: 'work', args: [], units, grain: 1 };

/** Takes the first chunk it sees, says so in the word after the control words' block, and then does what `fate` says. */
const doomed = (fate: string): string => `
  const { workerData: { memory, at, taken } } = require('node:worker_threads');
  const words = new Int32Array(memory.buffer, at, ${control.words});
  for (;;) {
    const ticket = Atomics.load(words, ${control.ticket});
    if ((ticket & ${closed}) === ${closed}) continue;
    if (Atomics.compareExchange(words, ${control.ticket}, ticket, ticket + 1) !== ticket) continue;
    Atomics.store(taken, 0, 1);
    ${fate}
  }`;

interface Scene {
  readonly threads: Threads;
  /** How often each unit was computed by this thread. */
  readonly counts: number[];
  readonly workers: Worker[];
  /** 1 when a worker has taken a chunk. */
  readonly taken: Int32Array;
}

/** Two threads: this one, whose kernel waits until the worker has taken a chunk, and a doomed worker. */
function scene(fate: string, work: (unit: number) => void = () => {}): Scene {
  const memory = new WebAssembly.Memory({ initial: 40, maximum: 40, shared: true });
  const taken = new Int32Array(new SharedArrayBuffer(4));
  const counts = new Array<number>(units).fill(0);
  const kernel = (from: number, to: number): number => {
    while (Atomics.load(taken, 0) === 0);
    for (let unit = from; unit < to; unit++) {
      counts[unit]!++;
      work(unit);
    }
    return -1;
  };
  const machine = {
    loaded: { memory, module: null, shared: true },
    heap: new Heap(memory),
    kernels: { work: kernel },
    extras: [],
  };
  const workers: Worker[] = [];
  const worker = ({ at }: WorkerData): Worker => {
    const started = new Worker(doomed(fate), { eval: true, workerData: { memory, at, taken } });
    started.unref();
    workers.push(started);
    return started;
  };
  return {
    threads: new Threads(machine as unknown as Machine, 2, { worker, patienceMs: 300 }),
    counts,
    workers,
    taken,
  };
}

test('a worker that dies with a chunk in hand is an error, not a hang; the next run starts another', async () => {
  const { threads, counts, workers, taken } = scene('process.exit(1);');
  assert.throws(() => threads.run([call]), /a worker thread does not answer \(chunksMissing 1, patience 0.3 s\)/);
  assert.is(counts.filter((n) => n === 0).length, 1);
  taken[0] = 0;
  await threads.ending;
  assert.throws(() => threads.run([call]), /does not answer/);
  await threads.ending;
  assert.is(workers.length, 2);
  threads.limit = 1;
  counts.fill(0);
  threads.run([call]);
  assert.equal(counts, new Array(units).fill(1));
});

/** Counts the chunk as done, and takes no other. */
const idle = `
    Atomics.add(words, ${control.done}, 1);
    for (;;) Atomics.wait(words, ${control.sleepers}, 0);`;

test('a worker whose kernel fails is an error that names the kernel', () => {
  const { threads } = scene(`Atomics.store(words, ${control.failed}, 1);${idle}`);
  assert.throws(() => threads.run([call]), /a worker thread failed \(kernel work\)/);
});

test('a kernel that fails on this thread is thrown when all chunks have come to an end', () => {
  const { threads, counts } = scene(idle, (unit) => {
    if (unit === 3) throw new RangeError(`unit ${unit}`);
  });
  assert.throws(() => threads.run([call]), /unit 3/);
  assert.is(counts.filter((n) => n === 1).length, units - 1);
});

test.run();
