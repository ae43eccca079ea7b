/** Faults of the passes along a path: samples that mixed, points that weighed nothing, infinities that do not move. */
import * as assert from 'uvu/assert';
import { IntegratedGradients, type IntegratedGradientsOptions } from '../../src/attribution/index.ts';
import {
  add,
  concat,
  exp,
  log,
  mul,
  reshape,
  reverse,
  slice,
  sqrt,
  square,
  sub,
  transpose,
} from '../../src/ops/index.ts';
import { mean, sum } from '../../src/ops/reduce.ts';
import { type Tensor, tensor } from '../../src/tensor/tensor.ts';
import { faults } from '../support/faults.ts';

const fault = faults('batch');
const X = tensor([[1, 2], [3, 4], [5, 6]], [3, 2], 'float64'); // biome-ignore format: rows

async function explained(
  f: (x: Tensor) => Tensor,
  x: Tensor,
  options: IntegratedGradientsOptions<unknown> = {},
): Promise<number[]> {
  const { attributions } = await new IntegratedGradients(f, { nSteps: 10, ...options }).explain(x, { baselines: 0 });
  return Array.from(attributions[0]!.data);
}

const close = (actual: readonly number[], expected: readonly number[], what: string): void =>
  assert.ok(
    actual.length === expected.length &&
      actual.every((value, i) => Math.abs(value - expected[i]!) <= 1e-6 * Math.max(1, Math.abs(expected[i]!))),
    `${what}: ${actual} is not ${expected}`,
  );

fault('R1', 'samples that are stacked along the batch axis were taken apart wrongly', async () => {
  const f = (x: Tensor): Tensor =>
    sum(reshape(square(concat([x, mul(x, -2)], 0)), [2, x.shape[0]!, 2]), { axes: [0, 2] });
  for (const strategy of ['auto', 'path-linear', 'brute'] as const) {
    close(await explained(f, X, { strategy }), [5, 20, 45, 80, 125, 180], strategy);
  }
});

fault('R1', 'as many features as the probe had rows', async () => {
  const width = 1009;
  const x = tensor(
    Float64Array.from({ length: 2 * width }, (_, i) => 1 + (i % 7)),
    [2, width],
  );
  const f = (t: Tensor): Tensor => sum(square(transpose(mul(transpose(t), 2))), { axes: 1 });
  close(
    await explained(f, x, { nSteps: 3 }),
    Array.from(x.data, (v) => 4 * v * v),
    'transpose',
  );
});

const mixing: Record<string, [(x: Tensor) => Tensor, RegExp]> = {
  'the mean over the batch': [
    (x) => sum(square(sub(x, mean(x, { axes: 0 }))), { axes: 1 }),
    /^sum: mixes samples: it reduces over the samples/,
  ],
  'samples in reverse': [
    (x) => sum(mul(x, reverse(x, [0])), { axes: 1 }),
    /^reverse: mixes samples: it works across samples/,
  ],
  'a sum over samples behind a transpose': [
    (x) => sum(mul(x, sum(transpose(x), { axes: 1 })), { axes: 1 }),
    /^sum: mixes samples/,
  ],
  'a torn axis': [(x) => sum(square(reshape(x, [2, x.shape[0]!])), { axes: 0 }), /^(reshape|output|sum): /],
};
mixing['the number of samples as a factor'] = [
  (x) => mul(sum(square(x), { axes: 1 }), 1 / x.shape[0]!),
  /^model: computes with the number of samples \(samples 3: 0\.33\d*, 2: 0\.5/,
];
mixing['the number of samples in a vector of constants'] = [
  (x) => sum(mul(square(x), tensor([x.shape[0]!, 1], undefined, 'float64')), { axes: 1 }),
  /^model: computes with the number of samples \(samples 3: 3, 2: 2/,
];
mixing['another function from five samples on'] = [
  (x) => sum(square(x.shape[0]! > 4 ? mul(x, 2) : x), { axes: 1 }),
  /^model: computes with the number of samples \(samples 3: input, 30: mul/,
];
for (const [what, [f, message]] of Object.entries(mixing)) {
  fault('R1', `${what} was explained as if samples were apart`, async () => {
    for (const strategy of ['auto', 'path-linear', 'brute'] as const) {
      const error = await explained(f, X, { strategy }).then(
        () => null,
        (reason: Error) => reason,
      );
      assert.match(error?.message ?? 'no error', message, strategy);
      assert.is(error!.name, 'PathgradError');
    }
  });
}

for (const [name, f, exact] of [
  ['sqrt', (x: Tensor) => sum(sqrt(x), { axes: 1 }), (v: number) => Math.sqrt(v)],
  ['log', (x: Tensor) => sum(log(x), { axes: 1 }), null],
] as const) {
  fault('R2', `a lone point of ${name} had company that weighed nothing, times infinity`, async () => {
    const one = tensor([[1, 4]], [1, 2], 'float64');
    for (const options of [
      { nSteps: 101 },
      { nSteps: 50, internalBatchSize: 7 },
      { nSteps: 50, internalBatchSize: 49 },
      { nSteps: 1 },
    ]) {
      const brute = await explained(f, one, { ...options, strategy: 'brute' });
      close(await explained(f, one, { ...options, strategy: 'path-linear' }), brute, JSON.stringify(options));
      assert.ok(brute.every(Number.isFinite), 'finite');
      if (exact && options.nSteps > 100) assert.ok(Math.abs(brute[1]! - exact(4)) < 0.05);
    }
  });
}

for (const dtype of ['float32', 'float64'] as const) {
  fault('R7', `an additive mask of -Infinity made attributions NaN (${dtype})`, async () => {
    const mask = tensor([[0, 0, -Infinity]], undefined, dtype);
    const f = (x: Tensor): Tensor => {
      const e = exp(add(mul(x, 0.5), mask));
      return sum(mul(e, e), { axes: 1 });
    };
    const x = tensor([[1, 2, 3], [0.5, 1, 2]], undefined, dtype); // biome-ignore format: rows
    for (const nSteps of [20, 'auto'] as const) {
      const linear = await explained(f, x, { nSteps, strategy: 'path-linear' });
      close(linear, await explained(f, x, { nSteps: 200, strategy: 'brute' }), `${nSteps}`);
      assert.equal([linear[2], linear[5]], [0, 0]);
    }
  });
}

fault('R9', "nSteps 'auto' threw on an infinite gradient at a feature that does not move", async () => {
  const f = (x: Tensor): Tensor => sum(sqrt(x), { axes: 1 });
  for (const strategy of ['path-linear', 'brute'] as const) {
    const [still, moving] = await explained(f, tensor([[0, 4]], [1, 2], 'float64'), { nSteps: 'auto', strategy });
    assert.is(still, 0);
    assert.ok(Math.abs(moving! - 2) < 0.1, `${moving}`);
  }
});

fault(
  'R9',
  'an infinite gradient that reaches a feature which moves was an infinite attribution, without a word',
  async () => {
    const difference = (x: Tensor): Tensor => sub(slice(x, { 1: [0, 1] }), slice(x, { 1: [1, 2] }));
    for (const strategy of ['path-linear', 'brute'] as const) {
      const f = (x: Tensor): Tensor => sum(sqrt(difference(x)), { axes: 1 });
      const error = await explained(f, tensor([[2, 2]], [1, 2], 'float64'), { nSteps: 'auto', strategy }).then(
        () => null,
        (reason: Error) => reason,
      );
      assert.match(error?.message ?? 'no error', /^adaptive path: gradient is not finite/, strategy);
    }
  },
);

fault.run();
