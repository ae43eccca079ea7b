/** What the gpu backend holds and frees: constants, kernels, results. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { gpuBackend } from '../../src/backends/gpu/index.ts';
import { compile } from '../../src/graph/compile.ts';
import * as o from '../../src/ops/index.ts';
import type { TypedArray } from '../../src/tensor/dtype.ts';
import { placeholder } from '../../src/tensor/tensor.ts';
import { network, random } from './support.ts';

const test = suite('gpu: memory');
const local = ['webasm', 'cpu'] as const;

test('constants are held once however many plans use them, and freed with the last', async () => {
  const backend = await gpuBackend({ mode: 'webasm' });
  const w = random([16, 16]);
  const plans = [1, 2].map((rows) => {
    const x = placeholder([rows, 16]);
    return compile([o.matmul(x, w)], [x], { backend });
  });
  for (const [i, plan] of plans.entries()) plan.runSync([new Float32Array(16 * (i + 1))]);
  assert.is(backend.stats().constants, 1);
  assert.is(backend.stats().constantBytes, 1024);
  plans[0]!.dispose();
  assert.is(backend.stats().constants, 1);
  plans[1]!.dispose();
  assert.is(backend.stats().constants, 0);
  await backend.dispose();
});

test('kernels are shared between plans, the least recently used go first, and results do not depend on it', async () => {
  const backend = await gpuBackend({ mode: 'webasm', maxKernels: 3 });
  const { x, y } = network(5);
  const plan = compile([y], [x], { backend });
  const data = random(x.shape, 7).data;
  const roomy = await gpuBackend({ mode: 'webasm' });
  const wanted = compile([y], [x], { backend: roomy }).runSync([data])[0];
  const before = roomy.stats().kernels;
  compile([y], [x], { backend: roomy }).runSync([data]);
  assert.is(roomy.stats().kernels, before, 'the same graph needs no new kernel');
  for (let i = 0; i < 3; i++) assert.equal(plan.runSync([data])[0], wanted);
  assert.is(backend.stats().kernels, 3);
  await backend.dispose();
  await roomy.dispose();
});

test('a disposed plan, a disposed backend do not run', async () => {
  const backend = await gpuBackend({ mode: 'cpu' });
  const x = placeholder([2]);
  const [plan, other] = [compile([o.exp(x)], [x], { backend }), compile([o.log(x)], [x], { backend })];
  plan.dispose();
  assert.throws(() => plan.runSync([new Float32Array(2)]), /^Plan: it has been disposed of/);
  await backend.dispose();
  await backend.dispose();
  assert.throws(
    () => other.runSync([new Float32Array(2)]),
    /^gpu: the backend has been disposed of\nhint: make a new one/,
  );
  assert.throws(() => compile([o.exp(x)], [x], { backend }), /^gpu: the backend has been disposed of/);
});

test('memory stays flat over thousands of runs', async () => {
  for (const mode of local) {
    const backend = await gpuBackend({ mode });
    const { x, y } = network(11);
    const plan = compile([y], [x], { backend });
    const data: TypedArray = random(x.shape, 2).data;
    for (let i = 0; i < 50; i++) plan.runSync([data]);
    const [before, held] = [process.memoryUsage(), backend.stats()];
    for (let i = 0; i < 1000; i++) plan.runSync([data]);
    const after = process.memoryUsage();
    assert.equal(backend.stats(), held, mode);
    // What is not collected yet counts: a leak of one result a run would be far above.
    assert.ok(after.arrayBuffers + after.heapUsed - before.arrayBuffers - before.heapUsed < 60e6, mode);
    plan.dispose();
    await backend.dispose();
  }
});

test('a plan that is dropped without dispose gives its constants back', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const backend = await gpuBackend({ mode: 'cpu' });
  const use = (): void => {
    const x = placeholder([2, 64]);
    compile([o.matmul(x, random([64, 64]))], [x], { backend }).runSync([new Float32Array(128)]);
  };
  use();
  assert.is(backend.stats().constants, 1);
  for (let i = 0; i < 50 && backend.stats().constants > 0; i++) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assert.is(backend.stats().constants, 0);
  await backend.dispose();
});

test.run();
