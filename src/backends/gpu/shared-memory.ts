/**
 * One WebAssembly memory for all kernels of GPU.js's `webasm` mode. GPU.js gives each kernel a memory of its own, copies the
 * arguments in and the result out at every run; engines reserve gigabytes of address space per memory, and a browser gives
 * out about a hundred. Runs do not overlap, so the kernels can take turns in one. This replaces one method of a kernel's
 * private interface, for the GPU.js version that package.json pins.
 */

const PAGE = 65536;
/** Every module declares this as its memory's maximum, unless it needs more. */
const MAXIMUM_PAGES = 4096;

interface Layout {
  readonly outputOffset: number;
}

/** What this file uses of a kernel of GPU.js. */
export interface WasmKernel {
  readonly threadDim: readonly number[];
  readonly usedMathImports: Iterable<string>;
  computeLayout(args: unknown): Layout;
  _assembleModule(
    layout: Layout,
    cells: number,
    shared: boolean,
  ): { bytes: Uint8Array<ArrayBuffer>; initial: number; maximum: number };
  _instantiate(key: string, args: unknown): void;
  _active: object | null;
}

type Run = (start: number, end: number, seed: number) => void;

export class SharedMemory {
  #memory: WebAssembly.Memory | null = null;
  #floats: Float32Array = new Float32Array(0);
  #integers: Int32Array = new Int32Array(0);

  /** Makes a kernel use this memory, before its first run. */
  attach(kernel: WasmKernel): void {
    kernel._instantiate = (key, args) => {
      const layout = kernel.computeLayout(args);
      const cells = kernel.threadDim.reduce((a, b) => a * b, 1);
      const { bytes, initial, maximum } = kernel._assembleModule(layout, cells, false);
      const memory = maximum > MAXIMUM_PAGES ? null : this.#atLeast(initial);
      const own = memory ?? new WebAssembly.Memory({ initial, maximum });
      const env: Record<string, WebAssembly.ImportValue> = { memory: own };
      for (const name of kernel.usedMathImports) env[`math_${name}`] = Math[name as 'exp'];
      const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env });
      const { run, run_simd: runSimd = null } = instance.exports as { run: Run; run_simd?: Run | null };
      const views = memory ? this.#views() : { f32: new Float32Array(own.buffer), i32: new Int32Array(own.buffer) };
      kernel._active = Object.defineProperties(
        { sizeSignature: key, shared: false, layout, cells, run, runSimd },
        Object.getOwnPropertyDescriptors(views),
      );
    };
  }

  /** The memory, grown to `pages` if it is smaller. */
  #atLeast(pages: number): WebAssembly.Memory {
    this.#memory ??= new WebAssembly.Memory({ initial: pages, maximum: MAXIMUM_PAGES });
    const has = this.#memory.buffer.byteLength / PAGE;
    if (has < pages) this.#memory.grow(pages - has);
    return this.#memory;
  }

  /** Views that are made anew when the memory has grown. */
  #views(): { readonly f32: Float32Array; readonly i32: Int32Array } {
    const fresh = (): void => {
      const { buffer } = this.#memory!;
      if (this.#floats.buffer === buffer) return;
      this.#floats = new Float32Array(buffer);
      this.#integers = new Int32Array(buffer);
    };
    const floats = (): Float32Array => {
      fresh();
      return this.#floats;
    };
    const integers = (): Int32Array => {
      fresh();
      return this.#integers;
    };
    return {
      get f32() {
        return floats();
      },
      get i32() {
        return integers();
      },
    };
  }
}
