import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { binders } from '../../src/backends/gpu/binders.ts';
import { gpuBackend } from '../../src/backends/gpu/index.ts';
import { compile } from '../../src/graph/compile.ts';
import { examplesUnderTest, opsUnderTest } from '../support/ops.ts';
import { agrees, exampleOf } from './support.ts';

for (const mode of ['webasm', 'cpu'] as const) {
  const test = suite(`gpu:${mode}: ops on their examples`);
  const backend = await gpuBackend({ mode });

  for (const op of opsUnderTest()) {
    test(op.name, () => {
      examplesUnderTest(op).forEach((example, i) => {
        if (!(op.name in binders)) {
          const { f, inputs } = exampleOf(op, example);
          const missing = /^.*: the backend 'gpu' has no kernel for this op/;
          // Not folded: what is fed is not known.
          assert.throws(() => compile([f(inputs)], inputs, { backend }), missing);
          return;
        }
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
