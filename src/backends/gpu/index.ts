/**
 * The gpu backend: kernels of GPU.js on WebGPU or WebGL2, or on GPU.js's own WebAssembly and CPU modes, which are there to
 * test the same kernels anywhere. All values are float32 on the device; intermediate ones never leave it.
 */
import type { Program } from '../../graph/program.ts';
import { failure } from '../../tensor/errors.ts';
import { checkOptions } from '../../tensor/options.ts';
import type { Backend, Executable } from '../backend.ts';
import { Device, type GpuMode } from './adapter.ts';
import { bind } from './bind.ts';
import { KernelCache } from './cache.ts';
import { Constants } from './constants.ts';
import { type Machine, makeExecutable } from './executable.ts';
import { checkMode, checkSupport, pickMode } from './mode.ts';

export type { GpuMode } from './adapter.ts';
export { gpuModes } from './mode.ts';

/** What `gpuBackend` takes: the mode, and how many kernels are kept. */
export interface GpuOptions {
  /**
   * `webgpu`, `webgl2`, `webasm` (GPU.js's WebAssembly) or `cpu` (its JavaScript, which needs `unsafe-eval`); `auto`, the
   * default, takes a GPU in hardware where there is one, and `webasm` else.
   */
  readonly mode?: GpuMode | 'auto';
  /** Compiled kernels kept, over all plans; 512 by default. */
  readonly maxKernels?: number;
}

/** What a GPU backend has compiled and holds. */
export interface GpuStats {
  /** Compiled kernels. */
  readonly kernels: number;
  /** Constant arrays on the device (weights), and their bytes. */
  readonly constants: number;
  readonly constantBytes: number;
}

/** The GPU.js backend, with the mode that it runs in and what can be asked of it. */
export interface GpuBackend extends Backend {
  /** The mode that runs: never one that was not asked for. */
  readonly mode: GpuMode;
  /** What the device holds and has run, since the backend was made. */
  stats(): GpuStats;
  /** Frees kernels and constants on the device. Plans of this backend cannot run afterwards. */
  dispose(): Promise<void>;
}

/**
 * A backend for `compile`, `loadModel` and `IntegratedGradients`. Plans run with `run`; on `webasm` and `cpu` with `runSync`
 * too. Throws an error where the mode is unknown or does not run here. A kernel that runs elsewhere than asked is an error.
 */
export async function gpuBackend(options: GpuOptions = {}): Promise<GpuBackend> {
  checkOptions<GpuOptions>('gpuBackend', options, { mode: 1, maxKernels: 1 });
  const { maxKernels = 512 } = options;
  if (!(Number.isInteger(maxKernels) && maxKernels > 0)) {
    throw failure('gpuBackend', 'maxKernels must be an integer from 1 up', { got: maxKernels });
  }
  const wanted = checkMode(options.mode ?? 'auto');
  const mode = wanted === 'auto' ? await pickMode() : wanted;
  if (wanted !== 'auto') await checkSupport(mode);
  const device = new Device(mode);
  const kernels = new KernelCache(device, maxKernels);
  const constants = new Constants(device);
  const machine: Machine = { device, kernels, constants, queue: Promise.resolve(), disposed: false };
  return {
    name: `gpu:${mode}`,
    mode,
    prepare(program: Program): Executable {
      if (machine.disposed)
        throw failure('gpu', 'the backend has been disposed of', {}, 'make a new one with gpuBackend');
      return makeExecutable(machine, program, bind(program, mode));
    },
    stats: () => ({ kernels: kernels.size, constants: constants.count, constantBytes: constants.bytes }),
    async dispose() {
      if (machine.disposed) return;
      machine.disposed = true;
      await machine.queue;
      constants.clear();
      kernels.clear();
      await device.dispose();
    },
  };
}
