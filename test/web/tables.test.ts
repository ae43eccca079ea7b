/**
 * Tables, series, sounds, texts that a model looks up itself and several inputs on the page: predictions and attributions are those of real Keras and of
 * the command line, charts say them, numbers stay in the folded table.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { runCli } from '../support/cli.ts';
import { buildPage, chooseExample, exported, launch, pageForEach, type Site, says, serve } from './support.ts';

const test = suite('web: tables, series and several inputs');
const browser = await launch();
const site: Site = await serve(await buildPage());
const opened = pageForEach(test, browser, site);

const at = (name: string): string => fileURLToPath(new URL(`../golden/inputs/${name}`, import.meta.url));
const expected = JSON.parse(readFileSync(at('expected.json'), 'utf8')) as Record<string, number[][]>;
const text = (page: Page, selector: string): Promise<string> => page.locator(selector).innerText();
const chart = (page: Page, name = '#charts .pg'): Promise<string | null> =>
  page.locator(name).first().getAttribute('aria-label');

/** Opens files one after another, as they depend on each other. */
async function take(page: Page, ...names: readonly string[]): Promise<void> {
  for (const name of names) {
    await page.setInputFiles('#file', at(name));
    if (name.endsWith('.keras')) await says(page, '#model-state', /model “/);
  }
}

interface Exported {
  readonly item: {
    readonly prediction: readonly { readonly label: string; readonly score: number }[];
    readonly tokens: string[];
    readonly scores: number[];
  };
  readonly explanation: { readonly data: { readonly attributions: readonly unknown[] } };
}
const numbers = async (page: Page): Promise<Exported> =>
  JSON.parse((await exported(page, 'json')).bytes.toString()) as Exported;

test('two inputs from a CSV: Keras predicts the same, the command line attributes the same, from the same baseline', async () => {
  const { page } = opened;
  await take(page, 'houses.keras', 'houses.csv');
  await page.waitForSelector('#charts .pg');
  assert.is(await page.locator('#sample-rows tr').count(), 12);
  assert.is(await page.inputValue('#sample-label'), '=price', 'the column called like the output is no input');
  assert.is(await page.inputValue('#baseline'), 'normal');
  const { item } = await numbers(page);
  assert.ok(Math.abs(item.prediction[0]!.score - expected['houses']![0]![0]!) < 0.01);
  const flags = ['--csv', at('houses.csv'), '--label', 'price', '--rows', '0:1', '--json', '-', '--quiet'];
  const { out: stdout } = await runCli(['explain', at('houses.keras'), ...flags]);
  const [found] = (JSON.parse(stdout) as { items: { features: string[]; scores: number[] }[] }).items;
  assert.equal(item.tokens, found!.features);
  item.scores.forEach((score, i) => {
    const wanted = found!.scores[i]!;
    assert.ok(Math.abs(score - wanted) < 1e-4 * Math.max(1, Math.abs(wanted)), item.tokens[i]!);
  });
  assert.match((await chart(page))!, /From the base value .* to price/);
});

test('fields of several inputs are edited: a category and a number; half of them is no input', async () => {
  const { page } = opened;
  await take(page, 'houses.keras');
  assert.ok(await page.locator('#fields-input').isVisible());
  await says(page, '#hint', /Give the model an input/);
  await page.setInputFiles('#file', at('houses.csv'));
  await page.waitForSelector('#charts .pg');
  const before = await text(page, '#verdict');
  await page.selectOption('#fields select', 'Bern');
  await page.waitForFunction((old) => document.querySelector('#verdict')!.textContent !== old, before);
  const bern = await text(page, '#verdict');
  await page.locator('#fields label:has-text("area") input').fill('20');
  await page.waitForFunction((old) => document.querySelector('#verdict')!.textContent !== old, bern);
  await says(page, '#sample-rows tr[aria-selected=true]', /changed/);
  await page.locator('#fields label:has-text("area") input').fill('');
  await says(page, '#hint', /Give the model an input/);
});

test('a category that is looked up to an id and embedded has its part, and stays over a reload', async () => {
  const { page } = opened;
  await take(page, 'wines.keras', 'wines.ndjson');
  await page.waitForSelector('#charts .pg');
  const { item } = await numbers(page);
  const scores = expected['wines']![0]!;
  assert.ok(Math.abs(item.prediction[0]!.score - Math.max(...scores)) < 1e-5);
  assert.ok(item.tokens.some((name) => name.startsWith('region')));
  assert.ok(item.scores[item.tokens.findIndex((name) => name.startsWith('region'))] !== 0);
  await page.click('#sample-rows tr:nth-child(3)');
  await page.waitForTimeout(600);
  await page.reload();
  await page.waitForSelector('#charts .pg');
  assert.is(await page.locator('#sample-rows tr[aria-selected=true]').getAttribute('data-number'), '3');
});

test('a series from a CSV and from an npz: a line with attributions behind it, channels by name', async () => {
  const { page } = opened;
  await take(page, 'walks.keras', 'walk.csv');
  await page.waitForSelector('#charts .pg');
  assert.match((await chart(page))!, /2 channels of 40 steps.*swing.*drift/);
  const { item } = await numbers(page);
  assert.ok(Math.abs(item.prediction[0]!.score - Math.max(...expected['walks']![0]!)) < 1e-5);
  await page.setInputFiles('#file', at('walks.npz'));
  await says(page, '#samples-name', /2 samples/);
  assert.match(await page.inputValue('#numbers'), /^-0\.218, -0\.105, 0\.327, /, 'float32, as it was written');
});

test('a sound is a series, with its seconds; one of another length is refused', async () => {
  const { page } = opened;
  await take(page, 'tones.keras', 'high.wav');
  await page.waitForSelector('#charts .pg');
  assert.match((await chart(page))!, /256 steps/);
  const { item } = await numbers(page);
  assert.ok(Math.abs(item.prediction[0]!.score - Math.max(...expected['tones']![0]!)) < 1e-5);
  await take(page, 'walks.keras');
  await page.setInputFiles('#file', at('high.wav'));
  await says(page, '#error', /high\.wav.*(is a sound|has 1 channel)/);
});

test('a model with TextVectorization needs no vocabulary: a text is typed, texts are dropped; a vocabulary is refused', async () => {
  const { page } = opened;
  await take(page, 'reviews.keras');
  await page.fill('#text', 'What a superb, moving film!');
  await page.waitForSelector('#words mark');
  const { item } = await numbers(page);
  assert.ok(Math.abs(item.prediction[0]!.score - expected['reviews']![0]![0]!) < 1e-5);
  assert.ok((await page.locator('#words mark').allInnerTexts()).includes('superb'));
  await page.setInputFiles('#file', at('foreign-vocab.txt'));
  await says(page, '#error', /not needed: the model holds its vocabulary/);
  await page.setInputFiles('#file', at('reviews.txt'));
  await says(page, '#samples-name', /3 samples/);
  const score = expected['reviews']![1]![0]!.toFixed(3);
  await page.waitForFunction(
    (wanted) => document.querySelector('#sample-rows tr:nth-child(2) td.n')?.textContent === wanted,
    score,
  );
});

test('many rows summed up: means and a point per row, for one class; gone with another setting', async () => {
  const { page } = opened;
  await take(page, 'houses.keras', 'houses.csv');
  await page.waitForSelector('#charts .pg');
  await page.click('#sum-up');
  await page.waitForSelector('#summary-shown .pg');
  assert.match(await text(page, '#summary-shown h3'), /All 12 rows explained for price/);
  assert.is(await page.locator('#summary-shown .pg').count(), 2);
  assert.ok((await page.locator('#summary-shown circle').count()) >= 60, '12 rows of 5 features');
  await page.selectOption('#baseline', 'zeros');
  await page.waitForFunction(() => document.querySelector<HTMLElement>('#summary-shown')!.hidden);
});

test('pairs of features, and of words, as a matrix, whose cells the arrow keys go through', async () => {
  const { page } = opened;
  const hessians = async (): Promise<void> => {
    await page.click('#more-methods');
    await page.waitForSelector('#explainer option[value=IntegratedHessians]', { state: 'attached' });
    await page.selectOption('#explainer', 'IntegratedHessians');
    await page.waitForSelector('#charts .pg [tabindex]');
  };
  const focused = (): Promise<string | null | undefined> =>
    page.evaluate(() => document.activeElement?.getAttribute('aria-label'));
  await chooseExample(page, 'wine');
  await hessians();
  await page.locator('#charts [tabindex="0"]').first().focus();
  assert.match(await text(page, '#shown'), /The numbers of features are sums over the pairs of each/);
  const first = await focused();
  await page.keyboard.press('ArrowDown');
  assert.is.not(await focused(), first);
  assert.match((await focused())!, /alcohol.*: [+-]/);
  await take(page, 'reviews.keras');
  await page.fill('#text', 'a superb film');
  await page.waitForSelector('#charts [aria-label^="superb: "]');
});

test('two waterfalls side by side have one axis, on the page and in the report; a probability beside a price keeps its colours', async () => {
  const { page } = opened;
  await take(page, 'houses.keras', 'houses.csv');
  await page.waitForSelector('#charts .pg');
  await page.click('#keep');
  await says(page, '#kept-said', /^Kept\./);
  await page.click('#sample-rows tr:nth-child(3)');
  await page.waitForFunction(() => !document.querySelector<HTMLElement>('#kept')!.hidden);
  const axes = (): Promise<string[]> =>
    page
      .locator('.shown .chart svg.pg')
      .evaluateAll((all) => all.map((one) => [...one.querySelectorAll('text.m.s')].map((t) => t.textContent).join()));
  const [now, kept] = await axes();
  assert.ok(now?.includes('1400'), now);
  assert.is(kept, now);
  const report = (await exported(page, 'html')).bytes.toString();
  assert.ok((report.match(/>1400</g) ?? []).length >= 2, 'both waterfalls of the report reach 1400');
  await take(page, 'tones.keras', 'high.wav');
  await says(page, '#shown', /The two have a scale each/);
  assert.ok(!/387/.test(await text(page, '#shown .chart')), 'full colour is not that of the price');
});

test('the report that is saved has the same chart', async () => {
  const { page } = opened;
  await take(page, 'houses.keras', 'houses.csv');
  await page.waitForSelector('#charts .pg');
  const { bytes } = await exported(page, 'html');
  assert.match(bytes.toString(), /From the base value [\d.,]+ to price/);
});

test.run();
