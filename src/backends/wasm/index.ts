/**
 * The wasm backend: float32 on WebAssembly SIMD, the default wherever the engine has it. All plans share one memory;
 * the same plan on the same inputs gives the same bits.
 */
import type { Program } from '../../graph/program.ts';
import type { Backend, Executable } from '../backend.ts';
import { links } from './bind-chain.ts';
import { fuses } from './binders.ts';
import { bindProgram } from './executable.ts';
import { Machine } from './machine.ts';
import type { Simd } from './module.ts';
import type { Trace } from './step.ts';
import { availableThreads, Threads } from './threads.ts';

export { hasSimd } from './module.ts';

interface Running {
  readonly machine: Machine;
  readonly threads: Threads;
}
let running: Running | undefined;
/** What ran plans before `useWideVectors`: those made then stay there, with the cells that they share with plans made later. */
let earlier: Running | undefined;

function start(): Running {
  if (!running) {
    const machine = new Machine();
    const threads = new Threads(machine, earlier?.threads.limit ?? availableThreads());
    threads.trace = earlier?.threads.trace ?? null;
    running = { machine, threads };
  }
  return running;
}

const all = (): Running[] => (earlier ? [start(), earlier] : [start()]);

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
   * Plans made from now on run on kernels whose innermost loops take 256 bits at once, with the same bits in their results: products take half
   * the time. WebAssembly has vectors of 128 bits; V8 pairs them where processors have AVX2, which it does not do by itself yet. In Node this
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
    const cell = program.cells?.find((one) => one !== undefined);
    const { machine, threads } = cell && earlier?.machine.holds(cell) ? earlier : start();
    return bindProgram(machine, program, threads);
  },
  memoryInUse: () => all().reduce((sum, { machine }) => sum + machine.heap.used, 0),
  simd: () => start().machine.loaded.simd,
  threads: () => start().threads.limit,
  setThreads(count: number): void {
    for (const { threads } of all()) threads.limit = count;
  },
  trace(listener: Trace | null): void {
    for (const { threads } of all()) threads.trace = listener;
  },
  async useWideVectors(options = {}): Promise<void> {
    const { allow } = await import('./wide.ts');
    if (allow(options)) [earlier, running] = [running, undefined];
  },
};
