/** `node --import tsx --import ./test/support/wide-vectors.ts FILE`: whatever FILE does, with kernels for vectors of 256 bits. */
import { wasmBackend } from '../../src/backends/wasm/index.ts';

await wasmBackend.useWideVectors();
