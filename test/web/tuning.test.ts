/** Fine-tuning on the page: examples, a training with its curve, another answer, the old weights again, and a file that the library reads. */
import { readFileSync, writeFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { loadModel } from '../../src/index.ts';
import { temporaryFolder } from '../support/cli.ts';
import { onnxTable } from '../support/tiny-onnx.ts';
import { chosenBrowser } from './browsers.ts';
import { buildPage, chooseExample, launch, pageForEach, type Site, says, serve } from './support.ts';

const test = suite('web: fine-tuning');
const browser = await launch();
const site: Site = await serve(await buildPage());
const opened = pageForEach(test, browser, site);
const text = (page: Page, selector: string): Promise<string> => page.locator(selector).innerText();

/** As typed: Firefox's driver adds to what a field of numbers holds. */
const put = (page: Page, selector: string, value: string): Promise<void> =>
  page.locator(selector).evaluate((field, text) => {
    (field as HTMLInputElement).value = text;
  }, value);

async function openPanel(page: Page): Promise<void> {
  await page.click('#tuning summary');
  await page.waitForSelector('#tuning-work:not([hidden])');
}

/** Adds the input with this answer. */
async function add(page: Page, answer: string): Promise<void> {
  const count = await page.locator('#tuning-examples tr').count();
  await page.selectOption('#tuning-answer', answer);
  await page.click('#tuning-add');
  await page.waitForFunction((n) => document.querySelectorAll('#tuning-examples tr').length === n, count + 1);
}

async function saved(page: Page): Promise<{ name: string; bytes: Buffer }> {
  const [file] = await Promise.all([page.waitForEvent('download'), page.click('#tuning-save')]);
  const chunks: Buffer[] = [];
  for await (const chunk of await file.createReadStream()) chunks.push(chunk as Buffer);
  return { name: file.suggestedFilename(), bytes: Buffer.concat(chunks) };
}

test('a digit learns to be another one; the curve is drawn, the file holds it, and the old weights come back', async () => {
  const { page } = opened;
  await chooseExample(page, 'digits');
  const verdict = await text(page, '#verdict');
  assert.match(verdict, /^7: /);
  await openPanel(page);
  await page.click('#tuning-start');
  await says(page, '#error', /There are none|there are none/);
  await add(page, '3');
  await put(page, '#tuning-epochs', '30');
  await put(page, '#tuning-rate', '0.01');
  await page.click('#tuning-start');
  await says(
    page,
    '#tuning-said',
    /^30 epochs in .* s: loss .* at first, .* at last, 100 % .* All examples have the same answer/,
  );
  assert.is((await page.locator('#tuning-curve path').getAttribute('d'))!.split('L').length, 30);
  const row = await text(page, '#tuning-examples tr');
  assert.match(row, /3.*7 .*3/s);
  await says(page, '#verdict', /^3: /);
  if (chosenBrowser() !== 'firefox') {
    const { name, bytes } = await saved(page);
    assert.is(name, 'mnist-cnn-tuned.keras');
    const [model, original] = [await loadModel(bytes), await loadModel(readFileSync('examples/mnist-cnn.h5'))];
    const arrays = (of: typeof model): ArrayLike<number>[] =>
      of.layers.flatMap(({ weights }) => weights.map(({ tensor }) => tensor.data as Float32Array));
    const changed = arrays(model).map((array, i) =>
      Array.from(array).some((value, at) => value !== arrays(original)[i]![at]),
    );
    assert.equal(changed, [false, false, false, false, false, false, true, true], 'the last layer learnt');
  }
  await page.click('#tuning-back');
  await says(page, '#tuning-said', /those of the file again/);
  await says(page, '#verdict', new RegExp(`^${verdict.slice(0, 3)}`));
});

test('samples of a table with their answers; stopped it keeps the last whole epoch; another model forgets all', async () => {
  const { page } = opened;
  await chooseExample(page, 'wine');
  await openPanel(page);
  const rows = await text(page, '#tuning-rows');
  assert.match(rows, /^Add the \d+ samples with a right answer$/);
  await page.click('#tuning-rows');
  await page.waitForSelector('#tuning-examples tr:nth-child(50)');
  await put(page, '#tuning-epochs', '10000');
  await page.click('#tuning-start');
  await says(page, '#tuning-said', /^Epoch \d+ of 10000: loss/);
  await page.click('#tuning-stop');
  await says(page, '#tuning-said', /^Stopped after \d+ epochs? in/);
  await page.waitForSelector('#tuning-back:not([hidden])');
  await chooseExample(page, 'digits');
  await page.waitForFunction(() => document.querySelector('#tuning-examples') === null);
  assert.is(await text(page, '#tuning-said'), '');
});

test('words; a loss that is no number says so and changes nothing', async () => {
  const { page } = opened;
  await chooseExample(page, 'reviews');
  const verdict = await text(page, '#verdict');
  await openPanel(page);
  await page.fill('#text', 'a dull film');
  await add(page, '1');
  await put(page, '#tuning-rate', '1000');
  await put(page, '#tuning-epochs', '200');
  await page.selectOption('#tuning-last', '4');
  await page.click('#tuning-start');
  await page.waitForFunction(() =>
    /^(Nothing was learnt|200 epochs)/.test(document.querySelector('#tuning-said')!.textContent!),
  );
  assert.ok(verdict);
});

test('a transformer learns, and its folder is offered', async () => {
  const { page } = opened;
  await chooseExample(page, 'transformer');
  await openPanel(page);
  await add(page, '0');
  await put(page, '#tuning-epochs', '3');
  await page.click('#tuning-start');
  await says(page, '#tuning-said', /^3 epochs in/);
  if (chosenBrowser() !== 'firefox') assert.match((await saved(page)).name, /-tuned\.zip$/);
});

test('a model whose format has no training mode says so', async () => {
  const { page } = opened;
  const path = temporaryFolder().path('table.onnx');
  writeFileSync(path, onnxTable);
  await page.setInputFiles('#file', path);
  await page.waitForSelector('#work:not([hidden])');
  await page.click('#tuning summary');
  await page.waitForSelector('#tuning-said', { state: 'attached' });
  await says(page, '#tuning-said', /^This model cannot be fine-tuned here: its format/);
  assert.ok(await page.locator('#tuning-work').isHidden());
});

test.run();
