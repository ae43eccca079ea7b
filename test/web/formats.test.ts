/** Models of every format dropped on the page: each shows the same panels, with the numbers of the command line. */
import { readFileSync, writeFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { Page } from 'playwright-core';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { example, npy, runCli, temporaryFolder } from '../support/cli.ts';
import { onnxPictures, onnxTable, onnxTwo } from '../support/tiny-onnx.ts';
import { tinyFolder } from '../support/tiny-transformer.ts';
import { buildPage, drop, exported, launch, pageForEach, type Site, says, serve } from './support.ts';

const test = suite('web: formats');
const browser = await launch();
const site: Site = await serve(await buildPage());
const opened = pageForEach(test, browser, site);
const files = temporaryFolder();

interface Item {
  readonly tokens: readonly string[];
  readonly scores: readonly number[];
  readonly target: { readonly label: string };
}

async function saved(page: Page): Promise<Item> {
  return (JSON.parse((await exported(page, 'json')).bytes.toString()) as { item: Item }).item;
}

async function ofCommandLine(...argv: string[]): Promise<Item> {
  const json = files.path('out.json');
  const { code, err } = await runCli(['explain', ...argv, '--json', json]);
  assert.is(code, 0, err);
  return (JSON.parse(readFileSync(json, 'utf8')) as { items: Item[] }).items[0]!;
}

function assertSame(found: Item, wanted: Item): void {
  assert.is(found.target.label, wanted.target.label);
  assert.is(found.scores.length, wanted.scores.length);
  for (const [i, score] of wanted.scores.entries()) assert.ok(Math.abs(score - found.scores[i]!) < 1e-5, `${i}`);
}

test('safetensors: a folder, and its files; the words have the numbers of the command line', async () => {
  const { page } = opened;
  const tiny = tinyFolder(files.path('tiny'), 'ForSequenceClassification', ['down', 'up', 'same']);
  await drop(page, tiny);
  await says(page, '#model-state', /^model\.safetensors: model “DistilBertForSequenceClassification”/);
  await page.fill('#text', 'A superb film');
  await says(page, '#words', /^\[CLS\] A superb film \[SEP\]$/);
  assertSame(await saved(page), await ofCommandLine(tiny, '--text', 'A superb film'));
  await page.setInputFiles('#file', [
    ...['model.safetensors', 'config.json', 'tokenizer.json'].map((name) => `${tiny}/${name}`),
    example('imdb-distilbert/special_tokens_map.json'),
  ]);
  await page.waitForFunction(() => document.querySelector<HTMLTextAreaElement>('#text')!.value === '');
  await page.fill('#text', 'dull');
  await says(page, '#words', /^\[CLS\] dull \[SEP\]$/);
});

test('ONNX: a picture model and a table, with the panels of any other model', async () => {
  const { page } = opened;
  writeFileSync(files.path('pictures.onnx'), onnxPictures);
  await drop(page, files.path('pictures.onnx'));
  await says(page, '#model-state', /^pictures\.onnx: model “pictures”, takes 3 × 8 × 8/);
  await page.setInputFiles('#picture', example('digits/7.png'));
  await says(page, '#verdict', /^class \d: \d/);
  await page.waitForSelector('#panels canvas');
  assert.is(await page.locator('#panels figure').count(), 4);
  writeFileSync(files.path('table.onnx'), onnxTable);
  await drop(page, files.path('table.onnx'));
  await says(page, '#model-state', /^table\.onnx: model “table”, takes 5/);
  await page.fill('#numbers', '0.1 0.2 0.3 0.4 0.5');
  await says(page, '#verdict', /^y: -?\d/);
  const rows = npy('<f4', '(1, 5)', Float32Array.from([0.1, 0.2, 0.3, 0.4, 0.5]));
  writeFileSync(files.path('row.npy'), rows);
  const json = files.path('row.json');
  const { code } = await runCli(['explain', files.path('table.onnx'), '--npy', files.path('row.npy'), '--json', json]);
  assert.is(code, 0);
  const { items } = JSON.parse(readFileSync(json, 'utf8')) as { items: { scores: number[] }[] };
  const found = await saved(page);
  for (const [i, score] of items[0]!.scores.entries()) assert.ok(Math.abs(score - found.scores[i]!) < 1e-5, `${i}`);
  writeFileSync(files.path('two.onnx'), onnxTwo);
  await drop(page, files.path('two.onnx'));
  await says(page, '#model-state', /^two\.onnx: model “.*”, takes a \(.*\), b \(.*\)/);
  for (const field of await page.locator('#fields input, #fields textarea').all()) await field.fill('0.5');
  await page.waitForSelector('#charts .pg');
  assert.is(await page.locator('#charts .pg').first().getAttribute('role'), 'img');
});

test('TensorFlow.js: model.json with its weights; alone it says what is missing', async () => {
  const { page } = opened;
  const packed = readFileSync(new URL('../golden/tfjs/own.json.gz', import.meta.url));
  const { cases } = JSON.parse(gunzipSync(packed).toString()) as {
    cases: { name: string; files: Record<string, string>; inputs: { data: number[] }[]; output: { data: number[] } }[];
  };
  const { files: own, inputs, output } = cases.find(({ name }) => name === 'tfjs-nested')!;
  for (const [name, text] of Object.entries(own)) writeFileSync(files.path(name), Buffer.from(text, 'base64'));
  const paths = Object.keys(own).map((name) => files.path(name));
  await drop(page, ...paths);
  await says(page, '#model-state', /^model\.json: model “.*”, takes 3/);
  await page.fill('#numbers', inputs[0]!.data.slice(0, 3).join(' '));
  await page.waitForSelector('#result:not([hidden])');
  const { item } = JSON.parse((await exported(page, 'json')).bytes.toString()) as {
    item: { prediction: { score: number; index: number }[] };
  };
  for (const { score, index } of item.prediction) assert.ok(Math.abs(score - output.data[index]!) < 1e-5);
  await page.setInputFiles('#file', files.path('model.json'));
  await says(page, '#error', /model\.json: the file of weights '.*' is missing/);
});

test('models that judge words, and two texts that are alike', async () => {
  const { page } = opened;
  await drop(page, tinyFolder(files.path('labels'), 'ForTokenClassification', ['O', 'B-PER', 'B-LOC']));
  await says(page, '#model-state', /TokenClassification/);
  await page.fill('#text', 'The king lives in London');
  await says(page, '#explained', /^Explained: B-\w+ of “\w+” \(the predicted class\)$/);
  await page.selectOption('#place', '5');
  await says(page, '#explained', /of “London”/);
  await drop(page, tinyFolder(files.path('answers'), 'ForQuestionAnswering'));
  await says(page, '#model-state', /QuestionAnswering/);
  await page.fill('#text', 'Who is it?');
  await page.click('#second-details summary');
  await page.fill('#second', 'It is the king, of all.');
  await says(page, '#words', /^\[CLS\] Who is it\? \[SEP\] It is the king, of all\. \[SEP\]$/);
  await page.selectOption('#output', '1');
  await says(page, '#verdict', /: \d/);
  await drop(page, tinyFolder(files.path('masks'), 'ForMaskedLM'));
  await says(page, '#model-state', /MaskedLM/);
  await page.fill('#text', 'The king is [MASK] today');
  await says(page, '#explained', /of “\[MASK\]”/);
  assert.is(await page.locator('#target option').count(), 6, 'the five likeliest words');
  await drop(page, tinyFolder(files.path('sentences'), 'Model'));
  await says(page, '#model-state', /DistilBertModel/);
  await page.fill('#text', 'The king lives in London');
  await page.fill('#second', 'A man');
  await says(page, '#verdict', /^similarity: -?\d/);
  await says(page, '#words', /^\[CLS\] The king lives in London \[SEP\]$/);
});

test.run();
