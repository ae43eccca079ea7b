/** The backends by the names that the page shows. GPU.js comes with a chunk of its own, fetched when a GPU is chosen. */
import type { Backend } from '../../backends/backend.ts';
import { reference } from '../../backends/reference.ts';
import { hasSimd, wasmBackend } from '../../backends/wasm/index.ts';
import { failure } from '../../tensor/errors.ts';
import type { Capabilities } from '../protocol.ts';

/** What can run here, found without loading or compiling anything big. */
export async function capabilities(): Promise<Capabilities> {
  const missing: Record<string, string> = {};
  const simd = hasSimd();
  if (!simd) missing['wasm'] = 'this browser has no WebAssembly SIMD';
  return { simd, threads: simd ? wasmBackend.threads() : 1, missing };
}

export async function backendOf(name: string): Promise<Backend> {
  if (name === 'wasm') return wasmBackend;
  if (name === 'reference') return reference;
  throw failure('backend', `'${name}' is not known`, {}, 'known: wasm, reference');
}
