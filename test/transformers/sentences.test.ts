/** Folders of sentence-transformers: vectors of every pooling and of dense layers, similarities, and which words make two texts alike. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Saliency } from '../../src/attribution/methods/index.ts';
import {
  explainSimilarity,
  loadTransformer,
  SimilarityModel,
  similarities,
  type TransformerFiles,
  wordsOf,
} from '../../src/transformers/index.ts';
import { temporaryFolder } from '../support/cli.ts';
import { type SentenceModel, sentenceFiles, sentenceFilesOf, sentenceModels } from './golden-sentences.ts';

const test = suite('transformers: sentences');
const stored = sentenceModels();
const encoded = (json: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(json));

const filesOf = (one: SentenceModel): TransformerFiles => sentenceFilesOf(sentenceFiles(one));

for (const one of stored) {
  test(`${one.name}: vectors of sentence-transformers`, async () => {
    const model = await loadTransformer(filesOf(one));
    assert.is(model.task, 'embedding');
    const got = (await model.predict(model.tokenizer!.encode(one.texts))).toArray() as number[][];
    got.forEach((row, i) => {
      row.forEach((value, k) => {
        assert.ok(Math.abs(value - one.vectors[i]![k]!) < 2e-6, `text ${i}, ${k}: ${value} and ${one.vectors[i]![k]}`);
      });
    });
    assert.is(got[0]!.length, one.vectors[0]!.length);
    model.dispose();
  });
}

const find = (name: string): SentenceModel => stored.find((one) => one.name === name)!;

test('a prompt is read by the model and is no word of the text', async () => {
  const { tokenizer } = await loadTransformer(filesOf(find('lowercased, with a prompt')));
  const got = tokenizer!.encode('A B');
  assert.equal(got.tokens[0], ['[CLS]', 'query', ':', 'a', 'b', '[SEP]']);
  assert.equal(got.offsets[0], [null, null, null, [0, 1], [2, 3], null]);
  assert.equal(got.sequences[0], [null, null, null, 0, 0, null]);
  assert.equal(
    wordsOf(got).map(({ text }) => text),
    ['A', 'B'],
  );
});

test('a folder is recognised by its modules.json', async () => {
  const { path } = temporaryFolder();
  const files = sentenceFiles(find('dense'));
  const put = (name: string, bytes: Uint8Array): void => {
    mkdirSync(path(name).replace(/[^/]*$/, ''), { recursive: true });
    writeFileSync(path(name), bytes);
  };
  for (const [name, bytes] of Object.entries(files)) put(`model/${name}`, bytes);
  const model = await loadTransformer(path('model'));
  assert.equal(model.layers.map((layer) => [layer.path, layer.className]).slice(1), [
    ['1_Pooling', 'Pooling'],
    ['2_Dense', 'Dense'],
    ['3_Dense', 'Dense'],
    ['4_Dense', 'Dense'],
    ['5_Normalize', 'Normalize'],
  ]);
  assert.equal((await model.predict(model.tokenizer!.encode('a b'))).shape, [1, 4]);
  // Old folders keep the encoder in one of its own.
  const listed = find('dense').files['modules.json'] as unknown as { path: string }[];
  const modules = listed.map((module) => (module.path === '' ? { ...module, path: '0_Transformer' } : module));
  for (const [name, bytes] of Object.entries(files))
    put(`old/${name.includes('/') ? '' : '0_Transformer/'}${name}`, bytes);
  put('old/modules.json', encoded(modules));
  const old = await loadTransformer(path('old'));
  const [one, other] = [model, old].map((loaded) => loaded.predict(loaded.tokenizer!.encode('a b c')));
  assert.equal((await one!).data, (await other!).data);
});

test('each word of a text adds to the similarity, the other text being as it is', async () => {
  const model = await loadTransformer(filesOf(find('several poolings, normalized')));
  const pairs = [
    ['a b c', 'ab d'],
    ['a', 'a b c d b'],
  ] as const;
  const got = await explainSimilarity(model, pairs, { nSteps: 40 });
  const wanted = await similarities(model, pairs);
  got.forEach(({ similarity, texts }, i) => {
    assert.ok(Math.abs(similarity - wanted[i]!) < 1e-6);
    texts.forEach(({ words, rest, text, baseline, delta, tokens, attributions }, side) => {
      assert.is(text, pairs[i]![side]);
      assert.equal(
        words.map((word) => word.text),
        text.split(' '),
      );
      const total = words.reduce((sum, { attribution }) => sum + attribution, rest);
      assert.ok(Math.abs(total - (similarity - baseline! + delta!)) < 1e-9);
      assert.ok(Math.abs(delta!) < 1e-4, `delta ${delta}`);
      assert.is(tokens.length, attributions.length);
    });
  });
  // The baseline's similarity is what the model gives for it.
  const tokenizer = model.tokenizer!;
  const ids = Int32Array.from(tokenizer.encode('a').input_ids.data, (id) => (id === 5 ? tokenizer.padId : id));
  const [padded, other] = [await model.predict([[...ids]]), await model.predict(tokenizer.encode('a b c d b'))];
  const dot = Array.from(padded.data).reduce((sum, value, k) => sum + value * other.data[k]!, 0);
  const lengths = [padded, other].map(({ data }) => Math.hypot(...Array.from(data)));
  assert.ok(Math.abs(got[1]!.texts[0].baseline! - dot / (lengths[0]! * lengths[1]!)) < 1e-5);
  model.dispose();
});

test('other methods explain a similarity; other models and other files are refused by name', async () => {
  const one = find('dense');
  const model = await loadTransformer(filesOf(one));
  const [got] = await explainSimilarity(model, [['a b', 'c']], { explainer: (f, layer) => new Saliency(f, { layer }) });
  assert.is(got!.texts[0].baseline, null);
  assert.equal(got!.texts[0].words.length, 2);
  const refused = async (f: () => unknown, pattern: RegExp): Promise<void> => {
    const error = await Promise.resolve()
      .then(f)
      .then(
        () => null,
        (e: Error) => e,
      );
    assert.ok(error, 'nothing was thrown');
    assert.is(error.name, 'PathgradError', error.stack ?? '');
    assert.match(error.message, pattern);
  };
  const files = filesOf(one);
  const opened = (change: Partial<TransformerFiles>): unknown => loadTransformer({ ...files, ...change });
  const moduleFiles = files.moduleFiles as Record<string, Uint8Array>;
  const list = (types: string[]): Partial<TransformerFiles> => ({
    modules: encoded(
      types.map((type, i) => ({ type: `sentence_transformers.models.${type}`, path: i === 0 ? '' : `${i}_${type}` })),
    ),
  });
  const without = (name: string): Partial<TransformerFiles> => ({
    moduleFiles: Object.fromEntries(Object.entries(moduleFiles).filter(([key]) => key !== name)),
  });
  const replaced = (name: string, value: object): Partial<TransformerFiles> => ({
    moduleFiles: { ...moduleFiles, [name]: encoded(value) },
  });
  await refused(() => explainSimilarity(model, []), /no pair of texts/);
  await refused(() => opened(list(['WordEmbeddings'])), /starts with 'WordEmbeddings' instead of a Transformer/);
  await refused(() => opened(list(['Transformer', 'CNN'])), /module 'CNN', which is not supported/);
  await refused(() => opened(list(['Transformer', 'Normalize'])), /must pool the positions of a text first/);
  await refused(
    () => opened({ modules: encoded([{ type: 'a.Transformer', path: '../x' }]) }),
    /lies outside of the folder/,
  );
  await refused(() => opened({ modules: encoded({}) }), /is no list of modules/);
  await refused(() => opened(without('1_Pooling/config.json')), /1_Pooling\/config.json is missing/);
  await refused(() => opened(without('2_Dense/model.safetensors')), /2_Dense\/model.safetensors is missing/);
  await refused(
    () => opened(replaced('1_Pooling/config.json', { pooling_mode_mean_tokens: false })),
    /1_Pooling\/config.json: names no pooling/,
  );
  await refused(
    () => opened(replaced('1_Pooling/config.json', { pooling_mode_mean_tokens: true, include_prompt: false })),
    /leaves prompts out/,
  );
  await refused(
    () => opened(replaced('1_Pooling/config.json', { pooling_mode_odd: true })),
    /pools by pooling_mode_odd/,
  );
  await refused(
    () => opened(replaced('2_Dense/config.json', { in_features: 9, out_features: 6 })),
    /does not fit what comes before it \(in_features 9, width 8/,
  );
  await refused(
    () =>
      opened(
        replaced('2_Dense/config.json', { in_features: 8, out_features: 6, activation_function: 'torch.nn.Softsign' }),
      ),
    /activation 'torch.nn.Softsign', which is not known/,
  );
  await refused(
    () =>
      opened({
        moduleFiles: {
          ...(without('2_Dense/model.safetensors').moduleFiles as object),
          '2_Dense/pytorch_model.bin': encoded({}),
        },
      }),
    /2_Dense\/pytorch_model.bin: is a pickle, which is never opened/,
  );
  await refused(() => opened({ sentenceConfig: { max_seq_length: 1 } }), /unusable max_seq_length/);
  const classifier = await loadTransformer({ ...files, modules: undefined as never }, { head: ({ hidden }) => hidden });
  await refused(() => new SimilarityModel(classifier).apply([]), /needs the vector to compare with/);
});

test.run();
