import { wasmBackend } from '../../src/backends/wasm/index.ts';
import { times } from '../support/thorough.ts';
import { randomShapes } from './random-shapes.ts';

randomShapes('wasm', wasmBackend, { numRuns: times(25, 60), largest: 2 ** 30, longSums: 1e-6 });
