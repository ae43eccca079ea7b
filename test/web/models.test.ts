/** The recurrent and the transformer example, and transformers from files: numbers are Node's, what is missing is named. */
import { readFileSync, writeFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Explanation, IntegratedGradients } from '../../src/attribution/index.ts';
import { encodeText, parseVocabulary } from '../../src/inputs/index.ts';
import { loadModel } from '../../src/keras/load/load.ts';
import { tensor } from '../../src/tensor/tensor.ts';
import { loadTransformer } from '../../src/transformers/index.ts';
import { example, temporaryFolder } from '../support/cli.ts';
import { buildPage, chooseExample, drop, exported, launch, pageForEach, type Site, says, serve } from './support.ts';

const test = suite('web: recurrent nets and transformers');
const browser = await launch();
const folder = await buildPage();
const site: Site = await serve(folder);
const files = temporaryFolder();
const distilbert = (name: string): string => example(`imdb-distilbert/${name}`);

test.after.each(async () => {
  // Threads start from code in memory (blob:), which is no request to anybody.
  for (const { method, url } of opened.requests) {
    assert.is(method, 'GET');
    assert.ok(url.startsWith(site.url) || url.startsWith(`blob:${site.url}`), `asked for ${url}`);
  }
});
const opened = pageForEach(test, browser, site);

function assertClose(found: ArrayLike<number>, wanted: ArrayLike<number>, what: string): void {
  assert.is(found.length, wanted.length, what);
  const worst = Array.from(found).reduce((most, v, i) => Math.max(most, Math.abs(v - wanted[i]!)), 0);
  assert.ok(worst <= 1e-6, `${what}: largest difference ${worst}`);
}

async function saved(page: Page): Promise<{ explanation: Explanation; tokens: string[]; scores: number[] }> {
  const { item, explanation } = JSON.parse((await exported(page, 'json')).bytes.toString()) as {
    item: { tokens: string[]; scores: number[] };
    explanation: object;
  };
  return { ...item, explanation: Explanation.fromJSON(explanation) };
}

function assertSame(found: Explanation, wanted: Explanation): void {
  assertClose(found.predictions.data, wanted.predictions.data, 'predictions');
  assertClose(found.baselinePredictions.data, wanted.baselinePredictions.data, 'predictions at the baseline');
  assertClose(found.attributions[0]!.data, wanted.attributions[0]!.data, 'attributions');
}

test('headlines: numbers are those of Node, for the predicted class and for another one', async () => {
  const { page } = opened;
  await chooseExample(page, 'news');
  const [, , , , , deal] = readFileSync(example('headlines.txt'), 'utf8').split('\n');
  await page.selectOption('#texts', deal!);
  await says(page, '#verdict', /^Business: \d+\.\d %$/);
  await says(page, '#explained', /^Explained: Business \(the predicted class\)$/);
  assert.equal(await page.locator('#classes th').count(), 4);
  const first = await saved(page);

  const model = await loadModel(example('agnews-bilstm.h5'));
  const vocabulary = parseVocabulary(readFileSync(example('agnews-vocab.txt'), 'utf8'));
  const { ids } = encodeText(deal!, vocabulary, { length: 60, truncating: 'post' });
  const ig = new IntegratedGradients(model, { layer: 'embedding' });
  const X = tensor(ids, [1, 60]);
  assertSame(first.explanation, await ig.explain(X, { baselines: 0, target: 2 }));

  const options = await page.locator('#target option').allInnerTexts();
  assert.equal(options, ['the predicted one', '0: World', '1: Sports', '2: Business', '3: Sci/Tech']);
  const marks = await page.locator('#words').innerHTML();
  await page.selectOption('#target', '3');
  await says(page, '#explained', /^Explained: Sci\/Tech$/);
  await says(page, '#verdict', /^Business: /);
  assert.is.not(await page.locator('#words').innerHTML(), marks, 'the words are coloured anew');
  const second = await saved(page);
  assertSame(second.explanation, await ig.explain(X, { baselines: 0, target: 3 }));
});

test('a headline that is too long keeps its beginning, as in training; reviews keep their end', async () => {
  const { page } = opened;
  const long = `goal ${'the '.repeat(110)}shares`;
  await chooseExample(page, 'news');
  await page.fill('#text', long);
  await says(page, '#notices', /takes 60 tokens: the last 53 are cut off/);
  await says(page, '#words', /goal/);
  await chooseExample(page, 'reviews');
  await page.fill('#text', long);
  await says(page, '#notices', /takes 100 tokens: the first 13 are cut off/);
  await says(page, '#words', /shares$/);
});

test('a transformer: its code comes when it is chosen, words are shown as written, numbers are those of Node', async () => {
  const { page, requests } = opened;
  const tokenizers = (): string[] =>
    [...new Set(requests.map(({ url }) => url.slice(site.url.length)))]
      .filter((name) => name.endsWith('.js'))
      .filter((name) => readFileSync(`${folder}/${name}`, 'utf8').includes('BertNormalizer'));
  await chooseExample(page, 'reviews');
  assert.equal(tokenizers(), [], 'no tokenizer for the other examples');
  await chooseExample(page, 'transformer');
  assert.is(tokenizers().length, 1);
  const sentence = 'An excellent whodunnit, but the ending is boring.';
  await page.fill('#text', sentence);
  await says(page, '#words', /^\[CLS\] An excellent whodunnit, but the ending is boring\. \[SEP\]$/);
  assert.match(
    (await page.locator('#words mark', { hasText: 'whodunnit' }).getAttribute('title')) ?? '',
    /^[+-]\S+: who [+-]\S+, ##/,
  );
  assert.equal(await page.locator('#words mark.fixed').allInnerTexts(), ['[CLS]', '[SEP]']);
  await says(page, '#facts', /\[PAD\] between the special tokens: /);
  assert.ok(await page.locator('#softmax-row').isHidden(), 'its outputs are probabilities');

  const model = await loadTransformer(distilbert('').replace(/\/$/, ''));
  const { input_ids, attention_mask, tokens } = model.tokenizer!.encode(sentence);
  const wanted = await new IntegratedGradients(model, { layer: 'distilbert/embeddings' }).explain(input_ids, {
    forwardKwargs: { attention_mask },
    baselines: model.tokenizer!.baseline(),
    target: (await model.predict(input_ids)).data[1]! > 0.5 ? 1 : 0,
  });
  const found = await saved(page);
  assert.equal(found.tokens, tokens[0]);
  assert.ok(found.tokens.some((token) => token.startsWith('##')));
  assertSame(found.explanation, wanted);
  assert.equal([found.scores[0], found.scores.at(-1)], [0, 0], 'what the baseline keeps gets nothing');
  await page.selectOption('#baseline', 'layer');
  await says(page, '#facts', /zeros in place of word vectors/);
  assert.is.not((await saved(page)).scores[0], 0);
});

test('a transformer: the report, its layers, another class, a text that is too long', async () => {
  const { page } = opened;
  await chooseExample(page, 'transformer');
  await page.click('summary >> text=Layers of the model');
  assert.match(await page.locator('#summary').innerText(), /^distilbert .*\n {2}embeddings .*[\s\S]*layer\.1/);
  const report = await exported(page, 'html');
  assert.is(report.name, 'imdb-distilbert-tf_model-explanation.html');
  assert.match(report.bytes.toString(), /superb<\/mark>/);
  assert.match(report.bytes.toString(), /layer\.1/);
  await page.selectOption('#target', '0');
  await says(page, '#explained', /^Explained: negative$/);
  assert.equal((await saved(page)).explanation.target?.data[0], 0);
  await page.fill('#text', 'a film '.repeat(150));
  await says(page, '#notices', /^The text has 302 tokens and was cut to 256$/);
  await page.fill('#text', '[SEP]');
  await says(page, '#error', /text: has no words/);
});

test('after a stop a transformer is still there, with its tokenizer', async () => {
  const { page } = opened;
  await chooseExample(page, 'transformer');
  await page.selectOption('#backend', 'reference');
  await page.selectOption('#steps', '500'); // minutes
  await page.waitForSelector('#busy.on');
  await page.click('#cancel');
  await says(page, '#hint', /^Stopped/);
  await page.selectOption('#backend', 'wasm');
  await says(page, '#facts', /500 steps on wasm/);
  await page.fill('#text', 'superb');
  await says(page, '#words', /^\[CLS\] superb \[SEP\]$/);
});

test('a transformer from the files of its folder; after its first explanation no request at all', async () => {
  const { page, requests } = opened;
  const { id2label, label2id, ...config } = JSON.parse(readFileSync(distilbert('config.json'), 'utf8'));
  assert.ok(id2label && label2id);
  writeFileSync(files.path('config.json'), JSON.stringify(config)); // as it is where the names of two classes are the usual ones
  writeFileSync(files.path('README.md'), 'not needed');
  await page.setInputFiles('#file', [
    files.path('README.md'),
    distilbert('vocab.txt'),
    distilbert('special_tokens_map.json'),
    files.path('config.json'),
    distilbert('tf_model.h5'),
  ]);
  await says(page, '#model-state', /^tf_model\.h5: model “DistilBertForSequenceClassification”, takes word pieces/);
  await page.fill('#text', 'awful');
  await says(page, '#words', /awful/);
  const before = requests.length;
  await page.fill('#text', 'superb');
  await says(page, '#words', /^\[CLS\] superb \[SEP\]$/);
  await says(page, '#verdict', /^class 1: /);
  await page.fill('#labels', 'bad, good');
  await page.press('#labels', 'Enter');
  await says(page, '#verdict', /^good: /);
  assert.ok(await page.locator('#error').isHidden());
  const asked = requests.slice(before).filter(({ url }) => !url.startsWith('blob:'));
  assert.equal(asked, [], 'requests after loading');
  await page.setInputFiles('#file', example('imdb-vocab.txt'));
  await says(page, '#error', /^imdb-vocab\.txt: is not needed: the model has a tokenizer of its own/);
});

test('a folder dropped on the page', async () => {
  const { page } = opened;
  await drop(page, distilbert('').replace(/\/$/, ''));
  await says(page, '#model-state', /^tf_model\.h5: model “DistilBert/);
  await page.fill('#text', 'superb');
  await says(page, '#verdict', /^positive: /);
  assert.ok(await page.locator('#dropping').isHidden());
  await drop(page, example('imdb-cnn.h5'));
  await says(page, '#model-state', /^imdb-cnn\.h5: model “imdb_cnn”.* Now drop its vocabulary/);
});

test('files of a transformer that are missing are named, and the model before stays', async () => {
  const { page } = opened;
  await chooseExample(page, 'reviews');
  const together =
    /Drop the folder, or all its files at once: model\.safetensors or tf_model\.h5, config\.json, and tokenizer\.json or vocab\.txt$/;
  const cases: [string[], RegExp][] = [
    [['tf_model.h5'], /^tf_model\.h5: .*config\.json and tokenizer\.json or vocab\.txt are missing\n/],
    [['tf_model.h5', 'tokenizer.json'], /^tf_model\.h5: .* config\.json is missing\n/],
    [['tf_model.h5', 'config.json'], /^tf_model\.h5: .* tokenizer\.json or vocab\.txt is missing\n/],
    [['config.json', 'vocab.txt'], /^config\.json: .* model\.safetensors is missing\n/],
    [['tokenizer.json'], /^tokenizer\.json: .* model\.safetensors and config\.json are missing\n/],
  ];
  for (const [names, wanted] of cases) {
    await page.setInputFiles('#file', names.map(distilbert));
    await says(page, '#error', wanted);
    await says(page, '#error', together);
  }
  writeFileSync(files.path('pytorch_model.bin'), 'weights');
  await page.setInputFiles('#file', [
    distilbert('config.json'),
    distilbert('tokenizer.json'),
    files.path('pytorch_model.bin'),
  ]);
  await says(page, '#error', /model\.safetensors is missing\s+Pickles of Python are never opened.*safe_serialization/);
  writeFileSync(files.path('tf_model-00001-of-00002.h5'), 'x');
  await page.setInputFiles('#file', [
    files.path('tf_model-00001-of-00002.h5'),
    distilbert('config.json'),
    distilbert('tokenizer.json'),
  ]);
  await says(page, '#error', /tf_model-00002-of-00002\.h5: this shard of the weights is missing/);
  // What is there but wrong is the engine's to say.
  writeFileSync(files.path('tf_model.h5'), readFileSync(distilbert('tf_model.h5')).subarray(0, 100_000));
  await page.setInputFiles('#file', [
    files.path('tf_model.h5'),
    distilbert('config.json'),
    distilbert('tokenizer.json'),
  ]);
  await says(page, '#error', /^tf_model\.h5: /);
  await says(page, '#model-state', /Still imdb-cnn\.h5/);
  await page.fill('#text', 'a superb film');
  await says(page, '#words', /superb/);
});

test.run();
