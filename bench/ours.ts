/**
 * pathgrad as a contender: its backends by name and thread count, and its ways to integrate gradients. A backend that is
 * not there or does not run on this engine is reported as such by name.
 */
import type { Backend } from '../src/backends/backend.ts';
import { reference } from '../src/backends/reference/index.ts';
import type { GpuMode } from '../src/gpu.ts';
import { failure } from '../src/tensor/errors.ts';
import { OURS } from './report.ts';

export interface OurBackend {
  /** What `--backends` takes: `reference`, `wasm`, with a thread count `wasm:2`, for pairs of vectors `wasm-wide:2`, with a mode `gpu:webasm`. */
  readonly name: string;
  readonly threads: number;
  /** Makes the backend once; throws when it cannot run here. */
  open(): Promise<Backend>;
}

export const contenderName = (detail?: string): string => (detail ? `${OURS} ${detail}` : OURS);

const kindOf = (name: string): string => name.split(':')[0]!;

/** Whether one of them takes V8 to pair vectors. */
export const isWide = (names: readonly string[]): boolean => names.some((name) => kindOf(name) === 'wasm-wide');

/**
 * Before anything else: V8 is told once, for all WebAssembly of the process, and so the relaxed kernels have no place beside the wide ones.
 * @throws PathgradError where both are asked for, and where there are no wide vectors
 */
export async function chooseKernels(names: readonly string[]): Promise<void> {
  if (!isWide(names)) return;
  if (names.some((name) => kindOf(name) === 'wasm')) {
    const hint = "V8's flag changes the time of both: run each by itself, one after the other";
    throw failure('--backends', 'wasm and wasm-wide do not go together', {}, hint);
  }
  const { wasmBackend } = await import('../src/backends/wasm/index.ts');
  // A browser is started with the flag.
  await wasmBackend.useWideVectors({ paired: typeof process === 'undefined' });
}

/** @param names of `--backends`; `wasm:2` asks for two threads, `gpu:webgpu` for that mode */
export function ourBackends(names: readonly string[]): OurBackend[] {
  return names.map((name) => {
    const [kind, count] = name.split(':');
    if (kind === 'gpu') return gpu(name, count ?? 'auto');
    const threads = count === undefined ? 1 : Number(count);
    if (!Number.isInteger(threads) || threads < 1) {
      throw failure('--backends', `'${name}' has no valid number of threads`, {}, 'write wasm:2 for two threads');
    }
    let opened: Promise<Backend> | undefined;
    return { name, threads, open: () => (opened ??= openBackend(kind!, threads)) };
  });
}

/** GPU.js is loaded only when a case asks for it. */
function gpu(name: string, mode: string): OurBackend {
  let opened: Promise<Backend> | undefined;
  const open = async (): Promise<Backend> =>
    (await import('../src/gpu.ts')).gpuBackend({ mode: mode as GpuMode | 'auto' });
  return { name, threads: mode === 'webasm' || mode === 'cpu' ? 1 : 0, open: () => (opened ??= open()) };
}

let most: number | undefined;

async function openBackend(kind: string, threads: number): Promise<Backend> {
  if (kind === 'reference') {
    if (threads > 1) throw failure('reference', 'runs on one thread', { threads });
    return reference;
  }
  if (kind !== 'wasm' && kind !== 'wasm-wide') {
    throw failure('--backends', `unknown backend '${kind}'`, {}, 'known: reference, wasm, wasm-wide, gpu');
  }
  const { wasmBackend } = await import('../src/backends/wasm/index.ts');
  // What it uses when nobody has limited it yet.
  most ??= wasmBackend.threads();
  if (threads > most) throw failure('wasm', `this machine gives it ${most} threads`, { asked: threads });
  // One machine serves all plans: each run asks for its own number of threads.
  const limited = <T>(run: () => T): T => {
    wasmBackend.setThreads(threads);
    return run();
  };
  return {
    ...wasmBackend,
    prepare: (program) => {
      const { run, runSync, rerun, feed, ...rest } = wasmBackend.prepare(program);
      return {
        ...rest,
        run: (inputs) => limited(() => run(inputs)),
        ...(runSync && { runSync: (inputs) => limited(() => runSync(inputs)) }),
        ...(feed && rerun && { feed, rerun: () => limited(rerun) }),
      };
    },
  };
}

/** The name with the build of the kernels that was chosen: `wasm relaxed SIMD`. */
export function describeBackend(backend: Backend): string {
  const { simd } = backend as { simd?: () => string };
  return simd ? `${backend.name} ${simd()} SIMD` : backend.name;
}

export type Strategy = 'brute' | 'path-linear';
