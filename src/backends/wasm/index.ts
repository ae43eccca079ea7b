/**
 * The wasm backend: float32 on WebAssembly SIMD, the default wherever the engine has it. All plans share one memory;
 * the same plan on the same inputs gives the same bits.
 */
import type { Program } from '../../graph/program.ts';
import type { Backend, Executable } from '../backend.ts';
import { fuses } from './bind/binders.ts';
import { links } from './bind/chain.ts';
import { bindProgram } from './executable.ts';
import { Machine } from './machine.ts';
import type { Simd } from './module/module.ts';
import type { Trace } from './step.ts';
import { availableThreads, type Running, Threads } from './threads/threads.ts';

export { hasSimd } from './module/module.ts';

/** What runs plans, and behind it what ran those from before `useWideVectors`, which stay there. */
const running: Running[] = [];

function begin(): Running {
  const machine = new Machine();
  return { machine, threads: new Threads(machine, availableThreads()) };
}

function start(): readonly [Running, ...Running[]] {
  running[0] ??= begin();
  return running as [Running];
}

/** The WebAssembly backend, with what can be asked of it: its threads and its SIMD. */
export interface WasmBackend extends Backend {
  /** Bytes of the linear memory that are in use: constants, arenas and tables of live plans. */
  memoryInUse(): number;
  /** Which build of the kernels runs here. */
  simd(): Simd;
  /** Threads that runs may use, the calling one included: as many as the machine has cores, 1 without shared memory. */
  threads(): number;
  /** Uses at most this many threads from the next run on. Results are the same bits for any number. */
  setThreads(count: number): void;
  /** From now on `listener` is told of every kernel call of every plan; null: no longer. For profiles. */
  trace(listener: Trace | null): void;
  /**
   * Plans made from now on run on kernels whose innermost loops take 256 bits at once, with the same bits in their results: dense products
   * take a little more than half the time. WebAssembly has vectors of 128 bits; V8 pairs them where processors have AVX2, which it does not do by itself yet. In Node this
   * turns it on, for all WebAssembly that the process compiles from then on (a flag of V8's, `--experimental-wasm-revectorize`, in newer ones `--wasm-revectorize`).
   * Call it first: plans that were made before stay as they are, in a memory of their own that is kept beside the new one, and so do trainers; models and
   * explainers make new plans for new shapes only. Threads and profiles that were set hold for both. A second call changes nothing.
   * @param paired that the engine pairs already, which a page cannot find out: a Chromium that was started with `--js-flags=` and this flag, a Deno
   *   with `--v8-flags=`
   * @throws PathgradError that says what is missing, on engines and processors that cannot: kernels for pairs are slower there
   */
  useWideVectors(options?: { readonly paired?: boolean }): Promise<void>;
}

/** Throws an error that says what is missing where the engine has no WebAssembly SIMD. */
export const wasmBackend: WasmBackend = {
  name: 'wasm',
  fuses,
  links,
  joins: () => true,
  folds: true,
  cells: true,
  prepare(program: Program): Executable {
    const all = start();
    // Where its cells lie already.
    const at = all.find(({ machine }) => program.cells?.some((cell) => cell && machine.holds(cell))) ?? all[0];
    return bindProgram(at.machine, program, at.threads);
  },
  memoryInUse: () => start().reduce((sum, { machine }) => sum + machine.heap.used, 0),
  simd: () => start()[0].machine.loaded.simd,
  threads: () => start()[0].threads.limit,
  setThreads(count: number): void {
    for (const { threads } of start()) threads.limit = count;
  },
  trace(listener: Trace | null): void {
    for (const { threads } of start()) threads.trace = listener;
  },
  async useWideVectors(options = {}): Promise<void> {
    (await import('./module/wide.ts')).allow(options, running, begin);
  },
};
