import { gpuBackend } from '../../src/backends/gpu/index.ts';
import { randomShapes } from '../backends/random-shapes.ts';

for (const mode of ['webasm', 'cpu'] as const) {
  randomShapes(`gpu:${mode}`, await gpuBackend({ mode }), { numRuns: 12, largest: 2 ** 11, longSums: 5e-6 });
}
