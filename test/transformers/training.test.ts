/**
 * transformers' own values in training mode: outputs with dropout at its places, and the gradient of every weight, for a head or two of each
 * encoder (all of them: test/slow/transformers). Both sides draw the same numbers, so that a dropout that is missing, elsewhere, or of another
 * probability changes what comes out.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { compile } from '../../src/graph/compile.ts';
import { placeholder, tensor } from '../../src/tensor/tensor.ts';
import { loadTransformer } from '../../src/transformers/index.ts';
import { compareTraining, Drawn, openTraining, titleOf, trainingCases } from '../support/training-golden.ts';
import { makeFiles, small } from './support.ts';

const test = suite('transformers: training');
const cases = trainingCases();

/** The families that differ most. */
const quick = ['distilbert, question', 'roberta, single', 'albert, single', 'deberta-v2, single', 'modernbert, single'];

for (const title of quick) {
  test(`${title}: outputs and the gradient of each weight are transformers'`, () =>
    compareTraining(cases.find((found) => titleOf(found, cases) === title)!));
}

test('a plan that is cut at the weights computes what a copy with other weights does, in DeBERTa too', async () => {
  const found = cases.find((one) => titleOf(one, cases) === 'deberta-v2, single')!;
  const model = await openTraining(found);
  const ids = tensor(found.inputs['input_ids'] as number[][], undefined, 'int32');
  const tensors = model.weights.map(({ tensor: t }) => t);
  const plan = compile(model.apply([ids]), tensors);
  const other = (data: ArrayLike<number>): Float64Array =>
    Float64Array.from(data, (v, i) => 0.9 * v + 0.01 * ((i % 7) - 3));
  const [got] = await plan.run(tensors.map(({ data }) => other(data)));
  plan.dispose();
  const copy = await model.withWeights(({ tensor: { data } }) => other(data));
  const wanted = await copy.predict(ids);
  const off = Array.from(wanted.data, Number).reduce((most, v, i) => Math.max(most, Math.abs(v - got![i]!)), 0);
  assert.ok(off < 1e-12, `off by ${off}`);
});

test('weights are listed once each, with those that no output reads', async () => {
  const tied = await openTraining(cases.find((one) => titleOf(one, cases) === 'bert, masked')!);
  const paths = tied.weights.map(({ layer, name }) => `${layer}/${name}`);
  assert.is(new Set(paths).size, paths.length);
  assert.is(new Set(tied.weights.map(({ tensor: t }) => t)).size, paths.length);
  assert.ok(tied.weights.every(({ trainable }) => trainable));
  const head = { layers: [{ name: 'mine', kernel: Array.from({ length: 8 }, () => [1, -1]) }] };
  const model = await loadTransformer(await makeFiles({ ...small, kind: 'bert' }), { head });
  const unread = model.weights.filter(({ trainable }) => !trainable).map(({ layer, name }) => `${layer}/${name}`);
  assert.equal(unread, ['bert/pooler/dense/kernel', 'bert/pooler/dense/bias']);
  assert.ok(model.weights.some(({ layer, name }) => layer === 'mine' && name === 'kernel'));
});

test('without training nothing is dropped; with a probability of 0 nothing is drawn, with 1 nothing is left', async () => {
  const files = await makeFiles(small);
  const x = placeholder([1, 4], 'int32');
  const outputs = async (dropout: number) => {
    const config = { ...(files.config as object), dropout, attention_dropout: dropout, seq_classif_dropout: dropout };
    const model = await loadTransformer({ ...files, config }, { output: 'logits', dtype: 'float64' });
    const training = new Drawn();
    const plan = compile([...model.apply([x], { training }), ...model.apply([x])], [x]);
    const [trained, used] = await plan.run([Int32Array.of(1, 5, 9, 2)]);
    plan.dispose();
    const bias = model.weights.find(({ layer, name }) => layer === 'classifier' && name === 'bias')!;
    return { calls: training.calls, trained: [...trained!], used: [...used!], bias: [...bias.tensor.data].map(Number) };
  };
  const [none, all, some] = [await outputs(0), await outputs(1), await outputs(0.5)];
  assert.is(none.calls, 0);
  assert.equal(none.trained, none.used);
  assert.equal(all.trained, all.bias);
  assert.equal(all.used, none.used);
  assert.equal(some.used, none.used);
  assert.not.equal(some.trained, some.used);
});

test('a probability that is none is refused by the name of its field', async () => {
  const files = await makeFiles(small);
  for (const dropout of [1.5, -0.1, 'much']) {
    const config = { ...(files.config as object), dropout };
    try {
      await loadTransformer({ ...files, config });
      assert.unreachable();
    } catch (error) {
      assert.match(String(error), "'dropout' has an unusable value");
    }
  }
});

test.run();
