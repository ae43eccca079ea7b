/**
 * The compiled kernels and the linear memory they share. The relaxed-SIMD build is taken where the engine knows it. Both
 * builds import a shared memory; where there is none (a page that is not cross-origin isolated) the import is patched to
 * an ordinary one, which the kernels cannot tell apart.
 */
import { failure } from '../../../tensor/errors.ts';
import type { PlatformWasm } from '../../../tensor/platform.ts';
import { packed as core } from '../modules.generated.ts';
import { unpackLzma } from './lzma.ts';
import { applyPatch } from './patch.ts';

/** A module of kernels as scripts/build-wasm.mjs writes it: the plain build and the patch to the relaxed one. */
export interface PackedModule {
  /** Its entry in kernels/wasm. */
  readonly name: string;
  readonly plainBytes: number;
  readonly bothBytes: number;
  /** LZMA, in base64. */
  readonly text: string;
}

/** The builds of the kernels: with relaxed SIMD where the engine knows it; with tiles for vectors of 256 bits where that was asked for. */
export type Simd = 'plain' | 'relaxed' | 'wide';

/** Makes the wide build of a module from its relaxed one; null until they are asked for (see wide.ts). */
export const widening: { widen: ((name: string, relaxed: Uint8Array) => Uint8Array<ArrayBuffer>) | null } = {
  widen: null,
};

/** A kernel: `[start, end)` of its units of work, then its own arguments. */
export type KernelFunction = (start: number, end: number, ...args: number[]) => number | undefined;
export type Kernels = Readonly<Record<string, KernelFunction>>;

/** The core's kernels, compiled, and the memory of all modules. */
export interface KernelModule {
  readonly module: PlatformWasm<'Module'>;
  readonly memory: PlatformWasm<'Memory'>;
  readonly simd: Simd;
  /** Whether other threads can use the memory. */
  readonly shared: boolean;
}

/** Whether this engine validates a module with a shared memory and one function, whose body is `code`. */
function knows(...code: number[]): boolean {
  if (typeof WebAssembly !== 'object') return false;
  // biome-ignore format: sections of the binary format, one a line
  return WebAssembly.validate(Uint8Array.of(
    0, 0x61, 0x73, 0x6d, 1, 0, 0, 0,
    1, 4, 1, 0x60, 0, 0,
    2, 9, 1, 1, 97, 1, 98, 2, 3, 1, 1,
    3, 2, 1, 0,
    10, code.length + 4, 1, code.length + 2, 0, ...code, 11,
  ));
}

export function fromBase64(text: string): Uint8Array {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

/** The bytes of a build of a module, a new copy each time. */
export function moduleBytes(simd: Simd, { name, text, bothBytes, plainBytes } = core): Uint8Array<ArrayBuffer> {
  const unpacked = unpackLzma(fromBase64(text), bothBytes);
  const plain = unpacked.slice(0, plainBytes) as Uint8Array<ArrayBuffer>;
  if (simd === 'plain') return plain;
  const relaxed = applyPatch(plain, unpacked.subarray(plainBytes));
  return simd === 'wide' ? widening.widen!(name, relaxed) : relaxed;
}

const pageBytes = 65536;
/** Address space to reserve, the most first: engines and devices differ in what they grant. */
const pageLimits = [65536, 32768, 16384, 4096];

function createMemory(shared: boolean): WebAssembly.Memory | null {
  for (const maximum of pageLimits) {
    try {
      return new WebAssembly.Memory({ initial: 16, maximum, shared });
    } catch {
      // Less address space may be granted.
    }
  }
  return null;
}

/** The import of the shared memory: `env`, `memory`, kind 2, flags 3. */
const sharedImport = '\x03env\x06memory\x02\x03';

/** Turns it into one of an ordinary memory: bit 1 of the limits' flags. */
export function unshare(binary: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const at = binary.findIndex((_, i) => [...sharedImport].every((sign, k) => binary[i + k] === sign.charCodeAt(0)));
  if (at < 0) throw failure('wasm', 'the kernel module imports no memory');
  binary[at + sharedImport.length - 1] = 1;
  return binary;
}

let simdKnown: boolean | undefined;

/** Whether this engine can run the kernels at all: it knows `i32x4.splat` and `memory.fill`. */
export function hasSimd(): boolean {
  return (simdKnown ??= knows(65, 0, 253, 17, 26, 65, 0, 65, 0, 65, 0, 252, 11, 0));
}

/** Whether it knows `f32x4.relaxed_madd`, here of three splats. */
export const hasRelaxedSimd = (): boolean => knows(65, 0, 253, 17, 65, 0, 253, 17, 65, 0, 253, 17, 253, 133, 2, 26);

/** Compiles the best build and makes its memory. Throws an error that says what is missing. */
export function loadModule(): KernelModule {
  if (!hasSimd()) {
    throw failure('wasm', 'this engine has no WebAssembly SIMD', {}, "use the backend 'reference', or a newer engine");
  }
  const simd = !hasRelaxedSimd() ? 'plain' : widening.widen ? 'wide' : 'relaxed';
  const binary = moduleBytes(simd);
  const sharedMemory = typeof SharedArrayBuffer === 'function' ? createMemory(true) : null;
  const memory = sharedMemory ?? createMemory(false);
  if (!memory) throw failure('wasm', 'no memory could be reserved', { pages: pageLimits.at(-1), pageBytes });
  const module = compile(sharedMemory ? binary : unshare(binary));
  return { module, memory, simd, shared: sharedMemory !== null };
}

/** The compiled module. A page's policy may forbid that, though the engine could. */
export function compile(binary: Uint8Array<ArrayBuffer>): PlatformWasm<'Module'> {
  try {
    return new WebAssembly.Module(binary);
  } catch (error) {
    const hint =
      "a page's Content-Security-Policy needs script-src 'wasm-unsafe-eval'; the backend 'reference' needs nothing";
    throw failure('wasm', 'the kernels cannot be compiled here', { error: String(error) }, hint, error);
  }
}

/** An instance of the kernels for one thread. */
export function instantiate({ module, memory }: Pick<KernelModule, 'module' | 'memory'>): Kernels {
  return new WebAssembly.Instance(module, { env: { memory } }).exports as Kernels;
}
