import { wasmBackend } from '../../src/backends/wasm/index.ts';
import { randomShapes } from './random-shapes.ts';

randomShapes('wasm', wasmBackend, { numRuns: 60, largest: 2 ** 30, longSums: 1e-6 });
