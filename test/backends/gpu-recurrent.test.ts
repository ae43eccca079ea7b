import { gpuBackend } from '../../src/backends/gpu/index.ts';
import { recurrentShapes } from './recurrent-shapes.ts';

for (const mode of ['webasm', 'cpu'] as const) {
  // More steps than one kernel joins.
  recurrentShapes(await gpuBackend({ mode }), { numRuns: 6, largest: [5, 5, 9], sizes: [2, 40, 3] });
}
