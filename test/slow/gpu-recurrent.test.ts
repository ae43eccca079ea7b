import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { gpuBackend } from '../../src/backends/gpu/index.ts';
import { compile } from '../../src/graph/compile.ts';
import { grad } from '../../src/graph/grad.ts';
import { lstm } from '../../src/ops/index.ts';
import { placeholder } from '../../src/tensor/tensor.ts';
import { recurrentShapes } from '../backends/recurrent-shapes.ts';

for (const mode of ['webasm', 'cpu'] as const) {
  // More steps than one kernel joins.
  recurrentShapes(await gpuBackend({ mode }), { numRuns: 6, largest: [5, 5, 9], sizes: [2, 40, 3] });
}

const test = suite('gpu: recurrent nets');

test('all steps run the same kernels, and what tells them the time is freed with the plan', async () => {
  const backend = await gpuBackend({ mode: 'webasm' });
  const [z, kernel, g] = [placeholder([2, 90, 12]), placeholder([3, 12]), placeholder([2, 90, 6])];
  const plan = compile(grad(lstm(z, kernel), [z], g), [z, kernel, g], { backend });
  const feeds = [z, kernel, g].map((x) => new Float32Array(x.size).fill(0.1));
  const first = plan.runSync(feeds);
  const { kernels, constants } = backend.stats();
  assert.ok(kernels < 20, `${kernels} kernels for 90 steps`);
  assert.is(constants, 92, 'a time per step, and two initial states');
  assert.equal(plan.runSync(feeds), first);
  assert.equal(backend.stats().constants, constants);
  plan.dispose();
  assert.is(backend.stats().constants, 0);
  await backend.dispose();
});

test.run();
