/** The axioms of integrated gradients (40-50 of the list of closed forms) as properties of random models and inputs, in float64. */
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { IntegratedGradients, type IntegratedGradientsOptions } from '../../src/attribution/index.ts';
import { randomNormal } from '../../src/graph/random.ts';
import { add, mul, sub } from '../../src/ops/binary.ts';
import { matmul } from '../../src/ops/matmul.ts';
import { sum } from '../../src/ops/reduce.ts';
import { softmax } from '../../src/ops/softmax.ts';
import { sigmoid, tanh } from '../../src/ops/unary.ts';
import { type Tensor, tensor } from '../../src/tensor/tensor.ts';
import { col, type Model } from './closed-forms.ts';
import { f64 } from './tiny-models.ts';

const FEATURES = 4;
const seed = fc.integer({ min: 0, max: 2 ** 31 - 1 });
const runs = { numRuns: times(12, 25), seed: 11 };

const normal = (rows: number, columns: number, s: number): Tensor =>
  tensor(
    randomNormal(rows * columns, s).map((z) => 0.7 * z),
    [rows, columns],
  );

/** A smooth random network with one output per sample. */
const network = (s: number): Model => {
  const [w1, w2, v] = [normal(FEATURES, 5, s), normal(5, 3, s + 1), normal(3, 1, s + 2)];
  return (x) => matmul(tanh(matmul(tanh(matmul(x, w1)), w2)), v);
};
const classifier = (s: number): Model => {
  const [w1, w2] = [normal(FEATURES, 5, s), normal(5, 3, s + 1)];
  return (x) => softmax(matmul(tanh(matmul(x, w1)), w2));
};

type Options = IntegratedGradientsOptions<Model>;
async function explain(f: Model, x: Tensor, b: Tensor, options: Options = {}): Promise<Float64Array> {
  const { attributions } = await new IntegratedGradients(f, options).explain(x, { baselines: b });
  return attributions[0]!.data as Float64Array;
}

function close(a: ArrayLike<number>, b: ArrayLike<number>, tolerance = 1e-12): void {
  assert.is(a.length, b.length);
  for (let i = 0; i < a.length; i++) {
    const scale = Math.max(1, Math.abs(a[i]!));
    assert.ok(Math.abs(a[i]! - b[i]!) <= tolerance * scale, `${i}: ${a[i]} and ${b[i]}`);
  }
}

import { times } from '../support/thorough.ts';
import { said } from '../support/warnings.ts';

const test = suite('axioms of integrated gradients');
const property = (name: string, check: (s: number) => Promise<void>): void =>
  test(name, () => fc.assert(fc.asyncProperty(seed, check), runs));

property('40 completeness: attributions add up to the change of the score', async (s) => {
  const [x, b] = [normal(3, FEATURES, s + 7), normal(3, FEATURES, s + 8)];
  const explanation = await new IntegratedGradients(classifier(s)).explain(x, { baselines: b, target: [0, 1, 2] });
  for (const { delta, ok } of explanation.completeness) assert.ok(ok && Math.abs(delta) < 1e-12, `${delta}`);
});

property('41 an input that equals its baseline gets zeros and delta 0', async (s) => {
  const x = normal(2, FEATURES, s + 7);
  const explanation = await new IntegratedGradients(network(s)).explain(x, { baselines: x });
  assert.ok(explanation.attributions[0]!.data.every((v) => v === 0));
  assert.ok(explanation.deltas.data.every((v) => v === 0));
  assert.match(said(explanation), 'samples 0, 1 equal to the baseline');
});

property('42 a feature that equals its baseline gets exactly 0', async (s) => {
  const [x, b] = [normal(1, FEATURES, s + 7), normal(1, FEATURES, s + 8)];
  b.data[2] = x.data[2]!;
  assert.is((await explain(network(s), x, b))[2], 0);
});

property('43 a feature that is not used gets exactly 0', async (s) => {
  const f = network(s);
  const masked: Model = (x) => f(mul(x, f64([1, 1, 0, 1])));
  assert.is((await explain(masked, normal(1, FEATURES, s + 7), normal(1, FEATURES, s + 8)))[2]! + 0, 0);
});

property('44 symmetric features with equal values get bit-equal attributions', async (s) => {
  const f: Model = (x) => sigmoid(mul(add(col(x, 0), col(x, 1)), mul(col(x, 0), col(x, 1))));
  const [x, b] = [normal(1, FEATURES, s), normal(1, FEATURES, s + 1)];
  x.data[1] = x.data[0]!;
  b.data[1] = b.data[0]!;
  const found = await explain(f, x, b);
  assert.is(found[0], found[1]);
});

property('45 linearity: IG of a f + c g is a IG(f) + c IG(g)', async (s) => {
  const [f, g] = [network(s), network(s + 100)];
  const [x, b] = [normal(1, FEATURES, s + 7), normal(1, FEATURES, s + 8)];
  const both = await explain((v) => add(mul(f(v), 2.5), mul(g(v), -0.5)), x, b);
  const [one, other] = [await explain(f, x, b), await explain(g, x, b)];
  close(
    both,
    one.map((v, i) => 2.5 * v - 0.5 * other[i]!),
  );
});

property('46 rescaling the features leaves attributions unchanged', async (s) => {
  const f = network(s);
  const c = f64([2, 0.5, -3, 10]);
  const [x, b] = [normal(1, FEATURES, s + 7), normal(1, FEATURES, s + 8)];
  const scaled = (t: Tensor): Tensor =>
    tensor(
      Float64Array.from(t.data, (v, i) => v * c.data[i]!),
      t.shape,
    );
  const inverse = f64([0.5, 2, -1 / 3, 0.1]);
  close(await explain(f, x, b), await explain((v) => f(mul(v, inverse)), scaled(x), scaled(b)));
});

property('47 reversal: swapping input and baseline changes the sign; left and right swap', async (s) => {
  const f = network(s);
  const [x, b] = [normal(1, FEATURES, s + 7), normal(1, FEATURES, s + 8)];
  const pairs = [
    ['gausslegendre', 'gausslegendre'],
    ['riemann_middle', 'riemann_middle'],
    ['riemann_trapezoid', 'riemann_trapezoid'],
    ['riemann_left', 'riemann_right'],
  ] as const;
  for (const [there, back] of pairs) {
    const forward = await explain(f, x, b, { method: there, nSteps: 10 });
    const backward = await explain(f, b, x, { method: back, nSteps: 10 });
    close(
      forward,
      backward.map((v) => -v),
    );
  }
});

property('48 a path split at a point on it adds up', async (s) => {
  const f = network(s);
  const [x, b] = [normal(1, FEATURES, s + 7), normal(1, FEATURES, s + 8)];
  const m = tensor(
    Float64Array.from(x.data, (v, i) => 0.3 * v + 0.7 * b.data[i]!),
    x.shape,
  );
  const [first, second] = [await explain(f, m, b), await explain(f, x, m)];
  // Exact for the integral; 50 points leave what they leave on a steep path.
  close(
    await explain(f, x, b),
    first.map((v, i) => v + second[i]!),
    1e-8,
  );
});

property('49 the same function built otherwise has the same attributions', async (s) => {
  const f = network(s);
  const [x, b] = [normal(1, FEATURES, s + 7), normal(1, FEATURES, s + 8)];
  close(await explain(f, x, b), await explain((v) => sub(mul(f(add(v, 0)), 3), add(f(v), f(v))), x, b));
});

property('50 a batch is its samples one by one, for every internal batch size, in any order', async (s) => {
  const [x, b] = [normal(5, FEATURES, s + 7), normal(5, FEATURES, s + 8)];
  const row = (t: Tensor, i: number): Tensor => tensor(t.data.slice(i * FEATURES, (i + 1) * FEATURES), [1, FEATURES]);
  const alone: number[] = [];
  for (const i of [0, 1, 2, 3, 4]) alone.push(...(await explain(network(s), row(x, i), row(b, i), { nSteps: 9 })));
  for (const internalBatchSize of [1, 4, 7, 5, 1_000_000]) {
    close(await explain(network(s), x, b, { nSteps: 9, internalBatchSize }), alone);
  }
  const order = [3, 0, 4, 1, 2];
  const permuted = (t: Tensor): Tensor => tensor(Float64Array.from(order.flatMap((i) => [...row(t, i).data])), t.shape);
  const found = await explain(network(s), permuted(x), permuted(b), { nSteps: 9 });
  close(
    found,
    order.flatMap((i) => alone.slice(i * FEATURES, (i + 1) * FEATURES)),
  );
});

property('a sum of per-feature functions is attributed feature by feature', async (s) => {
  const [x, b] = [normal(1, FEATURES, s + 7), normal(1, FEATURES, s + 8)];
  const found = await explain((v) => sum(tanh(v), { axes: 1, keepDims: true }), x, b);
  close(
    found,
    Float64Array.from(x.data, (v, i) => Math.tanh(v) - Math.tanh(b.data[i]!)),
  );
});

test.run();
