/** Worker threads that fail: an error that says so, within the time a chunk may take, and a backend that goes on. */
import { execFileSync } from 'node:child_process';
import { Worker } from 'node:worker_threads';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Heap } from '../../src/backends/wasm/heap.ts';
import type { Machine } from '../../src/backends/wasm/machine.ts';
import type { Call } from '../../src/backends/wasm/step.ts';
import type { WorkerData } from '../../src/backends/wasm/threads/start-worker.ts';
import { Threads } from '../../src/backends/wasm/threads/threads.ts';
import { closed, control, workerBody } from '../../src/backends/wasm/threads/worker-source.ts';

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

test('a kernel that fails on this thread is thrown when all chunks have come to an end', () => {
  const { threads, counts } = scene(idle, (unit) => {
    if (unit === 3) throw new RangeError(`unit ${unit}`);
  });
  assert.throws(() => threads.run([call]), /unit 3/);
  assert.is(counts.filter((n) => n === 1).length, units - 1);
});

/** A module whose one function, `work` of two int32, has the body `code`. */
// biome-ignore format: sections of the binary format, one a line
const moduleOf = (...code: number[]): Uint8Array => Uint8Array.of(
  0, 0x61, 0x73, 0x6d, 1, 0, 0, 0,
  1, 6, 1, 0x60, 2, 0x7f, 0x7f, 0,
  3, 2, 1, 0,
  7, 8, 1, 4, ...[...'work'].map((c) => c.charCodeAt(0)), 0, 0,
  10, code.length + 4, 1, code.length + 2, 0, ...code, 11,
);
const nop = moduleOf(1);
const unreachable = moduleOf(0);

/**
 * Two threads: this one, which computes nothing before the other has, and a worker as it is started in truth, but to which `memory` looks as `look` makes it. Its kernels are those of `bytes`,
 * which it finds behind what the memory was when it started.
 */
function late(bytes: Uint8Array, look = ''): { threads: Threads; call: Call } {
  const memory = new WebAssembly.Memory({ initial: 40, maximum: 60, shared: true });
  let words: Int32Array | undefined;
  const work = (): undefined => {
    for (const since = performance.now(); performance.now() - since < 10_000; ) {
      if (Atomics.load(words!, control.done) > 0 || Atomics.load(words!, control.failed) === 1) return;
    }
  };
  const machine = {
    loaded: { memory, module: new WebAssembly.Module(nop as BufferSource), shared: true },
    heap: new Heap(memory),
    kernels: { work },
    extras: [],
  };
  const worker = (data: WorkerData): Worker => {
    words = new Int32Array(memory.buffer, data.at, control.words);
    const code = `const { workerData } = require('node:worker_threads');
      const { memory } = workerData;
      ${look}
      ${workerBody}
      serve(workerData);`;
    const started = new Worker(code, { eval: true, workerData: data });
    started.unref();
    while (Atomics.load(words, control.started) === 0);
    memory.grow(20);
    new Uint8Array(memory.buffer, place, bytes.length).set(bytes);
    return started;
  };
  const place = 50 * 65536;
  const own = { kernels: { work }, numbers: new Map([['work', 0]]), at: place, bytes: bytes.length };
  return {
    threads: new Threads(machine as unknown as Machine, 2, { worker, patienceMs: 10_000 }),
    call: { ...call, own: own as unknown as NonNullable<Call['own']> },
  };
}

test('a worker whose kernel fails is an error that names the kernel and what was thrown', () => {
  const { threads, call } = late(unreachable);
  assert.throws(() => threads.run([call]), /a worker thread failed \(kernel work, thrown RuntimeError: unreachable\)/);
});

test('a worker that sees an old size of the memory asks again before it reads what lies behind', () => {
  const old = `
    const first = memory.buffer;
    let asked = false;
    const now = Object.getOwnPropertyDescriptor(WebAssembly.Memory.prototype, 'buffer').get;
    Object.defineProperty(memory, 'buffer', { get: () => (asked ? now.call(memory) : first) });
    memory.grow = () => { asked = true; };`;
  const { threads, call } = late(nop, old);
  threads.run([call]);
});

test('worker threads do not load what the process was told to import', () => {
  const loaded =
    "import { isMainThread } from 'node:worker_threads'; if (!isMainThread) console.log('loaded by a worker');";
  const script = `
    import { startWorker } from './src/backends/wasm/threads/start-worker.ts';
    import { control } from './src/backends/wasm/threads/worker-source.ts';
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
    const module = new WebAssembly.Module(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
    const worker = startWorker({ module, memory, extras: [], scratch: 0, at: 0, number: 0 }, () => {});
    const words = new Int32Array(memory.buffer);
    words[control.ticket] = ${closed};
    const wait = () => (words[control.started] === 1 ? worker.terminate() : setTimeout(wait, 5));
    wait();`;
  const flags = ['--import', 'tsx', '--import', `data:text/javascript,${encodeURIComponent(loaded)}`];
  const out = execFileSync(process.execPath, [...flags, '--input-type=module', '--eval', script], {
    encoding: 'utf8',
    timeout: 30_000,
  });
  assert.is(out, '');
});

test.run();
