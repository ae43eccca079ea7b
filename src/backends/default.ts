/** Which backend runs a plan when nobody chose one. A plan says in `backend` which it was. */
import type { TensorSpec } from '../tensor/tensor.ts';
import type { Backend } from './backend.ts';
import { reference } from './reference/index.ts';
import { hasSimd, wasmBackend } from './wasm/index.ts';

/** `wasm` wherever the engine has WebAssembly SIMD; `reference` for float64, which no other backend computes in. */
export function defaultBackend(values: readonly TensorSpec[]): Backend {
  const isDouble = values.some(({ dtype }) => dtype === 'float64');
  return !isDouble && hasSimd() ? wasmBackend : reference;
}
