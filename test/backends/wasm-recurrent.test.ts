import { wasmBackend } from '../../src/backends/wasm/index.ts';
import { times } from '../support/thorough.ts';
import { recurrentShapes } from './recurrent-shapes.ts';

// More units than one block of the matrix product holds; random sizes around its panels.
recurrentShapes(wasmBackend, { numRuns: times(10, 25), largest: [14, 6, 21], sizes: [7, 3, 150] });
