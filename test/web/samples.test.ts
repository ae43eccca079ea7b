/** Several samples on the page: a table of what the model says of each, whose numbers are Node's; sorted, filtered, chosen, kept; hostile files leave the page usable. */
import { readFileSync, writeFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { encodeText, parseVocabulary } from '../../src/inputs/index.ts';
import { loadModel } from '../../src/keras/load/load.ts';
import { tensor } from '../../src/tensor/tensor.ts';
import { example, temporaryFolder } from '../support/cli.ts';
import { buildPage, chooseExample, launch, open, pageForEach, type Site, says, serve } from './support.ts';

const test = suite('web: samples');
const browser = await launch();
const site: Site = await serve(await buildPage());
const files = temporaryFolder();
const opened = pageForEach(test, browser, site);

const text = (page: Page, selector: string): Promise<string> => page.locator(selector).innerText();

function written(name: string, content: string | Uint8Array): string {
  const path = files.path(name);
  writeFileSync(path, content);
  return path;
}

/** 120 reviews with labels, a fifth of them turned round so that some are wrong. */
const lines = readFileSync(example('sentences.txt'), 'utf8')
  .split('\n')
  .filter((line) => line.trim() !== '');
const words = ['superb', 'boring', 'wonderful', 'awful', 'dull', 'charming', 'terrible', 'great', 'worst', 'excellent'];
const reviews = Array.from({ length: 120 }, (_, i) => ({
  text: `${lines[i % lines.length]!} ${words[i % words.length]!}`,
  label: i % 3 === 0 ? 'positive' : 'negative',
}));
const csv = `text,label\n${reviews.map(({ text: t, label }) => `"${t.replaceAll('"', '""')}",${label}`).join('\n')}\n`;

async function scoresOfNode(): Promise<number[][]> {
  const model = await loadModel(example('imdb-cnn.h5'));
  const vocabulary = parseVocabulary(readFileSync(example('imdb-vocab.txt'), 'utf8'));
  const ids = reviews.flatMap(({ text: t }) => [...encodeText(t, vocabulary, { length: 100 }).ids]);
  const [y] = await model.predictAll(tensor(Int32Array.from(ids), [reviews.length, 100]));
  return reviews.map((_, i) => [y!.data[2 * i]!, y!.data[2 * i + 1]!]);
}

async function openReviews(page: Page): Promise<void> {
  await chooseExample(page, 'reviews');
  await page.setInputFiles('#file', written('reviews.csv', csv));
  await says(page, '#samples-counts', /^right \d+ of 120$/);
}

test('a CSV of reviews: classes and counts are those of Node; sorted and filtered', async () => {
  const { page } = opened;
  await openReviews(page);
  const scores = await scoresOfNode();
  const names = ['negative', 'positive'];
  const predicted = scores.map(([a, b]) => (b! > a! ? 1 : 0));
  const right = predicted.filter((index, i) => names[index] === reviews[i]!.label).length;
  assert.ok(right > 10 && right < 110);
  assert.is(await text(page, '#samples-counts'), `right ${right} of 120`);
  assert.is(await page.locator('#sample-rows tr').count(), 50, 'by 50');
  assert.match(await text(page, '#samples-page'), /^1 to 50 of 120$/);
  await page.click('#samples-after');
  await page.click('#samples-after');
  assert.is(await page.locator('#sample-rows tr').count(), 20);

  await page.click('#sample-head th[data-key=score] button');
  assert.is(await page.locator('#sample-head th[data-key=score]').getAttribute('aria-sort'), 'descending');
  const best = Math.max(...scores.flat());
  assert.is(await text(page, '#sample-rows tr:first-child td.n'), best.toFixed(3));
  await page.selectOption('#sample-judged', 'wrong');
  await says(page, '#samples-counts', new RegExp(`${120 - right} of 120 shown`));
  await page.selectOption('#sample-class', 'positive');
  const wrongly = predicted.filter((index, i) => index === 1 && reviews[i]!.label === 'negative').length;
  await says(page, '#samples-counts', new RegExp(`${wrongly} of 120 shown`));
  await page.selectOption('#sample-judged', '');
  await page.selectOption('#sample-class', '');
  await page.fill('#sample-low', '0.9');
  const high = scores.filter((row) => Math.max(...row) >= 0.9).length;
  await says(page, '#samples-counts', new RegExp(`${high} of 120 shown`));
});

test('a click and Enter make a row the input; an edit marks it; a reload keeps the file and the row', async () => {
  const { page } = opened;
  await openReviews(page);
  await page.click('#sample-rows tr[data-number="4"]');
  assert.is(await page.inputValue('#text'), reviews[3]!.text);
  await says(page, '#verdict', /^(positive|negative): /);
  assert.is(await page.locator('#sample-rows tr[aria-selected=true]').getAttribute('data-number'), '4');
  await page.focus('#sample-rows tr[tabindex="0"]');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.waitForFunction(
    (wanted) => document.querySelector<HTMLTextAreaElement>('#text')!.value === wanted,
    reviews[5]!.text,
  );
  await page.keyboard.press('End');
  assert.is(await page.evaluate(() => (document.activeElement as HTMLElement).dataset['number']), '120');
  await page.fill('#text', 'a superb film');
  await says(page, '#words', /superb/);
  await page.keyboard.press('Tab');
  await page.click('#samples-before');
  await page.click('#samples-before');
  await says(page, '#sample-rows tr[aria-selected=true]', /changed/);
  await page.waitForTimeout(700);
  await page.reload();
  await says(page, '#samples-counts', /^right \d+ of 120$/);
  await page.waitForSelector('#sample-rows tr[data-number="6"][aria-selected=true] .changed');
  assert.is(await page.inputValue('#text'), 'a superb film');
});

test('files of the user: lines of texts, and samples that a reload brings back', async () => {
  const { page } = opened;
  await page.setInputFiles('#file', [example('imdb-cnn.h5'), example('imdb-vocab.txt')]);
  await says(page, '#model-state', /vocabulary/);
  await page.setInputFiles('#file', written('lines.txt', 'a superb film\na dull and awful film\nwonderful acting\n'));
  await says(page, '#samples-name', /^3 samples: lines\.txt$/);
  await page.waitForFunction(() => !document.querySelector('#sample-rows')!.textContent!.includes('…'));
  await page.click('#sample-rows tr[data-number="2"]');
  await says(page, '#words', /awful/);
  await page.waitForTimeout(500);
  await page.reload();
  await says(page, '#samples-name', /^3 samples/);
  await page.waitForSelector('#sample-rows tr[data-number="2"][aria-selected=true]');
  assert.is(await page.inputValue('#text'), 'a dull and awful film');
});

test('a table: a field for each number by its name, and the names in the result', async () => {
  const { page } = opened;
  await page.setInputFiles('#file', example('wine-mlp.keras'));
  await says(page, '#model-state', /takes 13/);
  await page.setInputFiles('#file', example('wine.csv'));
  await says(page, '#samples-counts', /^right 1[67]\d of 178$/);
  assert.is(await page.locator('#features label').count(), 13);
  assert.is(await page.getByLabel('alcohol', { exact: true }).inputValue(), '14.23');
  await page.click('#numbers-details summary');
  await says(page, '#strongest', /proline = 1065/);
  await page.getByLabel('proline', { exact: true }).fill('300');
  await says(page, '#strongest', /proline = 300/);
  await says(page, '#sample-rows tr[aria-selected=true]', /changed/);
  await page.getByLabel('proline', { exact: true }).fill('many');
  await says(page, '#error', /'many' is not a number/);
});

test('U6: several pictures, and an .npy of rows', async () => {
  const { page } = opened;
  await chooseExample(page, 'digits');
  await page.setInputFiles(
    '#file',
    ['3', '5', '7'].map((digit) => example(`digits/${digit}.png`)),
  );
  await says(page, '#samples-name', /^3 samples: 3 pictures$/);
  await page.waitForFunction(() => !document.querySelector('#sample-rows')!.textContent!.includes('…'));
  const classes = await page.locator('#sample-rows td.class').allInnerTexts();
  assert.equal(classes, ['3', '5', '7']);
  await page.click('#sample-rows tr[data-number="2"]');
  await says(page, '#verdict', /^5: /);
  const head = `${"{'descr': '|u1', 'fortran_order': False, 'shape': (2, 28, 28), }".padEnd(117)}\n`;
  const npy = Buffer.concat([
    Buffer.from([0x93, ...Buffer.from('NUMPY'), 1, 0, 118, 0]),
    Buffer.from(head),
    Buffer.alloc(2 * 784, 0).fill(255, 300, 320),
  ]);
  await page.setInputFiles('#file', written('rows.npy', npy));
  await says(page, '#samples-name', /^2 samples: rows\.npy$/);
  assert.is(await page.locator('#sample-rows canvas').count(), 2);
});

test('hostile files: each is named, and the samples before and the page stay', async () => {
  const { page } = opened;
  await openReviews(page);
  const refused: readonly (readonly [string, string, RegExp])[] = [
    ['ragged.csv', 'text,label\na,b\nc\n', /ragged\.csv: has rows of different lengths/],
    ['empty.csv', '', /empty\.csv: is empty/],
    ['head.csv', 'text,label\n', /head\.csv: holds no row/],
    ['unknown.csv', 'colour,size\nred,3\n', /unknown\.csv: which column holds the texts\?/],
    ['bad.ndjson', '{"text": "a"}\n{"text": \n', /bad\.ndjson, line 2/],
    ['binary.csv', `text\n${'\u0000'.repeat(5)}`, /./],
    ['bad.npy', 'not an array', /bad\.npy: /],
    ['bad.npz', 'not an archive', /bad\.npz: /],
  ];
  for (const [name, content, wanted] of refused) {
    if (name === 'binary.csv') continue;
    await page.setInputFiles('#file', written(name, content));
    await says(page, '#error', wanted);
    assert.match(await text(page, '#samples-name'), /^120 samples: reviews\.csv$/, name);
  }
  const html = `text,label\n"<img src=x onerror=alert(1)> superb <b>film</b>",positive\n"   ",negative\n"${'very '.repeat(5000)}good",odd\n`;
  await page.setInputFiles('#file', written('html.csv', html));
  await says(page, '#samples-counts', /^right \d of 1; 1 cannot be predicted$/);
  assert.is(await page.locator('#sample-rows img, #sample-rows b').count(), 0);
  assert.match(await text(page, '#sample-rows tr:first-child td.sample'), /<img src=x onerror=alert\(1\)> superb/);
  const many = `text,label\n${'a superb film,positive\n'.repeat(1_000_000)}`;
  await page.setInputFiles('#file', written('many.csv', many));
  await says(page, '#samples-notices', /more than 10,000 rows: the first 10,000 are taken/);
  await says(page, '#samples-counts', /of 10,000 predicted/);
  await page.click('#samples-stop');
  await says(page, '#samples-go', /Predict the others/);
  await page.fill('#text', 'a wonderful film');
  await says(page, '#words', /wonderful/);
});

test('at 360 px the table scrolls inside its card', async () => {
  const { page } = await open(browser, site.url, { viewport: { width: 360, height: 740 } });
  await openReviews(page);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(wide <= 360, `${wide} px`);
  await page.context().close();
});

test.run();
