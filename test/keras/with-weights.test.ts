/** Copies of models with other weights: equal where nothing changes, for every layer that real Keras saved; the original stays as it is. */
import { readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'fflate';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { ModelWeight } from '../../src/graph/callable.ts';
import { loadModel } from '../../src/keras/load/load.ts';
import { allLayers } from '../../src/model/lookup.ts';
import type { Model } from '../../src/model/model.ts';
import { type Tensor, tensor } from '../../src/tensor/tensor.ts';
import { rejects } from '../attribution/closed-forms.ts';
import { embedder, nested } from '../support/keras-examples.ts';
import { modelFrom } from '../support/keras-models.ts';
import { loadNet, netNames, netSamples } from '../support/method-golden.ts';
import { readZoo, unpack } from '../support/zoo.ts';
import { customLayers } from '../support/zoo-layers.ts';

const test = suite('models with other weights');
const folder = new URL('../golden/zoo/', import.meta.url);

const bits = (list: readonly Tensor[]): number[][] => list.map(({ data }) => Array.from(data));

for (const name of readdirSync(folder).filter((file) => file.endsWith('.json.gz'))) {
  test(`${name.replace('.json.gz', '')}: a copy with the same weights predicts the same`, async () => {
    const zoo = readZoo(readFileSync(new URL(name, folder)));
    const file = Object.values(zoo.files)[0]!;
    const bytes = gunzipSync(readFileSync(new URL(file, folder)));
    const model = await loadModel(bytes, { name: file.replace('.gz', ''), layers: customLayers });
    const inputs = zoo.inputs.map((input) => ('strings' in input ? input : unpack(input)));
    const X = (inputs.length === 1 ? inputs[0]! : inputs) as Parameters<Model['predictAll']>[0];
    const before = bits(await model.predictAll(X));
    const asked: string[] = [];
    const copy = await model.withWeights(({ layer, name: weight, tensor: { data } }) => {
      asked.push(`${layer}/${weight}`);
      return asked.length % 2 === 0 ? null : data;
    });
    assert.equal(bits(await copy.predictAll(X)), before);
    assert.is(copy.countParams(), model.countParams());
    assert.is(asked.length, new Set(asked).size, 'a weight is asked for once');
    const weights = allLayers(model.layers).flatMap((layer) => layer.weights);
    assert.is(asked.length, weights.length);
  });
}

for (const net of netNames) {
  test(`${net}: other weights give other predictions, and the original keeps its own`, async () => {
    const model = await loadNet(net, 'float64');
    const { inputs } = netSamples(net, 'float64');
    const before = bits(await model.predictAll(inputs));
    const seen: ModelWeight[] = [];
    const copy = await model.withWeights((weight) => {
      seen.push(weight);
      return weight.trainable ? Float64Array.from(weight.tensor.data, (v) => v / 2) : null;
    });
    const kept = seen.map(({ tensor: t }) => Array.from(t.data));
    assert.not.equal(bits(await copy.predictAll(inputs)), before);
    assert.equal(bits(await model.predictAll(inputs)), before);
    assert.equal(
      seen.map(({ tensor: t }) => Array.from(t.data)),
      kept,
    );
    // Halved and doubled again, the numbers are what they were.
    const back = await copy.withWeights(({ trainable, tensor: { data } }) => {
      return trainable ? Float64Array.from(data, (v) => v * 2) : null;
    });
    assert.equal(bits(await back.predictAll(inputs)), before);
  });
}

test('a shared inner model is asked for its weights once, and both of its uses change', async () => {
  const model = nested();
  const asked: string[] = [];
  const copy = await model.withWeights(({ layer, name }) => {
    asked.push(`${layer}/${name}`);
    return name === 'kernel' ? [2, 0, 0, 3] : null;
  });
  assert.equal(asked, ['inner/first/kernel', 'inner/first/bias']);
  const x = tensor([[1, 10]], undefined, 'float32');
  assert.equal(Array.from(((await copy.predict(x)) as Tensor).data), [1 + 4, 10 + 90]);
  assert.equal(Array.from(((await model.predict(x)) as Tensor).data), [2, 20]);
});

test('an id outside the vocabulary is still named', async () => {
  const copy = await embedder().withWeights(() => [1, 2, 3]);
  assert.equal(Array.from(((await copy.predict([[0, 2]])) as Tensor).data), [1, 3]);
  await rejects(copy.predict([[0, 3]]), 'token id 3 is outside the vocabulary');
});

test('too few numbers, and numbers that are none, are errors', async () => {
  await rejects(
    embedder().withWeights(() => [1, 2]),
    "weight 'embeddings' is given another number of values",
  );
  const copy = embedder().withWeights(() => [1, Number.NaN, 3]);
  await rejects(copy, "weight 'embeddings' is not finite");
});

test('a model whose input shape is not known says so', async () => {
  const layers = [{ class_name: 'Dense', name: 'd', config: { name: 'd', units: 1 } }];
  const model = modelFrom(
    { class_name: 'Sequential', keras_version: '2.15.0', config: { name: 'open', layers } },
    {
      d: [
        { name: 'kernel', shape: [2, 1], data: [1, 1] },
        { name: 'bias', shape: [1], data: [0] },
      ],
    },
  );
  await rejects(
    model.withWeights(() => null),
    'its weights are not loaded yet',
  );
  await model.predict([[1, 2]]);
  const copy = await model.withWeights(({ name }) => (name === 'bias' ? [5] : null));
  assert.equal(Array.from(((await copy.predict([[1, 2]])) as Tensor).data), [8]);
});

test.run();
