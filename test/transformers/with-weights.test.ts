/** Copies of transformers with other weights: what a file with those weights would have given, by plain loops in double. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { mprt } from '../../src/attribution/metrics/index.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { tensor } from '../../src/tensor/tensor.ts';
import { loadTransformer } from '../../src/transformers/index.ts';
import { rejects } from '../attribution/closed-forms.ts';
import { gradientTimesInput } from '../support/simple-explainers.ts';
import { forward, makeFiles, randomWeights, type Sizes, small } from './support.ts';

const test = suite('transformers: other weights');
const ids = [
  [1, 5, 9, 3, 2],
  [1, 7, 2, 0, 0],
];
const mask = ids.map((row) => row.map((id) => Number(id !== 0)));

for (const sizes of [small, { ...small, kind: 'bert' } as Sizes]) {
  test(`${sizes.kind}: a copy computes with the weights that it was given`, async () => {
    const weights = randomWeights(sizes);
    const model = await loadTransformer(await makeFiles(sizes, weights), { output: 'logits', dtype: 'float64' });
    const X = { input_ids: ids, attention_mask: mask };
    const before = Array.from((await model.predict(X)).data);
    const others = randomWeights(sizes, 7);
    const asked = new Set<string>();
    const copy = await model.withWeights(({ layer, name }) => {
      const path = `${layer}/${name}`.replace(/layer\.(\d+)/, 'layer_._$1');
      asked.add(path);
      return others.get(path)!.data;
    });
    assert.equal([...asked].sort(), [...weights.keys()].sort());
    const wanted = ids.flatMap((row, i) => forward(sizes, others, row, mask[i]!));
    const got = (await copy.predict(X)).data;
    const off = wanted.reduce((most, value, i) => Math.max(most, Math.abs(value - got[i]!)), 0);
    assert.ok(off < 1e-11, `off by ${off}`);
    assert.equal(Array.from((await model.predict(X)).data), before);
    const same = await copy.withWeights(({ layer, name }) => {
      return weights.get(`${layer}/${name}`.replace(/layer\.(\d+)/, 'layer_._$1'))!.data;
    });
    assert.equal(Array.from((await same.predict(X)).data), before);
  });
}

test('a head that was given as arrays has weights, too', async () => {
  const head = { layers: [{ name: 'mine', kernel: Array.from({ length: 8 }, () => [1, -1]), bias: [0, 0] }] };
  const model = await loadTransformer(await makeFiles(small), { head, dtype: 'float64' });
  const copy = await model.withWeights(({ layer, name }) => (layer === 'mine' && name === 'bias' ? [1, 2] : null));
  const [one, other] = [await model.predict(ids), await copy.predict(ids)];
  const change = Array.from(other.data, (v, i) => v - one.data[i]!);
  assert.ok(change.every((v, i) => Math.abs(v - (i % 2 === 0 ? 1 : 2)) < 1e-12));
});

test('too few numbers, and numbers that are none, are errors', async () => {
  const model = await loadTransformer(await makeFiles(small));
  await rejects(
    model.withWeights(() => [1]),
    'is given another number of values',
  );
  await rejects(
    model.withWeights(({ tensor: { size } }) => new Float64Array(size).fill(Number.NaN)),
    'is given a number that is not finite',
  );
});

test('MPRT goes from the classifier to the embeddings', async () => {
  const model = await loadTransformer(await makeFiles(small), { dtype: 'float64' });
  const X: Tensor = tensor(Int32Array.from(ids.flat()), [2, 5]);
  const explain = { target: [0, 1], forwardKwargs: { attention_mask: tensor(Int32Array.from(mask.flat()), [2, 5]) } };
  const { stages } = await mprt(model, (m) => gradientTimesInput(m, 'distilbert/embeddings'), X, { explain });
  const layers = stages.map(({ layer }) => layer);
  assert.equal(layers.slice(0, 2), ['classifier', 'pre_classifier']);
  const embeddings = [
    'distilbert/embeddings',
    'distilbert/embeddings/LayerNorm',
    'distilbert/embeddings/word_embeddings',
  ];
  assert.equal(layers.slice(-3).sort(), embeddings);
  assert.is(layers.length, 2 + 2 * 8 + 3);
  assert.ok(stages.at(-1)!.values.every((v) => v < 0.99));
});

test.run();
