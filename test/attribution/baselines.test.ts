/** Baselines in all their forms: kinds, several averaged with their spread, layer space, token ids, entropy. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Baselines, baselineEntropy, type Explanation, IntegratedGradients } from '../../src/attribution/index.ts';
import { DeepLiftShap, ExpectedGradients, GradientShap } from '../../src/attribution/methods/index.ts';
import type { CallableModel } from '../../src/graph/callable.ts';
import { checkGrads } from '../../src/graph/check-grads.ts';
import { add, mul } from '../../src/ops/binary.ts';
import { embedding } from '../../src/ops/indexing.ts';
import { matmul } from '../../src/ops/matmul.ts';
import { reshape } from '../../src/ops/movement.ts';
import { sum } from '../../src/ops/reduce.ts';
import { square, tanh } from '../../src/ops/unary.ts';
import { type Tensor, tensor } from '../../src/tensor/tensor.ts';
import { rejects } from '../support/rejects.ts';
import { col, type Model } from './closed-forms.ts';
import { f64, floatInput, tinyModel } from './tiny-models.ts';

const test = suite('baselines');
const squares: Model = (x) => sum(square(x), { axes: [1], keepDims: true });
const product: Model = (x) => mul(col(x, 0), col(x, 1));
const rounded = (t: Tensor): number[] => Array.from(t.data, (v) => Math.round(v * 1e10) / 1e10 + 0);
const explain = (f: Model, x: Tensor, baselines: Baselines): Promise<Explanation> =>
  new IntegratedGradients(f).explain(x, { baselines });

test('baselines that a function draws, one after another', async () => {
  const draw = (index: number, x: Tensor): Tensor => f64(Array.from({ length: x.shape[0]! }, () => [index]));
  const { attributions, baselineSpread } = await explain(squares, f64([[2]]), { kind: 'drawn', draw, count: 2 });
  assert.equal(rounded(attributions[0]!), [3.5]);
  assert.is(baselineSpread!.count, 2);
  const refused = await explain(squares, f64([[2]]), { kind: 'drawn', draw: () => f64([[1, 2]]) }).catch(
    (e: Error) => e,
  );
  assert.match((refused as Error).message, /baseline: needs the shape of X \(drawn \[1,2\], X \[1,1\]\)/);
});

test('61 expected gradients of x^2 over the baselines 0 and 1', async () => {
  const { attributions, baselineSpread, deltas } = await explain(squares, f64([[2]]), {
    kind: 'dataset',
    data: f64([[0], [1]]),
  });
  assert.equal(rounded(attributions[0]!), [3.5]);
  assert.ok(Math.abs(deltas.item()) < 1e-14);
  assert.is(baselineSpread!.count, 2);
  assert.equal(baselineSpread!.std.map(rounded), [[0.5]]);
  assert.equal(baselineSpread!.scores.toArray(), [[0], [1]]);
});

test('62 expected gradients of xy over two baselines', async () => {
  const explanation = await explain(product, f64([[2, 3]]), {
    kind: 'dataset',
    data: f64([
      [0, 0],
      [1, -1],
    ]),
  });
  assert.equal(rounded(explanation.attributions[0]!), [2, 4.5]);
  assert.equal(explanation.baselines[0]!.shape, [2, 1, 2]);
  assert.equal(explanation.baselinePredictions.toArray(), [[-0.5]]);
});

test('zeros, a constant and the default', async () => {
  for (const [baselines, expected] of [
    [undefined, 0],
    [null, 0],
    [{ kind: 'zeros' }, 0],
    [1.5, 1.5],
    [{ kind: 'constant', value: 1.5 }, 1.5],
  ] as const) {
    const { baselines: used } = await explain(squares, f64([[1, 2]]), baselines);
    assert.equal(used[0]!.toArray(), [[expected, expected]]);
  }
});

test('max is the corner farthest from each feature', async () => {
  const { baselines } = await explain(squares, f64([[0.2, 0.9, 0.5]]), { kind: 'max' });
  assert.equal(baselines[0]!.toArray(), [[1, 0, 0]]);
});

test('seeds of noise and of rows that make no sense were taken', async () => {
  const X = f64([[1, 2]]);
  for (const seed of [-1, 1.5, Number.NaN, 2 ** 32, '1'] as number[]) {
    for (const baselines of [
      { kind: 'noise', seed },
      { kind: 'dataset', data: X, seed },
    ] as Baselines[])
      await rejects(explain(squares, X, baselines), /seed is a whole number from 0 to 2\^32 - 1 \(got /);
    assert.throws(() => checkGrads((x) => x, [X], { seed }), /seed is a whole number/);
  }
});

test('noise depends on the seed alone and is shared by the samples of a batch', async () => {
  const noise = (seed: number, more = {}): Baselines => ({ kind: 'noise', count: 4, seed, low: -1, high: 3, ...more });
  const X = f64([
    [1, 2],
    [3, 4],
  ]);
  const [one, again, other] = [
    await explain(squares, X, noise(1)),
    await explain(squares, X, noise(1)),
    await explain(squares, X, noise(2)),
  ];
  assert.equal(one.attributions[0]!.data, again.attributions[0]!.data);
  assert.not.equal(one.baselines[0]!.data, other.baselines[0]!.data);
  assert.equal(one.baselines[0]!.shape, [4, 1, 2]);
  assert.ok(one.baselines[0]!.data.every((v) => v >= -1 && v < 3));
  assert.is(new Set(one.baselines[0]!.data).size, 8);
  const alone = await explain(squares, f64([[3, 4]]), noise(1));
  assert.equal(rounded(alone.attributions[0]!), rounded(one.attributions[0]!).slice(2));
  const gaussian = await explain(squares, X, { kind: 'noise', distribution: 'gaussian', mean: 5, std: 0.1, count: 3 });
  assert.ok(gaussian.baselines[0]!.data.every((v) => Math.abs(v - 5) < 1));
});

test('rows of a data set: drawn without repetition, all of them when no count is given', async () => {
  const data = f64([[1], [2], [3], [4], [5]]);
  const drawn = await explain(squares, f64([[0]]), { kind: 'dataset', data, count: 3, seed: 4 });
  assert.is(new Set(drawn.baselines[0]!.data).size, 3);
  const all = await explain(squares, f64([[0]]), { kind: 'dataset', data });
  assert.equal(Array.from(all.baselines[0]!.data), [1, 2, 3, 4, 5]);
});

test('each of several inputs has its own baseline', async () => {
  const f = (a: Tensor, b: Tensor): Tensor => mul(a, b);
  const X = { a: f64([[2]]), b: f64([[3]]) };
  const found = await new IntegratedGradients(f).explain(X, { baselines: { b: { kind: 'constant', value: 1 } } });
  assert.equal(
    found.baselines.map((t) => t.toArray()),
    [[[0]], [[1]]],
  );
  const mixed = { a: { kind: 'dataset', data: f64([[0], [1]]) }, b: 1 } as const;
  const averaged = await new IntegratedGradients(f).explain(X, { baselines: mixed });
  assert.equal(
    averaged.baselines.map((t) => t.shape),
    [
      [2, 1, 1],
      [1, 1, 1],
    ],
  );
  assert.ok(Math.abs(averaged.deltas.item()) < 1e-14);
});

const E = f64([
  [0.5, -0.5],
  [1, 2],
  [3, -1],
  [0.5, 0.5],
]);
const tokens: CallableModel = tinyModel({
  inputs: [{ name: 'tokens', shape: [null, 3], dtype: 'int32' }],
  layers: [['emb', 'Embedding']],
  forward: (call, [ids]) => {
    const e = call('emb', [ids!], (t) => embedding(E, t));
    return matmul(tanh(reshape(e, [-1, 6])), f64([[1], [-2], [0.5], [4], [1], [1]]));
  },
});

test('PAD tokens keep the special tokens', async () => {
  const ig = new IntegratedGradients(tokens, { layer: 'emb' });
  const { baselines, attributions } = await ig.explain([[1, 2, 3]], { baselines: { kind: 'pad', id: 0, keep: [1] } });
  assert.equal(baselines[0]!.toArray(), [[1, 0, 0]]);
  assert.is(baselines[0]!.dtype, 'int32');
  assert.equal((attributions[0]!.toArray() as number[][][])[0]![0], [0, 0]);
});

test('a baseline in layer space: the zero embedding, which no token has', async () => {
  const ig = new IntegratedGradients(tokens, { layer: 'emb' });
  const zero = await ig.explain([[1, 2, 3]], { baselines: { space: 'layer', value: 0 } });
  assert.equal(zero.baselinePredictions.toArray(), [[0]]);
  assert.equal(zero.baselines[0]!.shape, [1, 3, 2]);
  assert.ok(Math.abs(zero.deltas.item()) < 1e-10);
  const row = await ig.explain(
    [
      [1, 2, 3],
      [0, 0, 1],
    ],
    {
      baselines: {
        space: 'layer',
        value: f64([
          [
            [0, 0],
            [0, 0],
            [0, 0],
          ],
        ]),
      },
    },
  );
  assert.equal(rounded(row.attributions[0]!).slice(0, 6), rounded(zero.attributions[0]!));
});

test('in layer space what bypasses the layer stays at the real input', async () => {
  const model = tinyModel({
    inputs: [floatInput('x', 1)],
    layers: [['h', 'Dense']],
    forward: (call, [x]) =>
      add(
        mul(
          call('h', [x!], (v) => mul(v, 3)),
          2,
        ),
        mul(x!, 10),
      ),
  });
  const found = await new IntegratedGradients(model, { layer: 'h' }).explain([[1]], {
    baselines: { space: 'layer', value: 1 },
  });
  assert.equal(found.baselinePredictions.toArray(), [[12]]);
  assert.equal(rounded(found.attributions[0]!), [4]);
});

test('66 the entropy of uniform distributions is ln K, of certainty 0', () => {
  for (const [k, nats] of [
    [2, Math.LN2],
    [3, Math.log(3)],
    [10, Math.LN10],
  ] as const) {
    const [entropy] = baselineEntropy(tensor(new Float64Array(k).fill(1 / k), [1, k]))!;
    assert.ok(Math.abs(entropy!.nats - nats) < 1e-14 && Math.abs(entropy!.fraction - 1) < 1e-12);
  }
  assert.equal(baselineEntropy(f64([[1, 0, 0]])), [{ nats: 0, fraction: 0 }]);
  assert.ok(Math.abs(baselineEntropy(f64([[0.5], [0.5]]))![1]!.nats - Math.LN2) < 1e-15);
  assert.is(baselineEntropy(f64([[2, -1]])), null);
});

test('methods of a background average over the rows of an array, however many samples there are', async () => {
  const f = (x: Tensor): Tensor => sum(mul(x, x), { axes: 1 });
  const data = tensor([
    [0, 1],
    [2, 0],
    [1, 1],
  ]);
  const rows = [
    [1, 2],
    [3, 4],
    [0, 1],
  ];
  for (const count of [1, 2, 3]) {
    for (const explainer of [
      new DeepLiftShap(f),
      new ExpectedGradients(f, { nSamples: 9 }),
      new GradientShap(f, { nSamples: 9, stdevs: 0 }),
    ]) {
      const given = await explainer.explain(rows.slice(0, count), { baselines: data });
      const named = await explainer.explain(rows.slice(0, count), { baselines: { kind: 'dataset', data } });
      assert.equal(given.attributions[0]!.data, named.attributions[0]!.data);
      assert.is(given.baselineSpread?.count, 3);
    }
  }
});

test.run();
