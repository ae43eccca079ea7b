/** DeepLift: closed forms, summation to the change of the score on whatever a graph is made of, and what it refuses. */
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Explanation } from '../../../src/attribution/index.ts';
import { DeepLift, DeepLiftShap } from '../../../src/attribution/methods/index.ts';
import { randomNormal } from '../../../src/graph/random.ts';
import * as op from '../../../src/ops/index.ts';
import { PathgradError } from '../../../src/tensor/errors.ts';
import { type Tensor, tensor } from '../../../src/tensor/tensor.ts';
import { loadNet, netSamples } from '../../support/method-golden.ts';
import { functionOf } from '../../support/random-graphs.ts';
import { times } from '../../support/thorough.ts';
import { f64, floatInput, tinyModel } from '../tiny-models.ts';

const test = suite('DeepLift');
const { add, col, mul, relu, sub, sum } = { ...op, col: (x: Tensor, i: number) => op.slice(x, { 1: [i, i + 1] }) };
type Model = (x: Tensor) => Tensor;
type Row = readonly number[];

/** The attributions of one sample, rounded to twelve digits. */
async function attributions(f: Model, x: Row, b: Row, options = {}, target?: number): Promise<number[]> {
  const explainer = new DeepLift(f, { dtype: 'float64', ...options });
  const given = { baselines: f64([[...b]]), ...(target !== undefined && { target }) };
  const found = await explainer.explain(f64([[...x]]), given);
  return [...found.attributions[0]!.data].map((value) => Number(value.toFixed(12)) + 0);
}

test('a relu passes its change over that of its input', async () => {
  const f: Model = (x) => relu(sub(sum(x, { axes: 1, keepDims: true }), 1));
  assert.equal(await attributions(f, [1, 1], [0, 0]), [0.5, 0.5]);
});

test('what stands still passes its gradient', async () => {
  const f: Model = (x) => relu(add(sub(col(x, 0), col(x, 1)), 1));
  assert.equal(await attributions(f, [1, 1], [0, 0]), [1, -1]);
});

test('a function that several ops spell is one function', async () => {
  // Not the slope of the branch at x, and not a product of two.
  for (const [f, at1, at2] of [
    [(x: Tensor) => op.leakyRelu(x), 2, -0.2],
    [(x: Tensor) => op.elu(x), 2, Math.expm1(-1)],
    [(x: Tensor) => op.silu(x), 2 / (1 + Math.exp(-2)), -1 / (1 + Math.exp(1))],
    [(x: Tensor) => mul(x, x), 4, 1],
    [(x: Tensor) => op.softsign(x), 2 / 3, -0.5],
  ] as const) {
    const change = at1 - at2;
    // f(x1 + 2 x2): 2/3 and 1/3 of the change for steps of 1 and 1.
    const y: Model = (x) => f(add(col(x, 0), mul(col(x, 1), 2)));
    assert.equal(
      await attributions(y, [0, 1], [-1, 0]),
      [change / 3, (change * 2) / 3].map((v) => Number(v.toFixed(12))),
    );
  }
});

test('the factors of a product each get the mean of the other', async () => {
  assert.equal(await attributions((x) => mul(col(x, 0), col(x, 1)), [3, 5], [1, 2]), [7, 6]);
  const product: Model = (x) =>
    op.reshape(op.matmul(op.reshape(col(x, 0), [-1, 1, 1]), op.reshape(col(x, 1), [-1, 1, 1])), [-1, 1]);
  assert.equal(await attributions(product, [3, 5], [1, 2]), [7, 6]);
  assert.equal(await attributions((x) => op.div(col(x, 0), col(x, 1)), [3, 4], [1, 2]), [0.75, -0.5]);
});

test('a maximum gives what an end has above the other to what is picked there', async () => {
  const max: Model = (x) => op.max(x, { axes: 1, keepDims: true });
  assert.equal(await attributions(max, [3, 1, 0], [0, 2, 0]), [1, 0, 0]);
  assert.equal(await attributions(max, [1, 0, 0], [0, 5, 0]), [0, -4, 0]);
  assert.equal(await attributions((x) => op.maximum(col(x, 0), op.sin(mul(col(x, 1), 0))), [3, 1], [-1, 2]), [3, 0]);
  const min: Model = (x) => op.min(x, { axes: 1, keepDims: true });
  assert.equal(await attributions(min, [-3, 1, 0], [0, -2, 0]), [-1, 0, 0]);
});

test('a softmax is taken apart, or gone through class by class', async () => {
  const at = [Math.log(3), Math.log(2)];
  // p0 goes from 1/2 to 3/5, the logarithm of the sum of exponentials from log 2 to log 5.
  const slope = 0.1 / Math.log(1.2);
  const expected = [slope * (Math.log(3) - (2 / 3) * Math.log(2.5)), (-slope * Math.log(2.5)) / 3];
  const found = await attributions((x) => op.softmax(x), at, [0, 0], {}, 0);
  found.forEach((value, i) => {
    assert.ok(Math.abs(value - expected[i]!) < 1e-11, `${value} instead of ${expected[i]}`);
  });
  assert.equal(await attributions((x) => op.softmax(x), at, [0, 0], { softmax: 'elementwise' }, 0), [0.1, 0]);
});

test('a saturated softmax does not blow up', async () => {
  const found = await attributions((x) => op.softmax(x), [60, 0, -40], [0, 0, 0], {}, 0);
  assert.ok(
    found.every((value) => Math.abs(value) < 1),
    String(found),
  );
  assert.ok(Math.abs(found.reduce((a, b) => a + b) - 2 / 3) < 1e-11);
});

const largest = (t: Tensor): number => Math.max(...[...t.data].map(Math.abs));
const weights = (rows: number, columns: number, seed: number): Tensor =>
  tensor(Float64Array.from(randomNormal(rows * columns, seed)), [rows, columns]);
const total = (y: Tensor): Tensor =>
  sum(mul(y, tensor(Float64Array.from(randomNormal(y.size / y.shape[0]!, 5)), [1, ...y.shape.slice(1)])), {
    axes: y.shape.map((_, i) => i).slice(1),
  });
const square = (x: Tensor): Tensor => op.reshape(x, [-1, 3, 2]);
const pair =
  (f: (a: Tensor, b: Tensor) => Tensor): Model =>
  (x) =>
    f(op.slice(x, { 1: [0, 3] }), op.slice(x, { 1: [3, 6] }));
const masked = (x: Tensor): Tensor =>
  tensor(
    Uint8Array.from({ length: x.shape[0]! * 3 }, (_, i) => Number(i % 3 !== 1)),
    [x.shape[0]!, 3],
    'bool',
  );
const attention: Model = (x) => {
  const [q, k, v] = [1, 2, 3].map((seed) => op.matmul(square(x), weights(2, 4, seed))) as [Tensor, Tensor, Tensor];
  return op.matmul(op.softmax(op.matmul(q, k, { transposeB: true })), v);
};
const gate: Model = (x) => mul(square(x), op.expandDims(op.sigmoid(op.mean(square(x), { axes: 1 })), 1));

const functions: { readonly [name: string]: Model } = {
  elu: (x) => op.elu(x),
  selu: op.selu,
  celu: (x) => op.celu(x, 0.7),
  prelu: (x) => op.prelu(x, f64([0.1, 0.2, 0.3, 0.4, 0.5, 0.6])),
  relu6: (x) => op.relu6(mul(x, 4)),
  thresholded: (x) => relu(x, { threshold: 0.5, negativeSlope: 0.2, maxValue: 1 }),
  gelu: (x) => op.gelu(x),
  'gelu by tanh': (x) => op.gelu(x, { approximate: true }),
  mish: op.mish,
  hardSilu: op.hardSilu,
  hardTanh: op.hardTanh,
  softShrink: (x) => op.softShrink(x),
  sparsePlus: op.sparsePlus,
  squareplus: (x) => op.squareplus(x),
  logSigmoid: op.logSigmoid,
  glu: (x) => op.glu(x),
  sign: (x) => mul(op.sign(x), x),
  floor: (x) => op.floor(x),
  pow: (x) => op.pow(op.abs(x), 1.5),
  logSoftmax: (x) => op.logSoftmax(x),
  'softmax over rows': (x) => op.softmax(square(x), 1),
  logSumExp: (x) => op.logSumExp(square(x), { axes: 1 }),
  layerNorm: (x) => op.layerNorm(square(x), { axes: [1, 2] }),
  'layerNorm along the last axis': (x) => op.layerNorm(x, { gamma: f64([1, 2, 3, -1, -2, 0.5]) }),
  groupNorm: (x) => op.groupNorm(op.reshape(x, [-1, 1, 6]), 2),
  unitNorm: (x) => op.unitNorm(x),
  variance: (x) => op.expandDims(op.variance(x, { axes: 1 }), 1),
  prod: (x) => op.prod(x, { axes: 1, keepDims: true }),
  quotient: pair((a, b) => op.div(a, add(op.abs(b), 0.5))),
  minimum: pair((a, b) => op.minimum(a, op.tanh(b))),
  chosen: pair((a, b) => op.where(op.greater(op.sin(a), 0.1), mul(b, a), op.tanh(a))),
  'chosen by another': pair((a, b) => op.where(op.greater(a, 0.1), op.square(b), op.cos(b))),
  'max pool': (x) => op.maxPool(op.reshape(x, [-1, 6, 1]), { window: 3, stride: 1 }),
  gate,
  attention,
  lstm: (x) => op.lstm(op.matmul(square(x), weights(2, 8, 1)), weights(2, 8, 2)),
  'lstm backwards with a mask': (x) =>
    op.lstm(op.matmul(square(x), weights(2, 8, 1)), weights(2, 8, 2), { reverse: true, mask: masked(x) }),
  gru: (x) => op.gru(op.matmul(square(x), weights(2, 6, 1)), weights(2, 6, 2), op.reshape(weights(1, 6, 3), [6])),
  'gru with the reset before': (x) =>
    op.gru(op.matmul(square(x), weights(2, 6, 1)), weights(2, 6, 2), null, { recurrentActivation: 'hardSigmoid' }),
  'a scan from a state that moves': (x) =>
    op.simpleRnn(op.matmul(square(x), weights(2, 2, 1)), weights(2, 2, 2), {
      activation: 'relu',
      initialState: [op.tanh(op.slice(x, { 1: [0, 2] }))],
    }),
};

for (const [name, f] of Object.entries(functions)) {
  test(`adds up: ${name}`, async () => {
    const model: Model = (x) => total(f(add(x, mul(op.reverse(x, [1]), 0.5))));
    const [x, b] = [1, 2].map((seed) => tensor(Float64Array.from(randomNormal(24, seed)), [4, 6])) as [Tensor, Tensor];
    const { deltas, attributions } = await new DeepLift(model).explain(x, { baselines: b });
    const size = largest(attributions[0]!);
    assert.ok(size > 1e-3, `attributions of at most ${size}`);
    for (const delta of deltas.data) assert.ok(Math.abs(delta) < 1e-11 * Math.max(1, size), `misses ${delta}`);
  });
}

test('adds up: a Keras LSTM over an embedding, in both float types', async () => {
  for (const [dtype, bound] of [
    ['float64', 1e-14],
    ['float32', 1e-6],
  ] as const) {
    const explainer = new DeepLift(await loadNet('lstm', dtype), { layer: 'embedding' });
    const { inputs, targets } = netSamples('lstm', dtype);
    const { attributions, deltas } = await explainer.explain(inputs, { baselines: 0, target: targets });
    assert.ok(largest(attributions[0]!) > 0.01);
    for (const delta of deltas.data) assert.ok(Math.abs(delta) < bound, `misses ${delta}`);
  }
});

test('in float32 ends that lie close together keep their digits', async () => {
  // 1 and 1.001: the difference of two float32 numbers around 1 is known to four digits.
  const x = Float32Array.from(randomNormal(12, 3), (v) => Math.fround(1 + Math.abs(v)));
  const b = x.map((v, i) => v * (1 + (i % 2 ? 1e-3 : -2e-5)));
  const smooth: { readonly [name: string]: Model } = {
    exp: op.exp,
    log: op.log,
    square: op.square,
    sqrt: op.sqrt,
    tanh: op.tanh,
    sigmoid: op.sigmoid,
    softplus: op.softplus,
    gelu: (t) => op.gelu(t),
    softmax: (t) => mul(op.softmax(t), tensor([1, -2, 3, 0.5], [4], t.dtype)),
    logSoftmax: (t) => mul(op.logSoftmax(t), tensor([1, -2, 3, 0.5], [4], t.dtype)),
  };
  for (const [name, f] of Object.entries(smooth)) {
    const found: number[][] = [];
    for (const dtype of ['float64', 'float32'] as const) {
      const explainer = new DeepLift((t: Tensor) => sum(f(t), { axes: 1 }), { dtype });
      const [X, baselines] = [x, b].map((data) => tensor([...data], [3, 4], dtype)) as [Tensor, Tensor];
      const { attributions } = await explainer.explain(X, { baselines });
      found.push([...attributions[0]!.data]);
    }
    const [double, single] = found as [number[], number[]];
    const off = Math.max(...double.map((value, i) => Math.abs(value - single[i]!)));
    assert.ok(off < 2e-6 * Math.max(...double.map(Math.abs)), `${name}: off by ${off}`);
  }
});

test('adds up on random graphs, whoever is explained together', async () => {
  const numRuns = Number(process.env['PATHGRAD_GRAPHS'] ?? times(50, 150));
  let looked = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        features: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 3 }),
        steps: fc.array(fc.nat({ max: 32 * 1024 * 24 }), { minLength: 2, maxLength: 12 }),
        rows: fc.integer({ min: 1, max: 4 }),
        seed: fc.nat({ max: 100_000 }),
      }),
      async ({ rows, seed, ...recipe }) => {
        const shape = [rows, ...recipe.features];
        const size = shape.reduce((a, b) => a * b, 1);
        const values = Float64Array.from(randomNormal(2 * size, seed));
        const [x, b] = [values.slice(0, size), values.slice(size)].map((data) => tensor(data, shape));
        const explainer = new DeepLift(functionOf(recipe));
        let found: Explanation<Tensor>;
        try {
          found = await explainer.explain(x!, { baselines: b! });
        } catch (error) {
          // Some recipes mix samples, which the frame refuses for every method.
          if (error instanceof PathgradError && !error.message.startsWith('DeepLift')) return;
          throw error;
        }
        looked++;
        const all = found.attributions[0]!.data;
        const most = Math.max(largest(found.attributions[0]!), 1e-3);
        for (const delta of found.deltas.data) assert.ok(Math.abs(delta) < 1e-9 * most, `misses ${delta}`);
        const width = size / rows;
        const first = tensor(x!.data.slice(0, width), [1, ...recipe.features]);
        const alone = await explainer.explain(first, { baselines: tensor(b!.data.slice(0, width), first.shape) });
        alone.attributions[0]!.data.forEach((value, i) => {
          assert.ok(Math.abs(value - all[i]!) <= 1e-9 * most, 'depends on the other samples');
        });
      },
    ),
    { numRuns },
  );
  assert.ok(looked > numRuns / 3, `${looked} of ${numRuns} graphs`);
});

test('DeepLiftShap is the mean over its baselines', async () => {
  const f: Model = (x) => op.tanh(mul(sum(op.square(x), { axes: 1, keepDims: true }), 0.3));
  const x = f64([[1, -0.5]]);
  const rows = [
    [0.2, 0.1],
    [0.7, -1],
    [0, 2],
  ];
  const all = await new DeepLiftShap(f).explain(x, { baselines: { kind: 'dataset', data: f64(rows) } });
  const each: number[][] = [];
  for (const row of rows) each.push(await attributions(f, [1, -0.5], row));
  [0, 1].forEach((i) => {
    const mean = each.reduce((total, one) => total + one[i]! / 3, 0);
    assert.ok(Math.abs(all.attributions[0]!.data[i]! - mean) < 1e-11);
  });
});

test('several inputs, and a layer with what stands beside it', async () => {
  const model = tinyModel({
    inputs: [floatInput('a', 2), floatInput('b', 1)],
    layers: [['hidden', 'Dense']],
    forward: (call, [a, b]) =>
      mul(
        call('hidden', [a!], (x) => relu(sum(x, { axes: 1, keepDims: true }))),
        b!,
      ),
  });
  const X = [f64([[1, 2]]), f64([[4]])];
  const baselines = [f64([[-1, -2]]), f64([[2]])];
  const both = await new DeepLift(model).explain(X, { baselines });
  assert.equal(
    both.attributions.map(({ data }) => [...data]),
    [[3, 6], [3]],
  );
  const inside = await new DeepLift(model, { layer: 'hidden' }).explain(X, { baselines });
  assert.equal([...inside.attributions[0]!.data], [12]);
});

test('all targets at once are the same bits as one by one', async () => {
  const f: Model = (x) => op.softmax(op.matmul(op.tanh(op.matmul(x, weights(3, 5, 1))), weights(5, 20, 2)));
  const X = f64([
    [0.3, -1, 2],
    [1, 1, 0.1],
  ]);
  const explainer = new DeepLift(f);
  const all = await explainer.explain(X, { target: 'all' });
  assert.is(all.length, 20);
  for (const target of [0, 7, 19]) {
    const one = await explainer.explain(X, { target });
    assert.equal(one.attributions[0]!.data, all[target]!.attributions[0]!.data);
  }
});

test('an op without a rule is refused by its name and that of its layer', async () => {
  const model = tinyModel({
    inputs: [floatInput('x', 2)],
    layers: [
      ['outer', 'Model'],
      ['power', 'Power'],
    ],
    forward: (call, [x]) =>
      call('outer', [x!], (h) => {
        const [a, b] = [col(h, 0), col(h, 1)];
        return call('power', [a, b], (base, exponent) => op.pow(op.exp(base), exponent));
      }),
  });
  try {
    await new DeepLift(model).explain(f64([[1, 2]]));
    assert.unreachable();
  } catch (error) {
    assert.instance(error, PathgradError);
    assert.ok((error as Error).message.startsWith("DeepLift: has no rule for the op 'pow' of layer 'power'"));
    assert.match((error as PathgradError).hint!, 'IntegratedGradients');
  }
});

test('a softmax rule that there is not', () => {
  assert.throws(() => new DeepLift((x: Tensor) => x, { softmax: 'elementwis' as never }), /did you mean 'elementwise'/);
  assert.throws(() => new DeepLift((x: Tensor) => x, { steps: 3 } as never), /unknown option 'steps'/);
});

test.run();
