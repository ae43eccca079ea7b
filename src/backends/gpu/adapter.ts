/**
 * The only file that knows GPU.js. It makes kernels from their text, runs them on handles (flat arrays of float32 that stay on
 * the device), and checks after a kernel's first run that it ran where it was asked to: GPU.js falls back to its CPU mode
 * with no more than a warning, which here is an error.
 *
 * In the modes `webasm` and `cpu` a handle is an ordinary Float32Array, since the device is this machine.
 */
import * as library from 'gpu.js';
import { type GpuKernel, INDEX_LIMIT } from '../../../kernels/gpu/kernel.ts';
import { unpackKernel } from '../../../kernels/gpu/movement.ts';
import { failure } from '../../tensor/errors.ts';
import { flatten, inRowOrder, type Nested } from './results.ts';
import { SharedMemory, type WasmKernel } from './shared-memory.ts';

/** Where kernels run. */
export type GpuMode = 'webgpu' | 'webgl2' | 'webasm' | 'cpu';

/** A buffer or texture that GPU.js holds on the device: its private state, of which this file knows the fields below. */
interface DeviceResult {
  readonly constructor: new (settings: object) => DeviceResult;
  readonly context: DeviceContext;
  readonly output: readonly number[];
  delete(): void;
  toArray(): Promise<Float32Array>;
}
interface DeviceContext {
  readonly isLost?: boolean;
  readonly device?: { pushErrorScope(kind: string): void; popErrorScope(): Promise<{ message: string } | null> };
  isContextLost?(): boolean;
  getError?(): number;
  readonly OUT_OF_MEMORY?: number;
}
export type Handle = Float32Array | DeviceResult;

type Result = Nested | DeviceResult;

interface KernelClass {
  readonly mode: string;
}
interface LibraryKernel {
  (...args: readonly Handle[]): Result | Promise<Result>;
  readonly kernel: {
    readonly constructor: KernelClass;
    readonly fallbackReason: string | null;
    readonly context: unknown;
    _shapeOutput?: (data: Float32Array) => Float32Array;
    buffer?: unknown;
  };
  destroy(): void;
}
interface Library {
  readonly mode: string;
  readonly kernels: unknown[];
  /** The class of kernels that the mode asked for. */
  readonly Kernel: KernelClass;
  createKernel(source: string, settings: object): LibraryKernel;
  destroy(): Promise<void> | undefined;
}
const { GPU } = library as unknown as { GPU: new (settings: { mode: GpuMode }) => Library };

const isPromise = <T>(value: T | Promise<T>): value is Promise<T> =>
  typeof (value as { then?: unknown } | null)?.then === 'function';

/** Applies `f` now, or once a promise has settled. */
export function chain<T, U>(value: T | Promise<T>, f: (value: T) => U | Promise<U>): U | Promise<U> {
  return isPromise(value) ? value.then(f) : f(value);
}

/** A kernel that GPU.js compiled for one mode and one set of shapes. */
export interface Compiled {
  readonly run: (inputs: readonly Handle[]) => Handle | Promise<Handle>;
  readonly destroy: () => void;
}

export class Device {
  readonly mode: GpuMode;
  /** Whether handles are arrays of this machine, and runs need no promise. */
  readonly onHost: boolean;
  readonly #gpu: Library;
  readonly #memory: SharedMemory = new SharedMemory();
  #context: DeviceContext | null = null;
  #flat: DeviceResult['constructor'] | null = null;

  constructor(mode: GpuMode) {
    this.mode = mode;
    this.onHost = mode === 'webasm' || mode === 'cpu';
    try {
      this.#gpu = new GPU({ mode });
    } catch (error) {
      const hint =
        mode === 'webgpu'
          ? 'WebGPU needs navigator.gpu: a browser that has it, or in Node an adapter of your own (see docs/backends.md)'
          : "this engine lacks it; mode 'auto' picks one that runs";
      throw failure('gpu', `mode '${mode}' is not supported here`, {}, hint, error);
    }
  }

  compile(kernel: GpuKernel): Compiled {
    const { name, threads, block } = kernel;
    const size = threads.reduce((a: number, b) => a * b, block ? 4 : 1);
    const made = this.#create(kernel);
    // Four results of a thread lie in one texel, which a texture of single numbers does not know: a second kernel takes them out.
    const unpack = block && this.mode === 'webgl2' ? this.#create(unpackKernel(size)) : null;
    let ran = false;
    const settle = (result: Result): Handle => {
      const whole = unpack ? (unpack(result as DeviceResult) as Result) : result;
      if (unpack) (result as DeviceResult).delete();
      for (const each of ran ? [] : [made, unpack]) if (each) this.#check(name, each);
      ran = true;
      return this.#settle(whole, size, kernel);
    };
    return {
      run: (inputs) => {
        try {
          const result = chain(made(...inputs), settle);
          return isPromise(result) ? result.catch((error) => this.#explain(name, error)) : result;
        } catch (error) {
          return this.#explain(name, error);
        }
      },
      destroy: () => {
        for (const each of unpack ? [made, unpack] : [made]) this.#destroy(each);
      },
    };
  }

  #create(kernel: GpuKernel): LibraryKernel {
    const { threads, constants = {}, floats = {} } = kernel;
    const flat = threads.length === 3 && threads[2] === 1;
    // A texture is near-square unless it has rows of its own, which may be more than a texture holds.
    const swap = this.mode === 'webgl2' && flat;
    const output = swap ? [threads[0], 1, threads[1]] : flat ? threads.slice(0, 2) : [...threads];
    const source = swap ? kernel.source.replaceAll('this.thread.y', 'this.thread.z') : kernel.source;
    const types = [
      ...Object.keys(constants).map((key) => [key, 'Integer']),
      ...Object.keys(floats).map((key) => [key, 'Float']),
    ];
    const stays = !this.onHost && !kernel.toHost;
    const made = this.#gpu.createKernel(source, {
      output,
      precision: 'single',
      tactic: 'precision',
      loopMaxIterations: INDEX_LIMIT,
      constants: { ...constants, ...floats },
      constantTypes: Object.fromEntries(types),
      pipeline: stays,
      immutable: stays,
      asyncMode: kernel.toHost === true && !this.onHost,
    });
    if (this.mode === 'webasm') {
      // Results as one flat array, without the views per row that GPU.js makes.
      made.kernel._shapeOutput = (data) => data;
      this.#memory.attach(made.kernel as unknown as WasmKernel);
    }
    return made;
  }

  #destroy(made: LibraryKernel): void {
    // A destroyed vertex buffer would take the next kernel's vertices with it: it is left to the garbage collector.
    if (this.mode === 'webgl2') made.kernel.buffer = null;
    made.destroy();
    // GPU.js's CPU mode forgets to.
    const at = this.#gpu.kernels.indexOf(made.kernel);
    if (at >= 0) this.#gpu.kernels.splice(at, 1);
  }

  /** The elements of a handle, which stays alive. */
  read(handle: Handle, reader: () => Compiled): Float32Array | Promise<Float32Array> {
    if (handle instanceof Float32Array) return handle;
    if (this.mode === 'webgpu') return handle.toArray();
    return chain(reader().run([handle]), (result) => result as Float32Array);
  }

  release(handle: Handle): void {
    if (!(handle instanceof Float32Array)) handle.delete();
  }

  /** Watches for lack of memory and refused calls from here until the function returned is called, which throws. */
  watch(): () => void | Promise<void> {
    const context = this.#context;
    if (!context) return () => undefined;
    const { device } = context;
    if (device) {
      device.pushErrorScope('out-of-memory');
      device.pushErrorScope('validation');
      return async () => {
        // A lost device has no scopes left.
        const [refused, memory] = [device.popErrorScope(), device.popErrorScope()].map((scope) =>
          scope.catch(() => null),
        );
        const [invalid, full] = [await refused, await memory];
        this.#alive();
        if (full) throw this.#noMemory(full.message);
        if (invalid) throw failure('gpu', `WebGPU refused a call`, { message: invalid.message });
      };
    }
    return () => {
      this.#alive();
      if (context.getError?.() === context.OUT_OF_MEMORY) throw this.#noMemory('OUT_OF_MEMORY');
    };
  }

  async dispose(): Promise<void> {
    await this.#gpu.destroy();
  }

  #check(name: string, made: LibraryKernel): void {
    // Both WebGL classes call themselves 'gpu'.
    const webgl2 =
      typeof WebGL2RenderingContext !== 'undefined' && made.kernel.context instanceof WebGL2RenderingContext;
    const called = made.kernel.constructor.mode;
    const mode = called === 'gpu' && webgl2 ? 'webgl2' : called;
    const reason = made.kernel.fallbackReason;
    if (made.kernel.constructor === this.#gpu.Kernel && reason === null) return;
    throw failure('gpu', `the kernel '${name}' fell back to mode '${mode}'`, {
      wanted: this.mode,
      reason: reason ?? 'unknown',
    });
  }

  #settle(result: Result, size: number, { threads, block }: GpuKernel): Handle {
    if (!isDevice(result)) {
      const flat = result instanceof Float32Array ? result : flatten(result, size);
      return block?.kind === 'rows' ? inRowOrder(flat, threads, block.rows) : flat;
    }
    this.#context ??= result.context;
    // The same memory, seen as one flat array: of the class that kernels with one axis of threads return, since a GL kernel
    // takes no other class than the first it met. The first kernel of all is an upload, which has one axis.
    const Flat = (this.#flat ??= result.constructor);
    const flat = new Flat({ ...result, componentCount: 1, output: [size] });
    result.delete();
    return flat;
  }

  #alive(): void {
    const lost = this.#context?.isLost || this.#context?.isContextLost?.();
    if (lost)
      throw failure(
        'gpu',
        `the device of mode '${this.mode}' was lost`,
        {},
        'make a new gpuBackend, and the plans anew',
      );
  }

  #noMemory(message: string): Error {
    const hint =
      'a smaller batch or internalBatchSize needs less; dispose() of plans and backends frees what they hold';
    return failure('gpu', `out of memory in mode '${this.mode}'`, { message }, hint);
  }

  /** What GPU.js throws as an error of ours. */
  #explain(name: string, error: unknown): never {
    this.#alive();
    if (error instanceof Error && error.name === 'PathgradError') throw error;
    const message = error instanceof Error ? error.message : String(error);
    if (/memory/i.test(message)) throw this.#noMemory(message);
    // Under a policy without 'unsafe-eval' GPU.js's JavaScript kernels have no `run`: the reason went to the console.
    const forbidden = /Content Security|unsafe-eval|"run" not defined/.test(message);
    const hint = forbidden
      ? "a page's Content-Security-Policy forbids it: 'webasm' needs 'wasm-unsafe-eval', 'cpu' needs 'unsafe-eval' (docs/browser.md)"
      : undefined;
    throw failure('gpu', `the kernel '${name}' failed in mode '${this.mode}'`, { message }, hint, error);
  }
}

const isDevice = (result: Result): result is DeviceResult => typeof (result as DeviceResult).delete === 'function';
