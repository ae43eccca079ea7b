/** What stays of both ends of a path in the backend: the same bits as without, no convolution twice, and nobody gets another's ends. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Explanation, IntegratedGradients } from '../../src/attribution/index.ts';
import { NoiseTunnel } from '../../src/attribution/methods/index.ts';
import type { Backend } from '../../src/backends/backend.ts';
import { wasmBackend } from '../../src/backends/wasm/index.ts';
import { randomNormal } from '../../src/graph/random.ts';
import * as o from '../../src/ops/index.ts';
import { sizeOf } from '../../src/tensor/shape.ts';
import { type Tensor, tensor } from '../../src/tensor/tensor.ts';
import { tinyModel } from './tiny-models.ts';

const test = suite('kept frontier');
const random = (shape: readonly number[], seed: number): Tensor =>
  tensor(Float32Array.from(randomNormal(sizeOf(shape), seed)), shape);

/** Keeps nothing from run to run. */
const { cells: _, ...forgetful } = wasmBackend;
const [filters, dense, head] = [random([3, 16, 24], 1), random([24, 24], 2), random([24, 3], 3)];

const convolved = (x: Tensor): Tensor => o.max(o.relu(o.add(o.conv1d(x, filters), 0.1)), { axes: 1 });
const textCnn = (x: Tensor): Tensor => o.softmax(o.dense(o.relu(o.dense(convolved(x), dense)), head));
const models = {
  'a text CNN': textCnn,
  'a multilayer perceptron': (x: Tensor) =>
    o.softmax(o.dense(o.tanh(o.dense(o.reshape(x, [x.shape[0]!, -1]), random([320, 24], 4))), head)),
  'two branches': (x: Tensor) => o.softmax(o.dense(o.mul(convolved(x), o.tanh(convolved(o.mul(x, 0.5)))), head)),
  'affine throughout': (x: Tensor) => o.sum(o.mul(o.conv1d(x, filters), 0.5), { axes: [1] }),
  'nothing affine': (x: Tensor) => o.sum(o.mul(o.tanh(x), x), { axes: [1] }),
} as const satisfies Record<string, (x: Tensor) => Tensor>;

const X = random([4, 20, 16], 5);
const oneOf = (x: Tensor, row: number): Tensor =>
  tensor(x.data.slice((row * x.size) / 4, ((row + 1) * x.size) / 4), [1, ...x.shape.slice(1)]);

const numbers = ({ attributions, predictions, deltas, baselinePredictions }: Explanation): unknown => [
  ...[...attributions, predictions, deltas!, baselinePredictions!].map(({ data }) => Array.from(data)),
];

for (const [name, model] of Object.entries(models)) {
  test(`${name}: the bits are those of a backend that keeps nothing`, async () => {
    const explainers = [wasmBackend, forgetful as Backend].map(
      (backend) => new IntegratedGradients(model, { nSteps: 7, backend }),
    );
    const asked = [
      [X, { target: 1 }],
      [X, { target: 1 }], // the baseline is the one before
      [X, { target: 0, baselines: random([1, 20, 16], 6) }],
      [X, { target: 0, baselines: random([4, 20, 16], 7) }],
      [oneOf(X, 1), { target: [2] }],
      [X, { target: (y: Tensor) => new Int32Array(y.shape[0]!).fill(1) }],
    ] as const;
    for (const [x, options] of asked) {
      const [kept, plain] = await Promise.all(explainers.map((ig) => ig.explain(x, options)));
      assert.equal(numbers(kept!), numbers(plain!));
    }
    const [kept, plain] = await Promise.all(explainers.map((ig) => ig.explain(X, { target: 'all' })));
    assert.equal(kept!.map(numbers), plain!.map(numbers));
    for (const ig of explainers) ig.dispose();
  });
}

test('a layer: what lies before it is computed once, and its values are those of the input', async () => {
  const table = random([9, 16], 8);
  const tiny = tinyModel({
    inputs: [{ name: 'ids', shape: [null, 20], dtype: 'int32' }],
    layers: [['embedding', 'Embedding']],
    dtype: 'float32',
    forward: (call, [ids]) => textCnn(call('embedding', [ids!], (of) => o.gather(table, of))),
  });
  const ids = tensor(
    Int32Array.from({ length: 80 }, (_, i) => (i * 7) % 9),
    [4, 20],
  );
  const explainers = [wasmBackend, forgetful as Backend].map(
    (backend) => new IntegratedGradients(tiny, { layer: 'embedding', backend }),
  );
  const [kept, plain] = await Promise.all(explainers.map((ig) => ig.explain(ids, { target: 1 })));
  assert.equal(numbers(kept!), numbers(plain!));
});

test('explanations at once do not get the ends of another', async () => {
  const ig = new IntegratedGradients(textCnn, { nSteps: 9, backend: wasmBackend });
  const inputs = Array.from({ length: 6 }, (_, i) => random([4, 20, 16], 20 + i));
  const baselines = (i: number): Tensor => random([1, 20, 16], 40 + (i % 2));
  const alone: unknown[] = [];
  for (const [i, x] of inputs.entries())
    alone.push(numbers(await ig.explain(x, { target: 1, baselines: baselines(i) })));
  const together = await Promise.all(inputs.map((x, i) => ig.explain(x, { target: 1, baselines: baselines(i) })));
  assert.equal(together.map(numbers), alone);
});

test('the convolution runs once per input, and not for a baseline that is the one before', async () => {
  const ig = new IntegratedGradients(textCnn, { nSteps: 9, backend: wasmBackend });
  const products = async (baselines: Tensor | null): Promise<number> => {
    let count = 0;
    wasmBackend.trace(({ op }) => (count += Number(op === 'conv')));
    try {
      await ig.explain(X, { target: 1, ...(baselines && { baselines }) });
    } finally {
      wasmBackend.trace(null);
    }
    return count;
  };
  const other = random([1, 20, 16], 9);
  const first = await products(null);
  assert.ok(first > 0 && first % 2 === 0, `${first} calls`);
  const perEnd = first / 2;
  assert.equal(
    [await products(null), await products(other), await products(other), await products(null)],
    [perEnd, first, perEnd, first],
  );
});

test('a failed run at the input leaves nothing that a later explanation takes for its own', async () => {
  const table = random([9, 16], 8);
  const tiny = tinyModel({
    inputs: [{ name: 'ids', shape: [null, 20], dtype: 'int32' }],
    layers: [['embedding', 'Embedding']],
    dtype: 'float32',
    forward: (call, [ids]) => textCnn(call('embedding', [ids!], (of) => o.gather(table, of))),
  });
  const ig = new IntegratedGradients(tiny, { layer: 'embedding', backend: wasmBackend });
  const ids = (last: number): Tensor =>
    tensor(
      Int32Array.from({ length: 80 }, (_, i) => (i < 79 ? (i * 5) % 9 : last)),
      [4, 20],
    );
  const before = numbers(await ig.explain(ids(3), { target: 1 }));
  let message = '';
  await ig.explain(ids(9), { target: 1 }).catch((error: Error) => (message = error.message));
  assert.match(message, /9/);
  assert.equal(numbers(await ig.explain(ids(3), { target: 1 })), before);
});

test('several baselines, some shared and some of each sample, in any order: each path begins at its own', async () => {
  const one = Array.from(random([1, 20, 16], 6).data);
  const [shared, own] = [[one, one, one, one].flat(), Array.from(random([4, 20, 16], 7).data)];
  const explainers = [wasmBackend, forgetful as Backend].map(
    (backend) => new IntegratedGradients(textCnn, { nSteps: 7, backend }),
  );
  for (const draws of [
    [shared, own],
    [own, shared],
    [shared, own, shared],
  ]) {
    const draw = (index: number): Tensor => tensor(Float32Array.from(draws[index]!), [4, 20, 16]);
    const baselines = { kind: 'drawn', count: draws.length, draw } as const;
    const [kept, plain] = await Promise.all(explainers.map((ig) => ig.explain(X, { target: 1, baselines })));
    assert.equal(numbers(kept!), numbers(plain!));
  }
  for (const ig of explainers) ig.dispose();
});

test('a method around it that moves the inputs does not get the ends of the inputs as they were', async () => {
  for (const nSamples of [1, 2, 5]) {
    const found: unknown[] = [];
    for (const backend of [wasmBackend, forgetful as Backend]) {
      const ig = new IntegratedGradients(textCnn, { nSteps: 7, backend });
      const tunnel = new NoiseTunnel(ig, { nSamples, stdevs: 0.5, seed: 3 });
      const { attributions } = await tunnel.explain(X, { target: 1 });
      found.push(Array.from(attributions[0]!.data));
      tunnel.dispose();
      ig.dispose();
    }
    assert.equal(found[0], found[1], `${nSamples} draws`);
  }
});

test.run();
