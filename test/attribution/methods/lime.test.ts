/** LIME: exact on what is linear, the ridge solution otherwise, independent of the batch, and named errors. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Lime } from '../../../src/attribution/methods/index.ts';
import { seedOf } from '../../../src/attribution/perturb/draws.ts';
import { randomUniform } from '../../../src/graph/random.ts';
import { add, mul, tanh } from '../../../src/ops/index.ts';
import { sum } from '../../../src/ops/reduce.ts';
import { type Tensor, tensor } from '../../../src/tensor/tensor.ts';

const test = suite('Lime');
const w = tensor([2, -1, 0.5], [3], 'float64');
const linear = (x: Tensor): Tensor => add(sum(mul(x, w), { axes: 1 }), 4);
const curved = (x: Tensor): Tensor => tanh(sum(mul(x, w), { axes: 1 }));
const X = tensor([1, 2, 3, -1, 0.5, 2], [2, 3], 'float64');
const close = (found: ArrayLike<number>, wanted: ArrayLike<number>, bound = 1e-10): void =>
  Array.from(found).forEach((v, i) => {
    assert.ok(Math.abs(v - wanted[i]!) <= bound, `${v}, wanted ${wanted[i]}`);
  });

test('without a penalty a linear score gives its own terms, less those of the baseline', async () => {
  const { attributions, deltas } = await new Lime(linear, { alpha: 0, nSamples: 60 }).explain(X, { baselines: 0.5 });
  close(attributions[0]!.data, [1, -1.5, 1.25, -3, 0, 0.75]);
  assert.is(deltas, null);
});

test('with a penalty it is the ridge solution of the sets that were drawn', async () => {
  const [nSamples, alpha, kernelWidth, seed] = [40, 0.7, 0.4, 3];
  const lime = new Lime(curved, { nSamples, alpha, kernelWidth, seed });
  const found = (await lime.explain(tensor([1, 2, 3], [1, 3], 'float64'))).attributions[0]!.data;
  // The slopes that minimise the penalized error, by descent on the definition.
  const sets = Array.from({ length: nSamples }, (_, draw) => {
    const next = randomUniform(seedOf(seed, draw));
    const z = Array.from({ length: 3 }, () => (draw === 0 || next() < 0.5 ? 1 : 0));
    const distance = 1 - Math.sqrt((z[0]! + z[1]! + z[2]!) / 3);
    const y = Math.tanh(2 * z[0]! - 2 * z[1]! + 1.5 * z[2]!);
    return { z: [...z, 1], y, weight: Math.exp(-(distance ** 2) / (2 * kernelWidth ** 2)) };
  });
  const beta = [0, 0, 0, 0];
  for (let step = 0; step < 20_000; step++) {
    const slope = beta.map((b, i) => (i < 3 ? alpha * b : 0));
    for (const { z, y, weight } of sets) {
      const off = z.reduce<number>((all, one, i) => all + one * beta[i]!, 0) - y;
      z.forEach((one, i) => {
        slope[i]! += weight * off * one;
      });
    }
    slope.forEach((g, i) => {
      beta[i]! -= 0.02 * g;
    });
  }
  close(found, beta.slice(0, 3), 1e-8);
});

test('a sample has its values whatever is beside it, and all targets those of one by one', async () => {
  const lime = new Lime(curved, { nSamples: 30, internalBatchSize: 7 });
  const [both, second] = [await lime.explain(X), await lime.explain(tensor(X.data.slice(3), [1, 3], 'float64'))];
  close(both.attributions[0]!.data.slice(3), second.attributions[0]!.data, 1e-12);
  const labels = await lime.explain(X, { target: 'all' });
  close(labels[1]!.attributions[0]!.data, both.attributions[0]!.data, 1e-12);
});

test('groups share their value; what makes no sense is refused', async () => {
  const features = { groups: { pair: [0, 1], last: [2] } };
  const found = await new Lime(linear, { alpha: 0, nSamples: 50 }).explain(X, { features });
  close(found.attributions[0]!.data, [0, 0, 1.5, -1.25, -1.25, 1]);
  for (const [options, pattern] of [
    [{ nSamples: 0 }, /nSamples/],
    [{ kernelWidth: 0 }, /kernelWidth/],
    [{ alpha: -1 }, /alpha/],
    [{ seed: 0.5 }, /seed/],
    [{ draws: 3 }, /draws/],
  ] as const) {
    assert.throws(
      () => new Lime(linear, options as never),
      (e: Error) => e.name === 'PathgradError' && pattern.test(e.message),
    );
  }
  const error = await new Lime(linear, { alpha: 0, nSamples: 2 }).explain(X).catch((e: Error) => e);
  assert.match(String(error), /do not determine/);
});

test.run();
