/**
 * The wasm backend: float32 on WebAssembly SIMD, the default wherever the engine has it. All plans share one memory;
 * the same plan on the same inputs gives the same bits.
 */
import type { Program } from '../../graph/program.ts';
import type { Backend, Executable } from '../backend.ts';
import { bindProgram } from './executable.ts';
import { Machine } from './machine.ts';
import type { Call } from './step.ts';

export { hasSimd } from './module.ts';

let machine: Machine | undefined;
const theMachine = (): Machine => (machine ??= new Machine());

/** Every call over all of its units, in this thread. */
function runAlone(calls: readonly Call[]): void {
  const { kernels } = theMachine();
  for (const { fn, args, units, fault } of calls) {
    const result = kernels[fn]!(0, units, ...args);
    if (fault && result !== undefined && result >= 0) throw fault(result);
  }
}

export interface WasmBackend extends Backend {
  /** Bytes of the linear memory that are in use: constants, arenas and tables of live plans. */
  memoryInUse(): number;
  /** Which build of the kernels runs here. */
  simd(): 'plain' | 'relaxed';
}

/** Throws an error that says what is missing where the engine has no WebAssembly SIMD. */
export const wasmBackend: WasmBackend = {
  name: 'wasm',
  prepare: (program: Program): Executable => bindProgram(theMachine(), program, runAlone),
  memoryInUse: () => theMachine().heap.used,
  simd: () => theMachine().loaded.simd,
};
