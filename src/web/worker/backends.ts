/** The backends by the names that the page shows. GPU.js comes with a chunk of its own, fetched when a GPU is chosen. */

import { usual } from '../../attribution/methods/usual.ts';
import type { Backend } from '../../backends/backend.ts';
import { reference } from '../../backends/reference/index.ts';
import { hasSimd, wasmBackend } from '../../backends/wasm/index.ts';
import { failure } from '../../tensor/errors.ts';
import type { Capabilities } from '../protocol/index.ts';
import { infoOf } from './explain/method.ts';
import type { State } from './state.ts';

const gpuModes = ['webgpu', 'webgl2', 'webasm'] as const;

/** What can run here, found without loading or compiling anything big. */
export async function capabilities(): Promise<Capabilities> {
  const missing: Record<string, string> = {};
  const simd = hasSimd();
  if (!simd) missing['wasm'] = 'this browser has no WebAssembly SIMD';
  if (!simd) missing['gpu:webasm'] = missing['wasm']!;
  const noWebGpu = await whyNoWebGpu();
  if (noWebGpu) missing['gpu:webgpu'] = noWebGpu;
  if (!hasWebGl2()) missing['gpu:webgl2'] = 'this browser has no WebGL 2';
  return { usual: infoOf(usual), simd, threads: simd ? wasmBackend.threads() : 1, missing };
}

async function whyNoWebGpu(): Promise<string | null> {
  const { gpu } = navigator as { gpu?: { requestAdapter(): Promise<unknown> } };
  if (!gpu) return 'this browser has no WebGPU';
  try {
    return (await gpu.requestAdapter()) ? null : 'WebGPU finds no GPU here';
  } catch (error) {
    return `WebGPU does not start (${String(error)})`;
  }
}

function hasWebGl2(): boolean {
  const context = typeof OffscreenCanvas === 'function' ? new OffscreenCanvas(1, 1).getContext('webgl2') : null;
  context?.getExtension('WEBGL_lose_context')?.loseContext();
  return context !== null;
}

/** The backend of this name. A GPU's weights stay on it until another backend or another model is chosen. */
export async function backendOf(state: State, name: string): Promise<Backend> {
  if (state.gpu?.name === name) return state.gpu;
  await freeGpu(state);
  if (name === 'wasm') return wasmBackend;
  if (name === 'reference') return reference;
  const mode = gpuModes.find((known) => name === `gpu:${known}`);
  if (!mode) throw failure('backend', `'${name}' is not known`, {}, 'known: wasm, reference, gpu:webgpu, gpu:webgl2');
  const { gpuBackend } = await import('../../gpu.ts');
  state.gpu = await gpuBackend({ mode });
  return state.gpu;
}

export async function freeGpu(state: State): Promise<void> {
  const { gpu } = state;
  state.gpu = null;
  await gpu?.dispose();
}
