/**
 * pathgrad as a contender: its backends by name and thread count, and its ways to integrate gradients. A backend that is
 * not there or does not run on this engine is reported as such by name.
 */
import type { Backend } from '../src/backends/backend.ts';
import { reference } from '../src/backends/reference.ts';
import { failure } from '../src/tensor/errors.ts';
import { OURS } from './report.ts';

export interface OurBackend {
  /** What `--backends` takes: `reference`, `wasm`, or with a thread count `wasm:2`. */
  readonly name: string;
  readonly threads: number;
  /** Makes the backend once; throws when it cannot run here. */
  open(): Promise<Backend>;
}

export const contenderName = (detail?: string): string => (detail ? `${OURS} ${detail}` : OURS);

/** @param names of `--backends`; `wasm:2` asks for two threads */
export function ourBackends(names: readonly string[]): OurBackend[] {
  return names.map((name) => {
    const [kind, count] = name.split(':');
    const threads = count === undefined ? 1 : Number(count);
    if (!Number.isInteger(threads) || threads < 1) {
      throw failure('--backends', `'${name}' has no valid number of threads`, {}, 'write wasm:2 for two threads');
    }
    let opened: Promise<Backend> | undefined;
    return { name, threads, open: () => (opened ??= openBackend(kind!, threads)) };
  });
}

let most: number | undefined;

async function openBackend(kind: string, threads: number): Promise<Backend> {
  if (kind === 'reference') {
    if (threads > 1) throw failure('reference', 'runs on one thread', { threads });
    return reference;
  }
  if (kind !== 'wasm') throw failure('--backends', `unknown backend '${kind}'`, {}, 'known: reference, wasm');
  // By a name that TypeScript does not resolve: the benchmark also runs where this backend is not built.
  const path = '../src/backends/wasm/index.ts';
  const { wasmBackend } = (await import(path)) as typeof import('../src/backends/wasm/index.ts');
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
      const { run, runSync, rerun, feed, dispose } = wasmBackend.prepare(program);
      return {
        run: (inputs) => limited(() => run(inputs)),
        ...(runSync && { runSync: (inputs) => limited(() => runSync(inputs)) }),
        ...(feed && rerun && { feed, rerun: () => limited(rerun) }),
        dispose,
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
