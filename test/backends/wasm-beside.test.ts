/** Scans of both directions at the same time: the bits of one thread, whatever the threads do, and never a scan back beside its scan. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { wasmBackend } from '../../src/backends/wasm/index.ts';
import type { Call } from '../../src/backends/wasm/step.ts';
import { compile } from '../../src/graph/compile.ts';
import { grad } from '../../src/graph/grad.ts';
import { randomNormal } from '../../src/graph/random.ts';
import * as o from '../../src/ops/index.ts';
import { sizeOf } from '../../src/tensor/shape.ts';
import { placeholder, type Tensor, tensor } from '../../src/tensor/tensor.ts';

const test = suite('wasm: scans beside each other');
const random = (shape: readonly number[], seed: number): Float32Array => {
  return Float32Array.from(randomNormal(sizeOf(shape), seed));
};
const constant = (shape: readonly number[], seed: number): Tensor => tensor(random(shape, seed), shape);

const [rows, time, width, units] = [40, 9, 5, 12];
const cells = {
  lstm: [4, (z: Tensor, k: Tensor, options: object) => o.lstm(z, k, options)],
  gru: [3, (z: Tensor, k: Tensor, options: object) => o.gru(z, k, constant([3 * units], 9), options)],
  simpleRnn: [1, (z: Tensor, k: Tensor, options: object) => o.simpleRnn(z, k, options)],
} as const;

/** Two directions twice over, the sum of all outputs and its gradients to input and recurrent kernels (which are fed: they are packed at each run). */
function bidirectional(name: keyof typeof cells): { outputs: readonly Tensor[]; inputs: readonly Tensor[] } {
  const [gates, scan] = cells[name];
  const x = placeholder([rows, time, width]);
  const kernels = [1, 2, 3].map(() => placeholder([units, gates * units]));
  let y: Tensor = x;
  for (const layer of [0, 1]) {
    const directions = [false, true].map((reverse, i) => {
      const z = o.matmul(y, constant([y.shape[2]!, gates * units], 5 + 2 * layer + i));
      return scan(z, layer === 1 && reverse ? constant([units, gates * units], 8) : kernels[2 * layer + i]!, {
        reverse,
      });
    });
    y = o.concat(directions, 2);
  }
  const inputs = [x, ...kernels];
  return { outputs: [y, ...grad(o.sum(o.square(y)), inputs)], inputs };
}

for (const name of ['lstm', 'gru', 'simpleRnn'] as const) {
  test(`${name}: two layers of two directions, forward and back, are the bits of one thread`, async () => {
    const { outputs, inputs } = bidirectional(name);
    const plan = compile(outputs, inputs, { backend: wasmBackend });
    const threads = wasmBackend.threads();
    const fed = inputs.map(({ shape }, i) => random(shape, 20 + i).map((value) => value / 4));
    try {
      wasmBackend.setThreads(1);
      const expected = await plan.run(fed);
      assert.ok(expected.every((array) => array.some((value) => value !== 0)));
      const calls: Call[] = [];
      wasmBackend.trace((call) => calls.push(call));
      await plan.run(fed);
      wasmBackend.trace(null);
      const found = calls.filter((call) => call.beside);
      // One of the two directions of each layer, forward; back at the least one to the input.
      assert.is(found.filter(({ fn }) => fn === name).length, 2);
      assert.ok(found.filter(({ fn }) => fn === `${name}Grad`).length >= 2);
      // What lies next to each other is of one kind: a scan back reads what its scan leaves.
      for (const [i, { fn, beside }] of calls.entries()) if (beside) assert.is(calls[i - 1]!.fn, fn);
      wasmBackend.setThreads(2);
      for (let run = 0; run < 60; run++) {
        if (run % 10 === 0) await new Promise((then) => setTimeout(then, 5));
        assert.equal(await plan.run(fed), expected);
      }
    } finally {
      wasmBackend.trace(null);
      wasmBackend.setThreads(threads);
      plan.dispose();
    }
  });
}

test('a scan and its scan back, both asked for, run one after the other', () => {
  const z = placeholder([13, 7, 40]);
  const y = o.lstm(z, constant([10, 40], 3));
  const plan = compile([...grad(o.sum(y), [z]), y], [z], { backend: wasmBackend });
  const calls: Call[] = [];
  wasmBackend.trace((call) => calls.push(call));
  plan.runSync([random([13, 7, 40], 5)]);
  wasmBackend.trace(null);
  plan.dispose();
  const scans = calls.filter(({ fn }) => fn.startsWith('lstm'));
  assert.equal(
    scans.map(({ fn, beside }) => [fn, beside]),
    [
      ['lstm', undefined],
      ['lstmGrad', undefined],
    ],
  );
});

test.run();
