/**
 * What is saved is what transformers itself saves: the names, layouts and values of its `model.safetensors` for each family and head (the
 * golden cases list them), the config, and the files of the tokenizer. transformers loading it: test/shared/transformers-saved.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openSafetensors } from '../../src/safetensors/safetensors.ts';
import { loadTransformer, saveTransformer } from '../../src/transformers/index.ts';
import { rejects } from '../attribution/closed-forms.ts';
import { writeSafetensors } from '../support/safetensors.ts';
import { some } from '../support/thorough.ts';
import { titleOf, trainingCases } from '../support/training-golden.ts';
import { arraysOf } from '../support/transformer-golden.ts';
import { sentenceFiles, sentenceFilesOf, sentenceModels } from './golden-sentences.ts';
import { makeFiles, randomWeights, small } from './support.ts';

const test = suite('transformers: saving');
const cases = trainingCases();
const json = (bytes: Uint8Array | undefined): Record<string, unknown> => JSON.parse(new TextDecoder().decode(bytes));

/** Shapes and values by name. */
async function read(bytes: Uint8Array): Promise<Record<string, { shape: number[]; data: number[] }>> {
  const file = await openSafetensors(bytes);
  const entries: [string, { shape: number[]; data: number[] }][] = [];
  for (const place of file.tensors)
    entries.push([place.name, { shape: [...place.shape], data: Array.from(await file.read(place, 'float32')) }]);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

for (const found of some(cases, 12)) {
  test(`${titleOf(found, cases)}: the file is transformers' own`, async () => {
    const bytes = writeSafetensors(arraysOf(found, found.prefix));
    const model = await loadTransformer({ config: found.config, weights: bytes });
    const saved = await saveTransformer(model);
    assert.equal(Object.keys(saved).sort(), ['config.json', 'model.safetensors']);
    assert.equal(await read(saved['model.safetensors']!), await read(bytes));
    assert.equal(json(saved['config.json']), found.config);
  });
}

for (const found of cases.filter(
  ({ config, head }) => !/modernbert|deberta/.test(String(config['model_type'])) && head !== 'masked',
)) {
  test(`${titleOf(found, cases)}: tf_model.h5 gives the same bits`, async () => {
    const bytes = writeSafetensors(arraysOf(found, found.prefix));
    const model = await loadTransformer({ config: found.config, weights: bytes });
    const saved = await saveTransformer(model, { weights: 'tf_model.h5' });
    assert.equal(Object.keys(saved).sort(), ['config.json', 'tf_model.h5']);
    const again = await loadTransformer({ config: json(saved['config.json']), weights: saved['tf_model.h5']! });
    const kept = (one: typeof model): unknown =>
      one.weights.map(({ layer, name, tensor }) => [layer, name, tensor.data]);
    assert.equal(kept(again), kept(model));
    const ids = { input_ids: [[2, 10, 15, 20, 6, 3]] };
    assert.equal(
      (await again.predictAll(ids)).map(({ data }) => data),
      (await model.predictAll(ids)).map(({ data }) => data),
    );
  });
}

const vocab = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', ...Array.from({ length: 35 }, (_, i) => `w${i}`)].join(
  '\n',
);

test('tf_model.h5 is saved under the names of PyTorch, a copy with its own weights, and the tokenizer as it was', async () => {
  const sizes = { ...small, kind: 'bert' } as const;
  const files = {
    ...(await makeFiles(sizes)),
    vocab: new TextEncoder().encode(vocab),
    tokenizerConfig: { do_lower_case: false },
  };
  const model = await loadTransformer(files);
  const others = randomWeights(sizes, 5);
  const copy = await model.withWeights(
    ({ layer, name }) => others.get(`${layer}/${name}`.replace(/layer\.(\d+)/, 'layer_._$1'))!.data,
  );
  const saved = await saveTransformer(copy);
  assert.equal(Object.keys(saved).sort(), ['config.json', 'model.safetensors', 'tokenizer_config.json', 'vocab.txt']);
  assert.is(new TextDecoder().decode(saved['vocab.txt']), vocab);
  assert.equal(json(saved['tokenizer_config.json']), { do_lower_case: false });
  assert.is(json(saved['config.json'])['torch_dtype'], 'float32');
  const again = await loadTransformer({
    ...{ config: saved['config.json']!, weights: saved['model.safetensors']!, vocab: saved['vocab.txt']! },
    tokenizerConfig: saved['tokenizer_config.json']!,
  });
  const ids = [[1, 5, 9, 3]];
  assert.equal(Array.from((await again.predict(ids)).data), Array.from((await copy.predict(ids)).data));
});

test('float64 is kept, and said in the config', async () => {
  const model = await loadTransformer(await makeFiles(small), { dtype: 'float64' });
  const copy = await model.withWeights(({ tensor }) => Float64Array.from(tensor.data, (v) => Number(v) / 3));
  const saved = await saveTransformer(copy);
  assert.is(json(saved['config.json'])['torch_dtype'], 'float64');
  const again = await loadTransformer(
    { config: saved['config.json']!, weights: saved['model.safetensors']! },
    { dtype: 'float64' },
  );
  assert.equal(Array.from((await again.predict([[1, 2]])).data), Array.from((await copy.predict([[1, 2]])).data));
});

test('a new classifier on an encoder: its class, labels and weights are in the files', async () => {
  for (const kind of ['bert', 'distilbert'] as const) {
    const files = await makeFiles({ ...small, kind });
    const head = { labels: ['bad', 'good'], seed: 3 };
    const model = await loadTransformer(files, { head });
    assert.is(model.task, 'sequence-classification');
    assert.equal(model.labels, ['bad', 'good']);
    const saved = await saveTransformer(model);
    const config = json(saved['config.json']);
    assert.equal(config['id2label'], { 0: 'bad', 1: 'good' });
    assert.equal(config['label2id'], { bad: 0, good: 1 });
    assert.match(String(config['architectures']), 'ForSequenceClassification');
    const again = await loadTransformer({ config: saved['config.json']!, weights: saved['model.safetensors']! });
    const [p, q] = [await model.predict([[1, 5, 2]]), await again.predict([[1, 5, 2]])];
    assert.equal(p.shape, [1, 2]);
    assert.equal(Array.from(p.data), Array.from(q.data));
    const same = await loadTransformer(files, { head });
    assert.equal(Array.from((await same.predict([[1, 5, 2]])).data), Array.from(p.data));
    const drawn = model.weights.find(({ layer, name }) => layer === 'classifier' && name === 'kernel')!;
    const squares = Array.from(drawn.tensor.data, (v) => Number(v) ** 2).reduce((a, b) => a + b);
    const deviation = Math.sqrt(squares / drawn.tensor.size);
    assert.ok(deviation > 0.008 && deviation < 0.04, `deviation ${deviation}`);
    const other = await loadTransformer(files, { head: { ...head, seed: 4 } });
    assert.not.equal(Array.from((await other.predict([[1, 5, 2]])).data), Array.from(p.data));
  }
});

test('a new classifier draws the pooler that a file lacks, and keeps what it has', async () => {
  const sizes = { ...small, kind: 'bert' } as const;
  const weights = randomWeights(sizes);
  for (const path of ['kernel', 'bias']) weights.delete(`bert/pooler/dense/${path}`);
  const { makeFiles: make } = await import('./support.ts');
  const model = await loadTransformer(await make(sizes, weights), { head: { labels: ['a', 'b', 'c'] } });
  const paths = model.weights.map(({ layer, name }) => `${layer}/${name}`);
  assert.ok(paths.includes('bert/pooler/dense/kernel'));
  assert.ok(model.weights.every(({ trainable }) => trainable));
  assert.ok(model.getLayer('bert/pooler'));
  const saved = await saveTransformer(model);
  assert.ok('bert.pooler.dense.weight' in (await read(saved['model.safetensors']!)));
});

for (const one of sentenceModels()) {
  test(`sentence-transformers, ${one.name}: every file again, and the same vectors`, async () => {
    const given = sentenceFiles(one);
    const model = await loadTransformer(sentenceFilesOf(given));
    const saved = await saveTransformer(model);
    for (const [path, bytes] of Object.entries(given)) {
      if (path === 'config.json') continue;
      assert.ok(saved[path], `${path} is missing`);
      if (path.endsWith('.safetensors')) assert.equal(await read(saved[path]!), await read(bytes));
      else assert.equal(saved[path], bytes);
    }
    assert.is(Object.keys(saved).length, Object.keys(given).length);
    const again = await loadTransformer(sentenceFilesOf(saved));
    const vectors = async (m: typeof model) => Array.from((await m.predict(m.tokenizer!.encode(one.texts))).data);
    assert.equal(await vectors(again), await vectors(model));
  });
}

test('labels that are none are refused', async () => {
  const files = await makeFiles(small);
  for (const labels of [[], ['a', 'a'], [1, 2] as unknown as string[]])
    await rejects(loadTransformer(files, { head: { labels } }), 'labels must be different texts');
  await rejects(
    loadTransformer(files, { head: { labels: ['a'], problemType: 'x' as 'regression' } }),
    "unknown problemType 'x'",
  );
});

test("a head of one's own cannot be saved, and the message says what can", async () => {
  const head = { layers: [{ kernel: Array.from({ length: 8 }, () => [1, -1]) }] };
  await rejects(saveTransformer(await loadTransformer(await makeFiles(small), { head })), 'head: { labels }');
  await rejects(saveTransformer({} as never), 'needs a model that loadTransformer gave');
});

test.run();
