/** DistilBERT and BERT from files: predictions against plain loops in double, layers by path, heads, and errors. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { compile } from '../../src/graph/compile.ts';
import { reshape } from '../../src/ops/movement.ts';
import { slice } from '../../src/ops/slicing.ts';
import { placeholder, type Tensor } from '../../src/tensor/tensor.ts';
import { type LoadedTransformer, loadTransformer, type TransformerOptions } from '../../src/transformers/index.ts';
import { configOf, forward, makeFiles, randomWeights, type Sizes, small, softmaxOf, writeModel } from './support.ts';

const test = suite('transformers: model');
const bert: Sizes = { ...small, kind: 'bert' };
const ids = [
  [1, 5, 9, 3, 2, 0, 0],
  [1, 7, 2, 0, 0, 0, 0],
  [1, 30, 31, 32, 33, 34, 2],
];
const mask = ids.map((row) => row.map((id) => Number(id !== 0)));
const segments = ids.map((row) => row.map((_, p) => Number(p > 2)));

const near = (got: ArrayLike<number>, wanted: readonly number[], tolerance: number): void => {
  assert.is(got.length, wanted.length);
  const off = wanted.reduce((most, value, i) => Math.max(most, Math.abs(value - got[i]!)), 0);
  assert.ok(off <= tolerance, `off by ${off}`);
};
const rejects = async (f: () => Promise<unknown>, text: RegExp): Promise<void> => {
  try {
    await f();
  } catch (error) {
    assert.match((error as Error).message, text);
    return;
  }
  assert.unreachable(`nothing was thrown, expected ${text}`);
};

for (const sizes of [small, bert]) {
  test(`${sizes.kind}: logits and probabilities, float64 and float32`, async () => {
    const weights = randomWeights(sizes);
    const files = await makeFiles(sizes, weights);
    const wanted = ids.map((row, i) => forward(sizes, weights, row, mask[i]!));
    for (const [dtype, tolerance] of [
      ['float64', 1e-12],
      ['float32', 1e-5],
    ] as const) {
      const logits = await loadTransformer(files, { output: 'logits', dtype });
      near((await logits.predict({ input_ids: ids, attention_mask: mask })).data, wanted.flat(), tolerance * 5);
      const model = await loadTransformer(files, { dtype });
      const got = await model.predict({ input_ids: ids, attention_mask: mask }, { batchSize: 2 });
      assert.equal(got.shape, [3, 3]);
      near(got.data, wanted.flatMap(softmaxOf), tolerance);
      const bare = await model.predict(ids[2]!.length ? [ids[2]!] : []);
      near(bare.data, softmaxOf(wanted[2]!), tolerance);
    }
  });
}

test('bert: token types', async () => {
  const weights = randomWeights(bert);
  const model = await loadTransformer(await makeFiles(bert, weights), { dtype: 'float64', output: 'logits' });
  const wanted = ids.map((row, i) => forward(bert, weights, row, mask[i]!, segments[i]!));
  const got = await model.predict({ input_ids: ids, attention_mask: mask, token_type_ids: segments });
  near(got.data, wanted.flat(), 1e-12);
});

/** The output with all positions computed, whatever the mask hides. */
async function unpruned(model: LoadedTransformer, masked: number[][]): Promise<ArrayLike<number>> {
  const x = placeholder([3, 7], 'int32');
  const m = placeholder([3, 7], 'int32');
  const plan = compile(model.apply([x], { kwargs: { attention_mask: m } }), [x, m]);
  return (await plan.run([Int32Array.from(ids.flat()), Int32Array.from(masked.flat())]))[0]!;
}

test('positions that a mask hides are left out, and give the same numbers', async () => {
  const masks = {
    'padding on the right': mask,
    holes: [
      [1, 0, 1, 0, 1, 0, 0],
      [1, 0, 0, 1, 0, 0, 0],
      [1, 1, 0, 0, 0, 0, 1],
    ],
    'the first position hidden': [
      [0, 1, 1, 0, 0, 0, 0],
      [1, 0, 0, 0, 0, 0, 0],
      [0, 0, 0, 0, 0, 0, 1],
    ],
  };
  for (const sizes of [small, bert]) {
    const model = await loadTransformer(await makeFiles(sizes));
    for (const [name, masked] of Object.entries(masks)) {
      const got = await model.predict({ input_ids: ids, attention_mask: masked });
      const wanted = Array.from(await unpruned(model, masked));
      near(got.data, wanted, 1e-6);
      assert.ok(wanted.length > 0, name);
    }
  }
});

test('layers by path, by the names of TensorFlow and PyTorch, by index', async () => {
  const model = await loadTransformer(await makeFiles(small));
  const block = model.getLayer('distilbert/transformer/layer.1');
  assert.is(block.className, 'TFTransformerBlock');
  assert.is(model.getLayer('distilbert/transformer/layer_._1'), block);
  assert.is(model.getLayer('distilbert.transformer.layer.1'), block);
  assert.is(model.getLayer('transformer/layer.1'), block);
  assert.is(
    model.getLayer('distilbert.transformer.layer.1.attention.q_lin').path,
    'distilbert/transformer/layer.1/attention/q_lin',
  );
  assert.is(model.getLayer('embeddings').path, 'distilbert/embeddings');
  assert.is(model.getLayer(-1).name, 'classifier');
  assert.is(model.layers[0]!.layers[0]!.path, 'distilbert/embeddings');
  assert.throws(() => model.getLayer('distilbert/transformer/layer.7'), /there is no layer .*\n.*did you mean/);
  assert.throws(() => model.getLayer('q_lin'), /2 layers are called 'q_lin'\nhint: give the path/);
  assert.throws(() => model.getLayer(9), /there is no layer 9/);
  const other = await loadTransformer(await makeFiles(bert));
  assert.is(other.getLayer('bert/encoder/layer_._0').path, 'bert/encoder/layer.0');
  assert.is(other.getLayer('pooler').className, 'TFBertPooler');
});

test('every layer is called, and a hook may replace what it gives', async () => {
  for (const sizes of [small, bert]) {
    const model = await loadTransformer(await makeFiles(sizes));
    const seen = new Set<string>();
    model.apply([placeholder([2, 5], 'int32')], {
      onOutputs: ({ layer, outputs }) => {
        seen.add(layer.path);
        return outputs;
      },
    });
    const walk = (layers: LoadedTransformer['layers']): string[] =>
      layers.flatMap((layer) => [layer.path, ...walk(layer.layers)]);
    assert.equal([...seen].sort(), walk(model.layers).sort());
    const bad = (): unknown => model.apply([placeholder([2, 5], 'int32')], { onOutputs: () => [placeholder([1])] });
    assert.throws(bad, /a hook returned tensors of other shapes/);
  }
});

test('heads of one own: a function, dense layers, means of visible positions', async () => {
  const files = await makeFiles(small);
  const kernel = Array.from({ length: 8 }, (_, i) => [i / 8 - 0.5]);
  const reference = await loadTransformer(files, { head: { layers: [{ kernel, activation: 'sigmoid' }] } });
  const first = await loadTransformer(files, { head: ({ hidden }) => reshape(slice(hidden, { 1: [0, 1] }), [-1, 8]) });
  const vectors = await first.predict({ input_ids: ids, attention_mask: mask });
  assert.equal(vectors.shape, [3, 8]);
  const wanted = ids.map((_, i) => {
    const z = kernel.reduce((sum, [k], j) => sum + k! * vectors.data[i * 8 + j]!, 0);
    return 1 / (1 + Math.exp(-z));
  });
  const input = { input_ids: ids, attention_mask: mask };
  near((await reference.predict(input)).data, wanted, 1e-5);
  const mean = await loadTransformer(files, { head: { pooling: 'mean', layers: [{ kernel }] } });
  const all = await loadTransformer(files, { head: ({ hidden }) => reshape(hidden, [hidden.shape[0]!, -1]) });
  const states = await all.predict(input);
  assert.equal(states.shape, [3, 56]);
  const means = ids.map((_, i) => {
    const count = mask[i]!.reduce((a, b) => a + b, 0);
    let sum = 0;
    for (let p = 0; p < count; p++)
      for (let j = 0; j < 8; j++) sum += (states.data[i * 56 + p * 8 + j]! * kernel[j]![0]!) / count;
    return sum;
  });
  near((await mean.predict(input)).data, means, 1e-5);
  await rejects(
    () => loadTransformer(files, { head: { layers: [{ kernel: [[1], [2]] }] } }),
    /head layer 'head_0': kernel/,
  );
  await rejects(() => loadTransformer(files, { head: { pooling: 'pooler', layers: [{ kernel }] } }), /has no pooler/);
});

test('files that do not belong together are refused', async () => {
  const files = await makeFiles(small);
  const withConfig = (change: object, options: TransformerOptions = {}) =>
    loadTransformer({ ...files, config: { ...configOf(small), ...change } }, options);
  await rejects(
    () => withConfig({ dim: 16 }),
    /word_embeddings\/weight' does not have the shape that config.json implies \(expected \[40,16\], found \[40,8\], from vocab_size and dim\)/,
  );
  await rejects(() => withConfig({ n_layers: 1 }), /weights that the model of config.json does not have .*layer\.1/);
  await rejects(() => withConfig({ n_layers: 3 }), /lacks the weight 'distilbert\/transformer\/layer.2/);
  await rejects(() => withConfig({ vocab_size: 41 }), /expected \[41,8\], found \[40,8\]/);
  await rejects(() => withConfig({ id2label: { 0: 'a', 1: 'b' } }), /'classifier\/kernel' .*from the number of labels/);
  await rejects(() => withConfig({ n_heads: 3 }), /does not divide into the heads/);
  await rejects(() => withConfig({ model_type: 'bert' }), /holds no bert encoder|'hidden_size'|word_embeddings/);
  await rejects(
    () => withConfig({ model_type: 'gpt2' }),
    /architecture that is not supported \(model_type gpt2.*\nhint: .*distilbert/,
  );
  await rejects(
    () => withConfig({ architectures: ['DistilBertForMultipleChoice'] }),
    /DistilBertForMultipleChoice.*\n.*option head/,
  );
  await rejects(
    () => withConfig({ activation: 'geluu' }),
    /the activation 'geluu' is not known\nhint: did you mean 'gelu'/,
  );
  await rejects(() => withConfig({ problem_type: 'regression' }, { output: 'probabilities' }), /no probabilities/);
  await rejects(() => loadTransformer({ ...files, config: '{"a":' }), /config.json: is not JSON/);
  await rejects(
    () => loadTransformer({ ...files, output: 1 } as never, { output: 'odds' as never }),
    /output: unknown value 'odds'/,
  );
  const damaged = randomWeights(small);
  damaged.get('classifier/bias')!.data[1] = Number.NaN;
  const weights = await writeModel(small, damaged);
  await rejects(() => loadTransformer({ ...files, weights }), /weight 'classifier\/bias' is not finite \(at 1/);
});

test('inputs that make no sense are refused', async () => {
  const model = await loadTransformer(await makeFiles(small));
  const one = (row: number[], attention: number[]): Promise<Tensor> =>
    model.predict({ input_ids: [row], attention_mask: [attention] });
  await rejects(
    () => model.predict([[1, 40, 2]]),
    /input_ids has 40, which the model's table lacks \(row 0, position 1, allowed 0 to 39/,
  );
  await rejects(() => one([1, 2, 3], [0, 0, 0]), /hides every position of row 0/);
  await rejects(() => one([1, 2, 3], [1, 1]), /attention_mask needs the shape of the ids/);
  await rejects(() => one([1, 2, 3], [1, 2, 0]), /must hold 0 and 1/);
  await rejects(
    () => model.predict([new Array<number>(17).fill(1)]),
    /longer than the position table .*\nhint: the tokenizer truncates/,
  );
  await rejects(() => model.predict([[1.5]]), /must hold integers/);
  await rejects(() => model.predict([[]]), /at least one each/);
  assert.throws(
    () => model.apply([placeholder([1, 3], 'int32')], { kwargs: { training: placeholder([1, 3]) } }),
    /takes no argument 'training'/,
  );
});

test.run();
