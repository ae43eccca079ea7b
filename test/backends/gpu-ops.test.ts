import { suite } from 'uvu';
import { gpuBackend } from '../../src/backends/gpu/index.ts';
import { opsUnderTest } from '../support/ops.ts';
import { agrees, exampleOf } from './support.ts';

for (const mode of ['webasm', 'cpu'] as const) {
  const test = suite(`gpu:${mode}: ops on their examples`);
  const backend = await gpuBackend({ mode });

  for (const op of opsUnderTest()) {
    test(op.name, () => {
      op.examples.forEach((example, i) => {
        if (example.size === 'real') return;
        const { f, inputs } = exampleOf(op, example);
        agrees(backend, `${op.name}, example ${i}`, f, inputs, 1e-5);
        for (const constants of [1, 2]) agrees(backend, `${op.name}, example ${i}`, f, inputs, 1e-5, constants);
      });
    });
  }

  test.after(() => backend.dispose());
  test.run();
}
