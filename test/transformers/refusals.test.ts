/** What would have been computed silently and differently, or died with an error of JavaScript, is refused by name. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { IntegratedGradients } from '../../src/index.ts';
import {
  answerTarget,
  bertTokenizerJson,
  bestAnswers,
  classTarget,
  explainSimilarity,
  loadTransformer,
  similarities,
  tokenTarget,
  wordAttributions,
  wordsOf,
} from '../../src/transformers/index.ts';
import { type H5Data, legacyTree, writeH5 } from '../support/h5.ts';
import { writeSafetensors } from '../support/safetensors.ts';
import {
  arraysOf,
  type GoldenCase,
  type GoldenEncoder,
  goldenEncoder,
  openCase,
} from '../support/transformer-golden.ts';
import { filesOf, headCases } from './golden-heads.ts';
import { configOf, makeFiles, randomWeights, small } from './support.ts';

const test = suite('transformers: refusals');
const cases = headCases();
const vocab = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', ...Array.from({ length: 45 }, (_, i) => `w${i}`)];
const tokenizer = bertTokenizerJson(`${vocab.join('\n')}\n`);
const one = (name: string) => cases.find((found) => found.class === name && found.variant === undefined)!;

/** The classifier of a family. */
function golden(family: string): [GoldenEncoder, GoldenCase] {
  const encoder = goldenEncoder(family);
  return [encoder, encoder.cases.find(({ head }) => head === 'single')!];
}

async function refused(f: () => unknown, pattern: RegExp): Promise<void> {
  const error = await Promise.resolve()
    .then(f)
    .then(
      () => null,
      (thrown: Error) => thrown,
    );
  assert.is(error?.name, 'PathgradError', `${pattern}: ${error?.stack ?? 'nothing was thrown'}`);
  assert.match(error!.message, pattern);
}

test('a regression has no label 0: the score itself is explained, and target 0 is refused', async () => {
  const sizes = { ...small, labels: 1 };
  const model = await loadTransformer(await makeFiles(sizes));
  assert.ok(model.scoreOnly);
  const target = classTarget(model, 'label 0');
  const ig = new IntegratedGradients(model, { layer: 'distilbert/embeddings', nSteps: 4 });
  const ids = [[2, 5, 7, 3]];
  const named = await ig.explain(ids, { target, baselines: 0 });
  const plain = await ig.explain(ids, { baselines: 0 });
  assert.equal(named.attributions[0]!.data, plain.attributions[0]!.data);
  await refused(() => ig.explain(ids, { target: 0, baselines: 0 }), /there is no label 0/);
  await refused(() => ig.explain(ids, { target: () => [0], baselines: 0 } as never), /there is no label 0/);
  await refused(() => ig.explain(ids, { target: 'all', baselines: 0 }), /there is no label 0/);
  model.dispose();
});

test('an answer of one position, of the context alone, and of outputs that are not those of the text', async () => {
  const found = one('BertForQuestionAnswering');
  const model = await loadTransformer({ ...filesOf(found), tokenizer });
  const encoded = model.tokenizer!.encode([['w1 w2', 'w3 w4 w5']]);
  const outputs = await model.predictAll(encoded);
  const place = (answerTarget(encoded) as (p: (typeof outputs)[0]) => number[])(outputs[0]!)[0]!;
  assert.is(encoded.sequences[0]![place], 1, 'neither the question nor a special token');
  await refused(() => bestAnswers(encoded, outputs, { maxTokens: -1 }), /maxTokens is a whole number/);
  await refused(() => bestAnswers(encoded, outputs, { maxtokens: 1 } as never), /unknown option 'maxtokens'/);
  await refused(() => bestAnswers(model.tokenizer!.encode('w1'), outputs), /start is not of these texts/);
  await refused(() => answerTarget(encoded, { words: 'w3' } as never), /unknown option 'words'/);
  const label = { position: 1, label: 99 };
  await refused(() => tokenTarget({ task: 'token-classification', labels: ['a'] }, encoded, label), /no label 99/);
  model.dispose();
});

test('arguments of predict, of words and of similarities that are none', async () => {
  const model = await loadTransformer({ ...filesOf(one('BertForSequenceClassification')), tokenizer });
  const encoded = model.tokenizer!.encode('w1 w2');
  await refused(
    () => model.predict({ input_ids: [[1]], attention_masks: [[1]] } as never),
    /no argument 'attention_masks'/,
  );
  await refused(() => model.predict(encoded, { batchsize: 1 } as never), /unknown option 'batchsize'/);
  for (const wrong of [null, undefined, 5, 'text'])
    await refused(() => model.predict(wrong as never), /takes token ids/);
  await refused(() => model.predict(encoded, null as never), /options are an object/);
  await refused(() => model.apply(encoded as never), /is no list/);
  await refused(() => model.getLayer(null as never), /chosen by its number, name or path/);
  await refused(() => model.withWeights(undefined as never), /needs a function/);
  await refused(() => classTarget(model, undefined as never), /needs the name of a label/);
  await refused(() => classTarget(null as never, 'x'), /needs the model first/);
  await refused(() => wordsOf(undefined as never), /needs what the tokenizer gave/);
  await refused(() => wordAttributions(encoded, undefined as never), /no list of numbers/);
  await refused(() => wordAttributions(encoded, [[1], [1], [1], [1]] as never), /no list of numbers/);
  await refused(() => similarities(model, [['a', 'b']]), /gives no vector per text/);
  for (const wrong of [null, 'ab', [], [['a', 'b', 'c']], [['a']]])
    await refused(() => explainSimilarity(model, wrong as never), /explainSimilarity: /);
  model.dispose();
});

test('options of loadTransformer that are none are refused at loading', async () => {
  const files = await makeFiles(small);
  for (const dtype of ['int32', 'bool', 'float16', 'int8'])
    await refused(() => loadTransformer(files, { dtype: dtype as never }), /no float type to compute in/);
  for (const head of ['cls', {}, { layers: [5] }, { apply: 5, ignoresHidden: true }])
    await refused(() => loadTransformer(files, { head: head as never }), /head/);
  const odd = await loadTransformer(files, { head: (() => 5) as never });
  await refused(() => odd.predict([[1, 2]]), /the function gave no tensor/);
  await refused(() => loadTransformer(files, { backend: 'wasm' as never }), /backend: is no backend/);
  for (const wrong of [undefined, null, 5, {}, { config: {} }, { config: {}, weights: [] }])
    await refused(() => loadTransformer(wrong as never), /loadTransformer: /);
});

test('null and fractions in a config are no defaults', async () => {
  const config = configOf({ ...small, kind: 'bert' });
  const { weights } = await makeFiles({ ...small, kind: 'bert' });
  const values = { position_embedding_type: null, layer_norm_eps: null, hidden_act: null, pad_token_id: 1.5 };
  for (const [key, value] of Object.entries(values))
    await refused(() => loadTransformer({ config: { ...config, [key]: value }, weights }), new RegExp(key));
  await refused(
    () => loadTransformer({ config: { ...config, id2label: { 0: null } }, weights }),
    /no name for class 0/,
  );
  const tied = await loadTransformer({ config: { ...config, tie_word_embeddings: null }, weights });
  assert.not(tied.config.tied);
});

test('a tensor that no weight of the config can be is refused before it is read', async () => {
  const [encoder, found] = golden('bert');
  const big = { shape: [2000, 2000], data: new Float32Array(4e6) };
  const weights = writeSafetensors({ ...arraysOf(found, encoder.prefix), 'bert.extra.weight': big });
  await refused(
    () => loadTransformer({ config: found.config, weights }),
    /larger than any weight that config\.json implies/,
  );
});

test('an array of tf_model.h5 that no weight of the config can be is refused before it is read, listed twice or not', async () => {
  const weights = randomWeights(small);
  const huge = { data: new Float32Array(2 ** 23), shape: [2 ** 12, 2 ** 11], chunks: [2 ** 12, 2 ** 11] };
  const model = 'tf_distil_bert_for_sequence_classification/';
  for (const second of [false, true]) {
    const groups: Record<string, Record<string, H5Data>> = {};
    for (const [path, value] of weights) {
      const group = path.split('/')[0]!;
      groups[group] ??= {};
      groups[group][`${model}${path}:0`] = value;
    }
    groups['distilbert']![`${model}distilbert/extra/kernel:0`] = huge;
    if (second) groups['other'] = { [`${model}distilbert/extra/kernel:0`]: huge };
    const bytes = await writeH5(legacyTree(groups));
    assert.ok(bytes.length < 2 ** 20, 'the file itself is small');
    const before = process.memoryUsage().arrayBuffers;
    await refused(
      () => loadTransformer({ config: configOf(small), weights: bytes }),
      /extra.* is larger than any weight that config\.json implies/,
    );
    assert.ok(process.memoryUsage().arrayBuffers - before < 2 ** 24, 'the array was not unpacked');
  }
});

test('the first position hidden is refused where an encoder makes of it what no other does', async () => {
  for (const family of ['deberta-v2', 'modernbert']) {
    const model = await openCase(...golden(family));
    const given = { input_ids: [[0, 5, 6]], attention_mask: [[0, 1, 1]] };
    await refused(() => model.predict(given), /hides the first position, which this model reads/);
    assert.is((await model.predict({ ...given, attention_mask: [[1, 1, 0]] })).shape[0], 1);
    model.dispose();
  }
});

test.run();
